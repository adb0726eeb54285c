/* scratch_group.h: one scratch folder for all tests of a program:
 * cmocka_run_group_tests(tests, make_scratch, remove_scratch). */
#ifndef DUET_SCRATCH_GROUP_H
#define DUET_SCRATCH_GROUP_H

#include "support/scratch.h"

static struct scratch scratch;

static int make_scratch(void **state)
{
    (void)state;
    scratch_make(&scratch);
    return 0;
}

static int remove_scratch(void **state)
{
    (void)state;
    scratch_remove(&scratch);
    return 0;
}

#endif
