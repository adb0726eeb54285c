/* decode.h: pictures that lie whole in memory -> RGB8 images. Internal.
 *
 * To add a format: write decode_NAME.c with a duet_NAME_matches and a duet_decode_NAME, add their row to the
 * table in decode.c (and the file to CMakeLists.txt), and a test of each kind to
 * tests/unit/data/moving/test_frames.c.
 */
#ifndef DUET_DATA_PICTURE_DECODE_H
#define DUET_DATA_PICTURE_DECODE_H

#include "picture/coded.h"

struct duet_decoder {
    const char *kind; /* "JPEG" */
    /* Is this what such a file begins with? 16 bytes suffice. */
    bool (*matches)(const uint8_t *data, size_t size);
    /* Decode into *image, which is zero before and, after a failure, again; the caller owns it.
     * Where coded->cost is set, end with DUET_OK once duet_coded_afford has filled it.
     * *orientation is 0 before: a decoder that finds a valid EXIF orientation writes it there. */
    enum duet_status (*decode)(const struct duet_coded *coded, struct duet_image *image, int *orientation,
                               struct duet_error *error);
};

/* The format that a file of this beginning has; NULL: none of ours. */
const struct duet_decoder *duet_find_decoder(const uint8_t *data, size_t size);

/* The fault of a file that has none of them, nor what `also` names. */
enum duet_status duet_decode_unknown(const char *name, const uint8_t *data, size_t size, const char *also,
                                     struct duet_error *error);

/* The picture, upright unless that is not asked for. *image is as for the decoder. */
enum duet_status duet_decode(const struct duet_decoder *decoder, const struct duet_coded *coded,
                             struct duet_image *image, struct duet_error *error);

bool duet_jpeg_matches(const uint8_t *data, size_t size);
enum duet_status duet_decode_jpeg(const struct duet_coded *coded, struct duet_image *image, int *orientation,
                                  struct duet_error *error);
bool duet_png_matches(const uint8_t *data, size_t size);
enum duet_status duet_decode_png(const struct duet_coded *coded, struct duet_image *image, int *orientation,
                                 struct duet_error *error);
bool duet_pnm_matches(const uint8_t *data, size_t size);
enum duet_status duet_decode_pnm(const struct duet_coded *coded, struct duet_image *image, int *orientation,
                                 struct duet_error *error);

/* The orientation, 1 to 8, that an EXIF block asks for (`tiff` begins with "II*\0" or "MM\0*"); 0 when it has
 * none or is malformed. */
int duet_exif_orientation(const uint8_t *tiff, size_t size);

/* Turn *image upright: a new image takes its place unless orientation is 1 (or 0). Without memory for that
 * *image is closed: DUET_OUT_OF_MEMORY, `name` first. */
enum duet_status duet_exif_turn(const char *name, struct duet_image *image, int orientation,
                                struct duet_error *error);

#endif
