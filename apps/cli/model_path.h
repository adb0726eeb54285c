/* model_path.h: where model files lie.
 *
 * A model is named by a path, or by a NAME that stands for NAME.safetensors in the first of these folders
 * that has it:
 *   $DUET_MODELS
 *   models/ of the build that the program sits in
 *   $XDG_DATA_HOME/duet/models, or ~/.local/share/duet/models
 *   share/duet/models of the prefix that the program is installed in
 *   /usr/local/share/duet/models, /usr/share/duet/models
 */
#ifndef DUET_APPS_CLI_MODEL_PATH_H
#define DUET_APPS_CLI_MODEL_PATH_H

#include "duet/status.h"

/* The file that `name` means: an existing path is itself. Owned: free().
 * Errors: DUET_NOT_FOUND, the text lists the folders and says how to get the model; DUET_OUT_OF_MEMORY. */
enum duet_status duet_model_path(const char *name, char **path, struct duet_error *error);

/* The folder that a fetched model goes into: the first of $DUET_MODELS, the build's, the user's that applies.
 * Owned: free(). Errors: DUET_NOT_FOUND (none of them is known), DUET_OUT_OF_MEMORY. */
enum duet_status duet_model_home(char **folder, struct duet_error *error);

/* `name` within share/duet of the build or the prefix that the program sits in, and the program itself.
 * Owned: free(). NULL when out of memory, or /proc is not there. */
char *duet_program_data(const char *name);
char *duet_program_path(void);

#endif
