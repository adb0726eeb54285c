/* seen.h: data that a model has seen when it was trained. */
#ifndef DUET_APPS_EVALUATE_SEEN_H
#define DUET_APPS_EVALUATE_SEEN_H

#include "cli/console.h"
#include "duet/model.h"

/* Warn when the model names what it is scored on among what it is not for (struct duet_model_training):
 * "FOLDER/LIST" of a list in a folder, and without a folder the name of the ground truth's file, with its
 * extension or without. Letters count alike, large or small. */
void evaluate_warn_seen(struct duet_console *console, const struct duet_model *model, const char *folder,
                        const char *list);

#endif
