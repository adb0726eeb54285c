/* tiny_group.h: a scratch folder with a model file in it, for all tests of a program:
 * cmocka_run_group_tests(tests, make_tiny, remove_scratch). */
#ifndef DUET_TINY_GROUP_H
#define DUET_TINY_GROUP_H

#include "support/scratch_group.h"
#include "support/tiny_model.h"

static char tiny[512]; /* with both heads */

static int make_tiny(void **state)
{
    struct duet_model_config config = tiny_model_config(true, true);
    make_scratch(state);
    snprintf(tiny, sizeof tiny, "%s", scratch_path(&scratch, "tiny.safetensors"));
    tiny_model_write(tiny, &config, &config);
    return 0;
}

#endif
