/* stb_write.h: PNG and JPEG through stb_image_write. Internal to duet-data. */
#ifndef DUET_DATA_PICTURE_STB_WRITE_H
#define DUET_DATA_PICTURE_STB_WRITE_H

#include "duet/image.h"

#include <stdio.h>

/* Encode a sound image of at most DUET_MAX_PIXELS into `stream`; `path` stands in error texts. What the
 * stream itself could not write is left to its owner (ferror). Errors: DUET_OUT_OF_MEMORY, DUET_TOO_LARGE. */
enum duet_status duet_stb_write_png(FILE *stream, const char *path, const struct duet_image *image,
                                    struct duet_error *error);
enum duet_status duet_stb_write_jpeg(FILE *stream, const char *path, const struct duet_image *image,
                                     struct duet_error *error);

#endif
