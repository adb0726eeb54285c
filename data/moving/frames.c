#include "data/moving/frames.h"

#include "core/fail.h"
#include "core/os.h"
#include "moving/kinds.h"
#include "picture/decode.h"
#include "picture/scan.h"

#include <stdlib.h>
#include <string.h>

struct duet_frames {
    char *name;
    struct duet_frames_options options;
    struct duet_stream stream;
    char *address; /* of a URL, camera or graph; else NULL: `stream` */
    enum duet_video_kind kind;
    bool done;                          /* there are no more frames ... */
    bool failed;                        /* ... and no way back either */
    const struct duet_decoder *decoder; /* of a still, whose bytes are the stream's; NULL: a moving source */
    uint8_t *owned;                     /* the stream's bytes, unless they are the caller's or in a file */
    const struct duet_video_functions *module;
    struct duet_moving moving;
    struct duet_warnings warnings; /* of the last frame, or of opening for the first one */
    bool begun;                    /* a frame was asked for */
};

/* --- opening ------------------------------------------------------------------------------------------ */

static enum duet_status create(const char *name, const struct duet_frames_options *options,
                               struct duet_frames **frames, struct duet_error *error)
{
    *frames = NULL;
    struct duet_frames *made = calloc(1, sizeof *made);
    if (made) {
        made->stream.fd = -1;
        made->name = duet_frames_shown(name);
    }
    if (!made || !made->name) {
        duet_frames_close(&made);
        return duet_no_memory(error, name, NULL);
    }
    if (options) made->options = *options;
    struct duet_picture_options *picture = &made->options.picture;
    if (picture->max_pixels == 0) picture->max_pixels = DUET_MAX_PIXELS;
    if (picture->max_bytes == 0) picture->max_bytes = DUET_MAX_PICTURE_BYTES;
    if (picture->max_memory > 0 && picture->max_memory < picture->max_bytes)
        picture->max_bytes = picture->max_memory;
    made->stream.name = made->name;
    made->stream.cancelled = made->options.cancelled;
    made->stream.ctx = made->options.ctx;
    *frames = made;
    return DUET_OK;
}

bool duet_frames_sniff(const uint8_t *data, size_t size)
{
    return duet_find_decoder(data, size) != NULL;
}

/* --- what moves ----------------------------------------------------------------------------------------- */

static void move(struct duet_frames *frames, const struct duet_moving_type *type, void *self)
{
    frames->moving =
        (struct duet_moving){.type = type, .self = self, .name = frames->name, .options = &frames->options};
}

static enum duet_status open_reader(void *ctx, void **self, struct duet_error *error)
{
    struct duet_frames *frames = ctx;
    const struct duet_video_source source = {.kind = frames->kind,
                                             .name = frames->name,
                                             .address = frames->address,
                                             .read = duet_stream_read_at,
                                             .io = &frames->stream,
                                             .size = frames->stream.size,
                                             .max_pixels = frames->options.picture.max_pixels,
                                             .upright = frames->options.picture.exif == DUET_EXIF_APPLY,
                                             .cancelled = frames->options.cancelled,
                                             .ctx = frames->options.ctx};
    return frames->module->open(&source, self, error);
}

static enum duet_status start_video(struct duet_frames *frames, struct duet_error *error)
{
    enum duet_status status = duet_video_load(frames->name, &frames->module, error);
    if (status != DUET_OK) return status;
    bool comes_back = frames->address && frames->kind != DUET_VIDEO_LAVFI;
    void *self = NULL;
    if (!comes_back) status = open_reader(frames, &self, error);
    move(frames, &frames->module->reader, self);
    frames->moving.reopen = comes_back ? open_reader : NULL;
    frames->moving.reopen_ctx = frames;
    return comes_back ? duet_moving_open(&frames->moving, error) : status;
}

/* A frame that is an input of its own: a duet_read_picture. */
static enum duet_status read_picture(void *ctx, const char *path, const void *data, size_t size,
                                     struct duet_image *image, struct duet_error *error)
{
    struct duet_frames *frames = ctx, *one = NULL;
    const struct duet_frames_options options = {.picture = frames->options.picture,
                                                .cancelled = frames->options.cancelled,
                                                .ctx = frames->options.ctx};
    bool more = false;
    enum duet_status status = path ? duet_frames_open(path, &options, &one, error)
                                   : duet_frames_open_bytes(data, size, frames->name, &options, &one, error);
    if (status == DUET_OK) status = duet_frames_next(one, image, NULL, &more, error);
    if (status == DUET_OK && !more)
        status = duet_fail(error, DUET_BAD_FORMAT, "no frame in it, expected a picture");
    if (status == DUET_OK) frames->warnings = one->warnings;
    duet_frames_close(&one);
    return status;
}

/* --- finding out what it is ----------------------------------------------------------------------------- */

/* From here on the stream is of bytes that we hold. */
static void hold(struct duet_frames *frames, size_t size)
{
    duet_stream_close(&frames->stream);
    duet_stream_open_memory(&frames->stream, frames->owned, size);
}

/* It begins like a picture whose end can be known: is there another one behind it? */
static enum duet_status look_for_more(struct duet_frames *frames, bool *many, struct duet_error *error)
{
    struct duet_pictures *pictures = NULL;
    size_t size = 0;
    enum duet_status status =
        duet_pictures_open(&frames->stream, &frames->options.picture, &frames->warnings, read_picture, frames,
                           &pictures, &frames->owned, &size, error);
    *many = pictures != NULL;
    if (pictures) move(frames, &duet_pictures_type, pictures);
    if (frames->owned) hold(frames, size);
    return status;
}

/* Of what FFmpeg decodes: its data, the frame, and that as RGB. A BMP of 8000 a side took 7 bytes a pixel. */
static size_t video_cost(const struct duet_frames *frames)
{
    enum { A_PIXEL = 9 };
    struct duet_frames_about about;
    duet_frames_describe(frames, &about);
    return (size_t)about.width * (size_t)about.height * A_PIXEL;
}

static enum duet_status check_memory(const struct duet_frames *frames, struct duet_error *error)
{
    const size_t cost = video_cost(frames), limit = frames->options.picture.max_memory;
    if (limit == 0 || cost <= limit) return DUET_OK;
    return duet_fail(error, DUET_TOO_LARGE,
                     "%s: its frames need %.1f MiB to decode, the limit is %.1f MiB; --max-memory raises it",
                     frames->name, (double)cost / (1 << 20), (double)limit / (1 << 20));
}

static enum duet_status start(struct duet_frames *frames, struct duet_error *error)
{
    uint8_t head[DUET_STREAM_HEAD];
    size_t size;
    enum duet_status status = duet_stream_peek(&frames->stream, head, &size, error);
    if (status != DUET_OK) return status;
    if (size == 0)
        return duet_fail(error, DUET_BAD_FORMAT, "%s: is empty, expected a picture or a video", frames->name);
    bool many = false;
    if (duet_scan_kind(head, size)) status = look_for_more(frames, &many, error);
    if (status != DUET_OK || many) return status;
    frames->decoder = duet_find_decoder(head, size);
    if (frames->decoder && !frames->stream.memory) {
        status = duet_stream_read_all(&frames->stream, frames->options.picture.max_bytes, &frames->owned,
                                      &size, error);
        if (status == DUET_OK) hold(frames, size);
    }
    if (frames->decoder) return status;
    status = start_video(frames, error);
    if (status == DUET_OK) return check_memory(frames, error);
    if (status == DUET_MISMATCH)
        return duet_decode_unknown(frames->name, head, size, ", what FFmpeg reads", error);
    if (status == DUET_UNSUPPORTED && !frames->module && !duet_frames_sniff_video(head, size) &&
        !duet_frames_sniff_still(head, size))
        return duet_decode_unknown(frames->name, head, size, "", error);
    return status;
}

/* What is not bytes to be read. */
static enum duet_status open_address(struct duet_frames *frames, const char *address,
                                     enum duet_video_kind kind, struct duet_error *error)
{
    frames->kind = kind;
    frames->address = duet_text("%s", address);
    if (!frames->address) return duet_no_memory(error, frames->name, NULL);
    return start_video(frames, error);
}

static enum duet_status open_numbered(struct duet_frames *frames, const char *path, struct duet_error *error)
{
    void *self;
    enum duet_status status = duet_numbered_open(path, read_picture, frames, &self, error);
    if (status == DUET_OK) move(frames, &duet_numbered_type, self);
    return status;
}

static enum duet_status open_path(struct duet_frames *frames, const char *path, struct duet_error *error)
{
    enum duet_status status;
    if (strcmp(path, "-") == 0) {
        status = duet_stream_open_stdin(&frames->stream, error);
        return status == DUET_OK ? start(frames, error) : status;
    }
    switch (duet_frames_address(path)) {
    case DUET_ADDRESS_CAMERA:
        return open_address(frames, path, DUET_VIDEO_DEVICE, error);
    case DUET_ADDRESS_GRAPH:
        return open_address(frames, path + strlen("lavfi:"), DUET_VIDEO_LAVFI, error);
    case DUET_ADDRESS_STREAM:
        return open_address(frames, path, DUET_VIDEO_STREAM, error);
    case DUET_ADDRESS_NUMBERED:
        return open_numbered(frames, path, error);
    case DUET_ADDRESS_FILE:
        break;
    }
    status = duet_stream_open(&frames->stream, path, error);
    return status == DUET_OK ? start(frames, error) : status;
}

enum duet_status duet_frames_open(const char *path, const struct duet_frames_options *options,
                                  struct duet_frames **frames, struct duet_error *error)
{
    enum duet_status status =
        create(strcmp(path, "-") == 0 ? "standard input" : path, options, frames, error);
    if (status == DUET_OK) status = open_path(*frames, path, error);
    if (status != DUET_OK) duet_frames_close(frames);
    return status;
}

enum duet_status duet_frames_open_bytes(const void *data, size_t size, const char *name,
                                        const struct duet_frames_options *options,
                                        struct duet_frames **frames, struct duet_error *error)
{
    enum duet_status status = create(name, options, frames, error);
    if (status != DUET_OK) return status;
    if (size > (*frames)->options.picture.max_bytes)
        status = duet_stream_too_large(&(*frames)->stream, (*frames)->options.picture.max_bytes, error);
    duet_stream_open_memory(&(*frames)->stream, data, size);
    if (status == DUET_OK) status = start(*frames, error);
    if (status != DUET_OK) duet_frames_close(frames);
    return status;
}

void duet_frames_close(struct duet_frames **frames)
{
    if (!frames || !*frames) return;
    struct duet_frames *f = *frames;
    duet_moving_close(&f->moving);
    duet_stream_close(&f->stream);
    free(f->owned);
    free(f->address);
    free(f->name);
    free(f);
    *frames = NULL;
}

/* --- frames ------------------------------------------------------------------------------------------- */

static struct duet_coded coded_of(const struct duet_frames *frames)
{
    return (struct duet_coded){.name = frames->name,
                               .data = frames->stream.memory,
                               .size = (size_t)frames->stream.size,
                               .options = &frames->options.picture};
}

/* What has nothing to say of its pixels' shape says 0/0. */
static void square_unless_told(int *num, int *den)
{
    if (*num < 1 || *den < 1) *num = *den = 1;
}

static enum duet_status next_still(struct duet_frames *frames, struct duet_image *image, bool *more,
                                   struct duet_error *error)
{
    struct duet_coded coded = coded_of(frames);
    coded.warnings = &frames->warnings;
    coded.error = error;
    enum duet_status status = duet_decode(frames->decoder, &coded, image);
    duet_stream_close(&frames->stream); /* one frame: the file has served */
    free(frames->owned);
    frames->owned = NULL;
    frames->done = true;
    *more = status == DUET_OK;
    return status;
}

enum duet_status duet_frames_next(struct duet_frames *frames, struct duet_image *image,
                                  struct duet_frame_info *info, bool *more, struct duet_error *error)
{
    *image = (struct duet_image){0};
    *more = false;
    if (frames->begun) frames->warnings.count = 0;
    frames->begun = true;
    if (frames->done) return DUET_OK;
    struct duet_frame_info found = {0};
    enum duet_status status = frames->decoder ? next_still(frames, image, more, error)
                                              : duet_moving_next(&frames->moving, image, &found, more, error);
    if (status != DUET_OK) frames->failed = true;
    if (!*more) frames->done = true;
    square_unless_told(&found.aspect_num, &found.aspect_den);
    if (info && *more) *info = found;
    return status;
}

const struct duet_warnings *duet_frames_warnings(const struct duet_frames *frames)
{
    return &frames->warnings;
}

size_t duet_frames_cost(const struct duet_frames *frames)
{
    if (frames->done) return 0;
    if (!frames->decoder) return video_cost(frames);
    struct duet_coded coded = coded_of(frames);
    coded.costs_only = true;
    frames->decoder->decode(&coded);
    return coded.cost;
}

void duet_frames_describe(const struct duet_frames *frames, struct duet_frames_about *about)
{
    *about = (struct duet_frames_about){.rate_den = 1};
    if (frames->decoder)
        about->kind = frames->decoder->kind;
    else if (frames->moving.self)
        *about = frames->moving.type->about(frames->moving.self);
    else /* it went away for good */
        *about = (struct duet_frames_about){.moving = true, .live = true, .rate_den = 1, .kind = "stream"};
    square_unless_told(&about->aspect_num, &about->aspect_den);
}

enum duet_status duet_frames_seek(struct duet_frames *frames, double time, struct duet_error *error)
{
    if (frames->decoder || frames->failed || !frames->moving.self)
        return duet_fail(error, DUET_UNSUPPORTED, "%s: %s", frames->name,
                         frames->failed ? "has failed, there is no way back in it"
                                        : "is a still, it has one frame");
    struct duet_frames_about about;
    duet_frames_describe(frames, &about);
    enum duet_status status = duet_moving_seek(&frames->moving, time, error);
    frames->done = status != DUET_OK && about.seekable; /* a source without a way back is as it was */
    frames->failed = frames->done;
    return status;
}
