/* map.h: PASCAL VOC's detection score, as the development kit computes it.
 *
 * For each class, detections of all pictures by score, highest first (equal scores: as they came), each looks
 * at the ground truth of its class in its picture that it overlaps most (equal overlaps: the first):
 *  - overlap under the threshold (0.5), or none: false;
 *  - that one is difficult: the detection is left out;
 *  - that one was taken by an earlier detection: false, a duplicate, even when another would fit;
 *  - else true.
 * Overlaps count pixels: a box from 1 to 1 is one pixel wide. Recall is over ground truths that are not
 * difficult. AP of 2007 is the mean of the best precision at or beyond recall 0, .1 ... 1; AP since 2010 the
 * area under the curve made monotone. A class without ground truths that count has none (NaN), and the means
 * are over the others.
 */
#ifndef DUET_EVAL_VOC_MAP_H
#define DUET_EVAL_VOC_MAP_H

#include "data/voc/results.h"
#include "eval/bootstrap.h"

#define DUET_VOC_MAP_CLASSES 21 /* index: class id; 0 is not used */

/* A ground truth. */
struct duet_voc_truth {
    size_t image;
    int class_id; /* 1 .. 20 */
    double xmin, ymin, xmax, ymax;
    bool difficult;
};

/* AP by both rules. */
struct duet_voc_ap {
    double all_points;    /* since 2010 */
    double eleven_points; /* 2007 */
};

struct duet_voc_class {
    struct duet_voc_ap ap;
    double recall;                        /* at the end of the list */
    size_t positives, difficult;          /* ground truths */
    size_t found;                         /* detections */
    size_t right, background, duplicates; /* of those; the rest was left out */
};

/* Opaque: every detection's outcome, by class and score. One thread at a time: curves need room. */
struct duet_voc_map;

#define DUET_VOC_MAP_OVERLAP 0.5 /* the development kit's */

/* Images of both are numbers under `image_count`. A detection fits from `overlap` on. Nothing is borrowed.
 * Errors: DUET_BAD_ARGUMENT (overlap not in 0..1; an image, class or number out of range), DUET_TOO_LARGE
 * (2^32 of anything), DUET_OUT_OF_MEMORY. */
enum duet_status duet_voc_map_open(const struct duet_voc_truth *truths, size_t truth_count,
                                   const struct duet_voc_detection *found, size_t found_count,
                                   size_t image_count, double overlap, struct duet_voc_map **map,
                                   struct duet_error *error);
/* Accepts NULL; sets *map to NULL. */
void duet_voc_map_close(struct duet_voc_map **map);

/* Borrowed until close. */
const struct duet_voc_class *duet_voc_map_class(const struct duet_voc_map *map, int class_id);
/* Over the classes that have one; NaN when none has. */
struct duet_voc_ap duet_voc_map_mean(const struct duet_voc_map *map);

/* Precision and recall after each detection of a class that was not left out, highest score first. `recall`
 * and `precision` have room for duet_voc_map_class()->found numbers. Returns how many were filled in. */
size_t duet_voc_map_curve(const struct duet_voc_map *map, int class_id, double *recall, double *precision);

/* 95 % intervals over images: of the means, and of each class (bootstrap.h says how, and how often they hold
 * the truth). */
struct duet_voc_map_intervals {
    struct duet_interval all_points[DUET_VOC_MAP_CLASSES],
        eleven_points[DUET_VOC_MAP_CLASSES]; /* [0]: mean */
};

/* Errors: DUET_BAD_ARGUMENT (no images, no replicates), DUET_OUT_OF_MEMORY. */
enum duet_status duet_voc_map_bootstrap(const struct duet_voc_map *map, size_t replicates, uint64_t seed,
                                        struct duet_voc_map_intervals *intervals, struct duet_error *error);

#endif
