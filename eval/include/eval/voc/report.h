/* report.h: the parts of a report that show PASCAL VOC's scores. */
#ifndef DUET_EVAL_VOC_REPORT_H
#define DUET_EVAL_VOC_REPORT_H

#include "eval/report/report.h"
#include "eval/voc/map_write.h"
#include "eval/voc/write.h"

/* --- masks -------------------------------------------------------------------------------------------- */

/* Headline, conditions, classes, bands, confusion matrix. */
void duet_voc_report_masks(struct duet_report *report, const struct duet_voc_summary *summary);

/* Numbers of the pictures with the lowest mIOU of their own, worst first, into `images`; with `best`, those
 * with the highest, best first. Returns how many, at most `most`. Pictures of nothing but background and void
 * are passed over. */
size_t duet_voc_rank(const struct duet_voc_miou *miou, bool best, size_t *images, size_t most);

/* Truth, prediction and what is wrong, drawn over a picture (RGB8), beside each other. All three have one
 * size. Errors: DUET_MISMATCH, those of duet_report_pictures. */
enum duet_status duet_voc_report_picture(struct duet_report *report, const struct duet_voc_miou *miou,
                                         size_t number, const struct duet_image *image,
                                         const struct duet_image *truth, const struct duet_image *predicted,
                                         struct duet_error *error);

/* --- boxes -------------------------------------------------------------------------------------------- */

/* Headline, conditions, classes, curves. */
void duet_voc_report_detections(struct duet_report *report, const struct duet_voc_map_outcome *outcome);

#endif
