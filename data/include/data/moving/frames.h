/* frames.h: where pictures come from. Every input is a source of frames; a still has one.
 *
 * Pictures are read as picture.h says.
 *
 * What moves comes through FFmpeg, in a module that is loaded at the first input that needs it:
 *
 *   clip.mp4               any video file it can read
 *   /dev/video0            a camera
 *   rtsp://... http://...  a stream; the only inputs that ever touch a network
 *   lavfi:testsrc2=...     FFmpeg's own sources, for tests; of its filters those that open and write nothing
 *   -                      standard input; named pipes and sockets the same: a picture, pictures one after
 * the other (JPEG, PNG, PNM, BMP, WebP, mixed as they come), Y4M, or a video that can be read from its
 * beginning to its end
 *
 * and without it:
 *
 *   clip.mjpeg             pictures one after the other, JPEGs all of one size
 *   frames/%04d.png        the pictures of such names that are there, by number, when there is no file of
 * that very name; one that is missing leaves its time, 1/25 s
 *
 * A file is read and nothing it names: playlists and the like are refused. The parts of a stream's playlist
 * (HLS) are asked of the server that the address names, and of no other; where a web server sends us on to
 * (by http or https), there we go.
 *
 * Frames are delivered as stored, turned as the video asks (exif); pixels that are not square stay so, and
 * how wide they are to be shown is told (aspect): videos that are written keep that, pictures do not say it.
 * Fields stay woven. A video that is damaged or shorter than
 * its container says (MP4, MKV, AVI, GIF; of others FFmpeg cannot tell) ends with an error, after the frames
 * before. FFmpeg goes on behind a hole in AVI, WebM, FLV, ASF, Ogg and MPEG-TS without a word: frames are
 * missing there, and times tell. Live, broken frames are left out, and a source that gives none for 10 s has
 * failed.
 */
#ifndef DUET_DATA_MOVING_FRAMES_H
#define DUET_DATA_MOVING_FRAMES_H

#include "data/moving/source.h"
#include "duet/image.h"

struct duet_frames; /* opaque */

/* Open a file, device or address; "-" is standard input. Errors: DUET_NOT_FOUND, DUET_IO_ERROR (refused,
 * gone), DUET_BAD_FORMAT (empty, or not a picture or video this build knows; damaged; no video in it),
 * DUET_TOO_LARGE, DUET_BAD_ARGUMENT (a folder), DUET_UNSUPPORTED (no FFmpeg in this build or on this machine:
 * the text says what is missing; a playlist; an unknown kind of address or codec), DUET_INTERRUPTED,
 * DUET_OUT_OF_MEMORY. */
enum duet_status duet_frames_open(const char *path, const struct duet_frames_options *options,
                                  struct duet_frames **frames, struct duet_error *error);

/* The same from bytes in memory, a picture or a video, which must outlive the frames. `name` stands in error
 * texts (copied). */
enum duet_status duet_frames_open_bytes(const void *data, size_t size, const char *name,
                                        const struct duet_frames_options *options,
                                        struct duet_frames **frames, struct duet_error *error);

/* Decode the next frame into *image (owned by the caller: duet_image_close) and *info (may be NULL).
 * *more tells whether there was one; at the end it is false, the status DUET_OK and *image zero.
 * A frame may have another size than the one before. Errors: DUET_BAD_FORMAT (truncated or damaged),
 * DUET_TOO_LARGE, DUET_UNSUPPORTED, DUET_IO_ERROR (a live source that is gone), DUET_INTERRUPTED,
 * DUET_OUT_OF_MEMORY; after an error there are no more frames. */
enum duet_status duet_frames_next(struct duet_frames *frames, struct duet_image *image,
                                  struct duet_frame_info *info, bool *more, struct duet_error *error);

/* The warnings about the frame that duet_frames_next gave last. Borrowed until the next call. */
const struct duet_warnings *duet_frames_warnings(const struct duet_frames *frames);

/* About how many bytes the next duet_frames_next takes while it decodes, its picture included and, of a
 * still, the file; 0: not known, or there is no more. For those who decode several at once. */
size_t duet_frames_cost(const struct duet_frames *frames);

void duet_frames_describe(const struct duet_frames *frames, struct duet_frames_about *about);

/* The next frame will be the one shown at `time` (seconds since the source's first frame): the last one that
 * begins at or before it; the first one for times before it, the end after the last one's. Its number and
 * time are what they would be when read from the beginning. With `every` the last one of those that are
 * delivered; never before `start`. It costs what decoding from the key frame before costs, and once reading
 * (not decoding) up to there; formats without stamps or an index are decoded from their beginning. Errors:
 * DUET_UNSUPPORTED (live, a pipe, a still), and those of duet_frames_next. Also after the end of the frames,
 * but not after an error. */
enum duet_status duet_frames_seek(struct duet_frames *frames, double time, struct duet_error *error);

/* Accepts NULL and an empty *frames. */
void duet_frames_close(struct duet_frames **frames);

/* Does the beginning of a file look like a picture this build knows? 16 bytes suffice. For folder walks. */
bool duet_frames_sniff(const uint8_t *data, size_t size);

/* The same for pictures that FFmpeg reads: BMP, WebP, TIFF, JPEG 2000, JPEG XL, EXR, DPX, QOI, PSD, PFM, PCX,
 * SGI, Sun raster, DDS. 18 bytes suffice. */
bool duet_frames_sniff_still(const uint8_t *data, size_t size);

/* The same for videos: MP4, MOV, MKV, WebM, AVI, Ogg with Theora, FLV, Y4M, MPEG streams, ASF, IVF, NUT, MXF,
 * RM, FITS, H.264 and H.265; GIF and AVIF are among them, be it of one frame. 400 bytes suffice; with fewer,
 * MPEG-TS and Ogg are not known. */
bool duet_frames_sniff_video(const uint8_t *data, size_t size);

/* Does a name end as those of pictures (.jpg, .bmp, .heic ...) or videos (.mp4 ...) do? */
enum duet_ending { DUET_ENDING_OTHER, DUET_ENDING_PICTURE, DUET_ENDING_VIDEO };
enum duet_ending duet_frames_ending(const char *path);

/* What a path names, without opening it. A file of that very name goes before all else. The last two are
 * given to FFmpeg by name: a program that has paths from somebody it does not trust refuses them. Of the
 * others nothing is opened but what the path itself names. */
enum duet_address {
    DUET_ADDRESS_FILE,     /* a file, pipe or socket of this machine; or there is none */
    DUET_ADDRESS_CAMERA,   /* a V4L2 device, or /dev/video... that is not plugged in */
    DUET_ADDRESS_NUMBERED, /* pictures whose names differ by a number: "shot_%04d.png" */
    DUET_ADDRESS_GRAPH,    /* "lavfi:...": FFmpeg's own sources and filters */
    DUET_ADDRESS_STREAM    /* "scheme://...": touches a network */
};
enum duet_address duet_frames_address(const char *path);

/* Is it any of these but DUET_ADDRESS_FILE? */
bool duet_frames_is_address(const char *path);

/* A path as it may be shown and stored: the password in "scheme://user:password@host" is "***". Error texts
 * have it so. free() it; NULL when out of memory. */
char *duet_frames_shown(const char *path);

#endif
