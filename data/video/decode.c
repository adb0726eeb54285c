/* Videos and streams through FFmpeg: one frame after the other.
 *
 * What counts as damage. In a file: whatever FFmpeg's demuxer or decoder complains of, a frame that it had to
 * patch, a container that says it is longer than the file is. Reading ends there with an error; the frames
 * before were delivered. What an MPEG-TS or MPEG-PS has before its first key frame is not damage: recordings
 * begin anywhere. In a live stream broken frames are left out and not counted; when nothing but broken ones
 * came for `patience` seconds, it has failed.
 */
#include "video/reader.h"

#include "core/fail.h"
#include "core/os.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

/* Seconds without a frame after which a stream or a camera has failed. */
static const double patience = 10;

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

static void start_waiting(struct duet_reader *reader)
{
    bool timed = reader->source.kind == DUET_VIDEO_STREAM || reader->source.kind == DUET_VIDEO_DEVICE;
    reader->wait_until = timed ? duet_seconds() + patience : 0;
}

void duet_reader_flush(struct duet_reader *reader)
{
    avcodec_flush_buffers(reader->codec);
    av_packet_unref(reader->packet);
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
    reader->wait_for_key = duet_format_begins_anywhere(reader->demuxer.format->iformat);
    reader->jumped = false;
    reader->next_number = 0;
    reader->stepped = false;
    return DUET_OK;
}

/* --- packets -------------------------------------------------------------------------------------------- */

/* A camera that has nothing yet. False: it has kept us waiting too long, or we are called off. */
static bool wait_a_little(const struct duet_reader *reader)
{
    if (duet_reader_called_off(reader)) return false;
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
        if (duet_page_ended(reader, code)) code = AVERROR_EOF;
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
    if (reader->about.live) return reader->wait_until == 0 || duet_seconds() < reader->wait_until;
    return code == AVERROR_INVALIDDATA && !reader->stepped &&
           duet_format_begins_anywhere(reader->demuxer.format->iformat);
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
        reader->missing = reader->about.live ? 0 : duet_video_missing_bytes(reader);
        /* What the decoder holds back may belong after frames that are missing. */
        if (reader->missing > 0) return AVERROR_INVALIDDATA;
        return avcodec_send_packet(reader->codec, NULL);
    }
    if (code < 0) return code;
    /* Of MPEG-TS this says that the packets' numbers do not follow, as where two files were joined. */
    bool torn = reader->packet->flags & AV_PKT_FLAG_CORRUPT && !reader->about.live &&
                !duet_format_begins_anywhere(reader->demuxer.format->iformat);
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

/* A picture of a web server: decoders are content with the beginning of one. */
static int read_still_to_end(struct duet_reader *reader)
{
    int code = 0;
    if (!reader->demuxer.io.page || reader->about.moving) return 0;
    while (code >= 0) code = read_packet(reader);
    return code == AVERROR_EOF ? 0 : code;
}

static void stamp(struct duet_reader *reader, struct duet_decoded *decoded)
{
    const AVFrame *frame = decoded->frame;
    int64_t ticks = frame->pts != AV_NOPTS_VALUE ? frame->pts : frame->best_effort_timestamp;
    if (reader->by_arrival || duet_format_has_no_stamps(reader->demuxer.format->iformat))
        ticks = AV_NOPTS_VALUE;
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
    else if (!reader->about.live)
        snprintf(what, sizeof what, "damaged or cut off after %lld frames", frames);
    return duet_video_fail(reader, error, code, what);
}

enum duet_status duet_reader_decode(struct duet_reader *reader, struct duet_decoded *into, bool *more,
                                    struct duet_error *error)
{
    *more = false;
    duet_video_log_clear();
    start_waiting(reader);
    int code = duet_video_cancelled(&reader->source) ? AVERROR_EXIT : receive(reader, into->frame);
    if (code < 0) return end(reader, code, error);
    stamp(reader, into);
    into->number = reader->next_number++;
    duet_index_note(reader, into);
    code = read_still_to_end(reader);
    if (code < 0) return duet_video_fail(reader, error, code, "failed");
    *more = true;
    return DUET_OK;
}
