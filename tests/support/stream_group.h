/* stream_group.h: a scratch folder and a stream to send, for all tests of a program:
 * cmocka_run_group_tests(tests, make_stream, remove_stream). */
#ifndef DUET_STREAM_GROUP_H
#define DUET_STREAM_GROUP_H

#include "support/clips.h"
#include "support/scratch_group.h"

#include <signal.h>

static struct duet_bytes stream; /* an MPEG-TS of FRAMES frames */
enum { FRAMES = 30 };

static int make_stream(void **state)
{
    const struct clip clip = {.codec = "mpeg2video", .frames = FRAMES};
    signal(SIGPIPE, SIG_IGN);
    make_scratch(state);
    stream = clip_bytes(&clip, scratch_path(&scratch, "stream.ts"));
    return 0;
}

static int remove_stream(void **state)
{
    duet_bytes_close(&stream);
    return remove_scratch(state);
}

#endif
