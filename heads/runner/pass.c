#include "runner/pass.h"

#include "core/fail.h"
#include "network/kernels.h"
#include "runner/feeds.h"

#include <stdlib.h>

#define MAX_SIDE 8192

/* --- which heads ---------------------------------------------------------------------------------------- */

/* One scale, the picture's own: then every head gets what it would get alone. */
static bool is_plain(const struct pass *p)
{
    return p->scale_count == 1 && p->scales[0] == 1 && !p->flip && !p->grows;
}

bool duet_pass_fits(const struct pass *pass, const struct duet_head_input *input, int output_stride)
{
    const struct duet_head_input *mine = &pass->input;
    return is_plain(pass) && pass->sizes.output_stride == output_stride && mine->width == input->width &&
           mine->height == input->height && mine->resize == input->resize && mine->scale == input->scale &&
           mine->shift == input->shift;
}

static const struct reader_kind *reader_kind(enum duet_head_task task)
{
    switch (task) {
    case DUET_DETECTION:
        return &duet_detection_reader;
    case DUET_SEGMENTATION:
        return &duet_segmentation_reader;
    case DUET_CLASSIFICATION:
        break;
    }
    return &duet_classification_reader;
}

/* Its layers come into the network, and those of the head that it reads. */
static enum duet_status add_layers(struct pass *p, const struct duet_head *head, struct duet_error *error)
{
    for (int i = 0; i < p->sizes.head_count; i++)
        if (p->heads[i] == head) return DUET_OK;
    const struct duet_head **heads = realloc(p->heads, ((size_t)p->sizes.head_count + 1) * sizeof *heads);
    if (!heads) return duet_no_memory(error, NULL, "for heads");
    heads[p->sizes.head_count++] = head;
    p->sizes.heads = p->heads = heads;
    const struct duet_feed_kind *feed = duet_feed_kind(head->kind);
    if (!feed) return DUET_OK;
    const struct duet_head *source = duet_model_find_head(p->sizes.model, feed->source(head));
    if (!source)
        return duet_fail(error, DUET_NOT_FOUND, "head '%s' reads '%.100s', which the model does not have",
                         head->name, feed->source(head));
    return add_layers(p, source, error);
}

enum duet_status duet_pass_add(struct pass *pass, const struct duet_head *head, int result,
                               struct duet_error *error)
{
    struct reader *readers = realloc(pass->readers, ((size_t)pass->reader_count + 1) * sizeof *readers);
    if (!readers) return duet_no_memory(error, NULL, "for heads");
    pass->readers = readers;
    readers[pass->reader_count++] =
        (struct reader){.kind = reader_kind(duet_head_task(head->kind)), .head = head, .result = result};
    return add_layers(pass, head, error);
}

/* --- making --------------------------------------------------------------------------------------------- */

static int scaled(int side, float scale)
{
    return (int)((float)(side - 1) * scale + 1);
}

/* The network at one of the scales. */
static enum duet_status find(struct pass *p, int height, int width, float scale, int threads, size_t budget,
                             struct network **network, struct duet_error *error)
{
    return duet_sizes_find(&p->sizes, scaled(height, scale), scaled(width, scale), threads, budget, network,
                           error);
}

/* What is known to be needed is made at once: clones share it, and faults are told early. */
enum duet_status duet_pass_make(struct pass *pass, const struct answer_options *options, size_t budget,
                                struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    struct network *network = NULL;
    struct sizes *n = &pass->sizes;
    n->most = n->base = pass->scale_count; /* pictures of seven other sizes are remembered */
    if (pass->grows) n->most += pass->scale_count + 6;
    for (int i = 0; i < pass->scale_count && status == DUET_OK; i++)
        status =
            find(pass, pass->input.height, pass->input.width, pass->scales[i], 1, budget, &network, error);
    n->base = n->count;
    for (int i = 0; i < pass->reader_count && status == DUET_OK; i++) {
        struct reader *r = &pass->readers[i];
        status = r->kind->create(options, r->head, network, &r->memory, error);
    }
    return status;
}

enum duet_status duet_pass_clone(const struct pass *pass, struct pass *clone, size_t budget,
                                 struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    *clone = *pass;
    clone->readers = NULL;
    clone->reader_count = 0;
    clone->heads = NULL;
    clone->sizes = (struct sizes){0};
    clone->preprocess = (struct preprocess){0};
    struct sizes *n = &clone->sizes;
    size_t readers = (size_t)pass->reader_count, heads = (size_t)pass->sizes.head_count;
    clone->readers = calloc(readers, sizeof *clone->readers);
    clone->heads = calloc(heads, sizeof *clone->heads);
    if (!clone->readers || !clone->heads) return duet_no_memory(error, NULL, "for heads");
    for (size_t i = 0; i < heads; i++) clone->heads[i] = pass->heads[i];
    for (; status == DUET_OK && clone->reader_count < pass->reader_count; clone->reader_count++) {
        const struct reader *from = &pass->readers[clone->reader_count];
        struct reader *to = &clone->readers[clone->reader_count];
        *to = *from;
        status = from->kind->clone(from->memory, &to->memory, error);
    }
    if (status == DUET_OK) status = duet_sizes_clone(&pass->sizes, n, error);
    n->heads = clone->heads;
    struct network *network;
    if (status == DUET_OK)
        status =
            find(clone, pass->input.height, pass->input.width, pass->scales[0], 1, budget, &network, error);
    return status;
}

void duet_pass_close(struct pass *pass)
{
    for (int i = 0; i < pass->reader_count; i++) pass->readers[i].kind->close(pass->readers[i].memory);
    free(pass->readers);
    free(pass->heads);
    duet_sizes_close(&pass->sizes);
    duet_preprocess_close(&pass->preprocess);
    *pass = (struct pass){0};
}

/* --- one picture ---------------------------------------------------------------------------------------- */

/* A picture under way. */
struct run {
    struct pass *pass;
    const struct duet_run_options *options;
    size_t budget;
    struct reading reading;
    struct head_result *results;
};

/* The smallest input of k * output stride + 1 pixels that holds `side`. */
static int input_side(const struct pass *p, int own, int side)
{
    if (!p->grows || side <= own) return own;
    int stride = p->sizes.output_stride;
    return (side - 1 + stride - 1) / stride * stride + 1;
}

static enum duet_status lay_out(struct run *r, struct duet_error *error)
{
    struct reading *at = &r->reading;
    struct pass *p = r->pass;
    at->input_height = input_side(p, p->input.height, at->image->height);
    at->input_width = input_side(p, p->input.width, at->image->width);
    if (at->input_width > MAX_SIDE || at->input_height > MAX_SIDE)
        return duet_fail(error, DUET_TOO_LARGE,
                         "picture of %dx%d pixels: without scaling, sides may have up to %d",
                         at->image->width, at->image->height, MAX_SIDE);
    struct duet_head_input input = p->input;
    input.height = at->input_height;
    input.width = at->input_width;
    if (p->preprocess.input.height == input.height && p->preprocess.input.width == input.width)
        return DUET_OK;
    duet_preprocess_close(&p->preprocess);
    return duet_preprocess_create(&input, &p->preprocess, error);
}

/* At scale 1: [input_height][input_width][3]. */
static void make_input(struct run *r, float *input)
{
    struct pass *p = r->pass;
    struct reading *at = &r->reading;
    const struct duet_kernels *kernels = duet_compiled_kernels(p->sizes.items[0].compiled);
    at->to_pixels = duet_preprocess_run(&p->preprocess, kernels, at->image, at->pool, input);
    duet_preprocess_size(&p->preprocess, at->image, &at->height, &at->width);
}

/* The network over its input, and all that is read from it. */
static enum duet_status run_network(struct run *r, const struct network *network, struct duet_error *error)
{
    r->reading.network = network;
    enum duet_status status = duet_sizes_run(network, r->options, error);
    for (int i = 0; i < r->pass->reader_count && status == DUET_OK; i++) {
        const struct reader *reader = &r->pass->readers[i];
        status = reader->kind->take(reader->memory, &r->reading, &r->results[reader->result], error);
    }
    return status;
}

static enum duet_status run_plain(struct run *r, struct duet_error *error)
{
    struct network *network;
    enum duet_status status = find(r->pass, r->reading.input_height, r->reading.input_width, 1,
                                   r->reading.pool->threads, r->budget, &network, error);
    if (status != DUET_OK) return status;
    make_input(r, network->input);
    return run_network(r, network, error);
}

/* One scale, one direction. */
static enum duet_status run_scaled(struct run *r, const float *input, float scale, bool mirror,
                                   struct duet_error *error)
{
    struct network *network;
    int height = r->reading.input_height, width = r->reading.input_width;
    enum duet_status status =
        find(r->pass, height, width, scale, r->reading.pool->threads, r->budget, &network, error);
    if (status != DUET_OK) return status;
    duet_input_rescale(input, height, width, network->input, network->height, network->width, mirror,
                       r->reading.pool);
    r->reading.mirrored = mirror;
    return run_network(r, network, error);
}

static enum duet_status run_all_scales(struct run *r, struct duet_error *error)
{
    const struct pass *p = r->pass;
    size_t pixels = (size_t)r->reading.input_height * (size_t)r->reading.input_width; /* MAX_SIDE squared */
    float *input = calloc(pixels, 3 * sizeof *input);
    if (!input) return duet_no_memory(error, NULL, "for an input that is scaled");
    make_input(r, input);
    r->reading.again = true;
    enum duet_status status = DUET_OK;
    for (int i = 0; i < p->scale_count && status == DUET_OK; i++) {
        status = run_scaled(r, input, p->scales[i], false, error);
        if (status == DUET_OK && p->flip) status = run_scaled(r, input, p->scales[i], true, error);
    }
    free(input);
    return status;
}

enum duet_status duet_pass_run(struct pass *pass, const struct duet_image *image,
                               const struct duet_run_options *options, size_t budget,
                               struct head_result *results, struct duet_error *error)
{
    struct run r = {.pass = pass, .options = options, .budget = budget, .results = results};
    r.reading = (struct reading){.image = image, .pool = options->pool, .resize = pass->input.resize};
    enum duet_status status = lay_out(&r, error);
    bool single = pass->scale_count == 1 && pass->scales[0] == 1 && !pass->flip;
    if (status == DUET_OK) status = single ? run_plain(&r, error) : run_all_scales(&r, error);
    for (int i = 0; i < pass->reader_count && status == DUET_OK; i++) {
        const struct reader *reader = &pass->readers[i];
        if (reader->kind->finish)
            status = reader->kind->finish(reader->memory, &r.reading, &results[reader->result], error);
    }
    return status;
}
