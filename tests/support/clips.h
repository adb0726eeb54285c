/* clips.h: small videos, made with FFmpeg's encoders, whose frames carry their number. */
#ifndef DUET_TEST_CLIPS_H
#define DUET_TEST_CLIPS_H

#include "core/os.h"
#include "duet/image.h"

#include <stdbool.h>
#include <stdint.h>

struct clip {
    const char *codec;  /* "mpeg4", an encoder of FFmpeg's */
    const char *format; /* "mp4", a muxer of FFmpeg's; NULL: by the name of the file */
    int width, height;  /* 0: 64x48 */
    int frames;         /* at most 256 */
    int rate;           /* 0: 25 */
    int gop, b_frames;  /* 0: 12, 0 */
    const int *ticks;   /* when each frame begins, in 1/1000 s; NULL: evenly */
    int first;          /* the number the first frame carries */
    int64_t offset;     /* 1/1000 s that all stamps are later by */
    int turn;           /* the display matrix turns by so many degrees anticlockwise */
    const char *codec_options, *format_options; /* "key=value:key=value" */
};

/* Is there such an encoder? */
bool clip_can(const char *codec);

/* Write the clip; false (and a note on stderr) when FFmpeg refuses. */
bool clip_write(const struct clip *clip, const char *path);

/* Write it and read it back; the test fails when either does. Owned: duet_bytes_close. */
struct duet_bytes clip_bytes(const struct clip *clip, const char *path);

/* The number that the picture carries; -1: it carries none. Wants at least 64 pixels a row. */
int clip_number(const struct duet_image *image);

#endif
