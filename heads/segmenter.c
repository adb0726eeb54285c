#include "duet/segmenter.h"

#include "core/abi.h"
#include "core/checked.h"
#include "core/fail.h"
#include "core/labels.h"
#include "deeplabv3/class_map.h"
#include "deeplabv3/probe.h"
#include "heads/preprocess.h"
#include "network/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT     "deeplabv3.logits"
#define MIN_SIDE   33
#define MAX_SIDE   8192
#define MAX_COPIES 8 /* input sizes kept compiled: one a scale; with no_resize, sizes come and go */

/* The network compiled for one input size. */
struct copy {
    int height, width;
    struct duet_compiled *compiled;
    struct duet_session *session;
    int threads; /* that the session is made for */
};

struct duet_segmenter {
    const struct duet_model *model;
    int output_stride, size;
    bool no_resize, flip, confidence, probe;
    float scales[DUET_SEGMENTER_MAX_SCALES];
    int scale_count;
    bool *wanted; /* [classes]; NULL: all */
    char *cpu;
    const struct duet_compiled *lender; /* whose packed weights the first copy shares; NULL after that */
    struct copy copies[MAX_COPIES];
    int copy_count, next_copy;
    size_t max_memory; /* of all copies' sessions; 0: no more than one copy's limit each */
};

/* --- creating ------------------------------------------------------------------------------------------ */

static enum duet_status check_options(const struct duet_segmenter_options *o, struct duet_error *error)
{
    if (o->output_stride != 0 && o->output_stride != 8 && o->output_stride != 16 && o->output_stride != 32)
        return duet_fail(error, DUET_BAD_ARGUMENT, "output_stride %d: expected 8, 16 or 32",
                         o->output_stride);
    if (o->size != 0 && (o->size < MIN_SIDE || o->size > MAX_SIDE))
        return duet_fail(error, DUET_BAD_ARGUMENT, "size %d: expected %d to %d", o->size, MIN_SIDE, MAX_SIDE);
    if (o->scale_count < 0 || o->scale_count > DUET_SEGMENTER_MAX_SCALES ||
        (o->scales && o->scale_count == 0))
        return duet_fail(error, DUET_BAD_ARGUMENT, "scale_count %d: expected 1 to %d", o->scale_count,
                         DUET_SEGMENTER_MAX_SCALES);
    for (int i = 0; o->scales && i < o->scale_count; i++)
        if (!(o->scales[i] >= 0.1f && o->scales[i] <= 4))
            return duet_fail(error, DUET_BAD_ARGUMENT, "scale %g: expected 0.1 to 4", (double)o->scales[i]);
    return DUET_OK;
}

/* Flags by label become flags by class; background is always wanted. */
static enum duet_status select_classes(struct duet_segmenter *s, const bool *flags, struct duet_error *error)
{
    const struct duet_model_config *config = duet_model_config(s->model);
    if (!flags) return DUET_OK;
    s->wanted = calloc((size_t)config->deeplabv3.classes, sizeof *s->wanted);
    if (!s->wanted) return duet_no_memory(error, NULL, "for a segmenter");
    s->wanted[0] = true;
    for (size_t i = 0; i < config->deeplabv3_labels.count; i++)
        if (flags[i]) s->wanted[config->deeplabv3_labels.items[i].id] = true;
    return DUET_OK;
}

static enum duet_status use_copy(struct duet_segmenter *s, int height, int width, int threads,
                                 struct copy **copy, struct duet_error *error);

enum duet_status duet_segmenter_create(const struct duet_model *model,
                                       const struct duet_segmenter_options *options,
                                       struct duet_segmenter **segmenter, struct duet_error *error)
{
    DUET_NEEDS(segmenter, error);
    *segmenter = NULL;
    DUET_NEEDS(model, error);
    struct duet_segmenter_options o;
    enum duet_status status = duet_options_copy(&o, sizeof o, options, "segmenter", error);
    if (status == DUET_OK) status = check_options(&o, error);
    if (status != DUET_OK) return status;
    const struct duet_model_config *config = duet_model_config(model);
    if (!config->has_deeplabv3)
        return duet_fail(error, DUET_UNSUPPORTED, "the model (%s) has no DeepLabv3 head",
                         config->architecture);
    if (o.weights_of && o.weights_of->model != model)
        return duet_fail(error, DUET_MISMATCH, "weights_of: a segmenter of another model");
    struct duet_segmenter *s = calloc(1, sizeof *s);
    if (!s) return duet_no_memory(error, NULL, "for a segmenter");
    s->model = model;
    s->output_stride = o.output_stride ? o.output_stride : duet_model_output_stride(config);
    s->max_memory = o.max_memory;
    s->size = o.size                                       ? o.size
              : config->input_width > config->input_height ? config->input_width
                                                           : config->input_height;
    s->no_resize = o.no_resize;
    s->flip = o.flip;
    s->confidence = o.confidence;
    s->probe = o.probe;
    s->scale_count = o.scales ? o.scale_count : 1;
    for (int i = 0; i < s->scale_count; i++) s->scales[i] = o.scales ? o.scales[i] : 1;
    if (o.cpu && !(s->cpu = strdup(o.cpu))) status = duet_no_memory(error, NULL, "for a segmenter");
    if (status == DUET_OK) status = select_classes(s, o.classes, error);
    struct copy *copy;
    s->lender = o.weights_of ? o.weights_of->copies[0].compiled : NULL;
    if (status == DUET_OK) status = use_copy(s, s->size, s->size, 1, &copy, error);
    s->lender = NULL;
    if (status == DUET_OK)
        *segmenter = s;
    else
        duet_segmenter_close(&s);
    return status;
}

enum duet_status duet_segmenter_clone(const struct duet_segmenter *segmenter, struct duet_segmenter **clone,
                                      struct duet_error *error)
{
    DUET_NEEDS(clone, error);
    *clone = NULL;
    DUET_NEEDS(segmenter, error);
    const struct duet_segmenter *const original = segmenter;
    struct duet_segmenter *s = malloc(sizeof *s);
    if (!s) return duet_no_memory(error, NULL, "for a segmenter");
    *s = *original;
    s->cpu = original->cpu ? strdup(original->cpu) : NULL;
    s->wanted = NULL;
    for (int i = 0; i < s->copy_count; i++) {
        duet_compiled_retain(s->copies[i].compiled);
        s->copies[i].session = NULL; /* made when first used */
        s->copies[i].threads = 0;
    }
    enum duet_status status =
        original->cpu && !s->cpu ? duet_no_memory(error, NULL, "for a segmenter") : DUET_OK;
    if (status == DUET_OK && original->wanted) {
        size_t bytes = (size_t)duet_model_config(s->model)->deeplabv3.classes * sizeof *s->wanted;
        s->wanted = malloc(bytes);
        if (s->wanted)
            memcpy(s->wanted, original->wanted, bytes);
        else
            status = duet_no_memory(error, NULL, "for a segmenter");
    }
    if (status == DUET_OK)
        *clone = s;
    else
        duet_segmenter_close(&s);
    return status;
}

static void close_copy(struct copy *copy)
{
    duet_session_close(&copy->session);
    duet_compiled_close(&copy->compiled);
    memset(copy, 0, sizeof *copy);
}

void duet_segmenter_close(struct duet_segmenter **segmenter)
{
    if (!segmenter || !*segmenter) return;
    struct duet_segmenter *s = *segmenter;
    for (int i = 0; i < s->copy_count; i++) close_copy(&s->copies[i]);
    free(s->wanted);
    free(s->cpu);
    free(s);
    *segmenter = NULL;
}

size_t duet_segmenter_bytes(const struct duet_segmenter *segmenter)
{
    size_t bytes = 0;
    for (int i = 0; segmenter && i < segmenter->copy_count; i++)
        bytes += duet_compiled_arena_bytes(segmenter->copies[i].compiled);
    return bytes;
}

/* --- input sizes --------------------------------------------------------------------------------------- */

/* What the budget leaves for a copy in that slot, beside those in the others; at least a byte, which is too
 * little. 0: there is no budget. */
static size_t memory_left(const struct duet_segmenter *s, int slot)
{
    if (s->max_memory == 0) return 0;
    size_t used = duet_segmenter_bytes(s);
    if (slot < s->copy_count) used -= duet_compiled_arena_bytes(s->copies[slot].compiled);
    return used < s->max_memory ? s->max_memory - used : 1;
}

/* Compiles for a new size; all copies share one set of packed weights. */
static enum duet_status compile_copy(struct duet_segmenter *s, int height, int width, int slot,
                                     struct copy *copy, struct duet_error *error)
{
    struct duet_network *network = NULL;
    enum duet_status status =
        duet_model_network(duet_model_config(s->model), s->output_stride, &network, error);
    if (status == DUET_OK) {
        struct duet_compile_options options = {.struct_size = sizeof options,
                                               .height = height,
                                               .width = width,
                                               .cpu = s->cpu,
                                               .weights_of =
                                                   s->copy_count ? s->copies[0].compiled : s->lender,
                                               .max_memory = memory_left(s, slot)};
        status = duet_compile(network, duet_model_weights(s->model), &options, &copy->compiled, error);
    }
    duet_network_close(&network);
    copy->height = height;
    copy->width = width;
    return status;
}

/* The copy for an input size, with a session for `threads` workers. */
static enum duet_status use_copy(struct duet_segmenter *s, int height, int width, int threads,
                                 struct copy **out, struct duet_error *error)
{
    struct copy *copy = NULL;
    enum duet_status status = DUET_OK;
    for (int i = 0; i < s->copy_count && !copy; i++)
        if (s->copies[i].height == height && s->copies[i].width == width) copy = &s->copies[i];
    if (!copy) {
        struct copy fresh = {0};
        int slot = s->copy_count < MAX_COPIES ? s->copy_count : s->next_copy % MAX_COPIES;
        status = compile_copy(s, height, width, slot, &fresh, error);
        if (status != DUET_OK) return status;
        if (slot == s->copy_count)
            s->copy_count++;
        else
            s->next_copy++;
        copy = &s->copies[slot];
        close_copy(copy);
        *copy = fresh;
    }
    if (copy->threads < threads) {
        struct duet_session *session;
        status = duet_session_create(copy->compiled, threads, &session, error);
        if (status != DUET_OK) return status;
        duet_session_close(&copy->session);
        copy->session = session;
        copy->threads = threads;
    }
    *out = copy;
    return status;
}

/* --- one picture --------------------------------------------------------------------------------------- */

/* Everything about one picture. */
struct run {
    struct duet_segmenter *segmenter;
    const struct duet_image *image;
    const struct duet_pool *pool;
    int width, height;               /* of the picture on the canvas */
    int canvas_width, canvas_height; /* input at scale 1 */
    size_t classes;
    float *canvas; /* [canvas_height][canvas_width][3]; only for a mean over passes */
    struct pass passes[2 * DUET_SEGMENTER_MAX_SCALES];
    int pass_count;
    float *scratch; /* scratch_floats for each worker: a row of sums and what class_map.h asks for */
    size_t scratch_floats;
    struct duet_segmentation *out;
};

static bool is_mean(const struct duet_segmenter *s)
{
    return s->flip || s->scale_count > 1 || s->scales[0] != 1;
}

/* The smallest input of k * output stride + 1 pixels that holds `side`. */
static int input_side(const struct duet_segmenter *s, int side)
{
    if (side <= s->size) return s->size;
    return (side - 1 + s->output_stride - 1) / s->output_stride * s->output_stride + 1;
}

static enum duet_status lay_out(struct run *r, struct duet_error *error)
{
    const struct duet_segmenter *s = r->segmenter;
    r->canvas_height = s->no_resize ? input_side(s, r->image->height) : s->size;
    r->canvas_width = s->no_resize ? input_side(s, r->image->width) : s->size;
    if (r->canvas_width > MAX_SIDE || r->canvas_height > MAX_SIDE)
        return duet_fail(error, DUET_TOO_LARGE,
                         "picture of %dx%d pixels: without scaling, sides may have up to %d", r->image->width,
                         r->image->height, MAX_SIDE);
    duet_pad_size(r->image, r->canvas_height, r->canvas_width, &r->height, &r->width);
    return DUET_OK;
}

static float *floats(size_t a, size_t b, size_t c)
{
    size_t n;
    if (!duet_mul_size(a, b, &n) || !duet_mul_size(n, c, &n)) return NULL;
    return calloc(n, sizeof(float));
}

static enum duet_status out_of_memory(const struct run *r, struct duet_error *error)
{
    return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory to segment %dx%d pixels", r->image->width,
                     r->image->height);
}

static enum duet_status make_input(const struct run *r, float *input, struct duet_error *error)
{
    struct preprocess pad;
    if (duet_preprocess_create(DUET_PAD, r->canvas_height, r->canvas_width, &pad, NULL) != DUET_OK)
        return out_of_memory(r, error);
    duet_preprocess_run(&pad, NULL, r->image, r->pool, input);
    duet_preprocess_close(&pad);
    return DUET_OK;
}

/* Keeps a finished session's logits as one more pass; `copy_logits` when the session will run again. */
static enum duet_status keep_pass(struct run *r, const struct copy *copy, bool mirrored, bool copy_logits,
                                  struct duet_error *error)
{
    struct pass *p = &r->passes[r->pass_count++];
    struct duet_shape shape;
    const float *logits = duet_session_output(copy->session, OUTPUT, &shape);
    if (copy_logits) {
        p->logits = floats(shape.dims[1], shape.dims[2], shape.dims[3]);
        if (!p->logits) return out_of_memory(r, error);
        logits = memcpy(p->logits, logits, shape.dims[1] * shape.dims[2] * shape.dims[3] * sizeof *logits);
    }
    p->map =
        (struct logit_map){logits,        shape.dims[1], shape.dims[2],
                           shape.dims[3], mirrored,      duet_compiled_kernels(copy->compiled)->upsample};
    size_t width = (size_t)r->image->width, height = (size_t)r->image->height;
    p->rows = calloc(height, sizeof *p->rows);
    p->columns = calloc(width, sizeof *p->columns);
    if (!p->rows || !p->columns) return out_of_memory(r, error);
    /* Pixel centres of the original on the canvas: themselves, unless the picture was scaled down. */
    float pitch_x = (float)r->width / (float)width, pitch_y = (float)r->height / (float)height;
    duet_map_taps(width, pitch_x, 0.5f * pitch_x - 0.5f, (size_t)r->canvas_width, p->map.width, p->columns);
    duet_map_taps(height, pitch_y, 0.5f * pitch_y - 0.5f, (size_t)r->canvas_height, p->map.height, p->rows);
    return DUET_OK;
}

/* One scale, one direction: the network over the rescaled canvas. */
static enum duet_status run_pass(struct run *r, float scale, bool mirror, struct duet_error *error)
{
    struct copy *copy;
    int height = (int)((float)(r->canvas_height - 1) * scale + 1);
    int width = (int)((float)(r->canvas_width - 1) * scale + 1);
    enum duet_status status = use_copy(r->segmenter, height, width, r->pool->threads, &copy, error);
    if (status != DUET_OK) return status;
    duet_input_rescale(r->canvas, r->canvas_height, r->canvas_width, duet_session_input(copy->session),
                       height, width, mirror, r->pool);
    status = duet_session_run(copy->session, r->pool, error);
    return status == DUET_OK ? keep_pass(r, copy, mirror, true, error) : status;
}

static enum duet_status run_all_passes(struct run *r, struct duet_error *error)
{
    const struct duet_segmenter *s = r->segmenter;
    enum duet_status status = DUET_OK;
    r->canvas = floats((size_t)r->canvas_height, (size_t)r->canvas_width, 3);
    if (!r->canvas) return out_of_memory(r, error);
    status = make_input(r, r->canvas, error);
    for (int i = 0; i < s->scale_count && status == DUET_OK; i++) {
        status = run_pass(r, s->scales[i], false, error);
        if (status == DUET_OK && s->flip) status = run_pass(r, s->scales[i], true, error);
    }
    return status;
}

static enum duet_status run_once(struct run *r, struct duet_error *error)
{
    struct copy *copy;
    enum duet_status status =
        use_copy(r->segmenter, r->canvas_height, r->canvas_width, r->pool->threads, &copy, error);
    if (status == DUET_OK) status = make_input(r, duet_session_input(copy->session), error);
    if (status == DUET_OK) status = duet_session_run(copy->session, r->pool, error);
    return status == DUET_OK ? keep_pass(r, copy, false, r->segmenter->probe, error) : status;
}

/* --- logits to classes --------------------------------------------------------------------------------- */

/* The class with the largest sum of probabilities, and its mean. */
static void best_of_sums(const struct run *r, const float *sums, uint8_t *classes, float *probability)
{
    size_t width = (size_t)r->image->width;
    for (size_t x = 0; x < width; x++) {
        size_t best = 0;
        for (size_t c = 1; c < r->classes; c++)
            if (sums[c * width + x] > sums[best * width + x]) best = c;
        classes[x] = (uint8_t)best;
        float p = sums[best * width + x] / (float)r->pass_count;
        probability[x] = p < 1 ? p : 1; /* a sum of roundings may step over it */
    }
}

static void class_row(void *arg, int y, int worker)
{
    const struct run *r = arg;
    size_t width = (size_t)r->image->width;
    uint8_t *classes = duet_image_row(&r->out->classes, y);
    float *probability = r->scratch + (size_t)worker * r->scratch_floats, *rest = probability + width;
    if (!is_mean(r->segmenter)) {
        const struct pass *p = &r->passes[0];
        duet_map_argmax_row(&p->map, p->rows[y], p->columns, width, rest, classes,
                            r->segmenter->confidence ? probability : NULL);
    } else {
        float *sums = rest;
        memset(sums, 0, r->classes * width * sizeof *sums);
        for (int i = 0; i < r->pass_count; i++) {
            const struct pass *p = &r->passes[i];
            duet_map_softmax_row(&p->map, p->rows[y], p->columns, width, rest + r->classes * width, classes,
                                 sums);
        }
        best_of_sums(r, sums, classes, probability);
    }
    if (!r->segmenter->confidence) return;
    uint8_t *out = duet_image_row(&r->out->confidence, y);
    for (size_t x = 0; x < width; x++) out[x] = (uint8_t)(probability[x] * 255.0f + 0.5f);
}

static enum duet_status make_classes(struct run *r, struct duet_error *error)
{
    size_t width = (size_t)r->image->width, most = 0;
    for (int i = 0; i < r->pass_count; i++) {
        size_t needed = duet_map_scratch(&r->passes[i].map, width);
        if (needed > most) most = needed;
    }
    r->scratch_floats = width + most + (is_mean(r->segmenter) ? r->classes * width : 0);
    r->scratch = floats(r->scratch_floats, (size_t)r->pool->threads, 1);
    if (!r->scratch) return out_of_memory(r, error);
    enum duet_status status =
        duet_image_create(&r->out->classes, r->image->width, r->image->height, DUET_GRAY8, error);
    if (status == DUET_OK && r->segmenter->confidence)
        status = duet_image_create(&r->out->confidence, r->image->width, r->image->height, DUET_GRAY8, error);
    if (status == DUET_OK) r->pool->run(r->pool->ctx, class_row, r, r->image->height);
    return status;
}

/* --- what is in the map -------------------------------------------------------------------------------- */

struct extent {
    uint64_t pixels;
    uint64_t confidence; /* sum of bytes */
    int left, top, right, bottom;
};

/* Counts classes; unwanted ones become background first. */
static void measure(const struct run *r, struct extent extents[256])
{
    const bool *wanted = r->segmenter->wanted;
    for (int y = 0; y < r->image->height; y++) {
        uint8_t *classes = duet_image_row(&r->out->classes, y);
        const uint8_t *confidence = r->segmenter->confidence ? duet_image_row(&r->out->confidence, y) : NULL;
        for (int x = 0; x < r->image->width; x++) {
            if (wanted && !wanted[classes[x]]) classes[x] = 0;
            struct extent *e = &extents[classes[x]];
            if (e->pixels++ == 0) *e = (struct extent){1, 0, x, y, x, y};
            if (x < e->left) e->left = x;
            if (x > e->right) e->right = x;
            e->bottom = y;
            if (confidence) e->confidence += confidence[x];
        }
    }
}

static enum duet_status list_segments(struct run *r, struct duet_error *error)
{
    struct extent extents[256] = {{0}};
    struct duet_segments *segments = &r->out->segments;
    measure(r, extents);
    segments->items = calloc(r->classes, sizeof *segments->items);
    if (!segments->items)
        return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %zu segments", r->classes);
    double area = (double)r->image->width * r->image->height;
    for (size_t c = 0; c < r->classes; c++) {
        const struct extent *e = &extents[c];
        if (e->pixels == 0) continue;
        segments->items[segments->count++] = (struct duet_segment){
            .class_id = (int)c,
            .label = duet_labels_name(&duet_model_config(r->segmenter->model)->deeplabv3_labels, (int)c),
            .pixels = e->pixels,
            .share = (double)e->pixels / area,
            .box = {(float)e->left, (float)e->top, (float)(e->right - e->left + 1),
                    (float)(e->bottom - e->top + 1)},
            .confidence = (float)((double)e->confidence / (255.0 * (double)e->pixels))};
    }
    return DUET_OK;
}

/* What a probe needs outlives the run. */
static enum duet_status keep_logits(struct run *r, struct duet_error *error)
{
    const struct duet_segmentation_logits logits = {
        .mean = is_mean(r->segmenter),
        .width = r->image->width,
        .height = r->image->height,
        .labels = duet_model_config(r->segmenter->model)->deeplabv3_labels};
    r->out->logits = duet_segmentation_logits_create(&logits, r->passes, r->pass_count);
    if (!r->out->logits) return out_of_memory(r, error);
    r->pass_count = 0;
    return DUET_OK;
}

enum duet_status duet_segmenter_run(struct duet_segmenter *segmenter, const struct duet_image *image,
                                    const struct duet_pool *pool, struct duet_segmentation *segmentation,
                                    struct duet_error *error)
{
    DUET_NEEDS(segmentation, error);
    memset(segmentation, 0, sizeof *segmentation);
    DUET_NEEDS(segmenter, error);
    struct duet_pool single = duet_pool_single();
    enum duet_status status = duet_image_check(image, DUET_RGB8, error);
    if (status == DUET_OK) status = duet_pool_check(pool, DUET_MAX_THREADS, error);
    if (status != DUET_OK) return status;
    struct run r = {
        .segmenter = segmenter, .image = image, .pool = pool ? pool : &single, .out = segmentation};
    r.classes = (size_t)duet_model_config(segmenter->model)->deeplabv3.classes;
    status = lay_out(&r, error);
    if (status == DUET_OK) status = is_mean(segmenter) ? run_all_passes(&r, error) : run_once(&r, error);
    if (status == DUET_OK) status = make_classes(&r, error);
    if (status == DUET_OK) status = list_segments(&r, error);
    if (status == DUET_OK && segmenter->probe) status = keep_logits(&r, error);
    for (int i = 0; i < r.pass_count; i++) duet_pass_close(&r.passes[i]);
    free(r.canvas);
    free(r.scratch);
    if (status != DUET_OK) duet_segmentation_close(segmentation);
    return status;
}

void duet_segmentation_close(struct duet_segmentation *segmentation)
{
    if (!segmentation) return;
    duet_image_close(&segmentation->classes);
    duet_image_close(&segmentation->confidence);
    duet_segments_close(&segmentation->segments);
    duet_segmentation_logits_close(&segmentation->logits);
}
