/* annotate.h: under which names annotated pictures go into a folder. */
#ifndef DUET_APPS_ANNOTATE_H
#define DUET_APPS_ANNOTATE_H

#include "common/inputs.h"

enum duet_annotate_format { DUET_ANNOTATE_SAME, DUET_ANNOTATE_PNG, DUET_ANNOTATE_JPG };

/* The file for an input's annotated picture: FOLDER/RELATIVE. DUET_ANNOTATE_SAME keeps names that end in
 * .jpg, .jpeg or .png and appends .png to others; the other two replace a picture's extension by their own.
 * NULL when out of memory; free() it. */
char *duet_annotate_path(const char *folder, const char *relative, enum duet_annotate_format format);

/* Are all inputs' annotated pictures told apart, none in place of its own source, and, without `force`, none
 * there yet? Errors: DUET_BAD_ARGUMENT (both inputs named; `folder` is a file), DUET_EXISTS,
 * DUET_OUT_OF_MEMORY. */
enum duet_status duet_annotate_check(const struct duet_inputs *inputs, const char *folder,
                                     enum duet_annotate_format format, bool force, struct duet_error *error);

#endif
