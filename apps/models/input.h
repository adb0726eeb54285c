/* input.h: the input that a network is counted for, or run on, as the command line gives it. */
#ifndef DUET_APPS_MODELS_INPUT_H
#define DUET_APPS_MODELS_INPUT_H

#include "cli/options.h"

struct models_input {
    const char *size;  /* "300" or "640x480" (width x height), sides from 1 to 8192; NULL: the model's own */
    int output_stride; /* 8, 16 or 32; 0: the model's own */
};

/* DUET_GO_ON, or the exit code after a mistake was reported. */
int models_input_check(const struct duet_program *program, const struct models_input *input);

/* The size asked for, if one was; of an input that was checked. */
void models_input_size(const struct models_input *input, int *width, int *height);

#endif
