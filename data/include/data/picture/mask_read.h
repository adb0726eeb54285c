/* mask_read.h: class masks from PNG files: the pixel values themselves, never colours. */
#ifndef DUET_DATA_PICTURE_MASK_READ_H
#define DUET_DATA_PICTURE_MASK_READ_H

#include "duet/image.h"

#include <stdbool.h>
#include <stddef.h>

struct duet_mask_options {
    size_t max_pixels; /* 0: DUET_MAX_PIXELS of picture.h */
    /* Asked while a pipe makes us wait; true ends the waiting with DUET_INTERRUPTED. May be NULL. */
    bool (*cancelled)(void *ctx);
    void *ctx;
};

/* Read a palette or grey PNG of up to 8 bits a pixel: the index, or the grey level as stored (not spread to
 * 0..255), becomes the class. *classes is GRAY8, owned: duet_image_close; zero on failure. NULL options: all
 * zero. Errors: DUET_NOT_FOUND, DUET_IO_ERROR, DUET_BAD_ARGUMENT (a folder), DUET_BAD_FORMAT (no PNG,
 * damaged), DUET_UNSUPPORTED (colour, alpha or 16 bit: such a picture is no class mask), DUET_TOO_LARGE (the
 * file: over DUET_MAX_PICTURE_BYTES of picture.h), DUET_INTERRUPTED, DUET_OUT_OF_MEMORY. */
enum duet_status duet_mask_read(const char *path, const struct duet_mask_options *options,
                                struct duet_image *classes, struct duet_error *error);

/* Read back a mask that was written: an 8-bit palette PNG, every pixel the class in `classes` and none over
 * 20, the picture's size: what PASCAL VOC's server demands. Errors: DUET_MISMATCH, and those of reading. */
enum duet_status duet_mask_check(const char *path, const struct duet_image *classes,
                                 struct duet_error *error);

#endif
