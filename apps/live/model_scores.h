/* model_scores.h: how good a segmentation model is at inputs of other sizes and strides than its own, as its
 * file says. In its metadata (duet/model.h), beside what describes the network:
 *
 *   "scores":  [{"size": 129, "output_stride": 16, "miou": 0.263}, ...]
 *
 * mIOU is that of PASCAL VOC 2012's list val_dev160, from 0 to 1, by
 * evaluate voc --root VOC2012 --list val_dev160 --model NAME --size N --output-stride S. */
#ifndef DUET_APPS_LIVE_MODEL_SCORES_H
#define DUET_APPS_LIVE_MODEL_SCORES_H

#include "duet/weights.h"

struct duet_model_score {
    int size, output_stride; /* of the input: pixels; size / that of the features */
    double miou;
};

#define DUET_MODEL_SCORES 16 /* most that are read */

/* How many there are, at most DUET_MODEL_SCORES. What is none is passed over. */
size_t duet_model_scores_read(const struct duet_weights *weights,
                              struct duet_model_score scores[DUET_MODEL_SCORES]);

/* Put them into the metadata, which is there. Errors: DUET_OUT_OF_MEMORY. */
enum duet_status duet_model_scores_write(struct duet_weights *weights, const struct duet_model_score *scores,
                                         size_t count, struct duet_error *error);

#endif
