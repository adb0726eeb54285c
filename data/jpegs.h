/* jpegs.h: JPEGs one after the other, as cameras and `cat` put them into a pipe or a .mjpeg file. Needs no
 * FFmpeg. Internal.
 */
#ifndef DUET_DATA_JPEGS_H
#define DUET_DATA_JPEGS_H

#include "moving.h"
#include "stream.h"

struct duet_jpegs; /* opaque; the `self` of duet_jpegs_type */
extern const struct duet_moving_type duet_jpegs_type;

/* Look at a stream that begins like a JPEG. *jpegs is NULL for a still: one picture, whatever follows. Else
 * it reads from the stream, which must outlive it.
 *
 * In a file, what follows is another frame when it is a JPEG of the same size behind the first one (but for
 * NULs and line ends), which does not say that it holds several pictures (MPF: telephones put previews, depth
 * and gain maps there). In a pipe any JPEG is, unless MPF says so; to know, one waits for its first bytes or
 * the end. A pipe's still: *data (free() it) and *size are what it held, since it can be read only once. */
enum duet_status duet_jpegs_open(struct duet_stream *stream, const struct duet_frames_options *options,
                                 struct duet_warnings *warnings, struct duet_jpegs **jpegs, uint8_t **data, size_t *size,
                                 struct duet_error *error);

#endif
