/* kinds.h: the kinds of sources of more than one frame. Internal.
 *
 * To add one: its struct duet_moving_type and what opens it here, and the case of it in frames.c.
 */
#ifndef DUET_DATA_MOVING_KINDS_H
#define DUET_DATA_MOVING_KINDS_H

#include "moving/moving.h"
#include "moving/video_module.h"
#include "picture/stream.h"

/* --- numbered.c: pictures whose names differ by a number, "frames/%04d.png" --- */

/* The sequence is what the folder holds, from the lowest number on. The lowest is shown at 0 s, the others
 * (number - lowest) / 25 later, so that one that is missing leaves its time and nothing else. */
extern const struct duet_moving_type duet_numbered_type;

/* Has the last component of `path` one %d or %0Nd? "%%" is a percent sign. */
bool duet_is_numbered(const char *path);

/* Find the pictures. Errors: DUET_NOT_FOUND when there is none. */
enum duet_status duet_numbered_open(const char *path, duet_read_picture *read, void *ctx, void **self,
                                    struct duet_error *error);

/* --- pictures.c: pictures one after the other, as cameras and `cat` put them into a pipe or a .mjpeg file --- */

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

/* --- video.c: the module that knows FFmpeg --- */

/* Load the module: $DUET_VIDEO_MODULE, else lib/duet/duet-video.so beside the program's bin/. It stays
 * loaded; a second call costs little. Errors: DUET_UNSUPPORTED, `name` first, with what is missing. */
enum duet_status duet_video_load(const char *name, const struct duet_video_functions **module,
                                 struct duet_error *error);

#endif
