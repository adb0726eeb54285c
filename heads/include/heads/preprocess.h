/* preprocess.h: pictures of any size to a network's input, [height][width][3], and the way back.
 * Internal to Duet. */
#ifndef DUET_HEADS_PREPROCESS_H
#define DUET_HEADS_PREPROCESS_H

#include "duet/head.h"
#include "duet/image.h"
#include "duet/ssdlite_decode.h"
#include "duet/threads.h"
#include "kernels/kernels.h"

struct pad_cover; /* what a padded pixel covers of the picture */

/* Memory for one input size. Zeroed: not yet made. */
struct preprocess {
    struct duet_head_input input;
    float scale, shift; /* DUET_STRETCH: byte * scale + shift; DUET_PAD: byte / scale + shift */
    struct duet_resize_tap *rows, *columns;
    struct pad_cover *covers;
};

enum duet_status duet_preprocess_create(const struct duet_head_input *input, struct preprocess *preprocess,
                                        struct duet_error *error);
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
