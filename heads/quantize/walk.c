#include "quantize/walk.h"

#include "core/abi.h"
#include "core/fail.h"
#include "network/kernels.h"
#include "network/observe.h"

#include <stdlib.h>

/* --- opening -------------------------------------------------------------------------------------------- */

static enum duet_status add_head(const struct duet_model *model, const struct duet_head *head,
                                 const struct sizes *sizes, struct walk *walk, struct duet_error *error)
{
    struct pass *pass = NULL;
    for (int i = 0; !pass && i < walk->pass_count; i++)
        if (duet_pass_fits(&walk->passes[i], &head->input, head->output_stride)) pass = &walk->passes[i];
    if (!pass) {
        pass = &walk->passes[walk->pass_count++];
        *pass = (struct pass){.input = head->input, .scales = {1}, .scale_count = 1, .sizes = *sizes};
        pass->sizes.model = model;
        pass->sizes.output_stride = head->output_stride;
        pass->sizes.most = pass->sizes.base = 1;
    }
    return duet_pass_add(pass, head, 0, error);
}

enum duet_status duet_walk_open(const struct duet_model *model, enum duet_precision precision,
                                const char *cpu, size_t max_memory, struct walk *walk,
                                struct duet_error *error)
{
    const struct sizes sizes = {.cpu = cpu, .precision = precision, .unfused = true};
    enum duet_status status = DUET_OK;
    *walk = (struct walk){.model = duet_model_retain(model),
                          .max_memory = max_memory,
                          .passes = calloc((size_t)duet_model_head_count(model), sizeof *walk->passes)};
    if (!walk->passes) status = duet_no_memory(error, NULL, "for passes");
    for (int i = 0; status == DUET_OK && i < duet_model_head_count(model); i++)
        status = add_head(model, duet_model_head(model, i), &sizes, walk, error);
    for (int i = 0; status == DUET_OK && i < walk->pass_count; i++) {
        struct pass *p = &walk->passes[i];
        struct network *network;
        status = duet_preprocess_create(&p->input, &p->preprocess, error);
        if (status == DUET_OK)
            status =
                duet_sizes_find(&p->sizes, p->input.height, p->input.width, 1, max_memory, &network, error);
    }
    if (status != DUET_OK) duet_walk_close(walk);
    return status;
}

void duet_walk_close(struct walk *walk)
{
    for (int i = 0; i < walk->pass_count; i++) {
        struct pass *p = &walk->passes[i];
        p->reader_count = 0; /* they were never made */
        duet_pass_close(p);
    }
    free(walk->passes);
    duet_model_close(&walk->model);
    *walk = (struct walk){0};
}

/* --- one pass ------------------------------------------------------------------------------------------- */

/* A network under way over a picture. */
struct cursor {
    const struct network *network;
    const struct duet_run_options *options;
    int next; /* step */
    bool fed; /* heads that read others are */
};

static int step_count(const struct cursor *at)
{
    return duet_compiled_step_count(at->network->compiled);
}

static enum duet_status begin(const struct walk *walk, int index, const struct duet_image *image,
                              const struct duet_run_options *options, struct cursor *at,
                              struct duet_error *error)
{
    struct pass *const p = &walk->passes[index];
    struct network *network;
    enum duet_status status = duet_sizes_find(&p->sizes, p->input.height, p->input.width,
                                              options->pool->threads, walk->max_memory, &network, error);
    if (status != DUET_OK) return status;
    duet_preprocess_run(&p->preprocess, duet_compiled_kernels(network->compiled), image, options->pool,
                        network->input);
    *at = (struct cursor){.network = network, .options = options};
    return DUET_OK;
}

/* One step; *node is the layer whose result is *result now, or -1. */
static enum duet_status advance(struct cursor *at, duet_node *node, struct duet_view *result,
                                struct duet_error *error)
{
    const struct network *n = at->network;
    enum duet_status status = DUET_OK;
    int step = at->next++;
    if (duet_compiled_step_stage(n->compiled, step) > 0 && !at->fed) {
        status = duet_sizes_feed(n, at->options->pool, error);
        at->fed = true;
    }
    if (status == DUET_OK) status = duet_session_run_step(n->session, step, at->options, error);
    *node = duet_compiled_step_layer(n->compiled, step);
    *result = duet_session_result(n->session, step);
    return status;
}

static enum duet_status look(const struct walk *walk, int index, const struct duet_image *image,
                             const struct duet_run_options *options, duet_walk_see *see, void *ctx,
                             struct duet_error *error)
{
    struct cursor at;
    struct duet_view result;
    duet_node node = 0;
    enum duet_status status = begin(walk, index, image, options, &at, error);
    if (status == DUET_OK) status = duet_session_input(at.network->session, NULL, &result, error);
    if (status == DUET_OK) status = see(ctx, node, &result, error);
    while (status == DUET_OK && at.next < step_count(&at)) {
        status = advance(&at, &node, &result, error);
        if (status == DUET_OK && node >= 0) status = see(ctx, node, &result, error);
    }
    return status;
}

/* Does a step from the next one on leave that layer's result? */
static bool is_ahead(const struct cursor *at, duet_node node)
{
    for (int i = at->next; i < step_count(at); i++)
        if (duet_compiled_step_layer(at->network->compiled, i) == node) return true;
    return false;
}

/* Both in step: the results of a layer lie there at once. */
static enum duet_status look_at_both(const struct walk *x, const struct walk *y, int index,
                                     const struct duet_image *image, const struct duet_run_options *options,
                                     duet_walk_see_both *see, void *ctx, struct duet_error *error)
{
    struct cursor a, b;
    struct duet_view of_a, of_b;
    duet_node node_a, node_b;
    enum duet_status status = begin(x, index, image, options, &a, error);
    if (status == DUET_OK) status = begin(y, index, image, options, &b, error);
    while (status == DUET_OK && b.next < step_count(&b)) {
        status = advance(&b, &node_b, &of_b, error);
        if (status != DUET_OK || node_b < 0 || !is_ahead(&a, node_b)) continue;
        do status = advance(&a, &node_a, &of_a, error);
        while (status == DUET_OK && node_a != node_b);
        if (status == DUET_OK) see(ctx, node_b, &of_a, &of_b);
    }
    return status;
}

/* --- all passes ----------------------------------------------------------------------------------------- */

static enum duet_status options_of(const struct duet_run_options *given, const struct duet_pool *single,
                                   const struct duet_image *image, struct duet_run_options *options,
                                   struct duet_error *error)
{
    static const struct duet_run_options defaults = DUET_RUN_OPTIONS;
    enum duet_status status =
        duet_options_copy(options, sizeof *options, &defaults, given, "run options", error);
    if (status == DUET_OK) status = duet_pool_check(options->pool, DUET_MAX_THREADS, error);
    if (!options->pool) options->pool = single;
    return status == DUET_OK ? duet_image_check(image, DUET_RGB8, error) : status;
}

enum duet_status duet_walk_run(const struct walk *walk, const struct duet_image *image,
                               const struct duet_run_options *given, duet_walk_see *see, void *ctx,
                               struct duet_error *error)
{
    const struct duet_pool single = duet_pool_single();
    struct duet_run_options options;
    enum duet_status status = options_of(given, &single, image, &options, error);
    for (int i = 0; status == DUET_OK && i < walk->pass_count; i++)
        status = look(walk, i, image, &options, see, ctx, error);
    return status;
}

enum duet_status duet_walk_both(const struct walk *a, const struct walk *b, const struct duet_image *image,
                                const struct duet_run_options *given, duet_walk_see_both *see, void *ctx,
                                struct duet_error *error)
{
    const struct duet_pool single = duet_pool_single();
    struct duet_run_options options;
    enum duet_status status = options_of(given, &single, image, &options, error);
    for (int i = 0; status == DUET_OK && i < a->pass_count; i++)
        status = look_at_both(a, b, i, image, &options, see, ctx, error);
    return status;
}
