/* decode.h: pictures that lie whole in memory -> RGB8 images. Internal.
 *
 * To add a format: write decode_NAME.c with a duet_NAME_matches and a duet_decode_NAME, add their row to the
 * table in frames.c (and the file to CMakeLists.txt), and a test of each kind to
 * tests/unit/data/moving/test_frames.c.
 */
#ifndef DUET_DATA_PICTURE_DECODE_H
#define DUET_DATA_PICTURE_DECODE_H

#include "data/moving/frames.h"

#include <stdbool.h>
#include <stdint.h>

/* A coded picture. Everything is borrowed for the length of the call. */
struct duet_coded {
    const char *name; /* stands first in error texts */
    const uint8_t *data;
    size_t size;
    const struct duet_frames_options *options; /* its limits, `strict` */
    struct duet_warnings *warnings;            /* for duet_decode_warn */
    size_t
        *cost; /* not NULL: nothing is to be decoded; duet_decode_afford leaves here what that would take */
};

struct duet_decoder {
    const char *kind; /* "JPEG" */
    /* Is this what such a file begins with? 16 bytes suffice. */
    bool (*matches)(const uint8_t *data, size_t size);
    /* Decode into *image, which is zero before and, after a failure, again; the caller owns it.
     * Where coded->cost is set, end with DUET_OK once duet_decode_afford has filled it.
     * *orientation is 0 before: a decoder that finds a valid EXIF orientation writes it there. */
    enum duet_status (*decode)(const struct duet_coded *coded, struct duet_image *image, int *orientation,
                               struct duet_error *error);
};

bool duet_jpeg_matches(const uint8_t *data, size_t size);
enum duet_status duet_decode_jpeg(const struct duet_coded *coded, struct duet_image *image, int *orientation,
                                  struct duet_error *error);
bool duet_png_matches(const uint8_t *data, size_t size);
enum duet_status duet_decode_png(const struct duet_coded *coded, struct duet_image *image, int *orientation,
                                 struct duet_error *error);
bool duet_pnm_matches(const uint8_t *data, size_t size);
enum duet_status duet_decode_pnm(const struct duet_coded *coded, struct duet_image *image, int *orientation,
                                 struct duet_error *error);

/* What every decoder asks right after the header, before it takes memory: are both sides 1 to
 * DUET_IMAGE_MAX_SIDE, and are there at most max_pixels? */
enum duet_status duet_decode_check(const struct duet_coded *coded, size_t width, size_t height,
                                   struct duet_error *error);

/* And then: is that within max_memory? `beside` is what decoding takes beside the image; one of that
 * `orientation` is turned afterwards. */
enum duet_status duet_decode_afford(const struct duet_coded *coded, size_t width, size_t height,
                                    size_t beside, int orientation, struct duet_error *error);

/* Something is odd, and all pixels are there: a warning, or an error where that is asked for. */
enum duet_status duet_decode_warn(const struct duet_coded *coded, struct duet_error *error,
                                  const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The fault of a file too short for the size its header tells, found before memory is taken for it. */
enum duet_status duet_decode_too_short(const struct duet_coded *coded, const char *kind, size_t width,
                                       size_t height, struct duet_error *error);

/* Make the RGB8 image for a size that duet_decode_check found good. */
enum duet_status duet_decode_image(const struct duet_coded *coded, size_t width, size_t height,
                                   struct duet_image *image, struct duet_error *error);

/* The orientation, 1 to 8, that an EXIF block asks for (`tiff` begins with "II*\0" or "MM\0*"); 0 when it has
 * none or is malformed. */
int duet_exif_orientation(const uint8_t *tiff, size_t size);

/* Turn *image upright: a new image takes its place unless orientation is 1. False, and *image unchanged, when
 * there is no memory for it. */
bool duet_exif_turn(struct duet_image *image, int orientation);

#endif
