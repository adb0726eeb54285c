/* commands.h: the commands of "models" that have files of their own. */
#ifndef DUET_APPS_MODELS_COMMANDS_H
#define DUET_APPS_MODELS_COMMANDS_H

#include "duet/model.h"

int models_diff(int argc, char **argv);
int models_fetch(int argc, char **argv);
int models_import(int argc, char **argv);
int models_quantize(int argc, char **argv);
int models_show(int argc, char **argv);

/* What a model's network computes in, in words. */
const char *models_precision(const struct duet_model_config *config);

#endif
