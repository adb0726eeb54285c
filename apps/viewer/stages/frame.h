/* frame.h: a frame and what was found in it: one thing, which never comes apart. */
#ifndef DUET_APPS_VIEWER_STAGES_FRAME_H
#define DUET_APPS_VIEWER_STAGES_FRAME_H

#include "data/moving/frames.h"
#include "duet/image.h"
#include "duet/results.h"
#include "duet/segmenter.h"

/* Kinds of results, as bits. */
enum { VIEWER_BOXES = 1, VIEWER_MASKS = 2 };

/* Where a frame comes from. Two frames with the same stamp are the same frame. */
struct viewer_stamp {
    unsigned epoch; /* counts orders: jumps, and from input to input */
    int input;      /* index among the inputs */
    int64_t frame;  /* number in it */
    double time;    /* seconds since its first frame */
};
bool viewer_stamp_same(const struct viewer_stamp *a, const struct viewer_stamp *b);

/* What inference found in one frame. Owned: viewer_results_close. */
struct viewer_results {
    struct viewer_stamp stamp; /* of the frame that it was found in */
    unsigned has;              /* which of the two there are */
    struct duet_detections detections;
    struct duet_suppressions suppressions; /* come with the boxes, as the next */
    int *tracks;                           /* one number a detection, 0: none; NULL: not tracked */
    struct duet_segmentation segmentation;
    double seconds;  /* that it took */
    char choice[96]; /* what the deadline controller chose; "" without one */
};

struct viewer_frame {
    struct viewer_stamp stamp;
    struct duet_frame_info info;
    struct duet_image image; /* RGB8 */
    struct duet_warnings warnings;
    double captured;         /* duet_seconds() when it was decoded */
    struct viewer_results results;
};

/* The size in which the frame is shown, where pixels are square: the side that is too short grows. */
void viewer_frame_shape(const struct viewer_frame *frame, int *width, int *height);

/* Both accept zeroed structs and leave them zero. */
void viewer_results_close(struct viewer_results *results);
void viewer_frame_close(struct viewer_frame *frame);

#endif
