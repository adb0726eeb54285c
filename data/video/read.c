/* The reader: a source opened, what is known of it, its frames one after the other; and the module's table.
 */
#include "video/reader.h"

#include "core/fail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- opening -------------------------------------------------------------------------------------------- */

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
static bool comes_without_times(const struct duet_reader *reader, bool live)
{
    AVFormatContext *format = reader->demuxer.format;
    return live && duet_format_counts(format->iformat) && !(format->pb && avio_size(format->pb) > 0);
}

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
    AVRational said = av_guess_sample_aspect_ratio(reader->demuxer.format, duet_reader_stream(reader),
                                                   (AVFrame *)(uintptr_t)frame);
    bool sane =
        said.num > 0 && said.den > 0 && av_q2d(said) < widest_pixel && av_q2d(said) > 1 / widest_pixel;
    bool turned = orientation_of(reader, frame) >= 5 && reader->source.upright;
    if (!sane || !reader->about.moving) said = (AVRational){1, 1};
    reader->about.aspect_num = turned ? said.den : said.num;
    reader->about.aspect_den = turned ? said.num : said.den;
}

static struct duet_frames_about reader_about(const void *self)
{
    return ((const struct duet_reader *)self)->about;
}

/* A picture in a file, or one that a web server says is one; it may as well send them for ever. */
static bool is_still(const struct duet_reader *reader)
{
    if (!duet_format_is_pictures(reader->demuxer.format->iformat)) return false;
    return reader->source.kind == DUET_VIDEO_BYTES || duet_page_is_picture(reader->demuxer.io.page);
}

static void learn(struct duet_reader *reader)
{
    const AVCodecParameters *coded = duet_reader_stream(reader)->codecpar;
    const char *format = reader->demuxer.format->iformat->name;
    snprintf(reader->kind, sizeof reader->kind, "%s in %.*s", avcodec_get_name(coded->codec_id),
             (int)strcspn(format, ","), format);
    AVRational rate = rate_of(reader);
    reader->rate = rate.num > 0 ? av_q2d(rate) : 25;
    bool still = is_still(reader), live = is_live(reader) && !still;
    bool pipe = reader->source.kind == DUET_VIDEO_BYTES && reader->source.size < 0;
    reader->by_arrival = comes_without_times(reader, live);
    if (reader->by_arrival) rate = (AVRational){0, 1};
    bool turned = orientation_of(reader, NULL) >= 5 && reader->source.upright;
    reader->about = (struct duet_frames_about){.moving = !still,
                                               .live = live,
                                               .seekable = !live && !pipe && !still,
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

/* --- frames --------------------------------------------------------------------------------------------- */

static enum duet_status reader_step(void *self, struct duet_moving_stamp *stamp_out, bool *more,
                                    struct duet_error *error)
{
    struct duet_reader *reader = self;
    struct duet_decoded *current = &reader->current;
    *more = false;
    if (reader->at_end) return DUET_OK;
    enum duet_status status = DUET_OK;
    if (reader->queued > 0) {
        FFSWAP(struct duet_decoded, *current, reader->queue[0]);
        FFSWAP(struct duet_decoded, reader->queue[0], reader->queue[1]);
        reader->queued--;
        *more = true;
    } else {
        status = duet_reader_decode(reader, current, more, error);
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
