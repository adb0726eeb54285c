/* palette.h: the colours of classes, in pictures, in masks and in reports, and what can be read on them. */
#ifndef DUET_DATA_LABELS_PALETTE_H
#define DUET_DATA_LABELS_PALETTE_H

#include <stdint.h>

struct duet_rgb {
    uint8_t r, g, b;
};

enum duet_palette {
    DUET_PALETTE_NORMAL, /* boxes: duet_class_color, masks: duet_voc_color */
    DUET_PALETTE_SAFE    /* told apart by colour-blind eyes too: Okabe and Ito's colours, continued to 90 */
};

/* Colour of a class's boxes, and of its pixels in a mask. */
struct duet_rgb duet_box_color(enum duet_palette palette, int class_id);
struct duet_rgb duet_mask_color(enum duet_palette palette, int class_id);

/* A class's colour: the same in every picture and program, well apart from its neighbours', bright enough for
 * dark and dark enough for bright pictures. */
struct duet_rgb duet_class_color(int class_id);

/* The VOC colour map (bit reversal of the class number), 0..255; [255] is 224,224,192. */
struct duet_rgb duet_voc_color(int class_id);

/* Black or white, whichever reads better on `ground`: a contrast of 4.58 or more. */
struct duet_rgb duet_ink_on(struct duet_rgb ground);

/* Contrast ratio of two colours as WCAG 2 defines it, 1 .. 21; text should have 4.5 or more. */
float duet_contrast(struct duet_rgb a, struct duet_rgb b);

#endif
