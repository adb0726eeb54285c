/* annotate.h: under which names annotated pictures, masks and videos go into a folder. */
#ifndef DUET_APPS_BATCH_ANNOTATE_H
#define DUET_APPS_BATCH_ANNOTATE_H

#include "cli/inputs.h"

enum duet_annotate_format { DUET_ANNOTATE_SAME, DUET_ANNOTATE_PNG, DUET_ANNOTATE_JPG };

/* The file for a still's annotated picture: FOLDER/RELATIVE. DUET_ANNOTATE_SAME keeps names that end in
 * .jpg, .jpeg or .png and appends .png to others; the other two replace a picture's extension by their own.
 * NULL when out of memory; free() it. */
char *duet_annotate_path(const char *folder, const char *relative, enum duet_annotate_format format);

/* The same for what moves: FOLDER/STEM.mp4 with DUET_ANNOTATE_SAME, for the whole; else for one frame
 * FOLDER/STEM_000012.png or .jpg. The stem is the relative name without its extension. */
char *duet_annotate_frame_path(const char *folder, const char *relative, enum duet_annotate_format format,
                               int64_t frame);

/* The same for a frame of what is live: FOLDER/RELATIVE_20261122T050102.345Z.png or .jpg, by the time when it
 * came (seconds since 1970; UTC). A name that exists gets a number: "...Z-2.png". */
char *duet_annotate_live_path(const char *folder, const char *relative, enum duet_annotate_format format,
                              double captured);

/* Are all inputs' annotated pictures told apart, none in place of its own source, and, without `force`, none
 * there yet? moving[i] tells whether input i moves, live[i] whether it is live, and so finds names of its own
 * for what it writes; NULL: none does. Errors: DUET_BAD_ARGUMENT (both inputs
 * named; `folder` is a file), DUET_EXISTS, DUET_OUT_OF_MEMORY. */
enum duet_status duet_annotate_check(const struct duet_inputs *inputs, const bool *moving, const bool *live,
                                     const char *folder, enum duet_annotate_format format, bool force,
                                     struct duet_error *error);

#endif
