/* recording.h: what is shown, into a video: frames in their own size with their overlay, without the bars.
 * The file is written in place and plays up to the last second whatever becomes of us.
 * Drawing and encoding have a thread of their own; what it cannot keep up with is left out and counted,
 * unless nobody watches: then the screen waits. */
#ifndef DUET_APPS_VIEWER_RECORDING_H
#define DUET_APPS_VIEWER_RECORDING_H

#include "viewer/screen/overlay.h"
#include "viewer/stages/exchange.h"

struct viewer_recording; /* opaque */

/* Begin. The video gets the size of the first frame and the rate of its source. `wait`: leave nothing out.
 * Errors: those of duet_video_writer_open (DUET_UNSUPPORTED: no FFmpeg), DUET_OUT_OF_MEMORY. */
enum duet_status viewer_recording_start(struct viewer_recording **recording, struct viewer_exchange *exchange,
                                        const char *path, const struct viewer_frame *first,
                                        const struct duet_frames_about *about, bool force, bool wait,
                                        struct duet_error *error);

/* Add the frame that the exchange shows, and that came to the screen at `now` (seconds of duet_seconds()).
 * False: recording has failed; stop tells how. */
bool viewer_recording_add(struct viewer_recording *recording, const struct viewer_shown *shown,
                          const struct viewer_look *look, double now);

/* End, and finish the file; frees, sets *recording to NULL. *frames, *left_out: how many are in it, how many
 * are not. Errors: those of the writer, from whenever they happened, which say whether there is a video all
 * the same. */
enum duet_status viewer_recording_stop(struct viewer_recording **recording, long *frames, long *left_out,
                                       struct duet_error *error);

#endif
