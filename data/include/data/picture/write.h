/* write.h: pictures into files. All through a temporary name and a rename. */
#ifndef DUET_DATA_PICTURE_WRITE_H
#define DUET_DATA_PICTURE_WRITE_H

#include "duet/image.h"

#include <stdbool.h>

/* RGB8 or GRAY8, by extension: .png, .jpg/.jpeg (quality 90), .ppm (grey ones become RGB); case does not
 * matter. Replaces what is there. Errors: DUET_UNSUPPORTED (another extension; the text lists the known
 * ones), DUET_BAD_ARGUMENT (not a well made image), DUET_TOO_LARGE (over DUET_MAX_PIXELS of picture.h),
 * DUET_IO_ERROR, DUET_NOT_FOUND (no such folder), DUET_OUT_OF_MEMORY. */
enum duet_status duet_picture_write(const char *path, const struct duet_image *image,
                                    struct duet_error *error);
/* Is there a writer for this name's extension? */
bool duet_picture_writable(const char *path);

/* GRAY8 `classes` as an 8-bit palette PNG whose pixel value IS the class, with the full 256-entry VOC
 * palette. Errors: those of duet_picture_write; DUET_BAD_ARGUMENT (not GRAY8). */
enum duet_status duet_mask_write(const char *path, const struct duet_image *classes,
                                 struct duet_error *error);

#endif
