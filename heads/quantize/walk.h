/* walk.h: pictures through all heads of a model, and a look at the result of every layer on the way.
 * Internal.
 */
#ifndef DUET_HEADS_QUANTIZE_WALK_H
#define DUET_HEADS_QUANTIZE_WALK_H

#include "runner/pass.h"

/* Zeroed: nothing. */
struct walk {
    struct duet_model *model; /* a reference: the heads are its */
    struct pass *passes; /* [pass_count]: heads of one input each, unfused */
    int pass_count;
    size_t max_memory; /* bytes that a pass may take to run, see duet_sizes_find */
};

/* Errors: those of duet_compile. On failure it is closed. */
enum duet_status duet_walk_open(const struct duet_model *model, enum duet_precision precision,
                                const char *cpu, size_t max_memory, struct walk *walk,
                                struct duet_error *error);
void duet_walk_close(struct walk *walk);

/* `node` of the model's network; `result` is [1, H, W, C], float32 or bytes. */
typedef enum duet_status duet_walk_see(void *ctx, duet_node node, const struct duet_view *result,
                                       struct duet_error *error);

/* Shows the picture's input and every layer's result, in each pass. Errors: those of `see`, DUET_BAD_ARGUMENT
 * (no RGB8), DUET_INTERRUPTED. */
enum duet_status duet_walk_run(const struct walk *walk, const struct duet_image *image,
                               const struct duet_run_options *options, duet_walk_see *see, void *ctx,
                               struct duet_error *error);

/* The same picture through two walks of one model, step by step: of each layer that leaves its result in
 * both, the two. */
typedef void duet_walk_see_both(void *ctx, duet_node node, const struct duet_view *a,
                                const struct duet_view *b);
enum duet_status duet_walk_both(const struct walk *a, const struct walk *b, const struct duet_image *image,
                                const struct duet_run_options *options, duet_walk_see_both *see, void *ctx,
                                struct duet_error *error);

#endif
