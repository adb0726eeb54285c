/* video_write.h: frames -> a video file.
 *
 * The container follows from the name (.mp4 .mov .mkv .webm .avi), the codec from the container: H.264 where
 * there is an encoder for it, else MPEG-4; VP9 in .webm. Comes with FFmpeg, as moving inputs do (frames.h).
 *
 * Colours are 4:2:0 in the narrow range, by BT.709 from 1280 or 720 pixels on, else by BT.601, and say so.
 * Times are kept to 1/90000 s, or a finer share of the rate, in .mp4 and .mov, to 1/1000 s in .mkv and .webm;
 * .avi has one rate and every frame at its place in it. The caller's thread encodes, no other: the same
 * frames give the same bytes.
 *
 * What is in the file plays, whatever becomes of the writer: .mp4 and .mov are fragmented, .mkv and .webm
 * come in clusters, of a second at most, and each is written at once when it is complete. In an .avi that was
 * not finished the index is missing: it plays from its beginning on.
 */
#ifndef DUET_DATA_MOVING_VIDEO_WRITE_H
#define DUET_DATA_MOVING_VIDEO_WRITE_H

#include "duet/image.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct duet_video_writer_options {
    int width, height;      /* of the video; frames of another size are scaled to it. Odd ones lose a row */
    int rate_num, rate_den; /* frames a second; 0: 25/1 */
    bool force;             /* replace what is there; else DUET_EXISTS */
    bool in_place;          /* for what has no end: the file stands under its name at once, and no frame waits
                               in the encoder for later ones (which makes files a quarter larger) */
    int aspect_num, aspect_den; /* a pixel's width to its height, as players are to show it; 0: 1/1 */
};

struct duet_video_writer; /* opaque */

/* Does the name end like a video's? ".MP4" does too. */
bool duet_video_name(const char *path);

/* Begin the video, under a temporary name beside `path` unless it is to be in place. A name that stands for a
 * pipe or a device is written to, without going back in it. Errors: DUET_EXISTS, DUET_NOT_FOUND (no folder),
 * DUET_IO_ERROR, DUET_BAD_ARGUMENT (name, size or rate), DUET_UNSUPPORTED (no FFmpeg in this build or on this
 * machine: the text says what is missing), DUET_OUT_OF_MEMORY. */
enum duet_status duet_video_writer_open(const char *path, const struct duet_video_writer_options *options,
                                        struct duet_video_writer **writer, struct duet_error *error);

/* Add an RGB8 frame that is to be shown from `time` on (seconds, ascending; the first one's becomes 0). A
 * frame is shown until the next; the last one for 1/rate. Errors: DUET_BAD_ARGUMENT (not RGB8, time not
 * ascending), DUET_IO_ERROR, DUET_OUT_OF_MEMORY. */
enum duet_status duet_video_writer_add(struct duet_video_writer *writer, const struct duet_image *image,
                                       double time, struct duet_error *error);

/* How many bytes the file has so far; frames may still wait in the encoder. */
int64_t duet_video_writer_size(const struct duet_video_writer *writer);

/* Finish the file and move it to its name; frees, sets *writer to NULL. Errors: DUET_BAD_ARGUMENT for a video
 * without frames; the one of an add that failed before; DUET_IO_ERROR. Whatever failed, a full disk too, what
 * plays of the video stands under its name then, and the text says so; when that is no frame, there is no
 * file. */
enum duet_status duet_video_writer_commit(struct duet_video_writer **writer, struct duet_error *error);

/* Throw away what is not committed (in place, only a file without a frame goes away); accepts NULL. */
void duet_video_writer_discard(struct duet_video_writer **writer);

#endif
