/* reader.h: the reader, and what its files share. Internal to the module. */
#ifndef DUET_VIDEO_READER_H
#define DUET_VIDEO_READER_H

#include "moving/video_module.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>

/* The bytes of a source as one demuxer reads them: each has its own place. */
struct duet_video_io {
    const struct duet_video_source *source;
    int64_t position;
    uint8_t head[64];  /* the first bytes, of a pipe too */
    bool failed;       /* reading did, and not what FFmpeg made of it */
    AVIOContext *avio; /* NULL: FFmpeg opens the address itself */
    AVIOContext *page; /* of http and https: FFmpeg's own, opened by us */
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

/* A frame that came out of the decoder. */
struct duet_decoded {
    AVFrame *frame;
    int64_t number; /* in the source */
    int64_t ticks;  /* its stamp in the stream's time base; AV_NOPTS_VALUE when it had to be made up */
    double pts;     /* seconds */
};

/* What is known of the frames' stamps, for seeking (index.c). All in the stream's time base. */
struct duet_index {
    int64_t *known; /* the first frames' as they were decoded, without a hole */
    size_t known_count, known_capacity;
    bool known_all; /* the end was reached */

    struct duet_demuxer demuxer; /* reads packets ahead, without decoding */
    int64_t *scanned;            /* stamps of packets, ascending */
    size_t scanned_count, scanned_capacity;
    int64_t last_dts;
    bool scanned_all;
    bool hopeless; /* packets are not frames here, or have no stamps */
};

struct duet_stamps {
    const int64_t *ticks; /* ascending; borrowed from the index */
    size_t count;
    bool all; /* no frame follows the last one */
};

struct duet_reader {
    struct duet_video_source source; /* its strings are owned */
    struct duet_demuxer demuxer;
    AVCodecContext *codec;
    AVPacket *packet;
    struct duet_decoded current;  /* what the last step came to */
    struct duet_decoded queue[2]; /* what the next ones will come to: a seek looked ahead */
    int queued;
    struct duet_converter converter;
    struct duet_index index;
    struct duet_frames_about about;
    char kind[80];        /* about.kind */
    bool by_arrival;      /* frames have no times but those at which they come ... */
    double arrived;       /* ... duet_seconds(): the last packet ... */
    double first_arrived; /* ... and the one that the first frame was of */
    bool refused;         /* the demuxer asked for a file or address that it was not given */
    bool wait_for_key;   /* packets are thrown away until one stands for itself */
    int64_t key_ticks;   /* the stamp of the one that did */
    int64_t packet_end;  /* where the demuxer was after the last packet ... */
    int64_t packet_size; /* ... and how far it had gone for it */
    int64_t missing;     /* bytes of the file, found at its end */
    bool at_end;         /* a seek went past the last frame */
    bool landing;        /* after a jump, what cannot be decoded before the key frame is no damage ... */
    int64_t target;      /* ... and what nobody refers to before this stamp is not decoded */
    bool jumped;         /* the frames do not follow those in `index.known` */
    bool made_up;        /* a stamp was missing or did not ascend */
    bool stepped;        /* a frame was there: the first_... count */
    double rate;         /* frames a second, > 0: where stamps must be made up */
    int64_t first_ticks;
    double first_pts;    /* seconds */
    double last_pts;     /* of the frame decoded before */
    int64_t next_number; /* of the frame to come out of the decoder */
    double wait_until;   /* duet_seconds() at which a live source has failed; 0: never */
};

static inline AVStream *duet_reader_stream(const struct duet_reader *reader)
{
    return reader->demuxer.format->streams[reader->demuxer.stream];
}

static inline double duet_ticks_seconds(const struct duet_reader *reader, int64_t ticks)
{
    AVRational base = duet_reader_stream(reader)->time_base;
    return (double)ticks * base.num / base.den;
}

/* --- decode.c --- */
/* Decode the next frame. *more is false at the end. */
enum duet_status duet_reader_decode(struct duet_reader *reader, struct duet_decoded *into, bool *more,
                                    struct duet_error *error);
/* Open the source (anew), to read it from its beginning. */
enum duet_status duet_reader_rewind(struct duet_reader *reader, struct duet_error *error);
/* Forget what is between the demuxer and us, after it went elsewhere. */
void duet_reader_flush(struct duet_reader *reader);

/* --- seek.c --- */
enum duet_status duet_reader_seek(void *self, double time, int every, struct duet_error *error);

/* --- index.c --- */
/* A frame was decoded / NULL: there are no more. */
void duet_index_note(struct duet_reader *reader, const struct duet_decoded *decoded);
/* The stamps that tell what is shown at `ticks`: those known when they reach so far, else the packets'.
 * False: there are none to go by. */
bool duet_index_stamps(struct duet_reader *reader, int64_t ticks, struct duet_stamps *stamps);
/* Is one packet one frame? */
bool duet_index_is_regular(const struct duet_reader *reader);
void duet_index_close(struct duet_index *index);

/* --- truncation.c --- */
/* How many bytes more the container says it has than the file does; 0: none, or it does not say. */
int64_t duet_video_missing_bytes(const struct duet_reader *reader);
/* Is a JPEG there to its end? FFmpeg is content with less. */
bool duet_video_jpeg_ends(const uint8_t *data, int size);

/* --- open.c --- */
enum duet_status duet_demuxer_open(struct duet_demuxer *demuxer, struct duet_reader *reader,
                                   struct duet_error *error);
void duet_demuxer_close(struct duet_demuxer *demuxer);

/* --- address.c --- */
/* The demuxer of a camera or a graph, or what FFmpeg is to know of a stream before it finds one. */
enum duet_status duet_address_format(const struct duet_reader *reader, const AVInputFormat **format,
                                     AVDictionary **options, struct duet_error *error);
/* Say what may be opened beside the source's bytes; where the address is a page's, open it and look what it
 * is. Negative: FFmpeg's code. */
int duet_address_prepare(const struct duet_reader *reader, struct duet_demuxer *demuxer,
                         const AVInputFormat **format);
/* Does the web server say that the page is a picture? Of no page: no. */
bool duet_page_is_picture(AVIOContext *page);
/* Did a page end of which the server did not say how long it is? FFmpeg calls that an error. */
bool duet_page_ended(const struct duet_reader *reader, int code);

/* --- graph.c --- */
/* Does a graph only make pictures and change them? DUET_UNSUPPORTED names the filter that does more. */
enum duet_status duet_video_check_graph(const char *name, const char *graph, struct duet_error *error);

/* --- resolve.c --- */
/* Wait until the address' host is known. */
enum duet_status duet_address_resolve(const struct duet_reader *reader, struct duet_error *error);

/* --- formats.c --- */
/* Found in bytes, and no video in itself: it names other files. */
bool duet_format_is_list(const AVInputFormat *format);
/* Bare streams of a codec: what FFmpeg makes up for stamps begins oddly. */
bool duet_format_has_no_stamps(const AVInputFormat *format);
/* Does FFmpeg count frames instead of reading stamps, 25 of them a second? */
bool duet_format_counts(const AVInputFormat *format);
/* WebP, BMP, TIFF ...: FFmpeg calls one after the other a pipe of them. */
bool duet_format_is_pictures(const AVInputFormat *format);
/* MPEG-TS and MPEG-PS: may begin in the middle. */
bool duet_format_begins_anywhere(const AVInputFormat *format);

/* --- fault.c --- */
/* Fill `error` from FFmpeg's code and last message, "NAME: WHAT: REASON". */
enum duet_status duet_video_fail(const struct duet_reader *reader, struct duet_error *error, int code,
                                 const char *what);
bool duet_video_cancelled(const struct duet_video_source *source);
/* Cancelled, or a live source has kept us waiting too long? */
bool duet_reader_called_off(const struct duet_reader *reader);

/* --- log.c --- */
/* FFmpeg's messages are kept, not printed: the last one of each thread. */
void duet_video_log_begin(void);
/* Forget / show what the calling thread's last complaint was; "" when there was none. */
void duet_video_log_clear(void);
const char *duet_video_log_text(void);
/* Was it that pictures are too large? That is not followed by what comes of it. */
bool duet_video_log_is_size(void);

/* --- encode.c --- */
extern const struct duet_video_writer_type duet_video_writer;

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
