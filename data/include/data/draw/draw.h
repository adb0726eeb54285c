/* draw.h: one look for annotated pictures and the viewer: boxes, labels, masks, panels.
 *
 * Everything is drawn into RGB8 images and cut off at their edges, whatever the numbers say. Labels stand on
 * their class's colour in black or white, panels are dark under white text: both can be read on any picture.
 */
#ifndef DUET_DATA_DRAW_DRAW_H
#define DUET_DATA_DRAW_DRAW_H

#include "data/labels/palette.h"
#include "duet/image.h"
#include "duet/results.h"

#include <stdbool.h>

/* --- how to draw -------------------------------------------------------------------------------------- */

/* NULL in its place, and fields left zero, mean what is said beside them. */
struct duet_draw_style {
    enum duet_palette palette;
    float scale;        /* of lines and text, for screens with small pixels; 0: 1 */
    float text;         /* height of labels in pixels, before `scale`; 0: it follows the picture's size */
    bool no_labels;     /* boxes without tags */
    float threshold;    /* boxes that score less are left out; 0: none */
    const bool *hidden; /* [256] by class id: left out of boxes and masks; NULL: none */
    const int *tracks;  /* one a detection: its tag ends in "#4"; 0: it has no number; NULL: none has */
    size_t highlighted; /* 1 + the index of a detection that is to stand out; 0: none */
};

/* --- what was found ----------------------------------------------------------------------------------- */

/* Draw boxes with "label 93%" tags over an RGB8 image, low scores first. Line width and text size follow the
 * picture's size unless the style says otherwise. Errors: DUET_BAD_ARGUMENT (format), DUET_OUT_OF_MEMORY. */
enum duet_status duet_draw_detections(struct duet_image *image, const struct duet_detections *detections,
                                      const struct duet_draw_style *style, struct duet_error *error);

/* A dashed box, as for what was suppressed or predicted; drawn before the detections it stays below their
 * tags. Images that are not RGB8 are left alone. */
void duet_draw_ghost(struct duet_image *image, const struct duet_box *box, struct duet_rgb color,
                     const struct duet_draw_style *style);

/* Lay the classes' colours over an RGB8 image of the same size; background (0) and 255 stay clear.
 * `alpha` 0..1 is how much of the colour shows; `outline`: the edges between classes are drawn in full
 * colour. Errors: DUET_MISMATCH (another size), DUET_BAD_ARGUMENT (formats). */
enum duet_status duet_draw_mask(struct duet_image *image, const struct duet_image *classes, float alpha,
                                bool outline, const struct duet_draw_style *style, struct duet_error *error);

/* List the classes of `segments` (background left out) with their colours and shares in the lower left
 * corner. */
enum duet_status duet_draw_legend(struct duet_image *image, const struct duet_segments *segments,
                                  const struct duet_draw_style *style, struct duet_error *error);

/* --- panels ------------------------------------------------------------------------------------------- */

enum duet_place { DUET_TOP_LEFT, DUET_TOP_RIGHT, DUET_BOTTOM_LEFT, DUET_BOTTOM_RIGHT, DUET_CENTRE };

/* A line has up to four cells, which stand below each other: key, swatch, text, value (to the right). NULL:
 * none. */
struct duet_panel_line {
    const char *key, *text, *value;
    bool swatch; /* a square of `color` */
    struct duet_rgb color;
    bool off;     /* switched off: dim, the swatch hollow */
    bool heading; /* its text begins at the left; with a line under it */
};

/* A dark translucent panel with rounded corners: the HUD, the legend, the help. */
struct duet_panel {
    const struct duet_panel_line *lines;
    size_t count;
    enum duet_place place;
    int columns; /* lines flow down the first, then the next; 0: 1 */
    float text;  /* height in pixels, before the style's scale; 0: 14 */
};

/* Draw a panel. Text that is too wide for the image shrinks, down to 7 pixels; what still does not fit is cut
 * off. Of the style, scale counts. Images that are not RGB8 are left alone. */
void duet_draw_panel(struct duet_image *image, const struct duet_panel *panel,
                     const struct duet_draw_style *style);

/* --- text --------------------------------------------------------------------------------------------- */

/* Text with its top left corner at x, y, `height` pixels tall, in DejaVu Sans (built in). UTF-8. */
void duet_draw_text(struct duet_image *image, const char *text, float x, float y, float height,
                    struct duet_rgb color);
/* Width of that text in pixels. */
float duet_draw_text_width(const char *text, float height);

#endif
