/* draw.h: one look for annotated pictures and the viewer: class colours, boxes, labels, masks. */
#ifndef DUET_DRAW_H
#define DUET_DRAW_H

#include "duet/image.h"
#include "duet/results.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct duet_rgb {
    uint8_t r, g, b;
};

/* A class's colour: the same in every picture and program, well apart from its neighbours', bright enough for
 * dark and dark enough for bright pictures. */
struct duet_rgb duet_class_color(int class_id);

/* The VOC colour map (bit reversal of the class number), 0..255; [255] is 224,224,192. */
struct duet_rgb duet_voc_color(int class_id);

/* Draw boxes with "label 93%" tags over an RGB8 image, low scores first. Line width and text size follow the
 * picture's size. Nothing is drawn outside the image, whatever the boxes say. */
enum duet_status duet_draw_detections(struct duet_image *image, const struct duet_detections *detections,
                                      struct duet_error *error);

/* Lay the classes' colours (VOC's) over an RGB8 image of the same size; background (0) and 255 stay clear.
 * `alpha` 0..1 is how much of the colour shows; `outline`: the edges between classes are drawn in full
 * colour. Errors: DUET_MISMATCH (another size), DUET_BAD_ARGUMENT (formats). */
enum duet_status duet_draw_mask(struct duet_image *image, const struct duet_image *classes, float alpha,
                                bool outline, struct duet_error *error);

/* List the classes of `segments` (background left out) with their colours and shares in the lower left
 * corner. */
enum duet_status duet_draw_legend(struct duet_image *image, const struct duet_segments *segments,
                                  struct duet_error *error);

/* Text with its top left corner at x, y, `height` pixels tall, in DejaVu Sans (built in). UTF-8. */
void duet_draw_text(struct duet_image *image, const char *text, float x, float y, float height,
                    struct duet_rgb color);
/* Width of that text in pixels. */
float duet_draw_text_width(const char *text, float height);

#ifdef __cplusplus
}
#endif
#endif
