/* preprocess.h: pictures to network inputs, and the way back. Internal to heads. */
#ifndef DUET_HEADS_PREPROCESS_H
#define DUET_HEADS_PREPROCESS_H

#include "duet/image.h"
#include "duet/ssdlite_decode.h"
#include "duet/threads.h"
#include "kernels/kernels.h"

/* Memory for one target size. Zeroed: not yet made. */
struct stretch {
    int height, width;
    struct duet_resize_tap *rows, *columns;
};

enum duet_status duet_stretch_create(int height, int width, struct stretch *stretch,
                                     struct duet_error *error);
void duet_stretch_close(struct stretch *stretch);

/* Resize `image` (RGB8) to [height][width][3], the aspect ratio not kept, and map bytes to byte * scale +
 * shift. Returns the map from fractions of the input to the picture's pixels. */
struct duet_affine duet_stretch_run(struct stretch *stretch, const struct duet_kernels *kernels,
                                    const struct duet_image *image, float scale, float shift,
                                    const struct duet_pool *pool, float *output);

#endif
