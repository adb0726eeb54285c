/* preprocess.h: pictures of any size to a network's input, [height][width][3] in [-1, 1], and the way back.
 * Internal to Duet. */
#ifndef DUET_HEADS_PREPROCESS_H
#define DUET_HEADS_PREPROCESS_H

#include "duet/image.h"
#include "duet/ssdlite_decode.h"
#include "duet/threads.h"
#include "kernels/kernels.h"

/* How a picture comes to fill the input and which number a byte becomes: as the networks were trained. */
enum duet_resize {
    DUET_STRETCH, /* SSDLite: to the input's size, the aspect ratio not kept, as kernels/resize.h does it;
                   * byte * f32(2 / 255) - 1 */
    DUET_PAD /* DeepLabv3: in the top left corner; one that is too large is scaled down, by the mean of the
              * area that each pixel covers. byte / 127.5 - 1; the rest is 0, the mean colour */
};

struct pad_cover; /* what a padded pixel covers of the picture */

/* Memory for one input size. Zeroed: not yet made. */
struct preprocess {
    enum duet_resize resize;
    int height, width; /* of the input */
    struct duet_resize_tap *rows, *columns;
    struct pad_cover *covers;
};

enum duet_status duet_preprocess_create(enum duet_resize resize, int height, int width,
                                        struct preprocess *preprocess, struct duet_error *error);
void duet_preprocess_close(struct preprocess *preprocess);

/* image (RGB8) -> input. Returns the map from fractions of the input to the picture's pixels. */
struct duet_affine duet_preprocess_run(struct preprocess *preprocess, const struct duet_kernels *kernels,
                                       const struct duet_image *image, const struct duet_pool *pool,
                                       float *input);

/* How large a picture stands in the input's top left corner: as large as that when it is stretched, its own
 * size when it is padded and fits. */
void duet_preprocess_size(const struct preprocess *preprocess, const struct duet_image *image, int *height,
                          int *width);

/* from [h][w][3] -> to [to_h][to_w][3]: an input for another size of the network, bilinear with
 * align_corners; mirrored left to right on request. */
void duet_input_rescale(const float *from, int h, int w, float *to, int to_h, int to_w, bool mirror,
                        const struct duet_pool *pool);

#endif
