/* deadline.h: masks in time. DeepLab's input size and its output stride are traded against time, from a table
 * of costs measured on this machine and corrected while it runs.
 *
 *     open      lists the choices (513 pixels at output stride 8 down to 129 at 16), makes a segmenter for
 *               each and times it on a picture, the cheapest first, for about a second in all; what is not
 *               reached is estimated
 *     choose    once a frame: the segmenter for this frame
 *     report    afterwards: how long it took, and what else the frame's time went to
 *
 *     duet_deadline_choose(deadline, &segmenter, &error);
 *     double start = duet_seconds();
 *     duet_segmenter_run(segmenter, &frame, &options, &segmentation, &error);
 *     duet_deadline_report(deadline, (duet_seconds() - start) * 1e3, 0);
 *
 * The budget is the time that segmenting may take of each frame. The best choice whose expected time fits is
 * taken, or the cheapest if none does: which frames are left out then is not decided here. The rules (when to
 * go down, when to try going up again) are in deadline_control.h.
 *
 * Memory: the segmenters share one set of packed weights (8 MB of the published model); each has an arena of
 * its own, from 0.8 MB (129 at 16) over 7 (513 at 16) to 17 (513 at 8): see `bytes` in duet_deadline_row.
 *
 * Per-pixel confidence (segmenter.confidence) adds some 4 ms for 640x480 pixels on one core, whatever the
 * network's size; a run at 129/16 takes 7 without it. Small budgets reach better choices when it is left off.
 *
 * One thread at a time. Another thread that wants to show the text is handed a copy of it with the masks. */
#ifndef DUET_APPS_LIVE_DEADLINE_H
#define DUET_APPS_LIVE_DEADLINE_H

#include "cli/options.h"
#include "duet/segmenter.h"

/* --- on the command line ------------------------------------------------------------------------------- */

struct duet_deadline_settings {
    double target_fps, deadline; /* frames a second; milliseconds. 0: not asked for */
};

#define DUET_DEADLINE_OPTIONS(type, field)                                                                   \
    DUET_FLOAT(0, "target-fps", "N", type, field.target_fps, 0.1, 1000,                                      \
               "choose the masks' size, stride and rate so that N frames a second are reached",              \
               .shown = ""),                                                                                 \
        DUET_FLOAT(0, "deadline", "MS", type, field.deadline, 1, 60000,                                      \
                   "the same for MS milliseconds a frame", .shown = "")

/* The budget that these ask for, milliseconds a frame; 0: none. With both, the smaller one. */
double duet_deadline_budget(const struct duet_deadline_settings *settings);

/* --- the controller with its segmenters ---------------------------------------------------------------- */

/* Fields left zero mean the default beside them. */
struct duet_deadline_options {
    double budget_ms; /* of a frame, above 0 */
    /* What all segmenters share (classes, confidence, cpu ...); `size` and `output_stride` are left 0.
     * Copied, what it points to is borrowed for the call. */
    struct duet_segmenter_options segmenter;
    const struct duet_image *picture; /* the first frame, say: costs are measured with it. Borrowed in open */
    const struct duet_pool *pool; /* that the frames will be run with; NULL: the caller's thread. Borrowed */
    double measure_seconds;       /* at most about so long is measured in open; 0: 1 */
};

struct duet_deadline; /* opaque */

/* Borrows `model` and the pool until close. Errors: DUET_BAD_ARGUMENT, those of duet_segmenter_create. */
enum duet_status duet_deadline_open(const struct duet_model *model,
                                    const struct duet_deadline_options *options,
                                    struct duet_deadline **deadline, struct duet_error *error);
/* Accepts NULL; sets *deadline to NULL. */
void duet_deadline_close(struct duet_deadline **deadline);

/* The segmenter for the next frame, borrowed until close; NULL on failure. The first use of a choice that
 * open did not reach makes its segmenter (some milliseconds). Errors: those of duet_segmenter_create (a
 * segmenter that cannot be made is not tried again: ask again and get a cheaper one). */
enum duet_status duet_deadline_choose(struct duet_deadline *deadline, struct duet_segmenter **segmenter,
                                      struct duet_error *error);

/* It took `ms`; `other_ms` is what else each frame costs on the same thread (boxes, say):
 * it is taken off the budget. */
void duet_deadline_report(struct duet_deadline *deadline, double ms, double other_ms);

/* For the HUD: "257/16, mIOU 0.61, 14 of 33 ms". */
#define DUET_DEADLINE_TEXT 96
void duet_deadline_text(const struct duet_deadline *deadline, char text[DUET_DEADLINE_TEXT]);

/* --- the table, for people and tests ------------------------------------------------------------------- */

struct duet_deadline_row {
    int size, output_stride;
    double quality; /* mIOU (live/model_scores.h), measured in float32; 0: not known */
    double cost_ms; /* of one run without other load */
    bool measured;  /* false: estimated from its multiply-adds */
    size_t bytes;   /* that its segmenter takes beside the shared weights; 0: not made yet */
};

/* Cheapest first. NULL past the end; borrowed until the next call with this deadline. */
const struct duet_deadline_row *duet_deadline_row(const struct duet_deadline *deadline, int index);

#endif
