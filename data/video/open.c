/* A demuxer on a source: bytes through our own reader, so that nothing a file asks for is ever opened;
 * addresses as address.c lets FFmpeg open them. */
#include "core/fail.h"
#include "core/os.h"
#include "video/reader.h"

#include <errno.h>
#include <string.h>

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

static enum duet_status probe(struct duet_demuxer *demuxer, struct duet_reader *reader,
                              const AVInputFormat **format, struct duet_error *error)
{
    int score = av_probe_input_buffer2(demuxer->io.avio, format, NULL, NULL, 0, 0);
    if (score == AVERROR_INVALIDDATA || score == AVERROR_EOF ||
        (score >= 0 && !strcmp((*format)->name, "tty")))
        return duet_fail(error, DUET_MISMATCH, "%s: no video that FFmpeg knows", reader->source.name);
    if (score < 0) return duet_video_fail(reader, error, score, "cannot read");
    if (duet_format_is_list(*format))
        return duet_fail(error, DUET_UNSUPPORTED,
                         "%s: a list of other files or addresses (%s), expected the video itself",
                         reader->source.name, (*format)->name);
    return DUET_OK;
}

/* --- opening -------------------------------------------------------------------------------------------- */

static int on_interrupt(void *opaque)
{
    return duet_reader_called_off(opaque);
}

static int open_context(struct duet_demuxer *demuxer, struct duet_reader *reader, const AVInputFormat *format,
                        AVDictionary **options)
{
    AVFormatContext *context = demuxer->format = avformat_alloc_context();
    if (!context) return AVERROR(ENOMEM);
    context->pb = demuxer->io.avio;
    context->interrupt_callback = (AVIOInterruptCB){on_interrupt, reader};
    context->opaque = reader;
    int code = duet_address_prepare(reader, demuxer, &format);
    if (code >= 0) code = avformat_open_input(&demuxer->format, reader->source.address, format, options);
    /* Frames that are told by when they come are not to be held back to guess how often they do. */
    if (code >= 0 && duet_format_counts(demuxer->format->iformat))
        demuxer->format->fps_probe_size = demuxer->format->max_ts_probe = 0;
    return code;
}

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
        status = duet_address_format(reader, &format, &options, error);
    }
    int code = status == DUET_OK ? open_context(demuxer, reader, format, &options) : 0;
    if (code < 0) status = duet_video_fail(reader, error, code, "cannot open");
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
        if (code < 0 || duet_video_cancelled(&reader->source))
            status = duet_video_fail(reader, error, code, "cannot read");
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
