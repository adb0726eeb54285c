/* pad.h: pictures in the top left corner of an input, see DUET_PAD. Internal. */
#ifndef DUET_HEADS_PREPROCESS_PAD_H
#define DUET_HEADS_PREPROCESS_PAD_H

#include "heads/preprocess.h"

/* Source pixels [first, last] of a row or column, and how much of the outer two. */
struct pad_cover {
    int first, last;
    float head, tail;
};

/* How large a picture stands in an input of that size: its own size if it fits. */
void duet_pad_size(const struct duet_image *image, int input_height, int input_width, int *height,
                   int *width);

struct duet_affine duet_pad_run(const struct preprocess *preprocess, const struct duet_image *image,
                                const struct duet_pool *pool, float *input);

#endif
