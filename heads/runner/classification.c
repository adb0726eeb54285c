#include "core/fail.h"
#include "core/labels.h"
#include "kernels/exp.h"
#include "runner/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct classification {
    const struct duet_head *head;
    int top;
};

static enum duet_status make(struct classification made, void **memory, struct duet_error *error)
{
    struct classification *c = malloc(sizeof *c);
    *memory = c;
    if (!c) return duet_no_memory(error, NULL, "for a classifier");
    *c = made;
    return DUET_OK;
}

static enum duet_status create_classification(const struct answer_options *options,
                                              const struct duet_head *head, const struct network *network,
                                              void **memory, struct duet_error *error)
{
    (void)network;
    int classes = head->config.classifier.classes;
    return make((struct classification){head, options->top < classes ? options->top : classes}, memory,
                error);
}

static enum duet_status clone_classification(const void *memory, void **clone, struct duet_error *error)
{
    return make(*(const struct classification *)memory, clone, error);
}

/* The best first, the lower class first among equals; NaN is worse than everything. */
static int compare(const void *a, const void *b)
{
    const struct duet_class_probability *x = a, *y = b;
    bool x_is = x->probability == x->probability, y_is = y->probability == y->probability;
    if (x_is != y_is) return x_is ? -1 : 1;
    if (x_is && x->probability != y->probability) return x->probability > y->probability ? -1 : 1;
    return x->class_id - y->class_id;
}

/* Softmax, after sorting: the largest logit comes first. */
static void to_probabilities(struct duet_class_probability *items, int count)
{
    double total = 0;
    float highest = items[0].probability;
    for (int i = 0; i < count; i++) {
        items[i].probability = duet_exp(items[i].probability - highest);
        total += (double)items[i].probability;
    }
    for (int i = 0; i < count; i++) items[i].probability = (float)((double)items[i].probability / total);
}

static enum duet_status take_classes(void *memory, const struct reading *reading, struct head_result *result,
                                     struct duet_error *error)
{
    const struct classification *c = memory;
    int count = c->head->config.classifier.classes;
    char name[DUET_OUTPUT_NAME];
    snprintf(name, sizeof name, "%s.logits", c->head->name);
    struct duet_view view;
    enum duet_status status = duet_session_output(reading->network->session, name, &view, error);
    if (status != DUET_OK) return status;
    const float *logits = view.data;
    struct duet_class_probability *items = calloc((size_t)count, sizeof *items);
    if (!items) return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %d classes", count);
    for (int i = 0; i < count; i++)
        items[i] = (struct duet_class_probability){.class_id = i, .probability = logits[i]};
    qsort(items, (size_t)count, sizeof *items, compare);
    to_probabilities(items, count);
    for (int i = 0; i < c->top; i++) items[i].label = duet_labels_name(&c->head->labels, items[i].class_id);
    result->classes.items = items;
    result->classes.item_size = sizeof *items;
    result->classes.count = (size_t)c->top;
    return DUET_OK;
}

const struct reader_kind duet_classification_reader = {
    .create = create_classification, .clone = clone_classification, .take = take_classes, .close = free};
