#include "viewer/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool viewer_session_headless(const struct viewer_session *s)
{
    return s->settings->frames > 0;
}

void viewer_session_complain(struct viewer_session *s, const char *text)
{
    fprintf(stderr, "%s: %s\n", s->program->name, text);
    viewer_screen_say(&s->screen, VIEWER_WARN, INFINITY, "%s", text);
}

void viewer_session_go(struct viewer_session *s, int index, double time)
{
    viewer_exchange_order(s->exchange, index, time);
    viewer_stats_interrupt(&s->stats);
    viewer_exchange_source(s->exchange, &s->source);
    s->ended_at = 0;
    if (s->screen.message.tone == VIEWER_WARN) s->screen.message.until = 0;
    s->screen.stale = true;
}

void viewer_session_open(struct viewer_session *s, int index)
{
    viewer_session_go(s, index, index == 0 ? s->settings->start : 0);
}

void viewer_session_record(struct viewer_session *s, char *path, bool force)
{
    struct duet_error error = {.text = "no memory"};
    enum duet_status status =
        path ? viewer_recording_start(&s->recording, s->exchange, path, s->shown.frame, &s->source.about,
                                      force, viewer_session_headless(s), &error)
             : DUET_OUT_OF_MEMORY;
    free(s->recording_path);
    s->recording_path = path;
    if (status == DUET_OK) {
        viewer_screen_say(&s->screen, VIEWER_TELL, 2, "recording: %s", path);
    } else {
        s->failed += viewer_session_headless(s);
        viewer_session_complain(s, error.text);
    }
}

void viewer_session_stop_recording(struct viewer_session *s)
{
    struct duet_error error;
    long frames = 0, left_out = 0;
    if (!s->recording) return;
    if (viewer_recording_stop(&s->recording, &frames, &left_out, &error) != DUET_OK) {
        viewer_session_complain(s, error.text);
        s->failed++;
    } else if (left_out > 0) {
        viewer_screen_say(&s->screen, VIEWER_TELL, 4, "written: %s (%ld frames; %ld left out)",
                          s->recording_path, frames, left_out);
    } else {
        viewer_screen_say(&s->screen, VIEWER_TELL, 4, "written: %s (%ld frames)", s->recording_path, frames);
    }
}
