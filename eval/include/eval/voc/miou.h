/* miou.h: PASCAL VOC's segmentation scores, from pairs of class masks.
 *
 * A pixel whose truth is 255 ("void") counts for nothing. All others go into a 21x21 matrix, row = truth,
 * column = predicted; IOU of a class = its diagonal / (its row + its column - its diagonal).
 *
 * A class that stands in neither masks has no IOU (NaN). There are two readings of the mean: over the classes
 * that are present (what TensorFlow's mean_iou and others report), and strict, over all 21, which is then
 * NaN too (what the development kit's own mean gives). With every class present they are the same number.
 *
 * Near boundaries: a pixel lies in the band of width w when a pixel of another truth (void is another truth)
 * is no further than w pixels away, centre to centre. Void pixels themselves count for nothing there either.
 *
 *     duet_voc_count(&pair, bands, 3, &counts, &error)     on any thread, once a picture
 *     duet_voc_miou_add(miou, "2007_000032", &counts, &error)
 *     duet_voc_miou_confusion(miou, 0, &confusion); duet_voc_score(&confusion, &scores);
 */
#ifndef DUET_EVAL_VOC_MIOU_H
#define DUET_EVAL_VOC_MIOU_H

#include "duet/image.h"
#include "eval/bootstrap.h"

#include <stddef.h>
#include <stdint.h>

#define DUET_VOC_CLASSES   21
#define DUET_VOC_VOID      255
#define DUET_VOC_MAX_BANDS 8
#define DUET_VOC_MAX_WIDTH 64 /* of a band, pixels */

/* --- scores of a matrix ------------------------------------------------------------------------------- */

struct duet_voc_confusion {
    uint64_t cells[DUET_VOC_CLASSES][DUET_VOC_CLASSES]; /* [truth][predicted], pixels */
};

/* 0..1, or NaN where there is nothing to divide by. */
struct duet_voc_scores {
    double iou[DUET_VOC_CLASSES];      /* NaN: the class is absent */
    double accuracy[DUET_VOC_CLASSES]; /* share of the class's pixels that were found; NaN: it has none */
    double miou;                       /* over present classes */
    double miou_strict;                /* over all */
    double pixel_accuracy;             /* share of all pixels that are right */
    double mean_accuracy;              /* over classes that have pixels */
    int present;                       /* classes with an IOU */
    uint64_t pixels;
};

void duet_voc_score(const struct duet_voc_confusion *confusion, struct duet_voc_scores *scores);

/* Pixels of a class: its row, its column. */
void duet_voc_class_pixels(const struct duet_voc_confusion *confusion, int class_id, uint64_t *truth,
                           uint64_t *predicted);

/* --- one picture -------------------------------------------------------------------------------------- */

/* Two GRAY8 masks of the same size, and how errors name them. */
struct duet_voc_pair {
    const struct duet_image *truth, *predicted;
    const char *truth_name, *predicted_name;
};

/* The cells of one picture's matrices that are not 0. Planes: 0 the whole picture, 1 + i the i-th band. */
struct duet_voc_counts {
    struct duet_voc_cell {
        uint16_t place; /* (plane * 21 + truth) * 21 + predicted */
        uint32_t pixels;
    } * cells;
    size_t count;
};

/* Compare. `bands` are widths of 1 .. DUET_VOC_MAX_WIDTH, ascending; none: NULL, 0. Owned:
 * duet_voc_counts_close. Errors: DUET_MISMATCH, the text names the file, the pixel and the value: another
 * size, a predicted class over 20 (void too: nothing may be left undecided), a truth over 20 that is not 255;
 * DUET_BAD_ARGUMENT (bands, formats); DUET_OUT_OF_MEMORY. */
enum duet_status duet_voc_count(const struct duet_voc_pair *pair, const int *bands, size_t band_count,
                                struct duet_voc_counts *counts, struct duet_error *error);
/* Free and zero. Accepts NULL and a zeroed struct. */
void duet_voc_counts_close(struct duet_voc_counts *counts);

/* --- all pictures ------------------------------------------------------------------------------------- */

struct duet_voc_miou; /* opaque: every picture's cells */

/* Errors: DUET_OUT_OF_MEMORY. */
enum duet_status duet_voc_miou_create(struct duet_voc_miou **miou, struct duet_error *error);
/* Accepts NULL; sets *miou to NULL. */
void duet_voc_miou_close(struct duet_voc_miou **miou);

/* Add a picture's counts (copied). Errors: DUET_OUT_OF_MEMORY; then nothing was added. */
enum duet_status duet_voc_miou_add(struct duet_voc_miou *miou, const char *id,
                                   const struct duet_voc_counts *counts, struct duet_error *error);

size_t duet_voc_miou_count(const struct duet_voc_miou *miou);
/* Borrowed until the next picture is added. */
const char *duet_voc_miou_id(const struct duet_voc_miou *miou, size_t image);
struct duet_voc_counts duet_voc_miou_counts(const struct duet_voc_miou *miou, size_t image);

/* The matrix of a plane, over all pictures or of one. */
void duet_voc_miou_confusion(const struct duet_voc_miou *miou, int plane,
                             struct duet_voc_confusion *confusion);
void duet_voc_miou_image_confusion(const struct duet_voc_miou *miou, size_t image, int plane,
                                   struct duet_voc_confusion *confusion);

/* 95 % intervals over images (bootstrap.h says how, and how often they hold the truth). In each draw the
 * classes are those present in it. */
struct duet_voc_intervals {
    struct duet_interval miou, pixel_accuracy, mean_accuracy;
    struct duet_interval iou[DUET_VOC_CLASSES];
};

/* Errors: DUET_BAD_ARGUMENT (no pictures, no replicates), DUET_OUT_OF_MEMORY. */
enum duet_status duet_voc_miou_bootstrap(const struct duet_voc_miou *miou, int plane, size_t replicates,
                                         uint64_t seed, struct duet_voc_intervals *intervals,
                                         struct duet_error *error);

#endif
