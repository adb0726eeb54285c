/* scale.h: pictures and class maps to the size they have on the screen. */
#ifndef DUET_APPS_VIEWER_SCREEN_SCALE_H
#define DUET_APPS_VIEWER_SCREEN_SCALE_H

#include "duet/image.h"

/* RGB8 to RGB8 of another size: the mean over what falls into a pixel when it becomes smaller, linear when it
 * becomes larger, and from eight times on without smoothing: somebody looks at pixels. Errors:
 * DUET_OUT_OF_MEMORY. */
enum duet_status viewer_scale(const struct duet_image *from, const struct duet_image *to,
                              struct duet_error *error);

/* GRAY8 classes: the nearest pixel's. Errors: DUET_OUT_OF_MEMORY. */
enum duet_status viewer_scale_classes(const struct duet_image *from, const struct duet_image *to,
                                      struct duet_error *error);

#endif
