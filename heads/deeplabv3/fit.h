/* fit.h: DeepLab's input: the picture at the top left, the rest mean colour, scaled down first when it is too
 * large; and rescaled copies of that for multi-scale inference. Internal to heads. */
#ifndef DUET_HEADS_DEEPLABV3_FIT_H
#define DUET_HEADS_DEEPLABV3_FIT_H

#include "duet/image.h"
#include "duet/threads.h"

#include <stdbool.h>

/* Width and height of `image` scaled so that the longer side is at most `limit`; its own when it fits. */
void duet_fit_size(const struct duet_image *image, int limit, int *width, int *height);

/* image (RGB8) -> canvas [canvas_height][canvas_width][3]: scaled to width x height by the mean of the area
 * that each pixel covers (none when it is the image's own size), byte / 127.5 - 1, 0 elsewhere (the mean
 * colour). width <= canvas_width, height <= canvas_height. False when out of memory. */
bool duet_fit_canvas(const struct duet_image *image, int width, int height, int canvas_width,
                     int canvas_height, const struct duet_pool *pool, float *canvas);

/* from [h][w][3] -> to [to_h][to_w][3], bilinear with align_corners; mirrored left to right on request. */
void duet_fit_rescale(const float *from, int h, int w, float *to, int to_h, int to_w, bool mirror,
                      const struct duet_pool *pool);

#endif
