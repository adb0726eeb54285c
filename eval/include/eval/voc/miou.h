/* miou.h: segmentation scores as PASCAL VOC defines them, from pairs of class masks of any number of classes.
 *
 * A pixel whose truth is 255 ("void") counts for nothing. All others go into a matrix, row = truth,
 * column = predicted; IOU of a class = its diagonal / (its row + its column - its diagonal).
 *
 * A class that stands in neither masks has no IOU (NaN). There are two readings of the mean: over the classes
 * that are present (what TensorFlow's mean_iou and others report), and strict, over all there are, which is
 * then NaN too (what the development kit's own mean gives). With every class present they are the same
 * number.
 *
 * Near boundaries: a pixel lies in the band of width w when a pixel of another truth (void is another truth)
 * is no further than w pixels away, centre to centre. Void pixels themselves count for nothing there either.
 *
 *     duet_voc_count(&pair, 21, bands, 3, &counts, &error)     on any thread, once a picture
 *     duet_voc_miou_add(miou, "2007_000032", &counts, &error)
 *     duet_voc_miou_pixels(miou, 0, &pixels); duet_voc_score(&pixels, &scores);
 */
#ifndef DUET_EVAL_VOC_MIOU_H
#define DUET_EVAL_VOC_MIOU_H

#include "duet/image.h"
#include "duet/results.h"
#include "eval/bootstrap.h"

#include <stddef.h>
#include <stdint.h>

#define DUET_VOC_MAX_CLASSES 255 /* a byte of a mask is one of them, or void */
#define DUET_VOC_VOID        255
#define DUET_VOC_MAX_BANDS   8
#define DUET_VOC_MAX_WIDTH   64 /* of a band, pixels */

/* The classes that are scored. Those of VOC: {21, duet_labels_voc()} */
struct duet_voc_classes {
    int count;                 /* their ids are 0 .. count - 1; 2 .. DUET_VOC_MAX_CLASSES */
    struct duet_labels labels; /* their names; borrowed. One that has none is "unknown" */
};

/* --- scores of a matrix ------------------------------------------------------------------------------- */

/* What scores are made of: the matrix's rows and columns added up, and its diagonal. */
struct duet_voc_pixels {
    int classes;
    uint64_t truth[DUET_VOC_MAX_CLASSES], predicted[DUET_VOC_MAX_CLASSES], both[DUET_VOC_MAX_CLASSES];
};

/* 0..1, or NaN where there is nothing to divide by. */
struct duet_voc_scores {
    double iou[DUET_VOC_MAX_CLASSES];      /* NaN: the class is absent */
    double accuracy[DUET_VOC_MAX_CLASSES]; /* share of the class's pixels that were found; NaN: it has none */
    double miou;                           /* over present classes */
    double miou_strict;                    /* over all */
    double pixel_accuracy;                 /* share of all pixels that are right */
    double mean_accuracy;                  /* over classes that have pixels */
    int present;                           /* classes with an IOU */
    uint64_t pixels;
};

void duet_voc_score(const struct duet_voc_pixels *pixels, struct duet_voc_scores *scores);

/* --- one picture -------------------------------------------------------------------------------------- */

/* Two GRAY8 masks of the same size, and how errors name them. */
struct duet_voc_pair {
    const struct duet_image *truth, *predicted;
    const char *truth_name, *predicted_name;
};

/* The cells of one picture's matrices that are not 0, by ascending plane, truth and predicted. Planes: 0 the
 * whole picture, 1 + i the i-th band. */
struct duet_voc_counts {
    struct duet_voc_cell {
        uint8_t plane, truth, predicted;
        uint32_t pixels;
    } * cells;
    size_t count;
};

/* Compare masks of so many classes. `bands` are widths of 1 .. DUET_VOC_MAX_WIDTH, ascending; none: NULL, 0.
 * Owned: duet_voc_counts_close. Errors: DUET_MISMATCH, the text names the file, the pixel and the value:
 * another size, a predicted value that is no class (void too: nothing may be left undecided), a truth that is
 * none and not 255; DUET_BAD_ARGUMENT (classes, bands, formats); DUET_OUT_OF_MEMORY. */
enum duet_status duet_voc_count(const struct duet_voc_pair *pair, int classes, const int *bands,
                                size_t band_count, struct duet_voc_counts *counts, struct duet_error *error);
/* Free and zero. Accepts NULL and a zeroed struct. */
void duet_voc_counts_close(struct duet_voc_counts *counts);

/* --- all pictures ------------------------------------------------------------------------------------- */

struct duet_voc_miou; /* opaque: every picture's cells */

/* Errors: DUET_BAD_ARGUMENT (the number of classes), DUET_OUT_OF_MEMORY. */
enum duet_status duet_voc_miou_create(struct duet_voc_classes classes, struct duet_voc_miou **miou,
                                      struct duet_error *error);
/* Accepts NULL; sets *miou to NULL. */
void duet_voc_miou_close(struct duet_voc_miou **miou);

struct duet_voc_classes duet_voc_miou_classes(const struct duet_voc_miou *miou);

/* Add a picture's counts (copied; of the same classes). Errors: DUET_OUT_OF_MEMORY; then nothing was added.
 */
enum duet_status duet_voc_miou_add(struct duet_voc_miou *miou, const char *id,
                                   const struct duet_voc_counts *counts, struct duet_error *error);

size_t duet_voc_miou_count(const struct duet_voc_miou *miou);
/* Borrowed until the next picture is added. */
const char *duet_voc_miou_id(const struct duet_voc_miou *miou, size_t image);
struct duet_voc_counts duet_voc_miou_counts(const struct duet_voc_miou *miou, size_t image);

/* The pixels of a plane, over all pictures or of one. */
void duet_voc_miou_pixels(const struct duet_voc_miou *miou, int plane, struct duet_voc_pixels *pixels);
void duet_voc_miou_image_pixels(const struct duet_voc_miou *miou, size_t image, int plane,
                                struct duet_voc_pixels *pixels);

/* The matrix of a plane over all pictures, [classes: truth][classes: predicted]; free() it. NULL when memory
 * is refused. */
uint64_t *duet_voc_miou_confusion(const struct duet_voc_miou *miou, int plane);

/* 95 % intervals over images (bootstrap.h says how, and how often they hold the truth). In each draw the
 * classes are those present in it. */
struct duet_voc_intervals {
    struct duet_interval miou, pixel_accuracy, mean_accuracy;
    struct duet_interval iou[DUET_VOC_MAX_CLASSES];
};

/* Errors: DUET_BAD_ARGUMENT (no pictures, no replicates), DUET_OUT_OF_MEMORY. */
enum duet_status duet_voc_miou_bootstrap(const struct duet_voc_miou *miou, int plane, size_t replicates,
                                         uint64_t seed, struct duet_voc_intervals *intervals,
                                         struct duet_error *error);

#endif
