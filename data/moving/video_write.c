#include "data/moving/video_write.h"

#include "core/fail.h"
#include "core/os.h"
#include "moving/kinds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

struct duet_video_writer {
    const struct duet_video_writer_type *type; /* NULL until the module is there */
    void *self;
    char *path;
    struct duet_output output;
    bool failed; /* nothing good comes of it any more */
    struct duet_error fault;
};

/* FFmpeg's name for the container that a path's extension means; NULL: none of ours. */
static const char *container_of(const char *path)
{
    static const struct {
        const char *extension, *container;
    } known[] = {{".mp4", "mp4"}, {".mov", "mov"}, {".mkv", "matroska"}, {".webm", "webm"}, {".avi", "avi"}};
    const char *extension = duet_path_extension(path);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(extension, known[i].extension) == 0) return known[i].container;
    return NULL;
}

bool duet_video_name(const char *path)
{
    return container_of(path) != NULL;
}

/* --- where the bytes go --------------------------------------------------------------------------------- */

static int sink_write(void *ctx, const uint8_t *data, size_t size)
{
    const struct duet_video_writer *writer = ctx;
    while (size > 0) {
        ssize_t written = write(writer->output.file, data, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return written < 0 ? errno : EIO;
        data += written;
        size -= (size_t)written;
    }
    return 0;
}

static int sink_seek(void *ctx, int64_t position)
{
    const struct duet_video_writer *writer = ctx;
    return lseek(writer->output.file, position, SEEK_SET) < 0 ? errno : 0;
}

/* --- opening -------------------------------------------------------------------------------------------- */

static unsigned output_flags(const struct duet_video_writer_options *options)
{
    return (options->force ? DUET_OUTPUT_FORCE : 0) | (options->in_place ? DUET_OUTPUT_IN_PLACE : 0);
}

static enum duet_status check_options(const char *path, struct duet_video_writer_options *o,
                                      struct duet_error *error)
{
    if (!container_of(path))
        return duet_fail(
            error, DUET_BAD_ARGUMENT,
            "%s: cannot tell what kind of video to write; the name should end in .mp4, .mov, .mkv, "
            ".webm or .avi",
            path);
    if (o->width < 1 || o->height < 1 || o->width > DUET_IMAGE_MAX_SIDE || o->height > DUET_IMAGE_MAX_SIDE)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: a video of %dx%d pixels: expected 1 to %d a side",
                         path, o->width, o->height, DUET_IMAGE_MAX_SIDE);
    if (o->rate_num == 0) o->rate_num = 25, o->rate_den = 1;
    if (o->rate_num < 0 || o->rate_den < 1)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: a video of %d/%d frames a second", path, o->rate_num,
                         o->rate_den);
    if (o->aspect_num == 0) o->aspect_num = o->aspect_den = 1;
    if (o->aspect_num < 0 || o->aspect_den < 1)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: a video of pixels of %d:%d", path, o->aspect_num,
                         o->aspect_den);
    return duet_output_check(path, output_flags(o), error);
}

static enum duet_status open_encoder(struct duet_video_writer *writer,
                                     const struct duet_video_writer_options *o, struct duet_error *error)
{
    const struct duet_video_functions *module;
    enum duet_status status = duet_video_load(writer->path, &module, error);
    if (status == DUET_OK) status = duet_output_open(&writer->output, writer->path, output_flags(o), error);
    if (status != DUET_OK) return status;
    bool pipe = !writer->output.target; /* or a device, or what standard output is */
    const struct duet_video_target target = {.name = writer->path,
                                             .container = container_of(writer->path),
                                             .width = o->width,
                                             .height = o->height,
                                             .rate_num = o->rate_num,
                                             .rate_den = o->rate_den,
                                             .aspect_num = o->aspect_num,
                                             .aspect_den = o->aspect_den,
                                             .prompt = o->in_place,
                                             .sink = {writer, sink_write, pipe ? NULL : sink_seek}};
    writer->type = module->writer;
    return writer->type->open(&target, &writer->self, error);
}

enum duet_status duet_video_writer_open(const char *path, const struct duet_video_writer_options *options,
                                        struct duet_video_writer **writer, struct duet_error *error)
{
    struct duet_video_writer_options o = *options;
    *writer = NULL;
    enum duet_status status = check_options(path, &o, error);
    if (status != DUET_OK) return status;
    struct duet_video_writer *made = *writer = calloc(1, sizeof *made);
    if (made) made->path = duet_text("%s", path);
    if (made && made->path)
        status = open_encoder(made, &o, error);
    else
        status = duet_no_memory(error, path, NULL);
    if (status != DUET_OK) duet_video_writer_discard(writer);
    return status;
}

/* --- frames and the end --------------------------------------------------------------------------------- */

static enum duet_status keep_fault(struct duet_video_writer *writer, enum duet_status status,
                                   const struct duet_error *fault, struct duet_error *error)
{
    if (status == DUET_OK) return DUET_OK;
    /* A frame that is refused leaves the video as it was. */
    writer->failed = writer->failed || status != DUET_BAD_ARGUMENT;
    writer->fault = *fault;
    if (error) *error = *fault;
    return status;
}

enum duet_status duet_video_writer_add(struct duet_video_writer *writer, const struct duet_image *image,
                                       double time, struct duet_error *error)
{
    struct duet_error fault;
    if (writer->failed) return keep_fault(writer, writer->fault.status, &writer->fault, error);
    enum duet_status status = duet_image_check(image, DUET_RGB8, &fault);
    if (status != DUET_OK) {
        struct duet_error inner = fault;
        duet_fail(&fault, status, "%s: %s", writer->path, inner.text);
    }
    if (status == DUET_OK) status = writer->type->add(writer->self, image, time, &fault);
    return keep_fault(writer, status, &fault, error);
}

int64_t duet_video_writer_size(const struct duet_video_writer *writer)
{
    struct stat st;
    return fstat(writer->output.file, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : 0;
}

/* Cut the file back to what plays, and close it. False: there is nothing that does. */
static bool keep_whole(struct duet_video_writer *writer)
{
    int64_t whole = writer->self ? writer->type->whole(writer->self) : 0;
    if (!writer->output.target) return false;
    bool cut = duet_output_cut(&writer->output, (size_t)whole, NULL) == DUET_OK;
    return cut && whole > 0 && duet_output_commit(&writer->output, NULL) == DUET_OK;
}

enum duet_status duet_video_writer_commit(struct duet_video_writer **writer, struct duet_error *error)
{
    struct duet_video_writer *w = *writer;
    struct duet_error fault = w->fault;
    bool ended = w->type->finish(w->self, w->failed ? NULL : &fault) == DUET_OK, kept = false;
    enum duet_status status = ended && !w->failed ? DUET_OK : fault.status;
    if (ended)
        kept = duet_output_commit(&w->output, w->failed ? NULL : &fault) == DUET_OK;
    else
        kept = keep_whole(w);
    if (status == DUET_OK && !kept) status = fault.status;
    if (status != DUET_OK)
        duet_fail(error, status, "%s%s", fault.text, kept ? "; the video ends with what came before" : "");
    duet_video_writer_discard(writer);
    return status;
}

void duet_video_writer_discard(struct duet_video_writer **writer)
{
    if (!writer || !*writer) return;
    struct duet_video_writer *w = *writer;
    /* In place, a beginning without a frame is nothing to leave. */
    if (w->output.target && !w->output.temporary && !(w->self && w->type->whole(w->self) > 0))
        (void)duet_output_cut(&w->output, 0, NULL);
    if (w->type) w->type->close(w->self);
    duet_output_discard(&w->output);
    free(w->path);
    free(w);
    *writer = NULL;
}
