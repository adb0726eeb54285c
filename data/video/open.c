/* Opening: bytes through our own reader, so that nothing a file asks for is ever opened; addresses by FFmpeg,
 * with the protocols that their scheme needs, and nothing more than pages of the very server that was named:
 * the parts of a playlist. */
#include "core/fail.h"
#include "core/os.h"
#include "video/read.h"

#include <libavdevice/version.h>
#include <libavutil/bprint.h>
#include <libavutil/opt.h>

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- faults --------------------------------------------------------------------------------------------- */

static bool is_cancelled(const struct duet_reader *reader)
{
    return reader->source.cancelled && reader->source.cancelled(reader->source.ctx);
}

static enum duet_status status_of(int code)
{
    switch (code) {
    case AVERROR(ENOMEM):
        return DUET_OUT_OF_MEMORY;
    case AVERROR(ENOENT):
    case AVERROR_HTTP_NOT_FOUND:
        return DUET_NOT_FOUND;
    case AVERROR_INVALIDDATA:
    case AVERROR_EOF:
    case AVERROR_BUG:
    case AVERROR_UNKNOWN:
    case AVERROR_EXTERNAL:
    case AVERROR(EINVAL): /* what demuxers and decoders say of numbers that cannot be */
    case AVERROR(ERANGE):
    case AVERROR(EDOM):
        return DUET_BAD_FORMAT;
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_DEMUXER_NOT_FOUND:
    case AVERROR_PROTOCOL_NOT_FOUND:
    case AVERROR_FILTER_NOT_FOUND:
    case AVERROR_PATCHWELCOME:
    case AVERROR(ENOSYS):
        return DUET_UNSUPPORTED;
    default:
        return DUET_IO_ERROR;
    }
}

static const char not_allowed[] = "Format not on whitelist"; /* how FFmpeg says it */

enum duet_status duet_video_fail(const struct duet_reader *reader, struct duet_error *error, int code,
                                 const char *what)
{
    const char *name = reader->source.name, *said = duet_video_log_text();
    if (is_cancelled(reader)) return duet_fail(error, DUET_INTERRUPTED, "%s: stopped on request", name);
    if (code == AVERROR_EXIT) return duet_fail(error, DUET_IO_ERROR, "%s: %s: no answer in time", name, what);
    int width, height;
    if (sscanf(said, "Picture size %dx%d", &width, &height) == 2) {
        enum duet_status status = duet_video_check_size(reader, width, height, error);
        if (status != DUET_OK) return status;
        if (strstr(said, " is invalid")) /* a limit of its own, near 16384x16384 */
            return duet_fail(error, DUET_TOO_LARGE, "%s: frames of %dx%d pixels, more than FFmpeg takes",
                             name, width, height);
    }
    unsigned long long got, whole;
    if (sscanf(said, "Stream ends prematurely at %llu, should be %llu", &got, &whole) == 2)
        return duet_fail(error, DUET_IO_ERROR, "%s: %s: the server sent %llu bytes, expected %llu", name,
                         what, got, whole);
    if (strncmp(said, not_allowed, strlen(not_allowed)) == 0)
        return duet_fail(error, DUET_UNSUPPORTED,
                         "%s: a list of other files or addresses, expected the video itself", name);
    if (code < 0 && reader->refused)
        return duet_fail(error, DUET_UNSUPPORTED,
                         "%s: %s: it asks for another file or address, which is not opened", name, what);
    char reason[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(code, reason, sizeof reason);
    enum duet_status status = status_of(code);
    if (status == DUET_IO_ERROR && reader->source.kind == DUET_VIDEO_BYTES && !reader->demuxer.io.failed) {
        status = DUET_BAD_FORMAT; /* demuxers say "Input/output error" of a file that ends early */
        snprintf(reason, sizeof reason, "damaged or cut off");
    }
    if (!*said || strstr(said, reason)) return duet_fail(error, status, "%s: %s: %s", name, what, reason);
    return duet_fail(error, status, "%s: %s: %s (%s)", name, what, reason, said);
}

/* --- bytes ---------------------------------------------------------------------------------------------- */

static int read_bytes(void *opaque, uint8_t *data, int size)
{
    struct duet_video_io *io = opaque;
    ptrdiff_t got = io->source->read(io->source->io, io->position, data, (size_t)size);
    if (got == 0) return AVERROR_EOF;
    if (got < 0) io->failed = true;
    if (got < 0) return got == -ECANCELED ? AVERROR_EXIT : (int)AVERROR(-got);
    if (io->position < (int64_t)sizeof io->head) {
        size_t room = sizeof io->head - (size_t)io->position;
        memcpy(io->head + io->position, data, (size_t)got < room ? (size_t)got : room);
    }
    io->position += got;
    return (int)got;
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence)
{
    struct duet_video_io *io = opaque;
    if (whence == AVSEEK_SIZE) return io->source->size;
    int64_t base = whence == SEEK_CUR ? io->position : whence == SEEK_END ? io->source->size : 0, to;
    if (__builtin_add_overflow(base, offset, &to) || to < 0) return AVERROR(EINVAL);
    return io->position = to;
}

static enum duet_status open_io(struct duet_demuxer *demuxer, struct duet_reader *reader,
                                struct duet_error *error)
{
    enum { BUFFER = 64 * 1024 };
    struct duet_video_io *io = &demuxer->io;
    io->source = &reader->source;
    uint8_t *buffer = av_malloc(BUFFER);
    if (buffer)
        io->avio = avio_alloc_context(buffer, BUFFER, 0, io, read_bytes, NULL,
                                      io->source->size >= 0 ? seek_bytes : NULL);
    if (io->avio) return DUET_OK;
    av_free(buffer);
    return duet_video_fail(reader, error, AVERROR(ENOMEM), "cannot open");
}

/* Formats that are found in bytes and are no videos in themselves. */
static bool is_list(const AVInputFormat *format)
{
    static const char *const lists[] = {"hls", "dash", "concat", "sdp", "rtsp", "imf", "webm_dash_manifest"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (strcmp(format->name, lists[i]) == 0) return true;
    return false;
}

static enum duet_status probe(struct duet_demuxer *demuxer, struct duet_reader *reader,
                              const AVInputFormat **format, struct duet_error *error)
{
    int score = av_probe_input_buffer2(demuxer->io.avio, format, NULL, NULL, 0, 0);
    if (score == AVERROR_INVALIDDATA || score == AVERROR_EOF ||
        (score >= 0 && !strcmp((*format)->name, "tty")))
        return duet_fail(error, DUET_MISMATCH, "%s: no video that FFmpeg knows", reader->source.name);
    if (score < 0) return duet_video_fail(reader, error, score, "cannot read");
    if (is_list(*format))
        return duet_fail(error, DUET_UNSUPPORTED,
                         "%s: a list of other files or addresses (%s), expected the video itself",
                         reader->source.name, (*format)->name);
    return DUET_OK;
}

/* --- addresses ------------------------------------------------------------------------------------------ */

/* What each scheme needs beneath it. */
static const struct {
    const char *scheme, *protocols;
} schemes[] = {
    {"http", "http,tcp,httpproxy"},
    {"https", "https,http,tls,tcp,httpproxy"},
    {"rtsp", "rtsp,rtp,srtp,udp,tcp"},
    {"rtsps", "rtsps,rtsp,rtp,srtp,udp,tcp,tls"},
    {"rtmp", "rtmp,tcp"},
    {"rtmps", "rtmps,rtmp,tls,tcp"},
    {"rtp", "rtp,udp"},
    {"udp", "udp"},
    {"tcp", "tcp"},
    {"srt", "srt"},
};

static const char *protocols_of(const char *address)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t length = strlen(schemes[i].scheme);
        if (strncasecmp(address, schemes[i].scheme, length) == 0 && strncmp(address + length, "://", 3) == 0)
            return schemes[i].protocols;
    }
    return NULL;
}

static int on_interrupt(void *opaque)
{
    const struct duet_reader *reader = opaque;
    return is_cancelled(reader) || (reader->wait_until > 0 && duet_seconds() > reader->wait_until);
}

static int refuse_open(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                       AVDictionary **options)
{
    (void)url;
    (void)flags;
    (void)options;
    ((struct duet_reader *)format->opaque)->refused = true;
    *io = NULL;
    return AVERROR(EPERM);
}

/* The format knows which protocols are allowed; avio_open2 must be told. */
static int open_allowed(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                        AVDictionary *const *options)
{
    AVDictionary *all = NULL;
    if (options && *options) av_dict_copy(&all, *options, 0);
    int code = av_dict_set(&all, "protocol_whitelist", format->protocol_whitelist, 0);
    if (code >= 0) code = avio_open2(io, url, flags, &format->interrupt_callback, &all);
    av_dict_free(&all);
    return code;
}

static bool is_http(const char *scheme)
{
    return strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0;
}

/* Are these pages of one server, by scheme, host and port? */
static bool same_server(const char *a, const char *b)
{
    char scheme[2][16], host[2][256];
    int port[2];
    const char *urls[2] = {a, b};
    for (int i = 0; i < 2; i++)
        av_url_split(scheme[i], sizeof scheme[i], NULL, 0, host[i], sizeof host[i], &port[i], NULL, 0,
                     urls[i]);
    return is_http(scheme[0]) && strcasecmp(scheme[0], scheme[1]) == 0 && strcasecmp(host[0], host[1]) == 0 &&
           port[0] == port[1];
}

/* What a playlist (HLS, DASH) names: its parts lie on the server that the user named, or they are not opened.
 */
static int open_part(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                     AVDictionary **options)
{
    const struct duet_reader *reader = format->opaque;
    if (same_server(reader->source.address, url)) return open_allowed(format, io, url, flags, options);
    return refuse_open(format, io, url, flags, options);
}

/* What we connect to ourselves; the rest are protocols that say themselves what comes. */
static bool is_page(const struct duet_video_source *source)
{
    static const char *const schemes_of_pages[] = {"http:", "https:", "tcp:"};
    for (size_t i = 0; i < sizeof schemes_of_pages / sizeof *schemes_of_pages; i++)
        if (source->kind == DUET_VIDEO_STREAM &&
            strncasecmp(source->address, schemes_of_pages[i], strlen(schemes_of_pages[i])) == 0)
            return true;
    return false;
}

bool duet_video_page_is_picture(AVIOContext *page)
{
    uint8_t *type = NULL;
    if (!page || av_opt_get(page, "mime_type", AV_OPT_SEARCH_CHILDREN, &type) < 0) return false;
    bool picture = type && strncasecmp((const char *)type, "image/", strlen("image/")) == 0;
    av_free(type);
    return picture;
}

/* Of a page without a length FFmpeg expects 2^64 bytes. */
bool duet_video_page_ended(const struct duet_reader *reader, int code)
{
    AVIOContext *page = reader->demuxer.io.page;
    const char *said = duet_video_log_text(), *early = "Stream ends prematurely";
    bool unsaid = page && avio_size(page) < 0;
    return code == AVERROR(EIO) && unsaid && (!*said || strncmp(said, early, strlen(early)) == 0);
}

/* What a page is, is decided by content. FFmpeg would go by the name, too, and take "x.jpg" for a file whose
 * length can be had; and of JPEGs that a camera sends it would wait for a megabyte before it is sure. */
static int find_format(AVFormatContext *context, AVIOContext *page, const char *address,
                       const AVInputFormat **format)
{
    uint8_t head[3];
    int have = avio_read(page, head, sizeof head);
    if (have < 0) return have;
    int64_t back = avio_seek(page, 0, SEEK_SET); /* what was read is still in the buffer */
    if (back < 0) return (int)back;
    if (have == sizeof head && memcmp(head, "\xff\xd8\xff", sizeof head) == 0)
        *format = av_find_input_format(duet_video_page_is_picture(page) ? "jpeg_pipe" : "mjpeg");
    return *format ? 0 : av_probe_input_buffer2(page, format, address, context, 0, 0);
}

static int open_page(struct duet_demuxer *demuxer, const char *address, const AVInputFormat **format)
{
    AVFormatContext *context = demuxer->format;
    AVIOContext **page = &demuxer->io.page;
    context->protocol_whitelist = av_strdup(protocols_of(address));
    if (!context->protocol_whitelist) return AVERROR(ENOMEM);
    int code = open_allowed(context, page, address, AVIO_FLAG_READ, NULL);
    if (code >= 0) code = find_format(context, *page, address, format);
    if (code >= 0) context->pb = *page;
    context->io_open = open_part;
    return code;
}

/* The address itself is opened, and only then what it asks for. */
static int open_address(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                        AVDictionary **options)
{
    format->io_open = open_part;
    return open_allowed(format, io, url, flags, options);
}

/* libavdevice brings SDL, X11 and PulseAudio along, 60 ms of them: it comes in only for a camera or a graph.
 */
static void register_devices(void)
{
    void *library = dlopen("libavdevice.so." AV_STRINGIFY(LIBAVDEVICE_VERSION_MAJOR),
                           RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) {
        av_log(NULL, AV_LOG_ERROR, "%s", dlerror());
        return;
    }
    void *symbol = dlsym(library, "avdevice_register_all");
    void (*register_all)(void);
    memcpy(&register_all, &symbol, sizeof symbol); /* C has no cast from void * to a function */
    if (symbol) register_all();
    dlclose(library);
}

/* HLS and DASH ask open_part() for what they name. Other lists do not: `concat` opens it by itself. */
static bool may_stream(const AVInputFormat *format, const char *address)
{
    bool asks = strcmp(format->name, "hls") == 0 || strcmp(format->name, "dash") == 0;
    bool named = strcmp(format->name, "rtsp") == 0 && strncasecmp(address, "rtsp", 4) == 0;
    return asks || named || !is_list(format);
}

/* FFmpeg looks at this before a demuxer reads its first byte, also at the parts of a playlist. */
static int set_whitelist(const char *address, AVDictionary **options)
{
    const AVInputFormat *format;
    void *place = NULL;
    AVBPrint names;
    char *all;
    av_bprint_init(&names, 0, AV_BPRINT_SIZE_UNLIMITED);
    while ((format = av_demuxer_iterate(&place)))
        if (may_stream(format, address)) av_bprintf(&names, "%s,", format->name);
    int code = av_bprint_finalize(&names, &all);
    return code < 0 ? code : av_dict_set(options, "format_whitelist", all, AV_DICT_DONT_STRDUP_VAL);
}

static enum duet_status choose_format(const struct duet_reader *reader, const AVInputFormat **format,
                                      AVDictionary **options, struct duet_error *error)
{
    const struct duet_video_source *source = &reader->source;
    if (source->kind == DUET_VIDEO_STREAM) {
        const char *protocols = protocols_of(source->address);
        if (!protocols)
            return duet_fail(
                error, DUET_UNSUPPORTED,
                "%s: unknown kind of address, expected http, https, rtsp, rtsps, rtmp, rtmps, rtp, "
                "udp, tcp or srt",
                source->name);
        av_dict_set(options, "protocol_whitelist", protocols, 0);
        if (set_whitelist(source->address, options) < 0) return duet_no_memory(error, source->name, NULL);
        if (strncasecmp(source->address, "rtsp", 4) == 0) av_dict_set(options, "rtsp_flags", "prefer_tcp", 0);
        return duet_video_resolve(reader, error);
    }
    if (source->kind == DUET_VIDEO_LAVFI) {
        enum duet_status status = duet_video_check_graph(source->name, source->address, error);
        if (status != DUET_OK) return status;
    }
    register_devices();
    const char *name = source->kind == DUET_VIDEO_LAVFI ? "lavfi" : "video4linux2,v4l2";
    *format = av_find_input_format(name);
    if (*format) return DUET_OK;
    return duet_fail(error, DUET_UNSUPPORTED, "%s: FFmpeg has no '%s' here (%s)", source->name, name,
                     *duet_video_log_text() ? duet_video_log_text() : "it was built without it");
}

/* --- opening -------------------------------------------------------------------------------------------- */

static enum duet_status open_format(struct duet_demuxer *demuxer, struct duet_reader *reader,
                                    struct duet_error *error)
{
    const AVInputFormat *format = NULL;
    AVDictionary *options = NULL;
    enum duet_status status;
    if (reader->source.kind == DUET_VIDEO_BYTES) {
        status = open_io(demuxer, reader, error);
        if (status == DUET_OK) status = probe(demuxer, reader, &format, error);
    } else {
        status = choose_format(reader, &format, &options, error);
    }
    if (status == DUET_OK && !(demuxer->format = avformat_alloc_context()))
        status = duet_video_fail(reader, error, AVERROR(ENOMEM), "cannot open");
    if (status == DUET_OK) {
        AVFormatContext *context = demuxer->format;
        context->pb = demuxer->io.avio;
        context->interrupt_callback = (AVIOInterruptCB){on_interrupt, reader};
        context->opaque = reader;
        context->io_open = reader->source.kind == DUET_VIDEO_STREAM ? open_address : refuse_open;
        /* Nobody wants to wait for 5 s of a live stream before its first frame. */
        if (reader->source.kind == DUET_VIDEO_STREAM) context->max_analyze_duration = AV_TIME_BASE;
        if (reader->source.kind == DUET_VIDEO_DEVICE) context->flags |= AVFMT_FLAG_NONBLOCK;
        const char *address = reader->source.address;
        int code = 0;
        if (is_page(&reader->source)) code = open_page(demuxer, address, &format);
        if (code >= 0) code = avformat_open_input(&demuxer->format, address, format, &options);
        if (code < 0) status = duet_video_fail(reader, error, code, "cannot open");
        /* Frames that are told by when they come are not to be held back to guess how often they do. */
        if (code >= 0 && duet_format_counts(demuxer->format->iformat))
            demuxer->format->fps_probe_size = demuxer->format->max_ts_probe = 0;
    }
    av_dict_free(&options);
    return status;
}

/* FFmpeg decodes some frames here to learn what the headers do not tell, in decoders of its own. */
static enum duet_status find_streams(struct duet_demuxer *demuxer, struct duet_reader *reader,
                                     struct duet_error *error)
{
    AVFormatContext *format = demuxer->format;
    unsigned count = format->nb_streams;
    AVDictionary **options = av_calloc(count + 1, sizeof(AVDictionary *));
    if (!options) return duet_video_fail(reader, error, AVERROR(ENOMEM), "cannot open");
    enum duet_status status = DUET_OK;
    for (unsigned i = 0; i < count && status == DUET_OK; i++) {
        const AVCodecParameters *coded = format->streams[i]->codecpar;
        av_dict_set_int(&options[i], "max_pixels", (int64_t)reader->source.max_pixels, 0);
        av_dict_set(&options[i], "threads", "1", 0);
        if (coded->codec_type == AVMEDIA_TYPE_VIDEO && (coded->width || coded->height))
            status = duet_video_check_size(reader, coded->width, coded->height, error);
    }
    if (status == DUET_OK) {
        int code = avformat_find_stream_info(format, options);
        /* What was read before a cancellation would seem to be all there is. */
        if (code < 0 || is_cancelled(reader)) status = duet_video_fail(reader, error, code, "cannot read");
    }
    for (unsigned i = 0; i < count; i++) av_dict_free(&options[i]);
    av_free(options);
    return status;
}

static enum duet_status choose_stream(struct duet_demuxer *demuxer, struct duet_reader *reader,
                                      struct duet_error *error)
{
    AVFormatContext *format = demuxer->format;
    int found = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    /* A cover in a music file is no video. */
    if (found >= 0 && format->streams[found]->disposition & AV_DISPOSITION_ATTACHED_PIC) found = -1;
    if (found < 0)
        return duet_fail(error, DUET_BAD_FORMAT, "%s: no video in it (%s with %u other streams)",
                         reader->source.name, format->iformat->name, format->nb_streams);
    for (unsigned i = 0; i < format->nb_streams; i++)
        if ((int)i != found) format->streams[i]->discard = AVDISCARD_ALL;
    demuxer->stream = found;
    return DUET_OK;
}

enum duet_status duet_demuxer_open(struct duet_demuxer *demuxer, struct duet_reader *reader,
                                   struct duet_error *error)
{
    duet_video_log_clear();
    reader->refused = false;
    enum duet_status status = open_format(demuxer, reader, error);
    if (status == DUET_OK) status = find_streams(demuxer, reader, error);
    if (status == DUET_OK) status = choose_stream(demuxer, reader, error);
    reader->refused = false; /* it does without, or has failed already */
    if (status != DUET_OK) duet_demuxer_close(demuxer);
    return status;
}

void duet_demuxer_close(struct duet_demuxer *demuxer)
{
    avformat_close_input(&demuxer->format); /* leaves our own AVIOContext alone */
    if (demuxer->io.avio) av_freep(&demuxer->io.avio->buffer);
    avio_context_free(&demuxer->io.avio);
    avio_closep(&demuxer->io.page);
    *demuxer = (struct duet_demuxer){0};
}
