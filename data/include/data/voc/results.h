/* results.h: boxes that were found in the pictures of a VOC list.
 *
 * Either a folder with comp4_det_SET_CLASS.txt for each class, lines "id score xmin ymin xmax ymax" (what
 * `detect --format voc` writes and the development kit reads), or a COCO results file: its category ids are
 * COCO's, its image ids the digits at the end of the pictures' ids. Classes that VOC does not have are passed
 * over.
 */
#ifndef DUET_DATA_VOC_RESULTS_H
#define DUET_DATA_VOC_RESULTS_H

#include "data/voc/voc.h"

/* Pixels are counted from 1, and the corner pixels belong to the box. */
struct duet_voc_detection {
    size_t image; /* place in the list */
    int class_id; /* 1 .. 20 */
    double score;
    double xmin, ymin, xmax, ymax;
};

/* What was read, in the files' order, class by class where there is a file for each. The counters are of what
 * is odd; whether they are errors is the reader's to say. */
struct duet_voc_results {
    struct duet_voc_detection *items;
    size_t count;
    size_t strangers;  /* detections in pictures that are not in the list; they are left out */
    char stranger[64]; /* the first of those pictures */
    size_t empty;      /* boxes without a pixel in them; they are kept, and match nothing */
    size_t files;      /* of a folder: classes that have one */
};

/* Read `path`, a folder or a file. On failure *results is all zero. Errors: DUET_BAD_FORMAT with line;
 * DUET_MISMATCH (two files of one class; two ids of the list with the same digits at the end); DUET_NOT_FOUND
 * (a folder with no such file in it); those of duet_coco_results_open; DUET_OUT_OF_MEMORY. */
enum duet_status duet_voc_results_open(const char *path, const struct duet_voc_list *list,
                                       struct duet_voc_results *results, struct duet_error *error);
/* Free and zero. Accepts NULL and a zeroed struct. */
void duet_voc_results_close(struct duet_voc_results *results);

#endif
