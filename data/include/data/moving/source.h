/* source.h: what a source of frames is asked for, and what it tells of itself and of each frame (frames.h). */
#ifndef DUET_DATA_MOVING_SOURCE_H
#define DUET_DATA_MOVING_SOURCE_H

#include "data/picture/picture.h"

#include <stdbool.h>
#include <stdint.h>

/* What is asked for; NULL in its place: all zero. */
struct duet_frames_options {
    struct duet_picture_options picture;
    /* What follows is for moving inputs; stills pass over it. */
    int every;        /* deliver the frames 0, N, 2N ...; 0: all */
    double start;     /* seconds: frames before are left out */
    double duration;  /* seconds from `start` on; 0: to the end */
    double reconnect; /* a live source that fails, or ends, is tried again for so many seconds (0.25 s after
                         the failure, then after twice as long each time, up to 10 s); 0: not, the failure is
                         an error and the end the end; INFINITY: for ever. So is an address or a camera that
                         cannot be opened at first: duet_frames_open waits for it */
    /* Asked while a source makes us wait, at least every 0.1 s, and between frames; true ends the waiting
     * with DUET_INTERRUPTED. May be NULL. */
    bool (*cancelled)(void *ctx);
    void *ctx;
};

/* What a decoded frame says of itself. */
struct duet_frame_info {
    bool moving;   /* from a video or stream: what follows means something */
    bool live;     /* from a camera or stream: it is not waited for us, and there is no way back */
    int64_t frame; /* 0, 1, 2 ... counted in the source: with `every` 3 they are 0, 3, 6 ... */
    /* Seconds, to the nanosecond: the time stamp that the source gives the frame. One that is missing, or
     * does not ascend, is made up: the last one's plus 1/rate (25 a second when that is not known). Numbered
     * pictures and those of a pipe come 25 a second. A live source whose format has no stamps (MJPEG over
     * HTTP, a bare H.264 over TCP): when the frame came, seconds since the first one did. */
    double pts;
    double time;     /* seconds since the source's first frame; 0 there */
    double captured; /* live: seconds since 1970 (UTC) when the frame came; else 0 */
    /* > 0: this is no frame (the image is zero) but the news that a live source was away for so many seconds
     * and is back, or came late; `frame` is the next frame's number. */
    double gap;
    int attempts; /* of reopening it, then */
    /* A pixel's width to its height, in the picture as delivered; 1/1 where nothing is said, and of stills.
     */
    int aspect_num, aspect_den;
};

/* What is known of a source before its first frame. */
struct duet_frames_about {
    bool moving, live;
    bool seekable;              /* duet_frames_seek works */
    int width, height;          /* 0: not known yet */
    int aspect_num, aspect_den; /* as of its frames; of video that says so only in its frames: 1/1 */
    int rate_num, rate_den;     /* frames a second, on average; 0/1: not known */
    double duration;            /* seconds; 0: not known */
    const char *kind;           /* "JPEG", "h264 in mov"; borrowed until close */
};

#endif
