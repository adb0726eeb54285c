/* image.h: a picture in memory. */
#ifndef DUET_IMAGE_H
#define DUET_IMAGE_H

#include "duet/status.h"

#include <stddef.h>
#include <stdint.h>

DUET_C_BEGIN

enum duet_pixel_format {
    DUET_RGB8 = 1, /* 3 bytes a pixel: red, green, blue, sRGB as decoded */
    DUET_GRAY8     /* 1 byte a pixel: a grey level, or a class of a mask */
};

/* Rows from top to bottom, pixels from left to right: [height, width, channels].
 * `stride` is the distance between rows in bytes, at least width * channels.
 * The pixels are owned when the image came from duet_image_create (end it with
 * duet_image_close); an image that a caller fills in by hand borrows them. */
struct duet_image {
    int width, height; /* pixels, 1 .. DUET_IMAGE_MAX_SIDE */
    enum duet_pixel_format format;
    size_t stride; /* bytes */
    uint8_t *pixels;
};

#define DUET_IMAGE_MAX_SIDE 65535

/* Bytes a pixel takes: 3 or 1; 0 of what is no format. */
DUET_API int duet_pixel_size(enum duet_pixel_format format);

/* Make an image, all bytes zero, stride = width * pixel size. On failure *image is all zero.
 * Errors: DUET_BAD_ARGUMENT (a side out of range, no format), DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_image_create(struct duet_image *image, int width, int height,
                                            enum duet_pixel_format format, struct duet_error *error);

/* Whether a picture is well made and of that format: sides in range, pixels there, rows that do not overlap
 * and fit in memory. Errors: DUET_BAD_ARGUMENT. */
DUET_API enum duet_status duet_image_check(const struct duet_image *image, enum duet_pixel_format format,
                                           struct duet_error *error);

/* Free the pixels and zero the struct. Accepts NULL and a zeroed image; not one that borrows its pixels. */
DUET_API void duet_image_close(struct duet_image *image);

/* The first byte of row y (0 <= y < height). */
static inline uint8_t *duet_image_row(const struct duet_image *image, int y)
{
    return image->pixels + (size_t)y * image->stride;
}

DUET_C_END
#endif
