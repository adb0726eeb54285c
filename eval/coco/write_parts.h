/* write_parts.h: pieces that the texts about COCO scores are made of. Internal to duet-eval. */
#ifndef DUET_EVAL_COCO_WRITE_PARTS_H
#define DUET_EVAL_COCO_WRITE_PARTS_H

#include "data/coco/ids.h"
#include "eval/coco/write.h"
#include "report/text.h"

#include <math.h>

/* JSON: "metric": "AP", "iou": "0.5:0.95", "area": "all", "max_detections": 100 */
void duet_put_line_keys(struct duet_buffer *b, const struct duet_coco_eval *eval,
                        const struct duet_coco_line *line);
/* JSON: {"id": 18, "name": "dog" */
void duet_put_class_keys(struct duet_buffer *b, const struct duet_coco_scope *scope, size_t category);
/* JSON: "warnings": [...] */
void duet_put_warnings(struct duet_buffer *b, const char *const *warnings, size_t count);

/* The line's score of one class; -1: none. */
double duet_coco_class_value(const struct duet_coco_eval *eval, const struct duet_coco_line *line,
                             int category);

/* NaN for -1. */
static inline double duet_coco_none_as_nan(double value)
{
    return value < 0 ? NAN : value;
}

/* For people: a class's name, cut and padded to so many columns; its id when it has none. */
#define DUET_CLASS_COLUMNS 16
void duet_put_class_name(struct duet_buffer *b, const struct duet_coco_scope *scope, size_t category);

#endif
