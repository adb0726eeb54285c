/* coded.h: what the decoders share: the picture they are given, its limits and its warnings. Internal. */
#ifndef DUET_DATA_PICTURE_CODED_H
#define DUET_DATA_PICTURE_CODED_H

#include "data/picture/picture.h"
#include "duet/image.h"

#include <stdint.h>

/* A coded picture and what becomes of it. What is pointed to is borrowed for the length of the call. */
struct duet_coded {
    const char *name; /* stands first in error texts */
    const uint8_t *data;
    size_t size;
    const struct duet_picture_options *options; /* without zeros, but for max_memory */
    struct duet_warnings *warnings;             /* for duet_coded_warn */
    struct duet_error *error;                   /* may be NULL */
    bool costs_only; /* nothing is to be decoded, once duet_coded_afford has told what that would take */
    size_t cost;
    int orientation; /* 0, until a decoder finds a valid one in EXIF: 1 to 8 */
    struct duet_image image;
};

/* Fill the error: `status`, the name and the text; return `status`. */
enum duet_status duet_coded_fail(const struct duet_coded *coded, enum duet_status status, const char *format,
                                 ...) __attribute__((format(printf, 3, 4)));

/* What every decoder asks right after the header, before it takes memory: are both sides 1 to
 * DUET_IMAGE_MAX_SIDE, and are there at most max_pixels? */
enum duet_status duet_coded_check(const struct duet_coded *coded, size_t width, size_t height);

/* And then: is that within max_memory? `beside` is what decoding takes beside the image; one with an
 * orientation is turned afterwards. */
enum duet_status duet_coded_afford(struct duet_coded *coded, size_t width, size_t height, size_t beside);

/* Something is odd, and all pixels are there: a warning, or an error where that is asked for. */
enum duet_status duet_coded_warn(const struct duet_coded *coded, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The fault of a file too short for the size its header tells, found before memory is taken for it. */
enum duet_status duet_coded_too_short(const struct duet_coded *coded, const char *kind, size_t width,
                                      size_t height);

/* Make the RGB8 image for a size that duet_coded_check found good. */
enum duet_status duet_coded_image(struct duet_coded *coded, size_t width, size_t height);

#endif
