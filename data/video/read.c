/* Videos and streams through FFmpeg: one frame after the other. */
#include "video/read.h"

#include "core/fail.h"
#include "core/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Seconds without a word after which a stream or a camera has failed. */
static const double patience = 10;

/* --- opening -------------------------------------------------------------------------------------------- */

static const AVStream *stream_of(const struct duet_reader *reader)
{
    return reader->demuxer.format->streams[reader->demuxer.stream];
}

static enum duet_status open_codec(struct duet_reader *reader, struct duet_error *error)
{
    const AVStream *stream = stream_of(reader);
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    if (!codec)
        return duet_fail(error, DUET_UNSUPPORTED, "%s: this FFmpeg has no decoder for %s",
                         reader->source.name, avcodec_get_name(stream->codecpar->codec_id));
    reader->codec = avcodec_alloc_context3(codec);
    reader->packet = av_packet_alloc();
    reader->frame = av_frame_alloc();
    if (!reader->codec || !reader->packet || !reader->frame)
        return duet_video_fail(reader, error, AVERROR(ENOMEM), "cannot open");
    int code = avcodec_parameters_to_context(reader->codec, stream->codecpar);
    if (code >= 0) {
        reader->codec->pkt_timebase = stream->time_base;
        reader->codec->max_pixels = (int64_t)reader->source.max_pixels;
        reader->codec->thread_count = 1;
        code = avcodec_open2(reader->codec, codec, NULL);
    }
    return code < 0 ? duet_video_fail(reader, error, code, "cannot decode") : DUET_OK;
}

static AVRational rate_of(const struct duet_reader *reader)
{
    const AVStream *stream = stream_of(reader);
    AVRational rate = stream->avg_frame_rate;
    if (rate.num <= 0 || rate.den <= 0) rate = stream->r_frame_rate;
    return rate.num > 0 && rate.den > 0 ? rate : (AVRational){0, 1};
}

static double duration_of(const struct duet_reader *reader)
{
    const AVStream *stream = stream_of(reader);
    if (stream->duration > 0) return (double)stream->duration * av_q2d(stream->time_base);
    int64_t whole = reader->demuxer.format->duration;
    return whole > 0 ? (double)whole / AV_TIME_BASE : 0;
}

/* A video that lies whole on a web server is no live stream: it has an end and waits for us. */
static bool is_live(const struct duet_reader *reader)
{
    if (reader->source.kind == DUET_VIDEO_DEVICE) return true;
    if (reader->source.kind != DUET_VIDEO_STREAM) return false;
    const AVIOContext *io = reader->demuxer.format->pb;
    return !(io && io->seekable & AVIO_SEEKABLE_NORMAL && duration_of(reader) > 0);
}

static void learn(struct duet_reader *reader)
{
    const char *format = reader->demuxer.format->iformat->name;
    snprintf(reader->kind, sizeof reader->kind, "%s in %.*s",
             avcodec_get_name(stream_of(reader)->codecpar->codec_id), (int)strcspn(format, ","), format);
    AVRational rate = rate_of(reader);
    reader->rate = rate.num > 0 ? av_q2d(rate) : 25;
    reader->live = is_live(reader);
}

static void reader_close(void *self)
{
    struct duet_reader *reader = self;
    if (!reader) return;
    duet_converter_close(&reader->converter);
    av_frame_free(&reader->frame);
    av_packet_free(&reader->packet);
    avcodec_free_context(&reader->codec);
    duet_demuxer_close(&reader->demuxer);
    free((void *)(uintptr_t)reader->source.name);
    free((void *)(uintptr_t)reader->source.address);
    free(reader);
}

static void start_waiting(struct duet_reader *reader)
{
    bool timed = reader->source.kind == DUET_VIDEO_STREAM || reader->source.kind == DUET_VIDEO_DEVICE;
    reader->wait_until = timed ? duet_seconds() + patience : 0;
}

static enum duet_status reader_open(const struct duet_video_source *source, void **self,
                                    struct duet_error *error)
{
    *self = NULL;
    duet_video_log_begin();
    struct duet_reader *reader = calloc(1, sizeof *reader);
    if (!reader) return duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory", source->name);
    reader->source = *source;
    reader->source.name = strdup(source->name);
    reader->source.address = source->address ? strdup(source->address) : NULL;
    enum duet_status status = DUET_OK;
    if (!reader->source.name || (source->address && !reader->source.address))
        status = duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory", source->name);
    start_waiting(reader);
    if (status == DUET_OK) status = duet_demuxer_open(&reader->demuxer, reader, error);
    if (status == DUET_OK) status = open_codec(reader, error);
    if (status != DUET_OK) {
        reader_close(reader);
        return status;
    }
    learn(reader);
    *self = reader;
    return DUET_OK;
}

static int reader_orientation(const struct duet_reader *reader)
{
    size_t size = 0;
    const uint8_t *matrix = av_stream_get_side_data(stream_of(reader), AV_PKT_DATA_DISPLAYMATRIX, &size);
    return matrix && size >= 9 * sizeof(int32_t)
               ? duet_video_orientation((const int32_t *)(const void *)matrix)
               : 1;
}

static void reader_about(const void *self, struct duet_frames_about *about)
{
    const struct duet_reader *reader = self;
    const AVCodecParameters *coded = stream_of(reader)->codecpar;
    AVRational rate = rate_of(reader);
    *about = (struct duet_frames_about){.moving = true,
                                        .live = reader->live,
                                        .width = coded->width,
                                        .height = coded->height,
                                        .rate_num = rate.num,
                                        .rate_den = rate.den,
                                        .duration = duration_of(reader),
                                        .kind = reader->kind};
}

/* --- frames --------------------------------------------------------------------------------------------- */

/* Give the decoder the next packet. Negative: FFmpeg's code. */
static int feed(struct duet_reader *reader)
{
    int code;
    do {
        av_packet_unref(reader->packet);
        code = av_read_frame(reader->demuxer.format, reader->packet);
        if (code == AVERROR_EOF) {
            reader->drained = true;
            return avcodec_send_packet(reader->codec, NULL);
        }
        if (code < 0) return code;
    } while (reader->packet->stream_index != reader->demuxer.stream);
    code = avcodec_send_packet(reader->codec, reader->packet);
    av_packet_unref(reader->packet);
    return code;
}

/* The next frame that comes out of the decoder; AVERROR_EOF at the end. */
static int decode(struct duet_reader *reader)
{
    for (;;) {
        int code = avcodec_receive_frame(reader->codec, reader->frame);
        if (code != AVERROR(EAGAIN)) return code;
        code = feed(reader);
        if (code < 0 && code != AVERROR(EAGAIN)) return code;
    }
}

/* The stamp of the frame that came; one that is missing or does not ascend is the last one's plus 1/rate. */
static double stamp_of(const struct duet_reader *reader)
{
    const AVFrame *frame = reader->frame;
    int64_t ticks = frame->pts != AV_NOPTS_VALUE ? frame->pts : frame->best_effort_timestamp;
    double pts = (double)ticks * av_q2d(stream_of(reader)->time_base);
    if (ticks != AV_NOPTS_VALUE && (!reader->stepped || pts > reader->last_pts)) return pts;
    return reader->stepped ? reader->last_pts + 1 / reader->rate : 0;
}

static enum duet_status reader_step(void *self, struct duet_moving_stamp *stamp, bool *more,
                                    struct duet_error *error)
{
    struct duet_reader *reader = self;
    *more = false;
    duet_video_log_clear();
    start_waiting(reader);
    av_frame_unref(reader->frame);
    int code = decode(reader);
    if (code == AVERROR_EOF && !reader->stepped)
        return duet_fail(error, DUET_BAD_FORMAT, "%s: no frame in it (%s)", reader->source.name,
                         reader->kind);
    if (code == AVERROR_EOF) return DUET_OK;
    if (code < 0) {
        char what[80];
        snprintf(what, sizeof what, "damaged or cut off after %lld frames", (long long)reader->next_number);
        return duet_video_fail(reader, error, code, what);
    }
    double pts = stamp_of(reader);
    if (!reader->stepped) reader->first_pts = pts;
    reader->stepped = true;
    reader->last_pts = pts;
    *stamp = (struct duet_moving_stamp){reader->next_number++, pts, pts - reader->first_pts};
    *more = true;
    return DUET_OK;
}

static enum duet_status reader_image(void *self, struct duet_image *image, int *orientation,
                                     struct duet_error *error)
{
    struct duet_reader *reader = self;
    duet_video_log_clear();
    *orientation = reader_orientation(reader);
    return duet_video_convert(reader, reader->frame, image, error);
}

static enum duet_status reader_seek(void *self, double time, int every, struct duet_error *error)
{
    struct duet_reader *reader = self;
    (void)time;
    (void)every;
    return duet_fail(error, DUET_UNSUPPORTED, "%s: there is no way back in it", reader->source.name);
}

const struct duet_video_module *duet_video_module(void)
{
    static const struct duet_video_module module = {
        .abi = DUET_VIDEO_ABI,
        .open = reader_open,
        .reader = {reader_about, reader_step, reader_image, reader_seek, reader_close},
    };
    return &module;
}
