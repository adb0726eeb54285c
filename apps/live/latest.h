/* latest.h: the latest frame of a live source. A thread reads the source as fast as it gives; of the frames
 * that come while nobody takes one, the last is kept and the others are dropped, and counted. */
#ifndef DUET_APPS_LIVE_LATEST_H
#define DUET_APPS_LIVE_LATEST_H

#include "data/moving/frames.h"

struct duet_latest; /* opaque */

/* `frames` is borrowed until close, and nobody else's. Its option `cancelled` must become true before close,
 * unless it is at its end. Errors: DUET_OUT_OF_MEMORY. */
enum duet_status duet_latest_open(struct duet_frames *frames, struct duet_latest **latest,
                                  struct duet_error *error);

/* What is known of a frame beside its picture. */
struct duet_latest_info {
    struct duet_frame_info info;
    struct duet_frames_about about; /* the source, when the frame came */
    int64_t dropped;                /* frames that came before it and were not taken */
};

/* As duet_frames_next, waiting for a frame that was not taken yet. The news of a gap is never dropped. */
enum duet_status duet_latest_next(struct duet_latest *latest, struct duet_image *image,
                                  struct duet_latest_info *info, bool *more, struct duet_error *error);

/* Accepts an empty *latest. */
void duet_latest_close(struct duet_latest **latest);

#endif
