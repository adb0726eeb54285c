/* output.h: the file that a command writes. */
#ifndef DUET_APPS_MODELS_OUTPUT_H
#define DUET_APPS_MODELS_OUTPUT_H

#include "cli/options.h"

/* DUET_GO_ON, or the exit code after saying that `path` exists and what to do, or is no file to write. */
int models_may_write(const struct duet_program *program, const char *path, bool force);

#endif
