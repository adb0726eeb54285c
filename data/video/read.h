/* read.h: what the files of the reader share. Internal to the module. */
#ifndef DUET_VIDEO_READ_H
#define DUET_VIDEO_READ_H

#include "video/module.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>

/* The bytes of a source as one demuxer reads them: each has its own place. */
struct duet_video_io {
    const struct duet_video_source *source;
    int64_t position;
    AVIOContext *avio; /* NULL: FFmpeg opens the address itself */
};

/* A demuxer on a source. */
struct duet_demuxer {
    struct duet_video_io io;
    AVFormatContext *format;
    int stream; /* the video's */
};

struct duet_converter {
    struct SwsContext *sws;
    uint8_t *rgba; /* [height, width, 4] of pictures with alpha */
    size_t rgba_size;
};

struct duet_reader {
    struct duet_video_source source; /* its strings are owned */
    struct duet_demuxer demuxer;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    struct duet_converter converter;
    char kind[80];
    bool live;
    bool drained;        /* the decoder has been told that there are no more packets */
    bool stepped;        /* a frame was there: first_pts counts */
    double rate;         /* frames a second, > 0: where stamps must be made up */
    double first_pts;    /* seconds */
    double last_pts;     /* of the frame before */
    int64_t next_number; /* of the frame to come */
    double wait_until;   /* duet_seconds() at which a live source has failed; 0: never */
};

/* --- log.c --- */
/* FFmpeg's messages are kept, not printed: the last one of each thread. */
void duet_video_log_begin(void);
/* Forget / show what the calling thread's last complaint was; "" when there was none. */
void duet_video_log_clear(void);
const char *duet_video_log_text(void);

/* --- open.c --- */
enum duet_status duet_demuxer_open(struct duet_demuxer *demuxer, struct duet_reader *reader,
                                   struct duet_error *error);
void duet_demuxer_close(struct duet_demuxer *demuxer);
/* Fill `error` from FFmpeg's code and last message, "NAME: WHAT: REASON". */
enum duet_status duet_video_fail(const struct duet_reader *reader, struct duet_error *error, int code,
                                 const char *what);

/* --- convert.c --- */
enum duet_status duet_video_check_size(const struct duet_reader *reader, int64_t width, int64_t height,
                                       struct duet_error *error);
/* The frame as RGB8. */
enum duet_status duet_video_convert(struct duet_reader *reader, const AVFrame *frame,
                                    struct duet_image *image, struct duet_error *error);
void duet_converter_close(struct duet_converter *converter);
/* What EXIF would say, 1 to 8, for a display matrix; 1 for none and for angles between. */
int duet_video_orientation(const int32_t *matrix);

#endif
