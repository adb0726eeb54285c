/* Addresses, cameras and graphs, opened by FFmpeg: with the protocols that their scheme needs, and nothing
 * more than pages of the very server that was named, the parts of a playlist. What asks for more is refused.
 */
#include "core/fail.h"
#include "video/reader.h"

#include <libavdevice/version.h>
#include <libavutil/avstring.h>
#include <libavutil/bprint.h>
#include <libavutil/opt.h>

#include <dlfcn.h>
#include <string.h>
#include <strings.h>

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
    const char *rest;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (av_stristart(address, schemes[i].scheme, &rest) && av_strstart(rest, "://", NULL))
            return schemes[i].protocols;
    return NULL;
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
    return source->kind == DUET_VIDEO_STREAM &&
           (av_stristart(source->address, "http:", NULL) || av_stristart(source->address, "https:", NULL) ||
            av_stristart(source->address, "tcp:", NULL));
}

bool duet_page_is_picture(AVIOContext *page)
{
    uint8_t *type = NULL;
    if (!page || av_opt_get(page, "mime_type", AV_OPT_SEARCH_CHILDREN, &type) < 0) return false;
    bool picture = type && av_stristart((const char *)type, "image/", NULL);
    av_free(type);
    return picture;
}

/* Of a page without a length FFmpeg expects 2^64 bytes. */
bool duet_page_ended(const struct duet_reader *reader, int code)
{
    AVIOContext *page = reader->demuxer.io.page;
    const char *said = duet_video_log_text();
    bool unsaid = page && avio_size(page) < 0;
    return code == AVERROR(EIO) && unsaid && (!*said || av_strstart(said, "Stream ends prematurely", NULL));
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
        *format = av_find_input_format(duet_page_is_picture(page) ? "jpeg_pipe" : "mjpeg");
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
    bool asks = av_match_name(format->name, "hls,dash");
    bool named = strcmp(format->name, "rtsp") == 0 && av_stristart(address, "rtsp", NULL);
    return asks || named || !duet_format_is_list(format);
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

enum duet_status duet_address_format(const struct duet_reader *reader, const AVInputFormat **format,
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
        if (av_stristart(source->address, "rtsp", NULL)) av_dict_set(options, "rtsp_flags", "prefer_tcp", 0);
        return duet_address_resolve(reader, error);
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

int duet_address_prepare(const struct duet_reader *reader, struct duet_demuxer *demuxer,
                         const AVInputFormat **format)
{
    const struct duet_video_source *source = &reader->source;
    AVFormatContext *context = demuxer->format;
    context->io_open = source->kind == DUET_VIDEO_STREAM ? open_address : refuse_open;
    /* Nobody wants to wait for 5 s of a live stream before its first frame. */
    if (source->kind == DUET_VIDEO_STREAM) context->max_analyze_duration = AV_TIME_BASE;
    if (source->kind == DUET_VIDEO_DEVICE) context->flags |= AVFMT_FLAG_NONBLOCK;
    return is_page(source) ? open_page(demuxer, source->address, format) : 0;
}
