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
    /* Decode into coded->image, which is zero before; what it is after a failure does not matter. Where
     * coded->costs_only is set, end with DUET_OK once duet_coded_afford was asked. */
    enum duet_status (*decode)(struct duet_coded *coded);
};

/* The format that a file of this beginning has; NULL: none of ours. */
const struct duet_decoder *duet_find_decoder(const uint8_t *data, size_t size);

/* The fault of a file that has none of them, nor what `also` names. */
enum duet_status duet_decode_unknown(const char *name, const uint8_t *data, size_t size, const char *also,
                                     struct duet_error *error);

/* The picture, upright unless that is not asked for. The caller owns *image, zero after a failure. */
enum duet_status duet_decode(const struct duet_decoder *decoder, struct duet_coded *coded,
                             struct duet_image *image);

bool duet_jpeg_matches(const uint8_t *data, size_t size);
enum duet_status duet_decode_jpeg(struct duet_coded *coded);
bool duet_png_matches(const uint8_t *data, size_t size);
enum duet_status duet_decode_png(struct duet_coded *coded);
bool duet_pnm_matches(const uint8_t *data, size_t size);
enum duet_status duet_decode_pnm(struct duet_coded *coded);

/* The orientation, 1 to 8, that an EXIF block asks for (`tiff` begins with "II*\0" or "MM\0*"); 0 when it has
 * none or is malformed. */
int duet_exif_orientation(const uint8_t *tiff, size_t size);

/* Turn *image upright: a new image takes its place unless orientation is 1 (or 0). Without memory for that
 * *image is closed: DUET_OUT_OF_MEMORY, `name` first. */
enum duet_status duet_exif_turn(const char *name, struct duet_image *image, int orientation,
                                struct duet_error *error);

#endif
