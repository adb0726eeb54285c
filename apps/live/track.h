/* track.h: which box is which from frame to frame: numbers for detections by overlap alone.
 *
 * A track is a box that moves evenly. Each frame, tracks and boxes of one class are paired greedily, the best
 * overlap with the place where the track should be by now first. A box without a track starts one, which has
 * no number until it was seen in `min_frames` frames in a row; then it keeps its number until it was missed
 * in more than `max_missed` frames in a row. Numbers count up from 1 and are never given twice.
 *
 * What overlap alone cannot tell: objects of one class that move unevenly while they cover each other may
 * swap numbers; one that jumps further than its own size between two frames gets a new one, as does one that
 * comes back later than `max_missed` frames or under another class. Appearance plays no part.
 *
 * The same frames give the same numbers. 500 boxes a frame take about a millisecond.
 */
#ifndef DUET_APPS_LIVE_TRACK_H
#define DUET_APPS_LIVE_TRACK_H

#include "duet/results.h"

/* Fields left zero mean the default beside them. */
struct duet_tracker_options {
    float iou;      /* least overlap of a pair; 0: 0.3 */
    int min_frames; /* 0: 3; 1: every box has a number at once */
    int max_missed; /* 0: 15; -1: none */
};

struct duet_tracker; /* opaque; one stream, one thread at a time */

/* `options` may be NULL. Errors: DUET_BAD_ARGUMENT, DUET_OUT_OF_MEMORY. */
enum duet_status duet_tracker_create(const struct duet_tracker_options *options,
                                     struct duet_tracker **tracker, struct duet_error *error);
void duet_tracker_close(struct duet_tracker **tracker);

/* What is seen next has nothing to do with what was: a seek, a cut, another file. Numbers go on. */
void duet_tracker_reset(struct duet_tracker *tracker);

/* The boxes of frame number `frame` (as in struct duet_frame_info: with gaps when frames are left out; one
 * that is not past the last resets). numbers[0 .. detections->count) become the boxes' numbers; 0: none yet.
 * Frames in which nothing was found belong here too. Errors: DUET_OUT_OF_MEMORY; the numbers are all 0 then.
 */
enum duet_status duet_tracker_update(struct duet_tracker *tracker, int64_t frame,
                                     const struct duet_detections *detections, int *numbers,
                                     struct duet_error *error);

#endif
