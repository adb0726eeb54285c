#include "duet/frames.h"

#include "core/checked.h"
#include "core/fail.h"
#include "core/os.h"
#include "decode.h"

#include <stdlib.h>
#include <string.h>

/* The formats of stills. The first that matches decodes. */
static const struct duet_decoder decoders[] = {
    {"JPEG", duet_jpeg_matches, duet_decode_jpeg},
    {"PNG", duet_png_matches, duet_decode_png},
    {"PNM", duet_pnm_matches, duet_decode_pnm},
};
#define DECODER_COUNT (sizeof decoders / sizeof *decoders)

/* A source is known by its `next`. Another kind (a video, a stream of JPEGs) sets its own in start() and
 * keeps what it needs beside `still`. */
struct duet_frames {
    enum duet_status (*next)(struct duet_frames *frames, struct duet_image *image,
                             struct duet_frame_info *info, bool *more, struct duet_error *error);
    char *name;
    struct duet_frames_options options;
    struct duet_bytes owned; /* the file; zero when the bytes are the caller's */
    bool done;
    struct {
        const struct duet_decoder *decoder;
        const uint8_t *data;
        size_t size;
    } still;
};

/* --- opening ------------------------------------------------------------------------------------------ */

static enum duet_status create(const char *name, const struct duet_frames_options *options,
                               struct duet_frames **frames, struct duet_error *error)
{
    *frames = NULL;
    if (options && options->struct_size < sizeof *options)
        return duet_fail(error, DUET_BAD_ARGUMENT, "duet_frames_options.struct_size is %zu, expected %zu",
                         options->struct_size, sizeof *options);
    struct duet_frames *made = calloc(1, sizeof *made);
    if (made) made->name = duet_text("%s", name);
    if (!made || !made->name) {
        duet_frames_close(&made);
        return duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory", name);
    }
    if (options) memcpy(&made->options, options, sizeof made->options);
    if (made->options.max_pixels == 0) made->options.max_pixels = DUET_MAX_PIXELS;
    if (made->options.max_bytes == 0) made->options.max_bytes = DUET_MAX_PICTURE_BYTES;
    *frames = made;
    return DUET_OK;
}

static const struct duet_decoder *find_decoder(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < DECODER_COUNT; i++)
        if (decoders[i].matches(data, size)) return &decoders[i];
    return NULL;
}

bool duet_frames_sniff(const uint8_t *data, size_t size)
{
    return find_decoder(data, size) != NULL;
}

static enum duet_status not_a_picture(const char *name, const uint8_t *data, size_t size,
                                      struct duet_error *error)
{
    if (size == 0) return duet_fail(error, DUET_BAD_FORMAT, "%s: is empty, expected a picture", name);
    char begin[8 * 3 + 1] = "", known[100] = "";
    for (size_t i = 0, at = 0; i < size && i < 8; i++)
        at += (size_t)snprintf(begin + at, sizeof begin - at, i ? " %02x" : "%02x", data[i]);
    for (size_t i = 0, at = 0; i < DECODER_COUNT && at < sizeof known; i++)
        at += (size_t)snprintf(known + at, sizeof known - at, i ? ", %s" : "%s", decoders[i].kind);
    return duet_fail(error, DUET_BAD_FORMAT,
                     "%s: not a picture this build knows (begins with %s%s; known: %s)", name, begin,
                     size > 8 ? " ..." : "", known);
}

static enum duet_status next_still(struct duet_frames *frames, struct duet_image *image,
                                   struct duet_frame_info *info, bool *more, struct duet_error *error);

/* Find out what the bytes are. */
static enum duet_status start(struct duet_frames *frames, const uint8_t *data, size_t size,
                              struct duet_error *error)
{
    frames->still.decoder = find_decoder(data, size);
    if (!frames->still.decoder) return not_a_picture(frames->name, data, size, error);
    frames->still.data = data;
    frames->still.size = size;
    frames->next = next_still;
    return DUET_OK;
}

enum duet_status duet_frames_open(const char *path, const struct duet_frames_options *options,
                                  struct duet_frames **frames, struct duet_error *error)
{
    bool standard_input = strcmp(path, "-") == 0;
    enum duet_status status = create(standard_input ? "standard input" : path, options, frames, error);
    if (status != DUET_OK) return status;
    struct duet_frames *f = *frames;
    status = standard_input ? duet_read_stream(stdin, f->name, f->options.max_bytes, &f->owned, error)
                            : duet_read_file(path, f->options.max_bytes, &f->owned, error);
    if (status == DUET_OK) status = start(f, f->owned.data, f->owned.size, error);
    if (status != DUET_OK) duet_frames_close(frames);
    return status;
}

enum duet_status duet_frames_open_bytes(const void *data, size_t size, const char *name,
                                        const struct duet_frames_options *options,
                                        struct duet_frames **frames, struct duet_error *error)
{
    enum duet_status status = create(name, options, frames, error);
    if (status != DUET_OK) return status;
    if (size > (*frames)->options.max_bytes)
        status = duet_fail(error, DUET_TOO_LARGE, "%s: larger than the limit of %zu bytes", name,
                           (*frames)->options.max_bytes);
    if (status == DUET_OK) status = start(*frames, data, size, error);
    if (status != DUET_OK) duet_frames_close(frames);
    return status;
}

void duet_frames_close(struct duet_frames **frames)
{
    if (!frames || !*frames) return;
    duet_bytes_close(&(*frames)->owned);
    free((*frames)->name);
    free(*frames);
    *frames = NULL;
}

/* --- frames ------------------------------------------------------------------------------------------- */

static enum duet_status next_still(struct duet_frames *frames, struct duet_image *image,
                                   struct duet_frame_info *info, bool *more, struct duet_error *error)
{
    struct duet_coded coded = {frames->name, frames->still.data, frames->still.size,
                               frames->options.max_pixels};
    int orientation = 1;
    enum duet_status status = frames->still.decoder->decode(&coded, image, &orientation, error);
    duet_bytes_close(&frames->owned); /* one frame: the file has served */
    frames->done = true;
    if (status == DUET_OK && frames->options.exif == DUET_EXIF_APPLY && !duet_exif_turn(image, orientation))
        status = duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory to turn %dx%d pixels", frames->name,
                           image->width, image->height);
    if (status != DUET_OK) {
        duet_image_close(image);
        return status;
    }
    if (info) *info = (struct duet_frame_info){0};
    *more = true;
    return DUET_OK;
}

enum duet_status duet_frames_next(struct duet_frames *frames, struct duet_image *image,
                                  struct duet_frame_info *info, bool *more, struct duet_error *error)
{
    *image = (struct duet_image){0};
    *more = false;
    if (frames->done) return DUET_OK;
    enum duet_status status = frames->next(frames, image, info, more, error);
    if (status != DUET_OK) frames->done = true;
    return status;
}

/* --- what the decoders share -------------------------------------------------------------------------- */

enum duet_status duet_decode_check(const struct duet_coded *coded, size_t width, size_t height,
                                   struct duet_error *error)
{
    if (width == 0 || height == 0)
        return duet_fail(error, DUET_BAD_FORMAT, "%s: %zux%zu pixels, expected at least 1x1", coded->name,
                         width, height);
    if (width > DUET_IMAGE_MAX_SIDE || height > DUET_IMAGE_MAX_SIDE)
        return duet_fail(error, DUET_TOO_LARGE, "%s: %zux%zu pixels, the limit is %d a side", coded->name,
                         width, height, DUET_IMAGE_MAX_SIDE);
    size_t pixels;
    if (!duet_mul_size(width, height, &pixels) || pixels > coded->max_pixels)
        return duet_fail(error, DUET_TOO_LARGE, "%s: %zux%zu pixels, the limit is %zu in all", coded->name,
                         width, height, coded->max_pixels);
    return DUET_OK;
}

enum duet_status duet_decode_too_short(const struct duet_coded *coded, const char *kind, size_t width,
                                       size_t height, struct duet_error *error)
{
    return duet_fail(error, DUET_BAD_FORMAT, "%s: truncated %s (%zu bytes cannot hold %zux%zu pixels)",
                     coded->name, kind, coded->size, width, height);
}

enum duet_status duet_decode_image(const struct duet_coded *coded, size_t width, size_t height,
                                   struct duet_image *image, struct duet_error *error)
{
    if (duet_image_create(image, (int)width, (int)height, DUET_RGB8, NULL) == DUET_OK) return DUET_OK;
    return duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory for %zux%zu pixels", coded->name, width,
                     height);
}
