#include "support/clips.h"

#include "support/testing.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

#include <stdio.h>
#include <string.h>

/* The H.265 encoder leaks a little when it is closed; what is tested is the decoder. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:x265_malloc\n";
}

struct maker {
    const struct clip *clip;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVStream *stream;
    AVFrame *frame;
    AVPacket *packet;
};

bool clip_can(const char *codec)
{
    return avcodec_find_encoder_by_name(codec);
}

/* The grey level at a place of frame `number`: eight columns say its bits, a gradient below moves along. */
static int level_at(const struct clip *clip, int width, int height, int x, int y, int number)
{
    (void)clip;
    if (y < height / 2) return number >> (x * 8 / width) & 1 ? 170 : 70;
    return 40 + (x * 2 + y * 3 + number * 5) % 160;
}

static void paint(const struct maker *maker, int number)
{
    AVFrame *frame = maker->frame;
    const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get(frame->format);
    bool rgb332 = frame->format == AV_PIX_FMT_RGB8;
    for (int y = 0; y < frame->height; y++)
        for (int x = 0; x < frame->width; x++) {
            int level = level_at(maker->clip, frame->width, frame->height, x, y, number);
            frame->data[0][y * frame->linesize[0] + x] =
                (uint8_t)(rgb332 ? (level >> 5) << 5 | (level >> 5) << 2 | level >> 6 : level);
        }
    for (int plane = 1; plane < 3 && frame->data[plane] && !rgb332; plane++)
        for (int y = 0; y < AV_CEIL_RSHIFT(frame->height, kind->log2_chroma_h); y++)
            memset(frame->data[plane] + y * frame->linesize[plane], plane == 1 ? 110 : 150,
                   (size_t)AV_CEIL_RSHIFT(frame->width, kind->log2_chroma_w));
}

int clip_number(const struct duet_image *image)
{
    int number = 0;
    if (image->width < 64 || image->height < 8) return -1;
    for (int bit = 0; bit < 8; bit++) {
        const uint8_t *pixel =
            duet_image_row(image, image->height / 4) + (size_t)((bit * 2 + 1) * image->width / 16) * 3;
        if (pixel[1] > 100 && pixel[1] < 130) return -1;
        number |= (pixel[1] >= 130) << bit;
    }
    return number;
}

static int drain(struct maker *maker)
{
    int code;
    while ((code = avcodec_receive_packet(maker->codec, maker->packet)) >= 0) {
        av_packet_rescale_ts(maker->packet, maker->codec->time_base, maker->stream->time_base);
        maker->packet->stream_index = 0;
        if (maker->packet->duration == 0 && !maker->clip->ticks)
            maker->packet->duration =
                av_rescale_q(1, (AVRational){1, maker->codec->framerate.num}, maker->stream->time_base);
        code = av_interleaved_write_frame(maker->format, maker->packet);
        if (code < 0) return code;
    }
    return code == AVERROR(EAGAIN) || code == AVERROR_EOF ? 0 : code;
}

static int set_up_codec(struct maker *maker, const struct clip *clip)
{
    const AVCodec *encoder = avcodec_find_encoder_by_name(clip->codec);
    if (!encoder) return AVERROR_ENCODER_NOT_FOUND;
    AVCodecContext *codec = maker->codec = avcodec_alloc_context3(encoder);
    if (!codec) return AVERROR(ENOMEM);
    codec->width = clip->width ? clip->width : 64;
    codec->height = clip->height ? clip->height : 48;
    codec->pix_fmt = encoder->pix_fmts ? encoder->pix_fmts[0] : AV_PIX_FMT_YUV420P;
    for (const enum AVPixelFormat *p = encoder->pix_fmts; p && *p != AV_PIX_FMT_NONE; p++)
        if (*p == AV_PIX_FMT_YUV420P || *p == AV_PIX_FMT_RGB8) codec->pix_fmt = *p;
    if (strcmp(clip->codec, "mjpeg") == 0) codec->pix_fmt = AV_PIX_FMT_YUVJ420P;
    codec->framerate = (AVRational){clip->rate ? clip->rate : 25, 1};
    codec->time_base = clip->ticks ? (AVRational){1, 1000} : av_inv_q(codec->framerate);
    codec->gop_size = clip->gop ? clip->gop : 12;
    codec->max_b_frames = clip->b_frames;
    codec->thread_count = 1;
    codec->bit_rate = 4000000;
    if (strncmp(clip->codec, "lib", 3) != 0) {
        codec->flags |= AV_CODEC_FLAG_QSCALE;
        codec->global_quality = 2 * FF_QP2LAMBDA;
    }
    codec->strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;
    if (maker->format->oformat->flags & AVFMT_GLOBALHEADER) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    AVDictionary *options = NULL;
    if (clip->codec_options) av_dict_parse_string(&options, clip->codec_options, "=", ":", 0);
    int code = avcodec_open2(codec, encoder, &options);
    av_dict_free(&options);
    return code;
}

static int set_up_stream(struct maker *maker, const struct clip *clip, const char *path)
{
    maker->stream = avformat_new_stream(maker->format, NULL);
    if (!maker->stream) return AVERROR(ENOMEM);
    int code = avcodec_parameters_from_context(maker->stream->codecpar, maker->codec);
    maker->stream->time_base = maker->codec->time_base;
    if (!clip->ticks) maker->stream->avg_frame_rate = maker->codec->framerate;
    if (clip->turn) {
        uint8_t *matrix =
            av_stream_new_side_data(maker->stream, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(int32_t));
        if (matrix) av_display_rotation_set((int32_t *)(void *)matrix, -clip->turn);
    }
    AVDictionary *options = NULL;
    if (clip->format_options) av_dict_parse_string(&options, clip->format_options, "=", ":", 0);
    if (code >= 0) code = avio_open(&maker->format->pb, path, AVIO_FLAG_WRITE);
    if (code >= 0) code = avformat_write_header(maker->format, &options);
    av_dict_free(&options);
    return code;
}

static int write_frames(struct maker *maker, const struct clip *clip)
{
    AVFrame *frame = maker->frame;
    frame->format = maker->codec->pix_fmt;
    frame->width = maker->codec->width;
    frame->height = maker->codec->height;
    int code = av_frame_get_buffer(frame, 0);
    for (int i = 0; i < clip->frames && code >= 0; i++) {
        code = av_frame_make_writable(frame);
        if (code < 0) break;
        paint(maker, clip->first + i);
        frame->pts = (clip->ticks ? clip->ticks[i] : i) +
                     av_rescale_q(clip->offset, (AVRational){1, 1000}, maker->codec->time_base);
        code = avcodec_send_frame(maker->codec, frame);
        if (code >= 0) code = drain(maker);
    }
    if (code >= 0) code = avcodec_send_frame(maker->codec, NULL);
    if (code >= 0) code = drain(maker);
    return code < 0 ? code : av_write_trailer(maker->format);
}

bool clip_write(const struct clip *clip, const char *path)
{
    struct maker maker = {.clip = clip, .frame = av_frame_alloc(), .packet = av_packet_alloc()};
    av_log_set_level(AV_LOG_ERROR);
    int code = avformat_alloc_output_context2(&maker.format, NULL, clip->format, path);
    if (code >= 0) code = set_up_codec(&maker, clip);
    if (code >= 0) code = set_up_stream(&maker, clip, path);
    if (code >= 0) code = write_frames(&maker, clip);
    if (code < 0) fprintf(stderr, "# %s: %s: %s\n", path, clip->codec, av_err2str(code));
    if (maker.format && maker.format->pb) avio_closep(&maker.format->pb);
    avformat_free_context(maker.format);
    avcodec_free_context(&maker.codec);
    av_frame_free(&maker.frame);
    av_packet_free(&maker.packet);
    return code >= 0;
}

struct duet_bytes clip_bytes(const struct clip *clip, const char *path)
{
    struct duet_error e;
    struct duet_bytes bytes;
    if (!clip_write(clip, path)) fail_msg("cannot make %s", path);
    assert_ok(duet_read_file(path, (size_t)1 << 28, &bytes, &e), e);
    return bytes;
}
