/* pass.h: a picture through the trunk once, for all heads that want it in the same shape; or several times at
 * other scales, for one. Internal. */
#ifndef DUET_HEADS_RUNNER_PASS_H
#define DUET_HEADS_RUNNER_PASS_H

#include "runner/reader.h"

/* A head that is wanted. */
struct reader {
    const struct reader_kind *kind;
    const struct duet_head *head;
    void *memory;
    int result; /* its place among the results */
};

struct pass {
    struct duet_head_input input; /* as it is run at */
    bool grows;                   /* with pictures that are larger */
    float scales[DUET_SEGMENTER_MAX_SCALES];
    int scale_count;
    bool flip;
    struct reader *readers; /* [reader_count] */
    int reader_count;
    const struct duet_head **heads; /* theirs, and those that these read */
    struct sizes sizes;
    struct preprocess preprocess; /* for the last input size */
};

/* May `head` come along, on an input like that and a trunk of that output stride? */
bool duet_pass_fits(const struct pass *pass, const struct duet_head_input *input, int output_stride);

/* One head more, before the pass is made; `result` is its place among the results. Errors:
 * DUET_OUT_OF_MEMORY. */
enum duet_status duet_pass_add(struct pass *pass, const struct duet_head *head, int result,
                               struct duet_error *error);

/* Compiles, and makes what the readers need. `budget`: see duet_sizes_find. */
enum duet_status duet_pass_make(struct pass *pass, const struct answer_options *options, size_t budget,
                                struct duet_error *error);

/* The same for another thread. */
enum duet_status duet_pass_clone(const struct pass *pass, struct pass *clone, size_t budget,
                                 struct duet_error *error);

/* results[reader's result] for each of its readers. After a failure they may be half filled. */
enum duet_status duet_pass_run(struct pass *pass, const struct duet_image *image,
                               const struct duet_run_options *options, size_t budget,
                               struct head_result *results, struct duet_error *error);

/* Accepts a zeroed one. */
void duet_pass_close(struct pass *pass);

#endif
