/* text.h: pieces that the texts of several metrics are made of. Internal to duet-eval. */
#ifndef DUET_EVAL_REPORT_TEXT_H
#define DUET_EVAL_REPORT_TEXT_H

#include "data/json/text.h"
#include "eval/bootstrap.h"
#include "eval/report/conditions.h"

#include <stdarg.h>

/* What printf's formats are for a kind of file: "%s" is written by `text`, "%f" by `number`; "%d", "%zu", "%"
 * PRIu64 and "%%" as usual, and nothing else. */
struct duet_dialect {
    void (*text)(struct duet_buffer *buffer, const char *text);
    void (*number)(struct duet_buffer *buffer, double value);
};
void duet_put_dialect(struct duet_buffer *buffer, const struct duet_dialect *dialect, const char *format,
                      va_list args);

/* JSON: "%s" is a string with its quotes, "%f" a number as duet_put_score writes it. */
void duet_put_jsonf(struct duet_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* JSON: the number at full precision, null for NaN. */
void duet_put_score(struct duet_buffer *buffer, double value);
/* JSON: [a, b, ...] */
void duet_put_scores(struct duet_buffer *buffer, const double *values, size_t count);
/* JSON: [low, high] */
void duet_put_interval(struct duet_buffer *buffer, struct duet_interval interval);
/* JSON: [[low, high], ...] */
void duet_put_intervals(struct duet_buffer *buffer, const struct duet_interval *intervals, size_t count);
/* JSON: "bootstrap": {"replicates": 1000, "seed": 0, "level": 0.95 */
void duet_put_bootstrap(struct duet_buffer *buffer, size_t replicates, uint64_t seed);
/* JSON: "conditions": {"model": "x", ...} */
void duet_put_conditions(struct duet_buffer *buffer, const struct duet_conditions *conditions);
/* With which an object ends: the whole text, as duet_buffer_text gives it. */
char *duet_json_end(struct duet_buffer *buffer, const struct duet_conditions *conditions);

/* CSV: a field after others, ",0.25"; nothing but the comma for NaN. */
void duet_put_field(struct duet_buffer *buffer, double value);
/* CSV: two of them. */
void duet_put_interval_fields(struct duet_buffer *buffer, struct duet_interval interval);

/* Right-aligned in so many columns; `text` is closed. */
void duet_put_padded(struct duet_buffer *buffer, struct duet_buffer *text, int width);
/* A column of a table: a score with four places, or a '-', right-aligned. */
void duet_put_cell(struct duet_buffer *buffer, double value, int width);
/* For people: "[0.6731, 0.7345]" after `lead`; nothing where the interval is NULL. */
void duet_put_range(struct duet_buffer *buffer, const char *lead, const struct duet_interval *interval);
/* For people, one line each: "model sha256  ab12..." */
void duet_put_condition_lines(struct duet_buffer *buffer, const struct duet_conditions *conditions);

#endif
