/* frames.h: where pictures come from. Every input is a source of frames; a still has one.
 *
 * Kinds are told apart by content, never by name: JPEG (grey, YCbCr, CMYK, YCCK), PNG (grey, palette,
 * alpha, 16 bit), PPM/PGM (P2 P3 P5 P6, 8 and 16 bit). All become RGB8: a PNG of 16 bit keeps the high byte,
 * a PNM is scaled from its maxval, alpha is laid over white, a palette is looked up, CMYK goes through the
 * plain (1-c)(1-k). Gamma and colour profiles are left alone.
 *
 * A file that ends early is an error, even when only its end marker is missing; so is one whose pixels are
 * damaged. What is merely odd about the wrapping is not, nor is what follows the end.
 */
#ifndef DUET_FRAMES_H
#define DUET_FRAMES_H

#include "duet/image.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum duet_exif { DUET_EXIF_APPLY, DUET_EXIF_IGNORE };

struct duet_frames_options {
    size_t struct_size;  /* sizeof(struct duet_frames_options). Instead of options NULL: all zero */
    enum duet_exif exif; /* turn JPEG (and PNG eXIf) pictures upright, or leave them as stored */
    size_t max_pixels;   /* 0: DUET_MAX_PIXELS. Checked after the header, before memory is taken */
    size_t max_bytes;    /* of the file; 0: DUET_MAX_PICTURE_BYTES */
};

#define DUET_MAX_PIXELS        ((size_t)1 << 28) /* 268 million: 16384 x 16384 */
#define DUET_MAX_PICTURE_BYTES ((size_t)1 << 30)

/* What a decoded frame says of itself. */
struct duet_frame_info {
    bool moving;   /* from a video or stream: frame and pts mean something */
    int64_t frame; /* 0, 1, 2 ... */
    double pts;    /* seconds */
};

struct duet_frames; /* opaque */

/* Open a file; "-" is standard input. Errors: DUET_NOT_FOUND, DUET_IO_ERROR, DUET_BAD_FORMAT (empty, or not a
 * picture this build knows), DUET_TOO_LARGE, DUET_BAD_ARGUMENT (a folder), DUET_OUT_OF_MEMORY. */
enum duet_status duet_frames_open(const char *path, const struct duet_frames_options *options,
                                  struct duet_frames **frames, struct duet_error *error);

/* The same from bytes in memory, which must outlive the frames. `name` stands in error texts (copied). */
enum duet_status duet_frames_open_bytes(const void *data, size_t size, const char *name,
                                        const struct duet_frames_options *options,
                                        struct duet_frames **frames, struct duet_error *error);

/* Decode the next frame into *image (owned by the caller: duet_image_close) and *info (may be NULL).
 * *more tells whether there was one; at the end it is false, the status DUET_OK and *image zero.
 * Errors: DUET_BAD_FORMAT (truncated or damaged), DUET_TOO_LARGE, DUET_UNSUPPORTED, DUET_OUT_OF_MEMORY; after
 * an error there are no more frames. */
enum duet_status duet_frames_next(struct duet_frames *frames, struct duet_image *image,
                                  struct duet_frame_info *info, bool *more, struct duet_error *error);

void duet_frames_close(struct duet_frames **frames);

/* Does the beginning of a file look like a picture this build knows? 16 bytes suffice. For folder walks. */
bool duet_frames_sniff(const uint8_t *data, size_t size);

#ifdef __cplusplus
}
#endif
#endif
