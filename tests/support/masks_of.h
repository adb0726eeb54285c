/* masks_of.h: the masks that a runner finds in a picture. */
#ifndef DUET_SUPPORT_MASKS_OF_H
#define DUET_SUPPORT_MASKS_OF_H

#include "support/testing.h"

#include "duet/runner.h"

/* By so many threads. Owned: duet_segmentation_close. */
static inline struct duet_segmentation masks_of(struct duet_runner *runner, const struct duet_image *image,
                                                int threads)
{
    struct duet_error e;
    struct duet_pool pool;
    struct duet_results *results;
    struct duet_run_options run = DUET_RUN_OPTIONS;
    assert_ok(duet_pool_create(threads, &pool, &e), e);
    run.pool = &pool;
    assert_ok(duet_runner_run(runner, image, &run, &results, &e), e);
    struct duet_segmentation found = duet_results_take_segmentation(results);
    duet_results_close(&results);
    duet_pool_close(&pool);
    return found;
}

#endif
