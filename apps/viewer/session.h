/* session.h: a window at work: what its parts share. One thread's, the main one's; the others are reached
 * through the exchange only.
 *
 *   session.c   starts and ends the threads, waits for events, looks after the source
 *   actions.c   what keys and mouse do
 *   compose.c   what is drawn
 *   inspect.c   what the mouse points at
 */
#ifndef DUET_VIEWER_SESSION_H
#define DUET_VIEWER_SESSION_H

#include "batch/networks.h"
#include "live/deadline.h"
#include "viewer/recording.h"
#include "viewer/screen/hud.h"
#include "viewer/screen/layout.h"
#include "viewer/screen/legend.h"
#include "viewer/screen/overlay.h"
#include "viewer/screen/window.h"
#include "viewer/stages/capture.h"
#include "viewer/stages/infer.h"
#include "viewer/stages/stats.h"
#include "viewer/stages/trace.h"

struct viewer_settings {
    struct duet_detect_settings detect;
    struct duet_segment_settings segment;
    bool masks, no_detect;
    const char *cpu;
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

/* A line over the picture. */
struct viewer_message {
    char text[512];
    enum viewer_tone tone;
    double until; /* of the clock; INFINITY: it stays */
};

struct viewer_session {
    const struct duet_program *program;
    const struct viewer_settings *settings;
    const struct duet_inputs *inputs;
    struct duet_networks *networks;
    struct viewer_exchange *exchange;
    struct viewer_capture capture;
    struct viewer_infer infer;
    struct viewer_window window;
    const char *level; /* of the kernels */

    struct viewer_shown shown;   /* what is on the screen */
    struct viewer_source source; /* how the source does */
    unsigned failures, gaps;     /* of these, news was taken notice of */
    bool infer_failed;
    int direction;   /* the way that pictures are gone through: past ones that fail */
    double ended_at; /* the last frame's time on the screen is over then; 0: there are more frames */

    struct viewer_look look;
    struct viewer_legend legend;
    struct viewer_overlay overlay;
    struct duet_image composed; /* the picture with its overlay, as on the canvas; none: to be drawn anew */
    struct viewer_layout layout;
    float scale; /* canvas pixels a point of text and lines */
    struct viewer_stats stats;
    struct viewer_trace trace;
    struct viewer_recording *recording; /* NULL: nothing is recorded */
    char *recording_path;
    struct viewer_message message;
    bool hud, help, side_by_side;
    bool redraw;
    double redraw_at; /* of the clock; INFINITY: no need */

    int mouse_x, mouse_y; /* on the canvas; -1: not over it */

    struct viewer_stamp traced;
    unsigned traced_has;
    long presented; /* frames with their results; a still counts again and again */
    int failed;     /* inputs */
    bool quit;
    int code;
};

/* Show the window until it is closed. Returns the program's exit code. */
int viewer_session_run(struct viewer_session *session);

/* Say something over the picture for some seconds. */
void viewer_session_say(struct viewer_session *session, enum viewer_tone tone, double seconds,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Show input `index` from `time` on. */
void viewer_session_go(struct viewer_session *session, int index, double time);

/* Nobody watches: a number of frames was asked for, and then the end. */
bool viewer_session_headless(const struct viewer_session *session);

/* The event is a key or of the mouse. */
void viewer_session_act(struct viewer_session *session, const SDL_Event *event);

/* Begin to record into `path`, which is taken (free), and end. What went wrong is told. */
void viewer_session_record(struct viewer_session *session, char *path, bool force);
void viewer_session_stop_recording(struct viewer_session *session);

/* Draw the canvas anew. */
enum duet_status viewer_session_compose(struct viewer_session *session, double now, struct duet_error *error);

/* The overlay has to be drawn anew: the frame is another, or the look. */
void viewer_session_look_changed(struct viewer_session *session);

/* --- inspect.c ----------------------------------------------------------------------------------------- */

/* From the canvas to the shown frame's pixels. False: not over it. */
bool viewer_inspect_pixel(const struct viewer_session *session, int x, int y, float *picture_x,
                          float *picture_y);

/* The detection whose box is drawn there, the smallest: 1 + its index; 0: none. */
size_t viewer_inspect_box(const struct viewer_session *session, int x, int y);

/* Draw what is to be said of the selected box, and of the pixel under the mouse. */
void viewer_inspect_draw(const struct viewer_session *session, struct duet_image *view,
                         const struct duet_draw_style *style);

#endif
