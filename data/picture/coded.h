/* coded.h: what the decoders share: the picture they are given, its limits and its warnings. Internal. */
#ifndef DUET_DATA_PICTURE_CODED_H
#define DUET_DATA_PICTURE_CODED_H

#include "data/picture/picture.h"
#include "duet/image.h"

#include <stdint.h>

/* A coded picture. Everything is borrowed for the length of the call. */
struct duet_coded {
    const char *name; /* stands first in error texts */
    const uint8_t *data;
    size_t size;
    const struct duet_picture_options *options; /* without zeros, but for max_memory */
    struct duet_warnings *warnings;             /* for duet_coded_warn */
    size_t *cost; /* not NULL: nothing is to be decoded; duet_coded_afford leaves here what it would take */
};

/* What every decoder asks right after the header, before it takes memory: are both sides 1 to
 * DUET_IMAGE_MAX_SIDE, and are there at most max_pixels? */
enum duet_status duet_coded_check(const struct duet_coded *coded, size_t width, size_t height,
                                  struct duet_error *error);

/* And then: is that within max_memory? `beside` is what decoding takes beside the image; one of that
 * `orientation` is turned afterwards. */
enum duet_status duet_coded_afford(const struct duet_coded *coded, size_t width, size_t height, size_t beside,
                                   int orientation, struct duet_error *error);

/* Something is odd, and all pixels are there: a warning, or an error where that is asked for. */
enum duet_status duet_coded_warn(const struct duet_coded *coded, struct duet_error *error, const char *format,
                                 ...) __attribute__((format(printf, 3, 4)));

/* The fault of a file too short for the size its header tells, found before memory is taken for it. */
enum duet_status duet_coded_too_short(const struct duet_coded *coded, const char *kind, size_t width,
                                      size_t height, struct duet_error *error);

/* Make the RGB8 image for a size that duet_coded_check found good. */
enum duet_status duet_coded_image(const struct duet_coded *coded, size_t width, size_t height,
                                  struct duet_image *image, struct duet_error *error);

#endif
