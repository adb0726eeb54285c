/* trace.h: what was on the screen, line by line (NDJSON), for tests and for people who want to know.
 *
 *   {"shown":3,"at":0.133,"input":0,"source":"clip.mp4","frame":4,"time":0.16,"results_of":4,
 *    "boxes":[{"class":"bus","score":0.98,"bbox":[x,y,w,h]}],"masks":["bus"],"dropped":1,"latency":0.021}
 *
 * One line for every frame that is shown, and another when its results come later. "at" counts seconds from
 * the first line. "results_of" is the number that inference noted with the results, null while there are
 * none: never another than "frame". Boxes are those over the threshold, in the frame's pixels. The file is
 * written in place, a whole line at a time: it can be watched, and is of use when the viewer is killed.
 */
#ifndef DUET_APPS_VIEWER_STAGES_TRACE_H
#define DUET_APPS_VIEWER_STAGES_TRACE_H

#include "core/os.h"
#include "data/json/text.h"
#include "viewer/stages/exchange.h"

/* Zero: no trace is wanted, and the calls do nothing. */
struct viewer_trace {
    struct duet_output output;
    struct duet_buffer line;
    unsigned long lines;
    double began;
};

/* "-": standard output. Errors: as duet_output_open's. */
enum duet_status viewer_trace_open(struct viewer_trace *trace, const char *path, bool force,
                                   struct duet_error *error);
void viewer_trace_add(struct viewer_trace *trace, const struct viewer_shown *shown, const char *source,
                      float threshold, double now, double latency);
enum duet_status viewer_trace_commit(struct viewer_trace *trace, struct duet_error *error);
void viewer_trace_discard(struct viewer_trace *trace);

#endif
