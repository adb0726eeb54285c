/* Videos and streams through FFmpeg: one frame after the other.
 *
 * What counts as damage. In a file: whatever FFmpeg's demuxer or decoder complains of, a frame that it had to
 * patch, a container that says it is longer than the file is. Reading ends there with an error; the frames
 * before were delivered. What an MPEG-TS or MPEG-PS has before its first key frame is not damage: recordings
 * begin anywhere. In a live stream broken frames are left out and not counted; when nothing but broken ones
 * came for `patience` seconds, it has failed.
 */
#include "video/read.h"

#include "core/fail.h"
#include "core/os.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Seconds without a frame after which a stream or a camera has failed. */
static const double patience = 10;

const AVStream *duet_reader_stream(const struct duet_reader *reader)
{
    return reader->demuxer.format->streams[reader->demuxer.stream];
}

double duet_ticks_seconds(const struct duet_reader *reader, int64_t ticks)
{
    AVRational base = duet_reader_stream(reader)->time_base;
    return (double)ticks * base.num / base.den;
}

/* --- formats -------------------------------------------------------------------------------------------- */

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names && strcmp(name, *names) != 0) names++;
    return *names != NULL;
}

/* Bare streams of a codec: what FFmpeg makes up for them begins oddly. */
static bool has_no_stamps(const AVInputFormat *format)
{
    static const char *const bare[] = {"mpegvideo", "m4v",       "h261",  "h263", "hevc",
                                       "vc1",       "cavsvideo", "dirac", NULL};
    return is_one_of(format->name, bare) || format->flags & AVFMT_NOTIMESTAMPS;
}

/* WebP, BMP, TIFF ...: FFmpeg calls one after the other a pipe of them. */
static bool is_pictures(const AVInputFormat *format)
{
    const char *tail = "_pipe";
    size_t length = strlen(format->name);
    return length > strlen(tail) && strcmp(format->name + length - strlen(tail), tail) == 0;
}

bool duet_format_counts(const AVInputFormat *format)
{
    static const char *const counted[] = {"mpjpeg", "h264", "obu", "vvc", "evc", NULL};
    return has_no_stamps(format) || is_pictures(format) || is_one_of(format->name, counted);
}

/* --- opening -------------------------------------------------------------------------------------------- */

/* A detector runs beside it, and one thread decodes 1920x1080 faster than that detects: 8 ms a frame, RGB and
 * all (H.264, 8 Mbit/s), the same in all on two threads. Beyond that size another thread helps machines that
 * have more cores. Each thread holds a frame back: not of live sources. */
static int threads_for(const struct duet_reader *reader, const AVCodecParameters *coded)
{
    bool waits = reader->source.kind == DUET_VIDEO_BYTES;
    return waits && (int64_t)coded->width * coded->height > 2560 * 1440 ? 2 : 1;
}

static enum duet_status open_codec(struct duet_reader *reader, struct duet_error *error)
{
    const AVStream *stream = duet_reader_stream(reader);
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    if (!codec)
        return duet_fail(error, DUET_UNSUPPORTED, "%s: this FFmpeg has no decoder for %s",
                         reader->source.name, avcodec_get_name(stream->codecpar->codec_id));
    reader->codec = avcodec_alloc_context3(codec);
    if (!reader->codec) return duet_video_fail(reader, error, AVERROR(ENOMEM), "cannot open");
    int code = avcodec_parameters_to_context(reader->codec, stream->codecpar);
    if (code >= 0) {
        reader->codec->pkt_timebase = stream->time_base;
        reader->codec->max_pixels = (int64_t)reader->source.max_pixels;
        reader->codec->thread_count = threads_for(reader, stream->codecpar);
        reader->codec->thread_type = FF_THREAD_FRAME;
        code = avcodec_open2(reader->codec, codec, NULL);
    }
    return code < 0 ? duet_video_fail(reader, error, code, "cannot decode") : DUET_OK;
}

static AVRational rate_of(const struct duet_reader *reader)
{
    const AVStream *stream = duet_reader_stream(reader);
    AVRational rate = stream->avg_frame_rate;
    if (rate.num <= 0 || rate.den <= 0) rate = stream->r_frame_rate;
    return rate.num > 0 && rate.den > 0 ? rate : (AVRational){0, 1};
}

static double duration_of(const struct duet_reader *reader)
{
    const AVStream *stream = duet_reader_stream(reader);
    if (reader->demuxer.format->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE) return 0;
    if (stream->duration > 0) return duet_ticks_seconds(reader, stream->duration);
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

/* MJPEG of a camera, most often: 25 frames a second are FFmpeg's invention, and what counts is when they
 * come. A file on a web server is as long as it was before. */
static bool comes_without_times(const struct duet_reader *reader)
{
    AVFormatContext *format = reader->demuxer.format;
    return reader->live && duet_format_counts(format->iformat) && !(format->pb && avio_size(format->pb) > 0);
}

/* MPEG-TS and MPEG-PS: may begin in the middle. */
static bool begins_anywhere(const struct duet_reader *reader)
{
    const char *format = reader->demuxer.format->iformat->name;
    return strcmp(format, "mpegts") == 0 || strcmp(format, "mpeg") == 0;
}

static void start_waiting(struct duet_reader *reader)
{
    bool timed = reader->source.kind == DUET_VIDEO_STREAM || reader->source.kind == DUET_VIDEO_DEVICE;
    reader->wait_until = timed ? duet_seconds() + patience : 0;
}

void duet_reader_flush(struct duet_reader *reader)
{
    avcodec_flush_buffers(reader->codec);
    av_packet_unref(reader->packet);
    reader->drained = false;
    reader->key_ticks = AV_NOPTS_VALUE;
}

enum duet_status duet_reader_rewind(struct duet_reader *reader, struct duet_error *error)
{
    avcodec_free_context(&reader->codec);
    duet_demuxer_close(&reader->demuxer);
    start_waiting(reader);
    enum duet_status status = duet_demuxer_open(&reader->demuxer, reader, error);
    if (status == DUET_OK) status = open_codec(reader, error);
    if (status != DUET_OK) return status;
    duet_reader_flush(reader);
    reader->wait_for_key = begins_anywhere(reader);
    reader->jumped = false;
    reader->next_number = 0;
    reader->stepped = false;
    return DUET_OK;
}

static void reader_close(void *self)
{
    struct duet_reader *reader = self;
    if (!reader) return;
    duet_index_close(&reader->index);
    duet_converter_close(&reader->converter);
    av_frame_free(&reader->current.frame);
    for (int i = 0; i < 2; i++) av_frame_free(&reader->queue[i].frame);
    av_packet_free(&reader->packet);
    avcodec_free_context(&reader->codec);
    duet_demuxer_close(&reader->demuxer);
    free((void *)(uintptr_t)reader->source.name);
    free((void *)(uintptr_t)reader->source.address);
    free(reader);
}

static enum duet_status create(const struct duet_video_source *source, struct duet_reader **made,
                               struct duet_error *error)
{
    struct duet_reader *reader = *made = calloc(1, sizeof *reader);
    if (!reader) return duet_no_memory(error, source->name, NULL);
    reader->source = *source;
    reader->source.name = strdup(source->name);
    reader->source.address = source->address ? strdup(source->address) : NULL;
    reader->packet = av_packet_alloc();
    reader->current.frame = av_frame_alloc();
    bool there = reader->source.name && !reader->source.address == !source->address && reader->packet &&
                 reader->current.frame;
    for (int i = 0; i < 2; i++) there &= (reader->queue[i].frame = av_frame_alloc()) != NULL;
    return there ? DUET_OK : duet_no_memory(error, source->name, NULL);
}

/* --- about ---------------------------------------------------------------------------------------------- */

/* The frame's own say, as pictures have it, goes before the stream's. */
static int orientation_of(const struct duet_reader *reader, const AVFrame *frame)
{
    const AVFrameSideData *own = frame ? av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX) : NULL;
    size_t size = own ? own->size : 0;
    const uint8_t *matrix =
        own ? own->data
            : av_stream_get_side_data(duet_reader_stream(reader), AV_PKT_DATA_DISPLAYMATRIX, &size);
    int32_t values[9];
    if (!matrix || size < sizeof values) return 1;
    memcpy(values, matrix, sizeof values);
    return duet_video_orientation(values);
}

/* Beyond this a pixel's shape is nonsense: those of anamorphic film are 2:1. */
static const double widest_pixel = 16;

/* The shape of pixels, by the stream's word or else the frame's (NULL: none yet), in the picture as
 * delivered.
 */
static void learn_aspect(struct duet_reader *reader, const AVFrame *frame)
{
    AVStream *stream = reader->demuxer.format->streams[reader->demuxer.stream];
    AVRational said =
        av_guess_sample_aspect_ratio(reader->demuxer.format, stream, (AVFrame *)(uintptr_t)frame);
    bool sane =
        said.num > 0 && said.den > 0 && av_q2d(said) < widest_pixel && av_q2d(said) > 1 / widest_pixel;
    bool turned = orientation_of(reader, frame) >= 5 && reader->source.upright;
    if (!sane || !reader->about.moving) said = (AVRational){1, 1};
    reader->about.aspect_num = turned ? said.den : said.num;
    reader->about.aspect_den = turned ? said.num : said.den;
}

static void reader_about(const void *self, struct duet_frames_about *about)
{
    *about = ((const struct duet_reader *)self)->about;
}

/* A picture in a file, or one that a web server says is one; it may as well send them for ever. */
static bool is_still(const struct duet_reader *reader)
{
    if (!is_pictures(reader->demuxer.format->iformat)) return false;
    return reader->source.kind == DUET_VIDEO_BYTES || duet_video_page_is_picture(reader->demuxer.io.page);
}

static void learn(struct duet_reader *reader)
{
    const AVCodecParameters *coded = duet_reader_stream(reader)->codecpar;
    const char *format = reader->demuxer.format->iformat->name;
    snprintf(reader->kind, sizeof reader->kind, "%s in %.*s", avcodec_get_name(coded->codec_id),
             (int)strcspn(format, ","), format);
    AVRational rate = rate_of(reader);
    reader->rate = rate.num > 0 ? av_q2d(rate) : 25;
    reader->live = is_live(reader) && !is_still(reader);
    reader->by_arrival = comes_without_times(reader);
    if (reader->by_arrival) rate = (AVRational){0, 1};
    bool pipe = reader->source.kind == DUET_VIDEO_BYTES && reader->source.size < 0;
    reader->seekable = !reader->live && !pipe;
    bool still = is_still(reader);
    reader->seekable = reader->seekable && !still;
    bool turned = orientation_of(reader, NULL) >= 5 && reader->source.upright;
    reader->about = (struct duet_frames_about){.moving = !still,
                                               .live = reader->live,
                                               .seekable = reader->seekable,
                                               .width = turned ? coded->height : coded->width,
                                               .height = turned ? coded->width : coded->height,
                                               .rate_num = rate.num,
                                               .rate_den = rate.den,
                                               .duration = duration_of(reader),
                                               .kind = reader->kind};
    learn_aspect(reader, NULL);
}

static enum duet_status reader_open(const struct duet_video_source *source, void **self,
                                    struct duet_error *error)
{
    struct duet_reader *reader;
    *self = NULL;
    duet_video_log_begin();
    enum duet_status status = create(source, &reader, error);
    if (status == DUET_OK) status = duet_reader_rewind(reader, error);
    if (status != DUET_OK) {
        reader_close(reader);
        return status;
    }
    learn(reader);
    *self = reader;
    return DUET_OK;
}

/* --- packets -------------------------------------------------------------------------------------------- */

/* A camera that has nothing yet. False: it has kept us waiting too long, or we are called off. */
static bool wait_a_little(const struct duet_reader *reader)
{
    const struct duet_video_source *source = &reader->source;
    if (source->cancelled && source->cancelled(source->ctx)) return false;
    if (reader->wait_until > 0 && duet_seconds() > reader->wait_until) return false;
    const struct timespec nap = {.tv_nsec = 2000000};
    nanosleep(&nap, NULL);
    return true;
}

/* Is this one to go into the decoder? */
static bool is_ours(struct duet_reader *reader)
{
    const AVPacket *packet = reader->packet;
    if (packet->stream_index != reader->demuxer.stream) return false;
    if (!reader->wait_for_key) return true;
    if (!(packet->flags & AV_PKT_FLAG_KEY)) return false;
    reader->wait_for_key = false;
    reader->key_ticks = packet->pts;
    return true;
}

static void note_place(struct duet_reader *reader, int code)
{
    AVIOContext *io = reader->demuxer.format->pb;
    if (code < 0 || !io) return;
    int64_t place = avio_tell(io);
    reader->packet_size = place - reader->packet_end;
    reader->packet_end = place;
}

static int read_packet(struct duet_reader *reader)
{
    for (;;) {
        av_packet_unref(reader->packet);
        int code = av_read_frame(reader->demuxer.format, reader->packet);
        if (code == AVERROR(EAGAIN) && !wait_a_little(reader)) return AVERROR_EXIT;
        if (code == AVERROR(EAGAIN)) continue;
        if (duet_video_page_ended(reader, code)) code = AVERROR_EOF;
        note_place(reader, code);
        reader->arrived = duet_seconds();
        if (code < 0 || is_ours(reader)) return code;
    }
}

/* Is a fault of the decoder one to pass over? */
static bool is_passed_over(const struct duet_reader *reader, int code)
{
    if (code == AVERROR(ENOMEM) || code == AVERROR_EXIT || duet_video_log_is_size()) return false;
    if (reader->landing) return true;
    if (reader->live) return reader->wait_until == 0 || duet_seconds() < reader->wait_until;
    return code == AVERROR_INVALIDDATA && !reader->stepped && begins_anywhere(reader);
}

/* A JPEG of a web server that broke off without having said how much there would be. */
static bool is_cut_off(const struct duet_reader *reader)
{
    const AVPacket *packet = reader->packet;
    AVIOContext *page = reader->demuxer.io.page;
    bool jpeg = reader->codec->codec_id == AV_CODEC_ID_MJPEG && !reader->about.moving;
    return jpeg && page && avio_size(page) < 0 && !duet_video_jpeg_ends(packet->data, packet->size);
}

/* Give the decoder the next packet. Negative: FFmpeg's code. */
static int feed(struct duet_reader *reader)
{
    int code = read_packet(reader);
    if (code == AVERROR_EOF) {
        reader->missing = reader->live ? 0 : duet_video_missing(reader);
        /* What the decoder holds back may belong after frames that are missing. */
        if (reader->missing > 0) return AVERROR_INVALIDDATA;
        reader->drained = true;
        return avcodec_send_packet(reader->codec, NULL);
    }
    if (code < 0) return code;
    /* Of MPEG-TS this says that the packets' numbers do not follow, as where two files were joined. */
    bool torn = reader->packet->flags & AV_PKT_FLAG_CORRUPT && !reader->live && !begins_anywhere(reader);
    bool passed =
        reader->landing && reader->packet->pts != AV_NOPTS_VALUE && reader->packet->pts < reader->target;
    reader->codec->skip_frame = passed ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
    torn = torn || is_cut_off(reader);
    code = torn ? AVERROR_INVALIDDATA : avcodec_send_packet(reader->codec, reader->packet);
    av_packet_unref(reader->packet);
    return code < 0 && is_passed_over(reader, code) ? 0 : code;
}

static bool is_patched(const AVFrame *frame)
{
    return frame->flags & AV_FRAME_FLAG_CORRUPT || frame->decode_error_flags;
}

/* The next frame that comes out of the decoder; AVERROR_EOF at the end. */
static int receive(struct duet_reader *reader, AVFrame *frame)
{
    for (;;) {
        av_frame_unref(frame);
        int code = avcodec_receive_frame(reader->codec, frame);
        if (code >= 0 && is_patched(frame)) code = AVERROR_INVALIDDATA;
        if (code < 0 && code != AVERROR(EAGAIN) && code != AVERROR_EOF && is_passed_over(reader, code))
            continue;
        if (code != AVERROR(EAGAIN)) return code;
        code = feed(reader);
        if (code < 0) return code;
    }
}

/* --- frames --------------------------------------------------------------------------------------------- */

/* Stamps closer than this are the same one: they are told to the nanosecond. What is made up is further. */
static const double same_stamp = 2e-9, least_step = 1e-6;

/* Seconds. Stamps beyond are nonsense, and doubles too coarse there to tell frames apart; some live streams
 * count from 1970. */
static const double stamp_limit = 4e9;

static bool is_in_order(const struct duet_reader *reader, double pts)
{
    return fabs(pts) <= stamp_limit && (!reader->stepped || pts >= reader->last_pts + same_stamp);
}

/* A stamp that is missing or does not ascend: when the frame came where that is all there is, else the last
 * one's plus 1/rate. */
static double make_up(const struct duet_reader *reader)
{
    if (!reader->stepped) return 0;
    if (!reader->by_arrival) return reader->last_pts + fmax(1 / reader->rate, least_step);
    return fmax(reader->arrived - reader->first_arrived, reader->last_pts + least_step);
}

static void stamp(struct duet_reader *reader, struct duet_decoded *decoded)
{
    const AVFrame *frame = decoded->frame;
    int64_t ticks = frame->pts != AV_NOPTS_VALUE ? frame->pts : frame->best_effort_timestamp;
    if (reader->by_arrival || has_no_stamps(reader->demuxer.format->iformat)) ticks = AV_NOPTS_VALUE;
    decoded->ticks = ticks;
    decoded->pts = ticks != AV_NOPTS_VALUE ? duet_ticks_seconds(reader, ticks) : 0;
    if (ticks == AV_NOPTS_VALUE || !is_in_order(reader, decoded->pts)) {
        decoded->ticks = AV_NOPTS_VALUE;
        decoded->pts = make_up(reader);
        reader->made_up = true;
    }
    if (!reader->stepped) {
        reader->first_pts = decoded->pts;
        reader->first_ticks = decoded->ticks;
        reader->first_arrived = reader->arrived;
    }
    reader->stepped = true;
    reader->last_pts = decoded->pts;
}

static enum duet_status end(struct duet_reader *reader, int code, struct duet_error *error)
{
    const char *name = reader->source.name;
    long long frames = (long long)reader->next_number;
    bool pipe = reader->source.kind == DUET_VIDEO_BYTES && reader->source.size < 0;
    char what[80] = "failed";
    if (code == AVERROR_EOF) {
        duet_index_note(reader, NULL);
        if (reader->stepped) return DUET_OK;
        return duet_fail(error, DUET_BAD_FORMAT, "%s: no frame in it (%s)", name, reader->kind);
    }
    if (reader->missing > 0)
        return duet_fail(error, DUET_BAD_FORMAT, "%s: truncated after %lld frames: %lld bytes are missing",
                         name, frames, (long long)reader->missing);
    if (pipe && !reader->stepped)
        snprintf(what, sizeof what, "cannot be read from a pipe (an index at the end, perhaps)");
    else if (!reader->live)
        snprintf(what, sizeof what, "damaged or cut off after %lld frames", frames);
    return duet_video_fail(reader, error, code, what);
}

enum duet_status duet_reader_decode(struct duet_reader *reader, struct duet_decoded *into, bool *more,
                                    struct duet_error *error)
{
    *more = false;
    duet_video_log_clear();
    start_waiting(reader);
    bool stopped = reader->source.cancelled && reader->source.cancelled(reader->source.ctx);
    int code = stopped ? AVERROR_EXIT : receive(reader, into->frame);
    if (code < 0) return end(reader, code, error);
    stamp(reader, into);
    into->number = reader->next_number++;
    duet_index_note(reader, into);
    *more = true;
    return DUET_OK;
}

static void swap(struct duet_decoded *a, struct duet_decoded *b)
{
    struct duet_decoded kept = *a;
    *a = *b;
    *b = kept;
}

/* A picture of a web server: decoders are content with the beginning of one. */
static enum duet_status read_to_end(struct duet_reader *reader, struct duet_error *error)
{
    int code = 0;
    while (code >= 0) code = read_packet(reader);
    return code == AVERROR_EOF ? DUET_OK : duet_video_fail(reader, error, code, "failed");
}

static enum duet_status reader_step(void *self, struct duet_moving_stamp *stamp_out, bool *more,
                                    struct duet_error *error)
{
    struct duet_reader *reader = self;
    struct duet_decoded *current = &reader->current;
    *more = false;
    if (reader->at_end) return DUET_OK;
    enum duet_status status = DUET_OK;
    if (reader->queued > 0) {
        swap(current, &reader->queue[0]);
        swap(&reader->queue[0], &reader->queue[1]);
        reader->queued--;
        *more = true;
    } else {
        status = duet_reader_decode(reader, current, more, error);
        if (*more && reader->demuxer.io.page && !reader->about.moving) status = read_to_end(reader, error);
        if (status != DUET_OK) *more = false;
    }
    if (*more)
        *stamp_out =
            (struct duet_moving_stamp){current->number, current->pts, current->pts - reader->first_pts};
    return status;
}

static enum duet_status reader_image(void *self, struct duet_image *image, int *orientation,
                                     struct duet_error *error)
{
    struct duet_reader *reader = self;
    duet_video_log_clear();
    *orientation = orientation_of(reader, reader->current.frame);
    learn_aspect(reader, reader->current.frame);
    return duet_video_convert(reader, reader->current.frame, image, error);
}

const struct duet_video_functions *duet_video_module(void)
{
    static const struct duet_video_functions module = {
        .abi = DUET_VIDEO_ABI,
        .open = reader_open,
        .reader = {reader_about, reader_step, reader_image, duet_reader_seek, reader_close},
        .writer = &duet_video_writer,
    };
    return &module;
}
