/* overlay.h: a frame with what was found in it, as it is drawn: on the screen, into screenshots and
 * recordings. */
#ifndef DUET_APPS_VIEWER_SCREEN_OVERLAY_H
#define DUET_APPS_VIEWER_SCREEN_OVERLAY_H

#include "data/draw/draw.h"
#include "viewer/stages/frame.h"

/* What is drawn, and how. A plain value: a copy of it can go to another thread. */
struct viewer_look {
    bool boxes, masks;
    float threshold; /* of boxes */
    float alpha;     /* of masks */
    float scale;     /* pixels a point: 1 but for high-DPI screens */
    enum duet_palette palette;
    bool hidden_boxes[256], hidden_masks[256];
    size_t selected; /* 1 + index of the detection that was clicked; 0: none */
};

/* Pictures that drawing needs, kept from frame to frame. Zero to begin with. */
struct viewer_overlay {
    struct duet_image base; /* the frame in the size it is shown at */
    struct viewer_stamp of; /* which frame that is */
    struct duet_image classes;
};

/* The frame alone, scaled to `onto`'s size. */
enum duet_status viewer_overlay_picture(struct viewer_overlay *overlay, const struct viewer_frame *frame,
                                        struct duet_image *onto, struct duet_error *error);

/* What was found, over a picture that holds the frame in whatever size. `has`: which results may be read. */
enum duet_status viewer_overlay_results(struct viewer_overlay *overlay, const struct viewer_frame *frame,
                                        unsigned has, const struct viewer_look *look, struct duet_image *onto,
                                        struct duet_error *error);

/* Owned: duet_image_close. The frame in its own size with what was found. */
enum duet_status viewer_overlay_render(const struct viewer_frame *frame, unsigned has,
                                       const struct viewer_look *look, struct duet_image *image,
                                       struct duet_error *error);

void viewer_overlay_close(struct viewer_overlay *overlay);

#endif
