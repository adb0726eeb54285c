/* pictures.h: pictures one after the other, as cameras and `cat` put them into a pipe or a .mjpeg file. Needs
 * no FFmpeg where the pictures do not. Internal.
 */
#ifndef DUET_DATA_MOVING_PICTURES_H
#define DUET_DATA_MOVING_PICTURES_H

#include "moving/moving.h"
#include "picture/stream.h"

struct duet_pictures; /* opaque; the `self` of duet_pictures_type */
extern const struct duet_moving_type duet_pictures_type;

/* Look at a stream that begins like a picture whose end can be known (scan.h). *pictures is NULL for a still:
 * one picture, whatever follows. Else it reads from the stream, which must outlive it.
 *
 * On standard input and in pipes every picture behind the first one (but for NULs, spaces and line ends) is
 * another frame, whatever its kind and size, unless the first one says that it holds several (MPF); to know,
 * one waits for its first bytes or the end. What follows there and is none is warned of. In a file a JPEG
 * must be followed by a JPEG of the same size: telephones put previews, depth and gain maps there.
 *
 * A still that can be read only once: *data (free() it) and *size are all that the stream held. */
enum duet_status duet_pictures_open(struct duet_stream *stream, const struct duet_picture_options *options,
                                    struct duet_warnings *warnings, duet_read_picture *read, void *ctx,
                                    struct duet_pictures **pictures, uint8_t **data, size_t *size,
                                    struct duet_error *error);

#endif
