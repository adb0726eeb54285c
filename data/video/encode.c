/* Frames -> a video file: H.264 (libx264), else MPEG-4; VP9 in WebM.
 *
 * Pictures are never reordered (no B-frames): a frame's packet comes in its turn, so that the duration of
 * each is known when the next one does. One thread encodes: the same frames give the same bytes on every
 * machine, and whoever asks for one thread gets one.
 *
 * What was written plays at any time, without its end: MP4 and MOV come in fragments and Matroska in clusters
 * of a second at most, each written at once when it is complete; AVI frame by frame, without an index. */
#include "core/fail.h"
#include "video/reader.h"

#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>

struct encoder {
    struct duet_video_target target;
    AVFormatContext *format;
    AVIOContext *avio;
    AVCodecContext *codec;
    AVStream *stream;
    AVFrame *frame;          /* YUV 4:2:0, the video's size */
    AVPacket *packet, *held; /* held: the one before, until its duration is known */
    struct SwsContext *sws;
    uint8_t *tail; /* the last rows of a picture, with room behind them */
    int tail_rows;
    int from_width, from_height; /* what sws scales from */
    int errnum;                  /* of the sink, once it failed */
    int64_t position;            /* of the sink */
    int64_t head, whole;         /* where the first frame begins; how far frames are complete */
    int64_t last;                /* ticks of the last frame; -1: none yet */
    int64_t usual;               /* ticks a frame */
    double first, last_time;     /* seconds as given */
};

/* --- faults --------------------------------------------------------------------------------------------- */

/* What the sink said counts for more than what FFmpeg makes of it. */
static enum duet_status fail(const struct encoder *e, struct duet_error *error, int code, const char *what)
{
    const char *name = e->target.name, *said = duet_video_log_text();
    char reason[AV_ERROR_MAX_STRING_SIZE] = "";
    if (e->errnum) return duet_fail_errno(error, e->errnum, "%s: cannot write", name);
    av_strerror(code, reason, sizeof reason);
    return duet_fail(error, code == AVERROR(ENOMEM) ? DUET_OUT_OF_MEMORY : DUET_IO_ERROR, "%s: %s: %s%s%s%s",
                     name, what, reason, *said ? " (" : "", said, *said ? ")" : "");
}

/* --- bytes ---------------------------------------------------------------------------------------------- */

#if LIBAVFORMAT_VERSION_MAJOR >= 61
static int write_bytes(void *opaque, const uint8_t *data, int size)
#else
static int write_bytes(void *opaque, uint8_t *data, int size)
#endif
{
    struct encoder *e = opaque;
    if (e->errnum == 0) e->errnum = e->target.sink.write(e->target.sink.ctx, data, (size_t)size);
    if (e->errnum != 0) return AVERROR(e->errnum);
    e->position += size;
    return size;
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence)
{
    struct encoder *e = opaque;
    if (whence != SEEK_SET && whence != SEEK_CUR) return AVERROR(ENOSYS);
    int64_t to = whence == SEEK_CUR ? e->position + offset : offset;
    if (e->errnum == 0) e->errnum = e->target.sink.seek(e->target.sink.ctx, to);
    if (e->errnum != 0) return AVERROR(e->errnum);
    return e->position = to;
}

static int open_format(struct encoder *e)
{
    enum { BUFFER = 256 * 1024 };
    int code = avformat_alloc_output_context2(&e->format, NULL, e->target.container, NULL);
    if (code < 0) return code;
    uint8_t *buffer = av_malloc(BUFFER);
    if (buffer)
        e->avio = avio_alloc_context(buffer, BUFFER, 1, e, NULL, write_bytes,
                                     e->target.sink.seek ? seek_bytes : NULL);
    if (!e->avio) {
        av_free(buffer);
        return AVERROR(ENOMEM);
    }
    e->format->pb = e->avio;
    e->format->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_FLUSH_PACKETS;
    e->format->flags |= AVFMT_FLAG_BITEXACT; /* no version, no date */
    e->stream = avformat_new_stream(e->format, NULL);
    return e->stream ? 0 : AVERROR(ENOMEM);
}

/* --- the codec ------------------------------------------------------------------------------------------ */

/* An encoder and its settings, "name=value:name=value". */
struct choice {
    const char *encoder;
    const char *settings;
    int quality;        /* of encoders with a fixed quantizer; 0: in the settings */
    int finest;         /* ticks a second it can count; 0: no limit */
    const char *prompt; /* more settings, where frames must not wait */
};

/* A frame of 640x480 takes 3.5 ms (superfast: 2 ms, files 1.7 times as large), one of 4K 80 ms, 25 of them
 * for its colours. libx264 looks 10 frames ahead, and those of a camera that gives one a second are 10 s. */
static const struct choice h264_or_mpeg4[] = {{"libx264", "preset=veryfast:crf=20", 0, 0, "rc-lookahead=0"},
                                              {"mpeg4", "", 3, 65535, ""},
                                              {NULL, NULL, 0, 0, NULL}};
static const struct choice vp9[] = {
    {"libvpx-vp9", "deadline=realtime:cpu-used=8:lag-in-frames=0:crf=30", 0, 0, ""},
    {NULL, NULL, 0, 0, NULL}};

/* Ticks in which both the source's rate and times between its frames can be told: 1/90000 s, or the nearest
 * finer share of the rate. AVI counts in frames, Matroska in milliseconds. */
static AVRational time_base_of(const struct encoder *e, const struct choice *choice)
{
    int num = e->target.rate_num, den = e->target.rate_den;
    if (choice->finest > 0 && num > choice->finest) av_reduce(&num, &den, num, den, choice->finest);
    if (strcmp(e->target.container, "avi") == 0) return (AVRational){den, num};
    if (strcmp(e->target.container, "mp4") != 0 && strcmp(e->target.container, "mov") != 0)
        return (AVRational){1, 1000}; /* Matroska's clock */
    int times = num >= 90000 ? 1 : (90000 + num - 1) / num;
    if (choice->finest > 0 && times > choice->finest / num) times = choice->finest / num;
    return (AVRational){1, num * (times > 0 ? times : 1)};
}

/* BT.709 for large pictures and BT.601 for small ones, as players take them to be when nothing is said; we
 * say it all the same. The range is the narrow one. */
static void set_colors(AVCodecContext *codec)
{
    bool large = codec->height >= 720 || codec->width >= 1280;
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    codec->color_range = AVCOL_RANGE_MPEG;
    codec->colorspace = large ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    codec->color_primaries = large ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
    codec->color_trc = AVCOL_TRC_BT709; /* SMPTE 170M's is the same curve */
    codec->chroma_sample_location = AVCHROMA_LOC_LEFT;
}

/* At least one jump-in point in some two seconds. */
static int gop_of(const struct encoder *e)
{
    double frames = 2.0 * e->target.rate_num / e->target.rate_den;
    return frames < 12 ? 12 : frames > 250 ? 250 : (int)frames;
}

static int open_codec(struct encoder *e, const struct choice *choice)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(choice->encoder);
    if (!codec) return AVERROR_ENCODER_NOT_FOUND;
    AVCodecContext *c = e->codec = avcodec_alloc_context3(codec);
    if (!c) return AVERROR(ENOMEM);
    c->width = e->target.width > 1 ? e->target.width & ~1 : 2;
    c->height = e->target.height > 1 ? e->target.height & ~1 : 2;
    c->time_base = time_base_of(e, choice);
    c->framerate = (AVRational){e->target.rate_num, e->target.rate_den};
    av_reduce(&c->sample_aspect_ratio.num, &c->sample_aspect_ratio.den, e->target.aspect_num,
              e->target.aspect_den, UINT16_MAX); /* H.264's fields; MPEG-4 makes 8 bits of it by itself */
    c->gop_size = gop_of(e);
    c->max_b_frames = 0;
    c->thread_count = 1;
    c->flags |= AV_CODEC_FLAG_BITEXACT;
    if (e->format->oformat->flags & AVFMT_GLOBALHEADER) c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    if (choice->quality > 0) {
        c->flags |= AV_CODEC_FLAG_QSCALE;
        c->global_quality = choice->quality * FF_QP2LAMBDA;
    }
    set_colors(c);
    AVDictionary *settings = NULL;
    int code = av_dict_parse_string(&settings, choice->settings, "=", ":", 0);
    if (code >= 0 && e->target.prompt) code = av_dict_parse_string(&settings, choice->prompt, "=", ":", 0);
    if (code >= 0) code = avcodec_open2(c, codec, &settings);
    av_dict_free(&settings);
    return code;
}

/* The first encoder that is there and takes the video; when none does, what the first one there said. */
static int open_some_codec(struct encoder *e)
{
    bool webm = strcmp(e->target.container, "webm") == 0;
    int code = AVERROR_ENCODER_NOT_FOUND;
    for (const struct choice *choice = webm ? vp9 : h264_or_mpeg4; choice->encoder; choice++) {
        avcodec_free_context(&e->codec);
        int said = open_codec(e, choice);
        if (said >= 0) return 0;
        if (code == AVERROR_ENCODER_NOT_FOUND) code = said;
    }
    return code;
}

static int open_frames(struct encoder *e)
{
    const AVCodecContext *c = e->codec;
    e->packet = av_packet_alloc();
    e->held = av_packet_alloc();
    e->frame = av_frame_alloc();
    if (!e->packet || !e->held || !e->frame) return AVERROR(ENOMEM);
    e->frame->format = c->pix_fmt;
    e->frame->width = c->width;
    e->frame->height = c->height;
    e->frame->color_range = c->color_range;
    e->frame->colorspace = c->colorspace;
    e->frame->color_primaries = c->color_primaries;
    e->frame->color_trc = c->color_trc;
    e->frame->chroma_location = c->chroma_sample_location;
    e->usual = av_rescale_q(1, av_inv_q(c->framerate), c->time_base);
    if (e->usual < 1) e->usual = 1;
    return av_frame_get_buffer(e->frame, 0);
}

/* How the container is to be cut into pieces that play by themselves; others pass over it. */
static int set_pieces(AVDictionary **settings)
{
    return av_dict_parse_string(
        settings,
        "movflags=empty_moov+default_base_moof+frag_keyframe:frag_duration=1000000:" /* us */
        "cluster_time_limit=1000",                                                   /* ms */
        "=", ":", 0);
}

static int begin(struct encoder *e)
{
    AVDictionary *settings = NULL;
    e->stream->time_base = e->codec->time_base;
    e->stream->avg_frame_rate = e->stream->r_frame_rate = e->codec->framerate;
    e->stream->sample_aspect_ratio = e->codec->sample_aspect_ratio;
    int code = avcodec_parameters_from_context(e->stream->codecpar, e->codec);
    if (code >= 0) code = set_pieces(&settings);
    if (code >= 0) code = avformat_write_header(e->format, &settings);
    av_dict_free(&settings);
    if (code >= 0) avio_flush(e->avio);
    e->head = e->position;
    return code >= 0 && e->errnum ? AVERROR(e->errnum) : code;
}

static void writer_close(void *self)
{
    struct encoder *e = self;
    if (!e) return;
    avcodec_free_context(&e->codec);
    avformat_free_context(e->format);
    if (e->avio) av_freep(&e->avio->buffer);
    avio_context_free(&e->avio);
    av_packet_free(&e->packet);
    av_packet_free(&e->held);
    av_frame_free(&e->frame);
    sws_freeContext(e->sws);
    av_free(e->tail);
    av_free(e);
}

static enum duet_status writer_open(const struct duet_video_target *target, void **self,
                                    struct duet_error *error)
{
    duet_video_log_begin();
    struct encoder *e = av_mallocz(sizeof *e);
    *self = NULL;
    if (!e) return duet_no_memory(error, target->name, NULL);
    e->target = *target;
    e->last = -1;
    enum duet_status status = DUET_OK;
    int code = open_format(e);
    if (code >= 0) code = open_some_codec(e);
    if (code == AVERROR_ENCODER_NOT_FOUND || code == AVERROR_MUXER_NOT_FOUND)
        status =
            duet_fail(error, DUET_UNSUPPORTED, "%s: this FFmpeg has no encoder for it (%s)", target->name,
                      strcmp(target->container, "webm") == 0 ? "libvpx-vp9" : "libx264, mpeg4");
    else if (code < 0)
        status = fail(e, error, code, "cannot encode such a video");
    if (status == DUET_OK && (code = open_frames(e)) < 0) status = fail(e, error, code, "cannot encode");
    if (status == DUET_OK && (code = begin(e)) < 0) status = fail(e, error, code, "cannot write");
    if (status == DUET_OK)
        *self = e;
    else
        writer_close(e);
    return status;
}

/* --- frames --------------------------------------------------------------------------------------------- */

enum { BEHIND = 64 }; /* bytes that libswscale may read after a row: it was seen to read 4 */

/* What is one pixel larger loses it; what differs otherwise is scaled. */
static int open_scaler(struct encoder *e, const struct duet_image *image)
{
    int width = e->codec->width, height = e->codec->height;
    int from_width = image->width == width + 1 ? width : image->width;
    int from_height = image->height == height + 1 ? height : image->height;
    if (e->sws && from_width == e->from_width && from_height == e->from_height) return 0;
    sws_freeContext(e->sws);
    av_free(e->tail);
    bool same = from_width == width && from_height == height;
    e->sws = sws_getContext(from_width, from_height, AV_PIX_FMT_RGB24, width, height, AV_PIX_FMT_YUV420P,
                            (same ? SWS_BILINEAR : SWS_BICUBIC) | SWS_ACCURATE_RND, NULL, NULL, NULL);
    /* An even number of rows, for the colours of two rows are taken together; all, where they are scaled. */
    int rows = same ? 2 * (1 + BEHIND / (6 * from_width)) : from_height;
    e->tail_rows = rows < from_height ? rows : from_height;
    e->tail = av_mallocz((size_t)from_width * 3 * (size_t)e->tail_rows + BEHIND);
    if (!e->sws || !e->tail) return AVERROR(ENOMEM);
    bool bt709 = e->codec->colorspace == AVCOL_SPC_BT709;
    const int *matrix = sws_getCoefficients(bt709 ? SWS_CS_ITU709 : SWS_CS_SMPTE170M);
    e->from_width = from_width;
    e->from_height = from_height;
    return sws_setColorspaceDetails(e->sws, matrix, 1, matrix, 0, 0, 1 << 16, 1 << 16) < 0 ? AVERROR(ENOSYS)
                                                                                           : 0;
}

/* What the container held back has been written, and the sink's position is behind it. */
static int note_whole(struct encoder *e, int code)
{
    avio_flush(e->avio);
    if (code >= 0 && e->errnum) code = AVERROR(e->errnum);
    if (code >= 0) e->whole = e->position;
    return code;
}

static int write_held(struct encoder *e, int64_t duration)
{
    e->held->duration = duration;
    e->held->stream_index = e->stream->index;
    av_packet_rescale_ts(e->held, e->codec->time_base, e->stream->time_base);
    int code = av_write_frame(e->format, e->held);
    av_packet_unref(e->held);
    return note_whole(e, code);
}

/* What the codec has ready. */
static int drain(struct encoder *e)
{
    for (;;) {
        int code = avcodec_receive_packet(e->codec, e->packet);
        if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return 0;
        if (code >= 0 && e->held->size > 0) code = write_held(e, e->packet->pts - e->held->pts);
        if (code < 0) return code;
        av_packet_move_ref(e->held, e->packet);
    }
}

/* libswscale reads some bytes behind the last pixel. So it gets the last rows from memory that has them. */
static int convert(struct encoder *e, const struct duet_image *image)
{
    size_t row = (size_t)e->from_width * 3;
    int rest = e->tail_rows, above = e->from_height - rest;
    const uint8_t *const rows[4] = {image->pixels}, *const last[4] = {e->tail};
    const int stride[4] = {(int)image->stride}, tail_stride[4] = {(int)row};
    for (int y = 0; y < rest; y++) memcpy(e->tail + (size_t)y * row, duet_image_row(image, above + y), row);
    int code = 0;
    if (above > 0) code = sws_scale(e->sws, rows, stride, 0, above, e->frame->data, e->frame->linesize);
    if (code >= 0)
        code = sws_scale(e->sws, last, tail_stride, above, rest, e->frame->data, e->frame->linesize);
    return code;
}

static int encode(struct encoder *e, const struct duet_image *image)
{
    int code = open_scaler(e, image);
    if (code >= 0) code = av_frame_make_writable(e->frame);
    if (code >= 0) code = convert(e, image);
    e->frame->pts = e->last;
    if (code >= 0) code = avcodec_send_frame(e->codec, e->frame);
    return code >= 0 ? drain(e) : code;
}

static enum duet_status writer_add(void *self, const struct duet_image *image, double time,
                                   struct duet_error *error)
{
    struct encoder *e = self;
    if (image->stride > INT_MAX)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: a picture with rows of %zu bytes", e->target.name,
                         image->stride);
    if (!isfinite(time) || (e->last >= 0 && time <= e->last_time))
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: a frame at %g s after one at %g s", e->target.name,
                         time, e->last_time);
    if (e->last < 0) e->first = time;
    double ticks = (time - e->first) / av_q2d(e->codec->time_base);
    if (ticks > 9e15)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: a frame %g s after the first", e->target.name,
                         time - e->first);
    int64_t at = llround(ticks);
    e->last = at > e->last ? at : e->last + 1; /* where ticks are as long as frames, two may round to one */
    e->last_time = time;
    duet_video_log_clear();
    int code = encode(e, image);
    return code >= 0 ? DUET_OK : fail(e, error, code, "cannot encode");
}

static enum duet_status writer_finish(void *self, struct duet_error *error)
{
    struct encoder *e = self;
    if (e->last < 0)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: a video needs one frame at least", e->target.name);
    duet_video_log_clear();
    int code = avcodec_send_frame(e->codec, NULL);
    if (code >= 0) code = drain(e);
    if (code >= 0 && e->held->size > 0) code = write_held(e, e->usual);
    if (code >= 0) code = note_whole(e, av_write_frame(e->format, NULL)); /* the last piece, before the end */
    if (code >= 0) code = av_write_trailer(e->format);
    code = note_whole(e, code);
    return code >= 0 ? DUET_OK : fail(e, error, code, "cannot write");
}

static int64_t writer_whole(const void *self)
{
    const struct encoder *e = self;
    return e->whole > e->head ? e->whole : 0;
}

const struct duet_video_writer_type duet_video_writer = {writer_open, writer_add, writer_finish, writer_whole,
                                                         writer_close};
