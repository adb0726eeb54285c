/* session.h: a window at work: what its parts share. One thread's, the main one's; the others are reached
 * through the exchange only.
 *
 *   loop.c      starts and ends the threads, waits for events, looks after the source
 *   actions.c   what keys and mouse do
 *   session.c   what both of them do
 */
#ifndef DUET_APPS_VIEWER_SESSION_H
#define DUET_APPS_VIEWER_SESSION_H

#include "batch/networks.h"
#include "live/deadline.h"
#include "viewer/recording.h"
#include "viewer/screen/screen.h"
#include "viewer/stages/capture.h"
#include "viewer/stages/infer.h"
#include "viewer/stages/trace.h"

struct viewer_settings {
    struct duet_detect_settings detect;
    struct duet_segment_settings segment;
    bool masks, no_detect;
    struct duet_compute_settings compute;
    int threads;
    int exif; /* enum duet_exif */
    struct duet_picture_settings pictures;
    struct duet_list_settings lists;
    int live; /* index in viewer_live_words */
    bool loop;
    int every;
    double start, duration, reconnect;
    double interval; /* seconds a picture stays; < 0: until somebody goes on */
    int palette;     /* enum duet_palette */
    double scale;    /* of text and lines */
    bool fullscreen;
    const char *size; /* WxH of the window in points, or NULL */
    int frames;       /* > 0: end after so many */
    const char *screenshot, *record, *trace;
    bool track;
    struct duet_deadline_settings deadline;
    bool force;
};

extern const char *const viewer_live_words[]; /* "latest", "all" */

struct viewer_session {
    const struct duet_program *program;
    const struct viewer_settings *settings;
    const struct duet_inputs *inputs;
    struct duet_networks *networks;
    struct viewer_exchange *exchange;
    struct viewer_capture capture;
    struct viewer_infer infer;
    const char *level; /* of the kernels */
    const char *precision; /* of the networks */

    struct viewer_shown shown;   /* what is on the screen */
    struct viewer_source source; /* how the source does */
    unsigned failures, gaps;     /* of these, news was taken notice of */
    bool infer_failed;
    int direction;   /* the way that pictures are gone through: past ones that fail */
    double ended_at; /* the last frame's time on the screen is over then; 0: there are more frames */

    struct viewer_screen screen;
    double redraw_at; /* of the clock; INFINITY: no need */
    struct viewer_stats stats;
    struct viewer_trace trace;
    struct viewer_recording *recording; /* NULL: nothing is recorded */
    char *recording_path;

    struct viewer_stamp traced;
    unsigned traced_has;
    long presented; /* frames with their results; a still counts again and again */
    int failed;     /* inputs */
    bool quit;
    int code;
};

/* --- loop.c -------------------------------------------------------------------------------------------- */

/* Show the window until it is closed. The first four fields are the caller's. Returns the program's exit
 * code. */
int viewer_loop(struct viewer_session *session);

/* --- actions.c ----------------------------------------------------------------------------------------- */

/* The event may be a key or of the mouse. */
void viewer_act(struct viewer_session *session, const SDL_Event *event);

/* The panel of the keys. */
enum { VIEWER_HELP_LINES = 64 };
struct duet_panel viewer_help(struct duet_panel_line lines[VIEWER_HELP_LINES]);

/* --- session.c ----------------------------------------------------------------------------------------- */

/* Nobody watches: a number of frames was asked for, and then the end. */
bool viewer_session_headless(const struct viewer_session *session);

/* What went wrong, on stderr and over the picture. */
void viewer_session_complain(struct viewer_session *session, const char *text);

/* Show input `index` from its beginning, or from `time` on. */
void viewer_session_open(struct viewer_session *session, int index);
void viewer_session_go(struct viewer_session *session, int index, double time);

/* Begin to record into `path`, which is taken (free), and end. What went wrong is told. */
void viewer_session_record(struct viewer_session *session, char *path, bool force);
void viewer_session_stop_recording(struct viewer_session *session);

#endif
