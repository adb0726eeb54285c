/* text.h: pieces that the texts of several metrics are made of. Internal to duet-eval. */
#ifndef DUET_EVAL_REPORT_TEXT_H
#define DUET_EVAL_REPORT_TEXT_H

#include "data/json/text.h"
#include "eval/bootstrap.h"
#include "eval/report/conditions.h"

/* JSON: the number at full precision, null for NaN. */
void duet_put_score(struct duet_buffer *buffer, double value);
/* JSON: [a, b, ...] */
void duet_put_scores(struct duet_buffer *buffer, const double *values, size_t count);
/* JSON: [low, high] */
void duet_put_interval(struct duet_buffer *buffer, struct duet_interval interval);
/* JSON: {"model": "x", ...} */
void duet_put_conditions(struct duet_buffer *buffer, const struct duet_conditions *conditions);

/* A column of a table: a score with four places, or a '-', right-aligned. */
void duet_put_cell(struct duet_buffer *buffer, double value, int width);
/* For people: "[0.6731, 0.7345]" */
void duet_put_range(struct duet_buffer *buffer, struct duet_interval interval);
/* For people, one line each: "model sha256  ab12..." */
void duet_put_condition_lines(struct duet_buffer *buffer, const struct duet_conditions *conditions);

#endif
