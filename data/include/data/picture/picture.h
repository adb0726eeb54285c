/* picture.h: pictures as they are read: the kinds, the limits, and what is odd about one.
 *
 * Kinds are told apart by content, never by name: JPEG (grey, YCbCr, CMYK, YCCK), PNG (grey, palette,
 * alpha, 16 bit), PBM, PGM, PPM, PAM (P1 to P7, 8 and 16 bit). All become RGB8: a PNG of 16 bit keeps the
 * high byte, a PNM is scaled from its maxval, alpha is laid over white, a palette is looked up, CMYK goes
 * through the plain (1-c)(1-k). Gamma and colour profiles are left alone.
 *
 * A picture whose pixels are damaged, or not all there, is an error. One that has them all and is damaged
 * beside them (no end marker, a wrong checksum of a PNG's ancillary chunk, stray bytes between a JPEG's
 * segments) comes with warnings, or, `strict`, is an error too. What follows a file's end is nobody's
 * business, telephones put a second picture there; what is lost behind the picture of a pipe is warned of.
 */
#ifndef DUET_DATA_PICTURE_PICTURE_H
#define DUET_DATA_PICTURE_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

#define DUET_MAX_PIXELS        ((size_t)1 << 28) /* 268 million: 16384 x 16384 */
#define DUET_MAX_PICTURE_BYTES ((size_t)1 << 30)

enum duet_exif { DUET_EXIF_APPLY, DUET_EXIF_IGNORE };

struct duet_picture_options {
    enum duet_exif exif; /* turn JPEG (and PNG eXIf) pictures upright, or leave them as stored */
    size_t max_pixels;   /* 0: DUET_MAX_PIXELS. Checked after the header, before memory is taken */
    size_t max_bytes;    /* of a still's file; 0: DUET_MAX_PICTURE_BYTES */
    size_t max_memory;   /* bytes that a picture may take while it is decoded; 0: any. Known of JPEG, PNG, PNM
                            after the header, before they are taken (a progressive JPEG needs 6 a pixel); of
                            what FFmpeg decodes about, once it has opened it */
    bool strict;         /* what is else a warning is an error, DUET_BAD_FORMAT */
};

/* What was odd about a picture and was made good: "JPEG without an end marker (EOI)". */
#define DUET_WARNINGS_MAX 4
struct duet_warnings {
    int count;
    char texts[DUET_WARNINGS_MAX][200];
};

#endif
