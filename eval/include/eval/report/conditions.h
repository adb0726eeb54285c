/* conditions.h: what a score was measured under, as names and values that stand beside it wherever it is
 * printed: model and its sha256, preprocessing, thresholds, number of images, hash of their list. */
#ifndef DUET_EVAL_REPORT_CONDITIONS_H
#define DUET_EVAL_REPORT_CONDITIONS_H

#include "duet/status.h"

#include <stdbool.h>
#include <stddef.h>

struct duet_condition {
    char *name;  /* "model_sha256": the key in JSON; people see '_' as a space */
    char *text;  /* of a number or flag: as JSON writes it */
    bool quoted; /* is it a string? */
};

/* Zero to begin with; end with duet_conditions_close. In the order they were added. After a refused
 * allocation `failed` stays set and additions do nothing: look once, at the end. */
struct duet_conditions {
    struct duet_condition *items;
    size_t count, capacity;
    bool failed;
};

/* Values are copied; NULL is "unknown". */
void duet_conditions_text(struct duet_conditions *conditions, const char *name, const char *value);
void duet_conditions_number(struct duet_conditions *conditions, const char *name, double value);
void duet_conditions_flag(struct duet_conditions *conditions, const char *name, bool value);

/* Accepts NULL and a zeroed struct. */
void duet_conditions_close(struct duet_conditions *conditions);

/* The hash of a list of images: sha256 of all their ids, each followed by a newline, in the list's order.
 * `id` gives the text of number `index`, borrowed until the next call. */
#define DUET_LIST_HASH 65
void duet_list_hash(size_t count, const char *(*id)(const void *ctx, size_t index), const void *ctx,
                    char hex[DUET_LIST_HASH]);

#endif
