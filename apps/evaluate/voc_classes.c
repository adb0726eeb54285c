/* Which classes evaluate voc scores: those of a file, of the model, or PASCAL VOC's. */
#include "evaluate/output.h"
#include "evaluate/voc.h"

#include "core/fail.h"
#include "core/labels.h"
#include "core/os.h"
#include "data/labels/labels.h"

#include <stdlib.h>
#include <string.h>

/* --- a file of names ---------------------------------------------------------------------------------- */

/* The end of a line's name: without white space behind it. */
static char *end_of_name(char *line, char *end)
{
    while (end > line && strchr(" \t\r", end[-1])) end--;
    return end;
}

/* Make the text's lines labels; the text stays theirs. */
static enum duet_status split(const char *path, char *at, char *end, struct duet_label *items, size_t *count,
                              struct duet_error *error)
{
    end = end_of_name(at, end);
    while (end > at && end[-1] == '\n') end = end_of_name(at, end - 1); /* empty lines at the end */
    for (size_t line = 1; at < end; line++) {
        char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline : end;
        char *name_end = end_of_name(at, stop);
        if (name_end == at || memchr(at, '\0', (size_t)(name_end - at)))
            return duet_fail(error, DUET_BAD_FORMAT, "%s: line %zu: expected the name of class %zu", path,
                             line, line - 1);
        if (line > DUET_VOC_MAX_CLASSES)
            return duet_fail(error, DUET_TOO_LARGE, "%s: more than %d classes", path, DUET_VOC_MAX_CLASSES);
        *name_end = '\0';
        items[(*count)++] = (struct duet_label){(int)line - 1, at};
        at = newline ? newline + 1 : end;
    }
    return *count >= 2 ? DUET_OK
                       : duet_fail(error, DUET_BAD_FORMAT, "%s: %zu classes: expected 2 or more, one a line",
                                   path, *count);
}

static enum duet_status read_names(const char *path, struct evaluate_voc_names *names,
                                   struct duet_error *error)
{
    struct duet_bytes bytes;
    size_t begin, count = 0;
    enum duet_status status = duet_read_file(path, (size_t)1 << 20, &bytes, error);
    if (status != DUET_OK) return status;
    status = duet_bom_check(path, bytes.data, bytes.size, &begin, error);
    names->text = malloc(bytes.size + 1);
    names->items = calloc(DUET_VOC_MAX_CLASSES, sizeof *names->items);
    if (status == DUET_OK && (!names->text || !names->items))
        status = duet_no_memory(error, path, "for the names");
    if (status == DUET_OK) {
        memcpy(names->text, bytes.data, bytes.size);
        status = split(path, names->text + begin, names->text + bytes.size, names->items, &count, error);
    }
    names->labels = (struct duet_labels){names->items, count};
    duet_bytes_close(&bytes);
    return status;
}

/* --- which -------------------------------------------------------------------------------------------- */

/* The first class that two do not name alike (as people name them: data/labels/labels.h), or -1. */
static int first_difference(const struct duet_voc_classes *a, const struct duet_voc_classes *b)
{
    int most = a->count > b->count ? a->count : b->count;
    for (int c = 0; c < most; c++) {
        const struct duet_label *other = duet_labels_by_id(&b->labels, c);
        const struct duet_label *same =
            other ? duet_labels_find(&a->labels, other->name) : duet_labels_by_id(&a->labels, c);
        if (c >= a->count || c >= b->count || (other ? !same || same->id != c : same != NULL)) return c;
    }
    return -1;
}

/* The model's own; under VOC's names where it has these, however it spells them. */
static enum duet_status classes_of_model(const struct evaluate_voc_run *run, struct duet_voc_classes *classes,
                                         struct duet_error *error)
{
    const struct duet_head *head = duet_model_task_head(run->networks->segment_model, DUET_SEGMENTATION);
    const struct duet_voc_classes voc = {21, duet_labels_voc()};
    *classes = (struct duet_voc_classes){duet_head_classes(head), head->labels};
    if (first_difference(classes, &voc) < 0) *classes = voc;
    if (classes->count <= DUET_VOC_MAX_CLASSES) return DUET_OK;
    return duet_fail(error, DUET_UNSUPPORTED, "the model %s has %d classes: masks have room for %d",
                     run->settings->segment.model, classes->count, DUET_VOC_MAX_CLASSES);
}

static enum duet_status choose(struct evaluate_voc_run *run, struct duet_error *error)
{
    const char *path = run->settings->class_names;
    struct duet_voc_classes model = {0};
    run->classes = (struct duet_voc_classes){21, duet_labels_voc()};
    enum duet_status status = path ? read_names(path, &run->names, error) : DUET_OK;
    if (status == DUET_OK && path)
        run->classes = (struct duet_voc_classes){(int)run->names.labels.count, run->names.labels};
    if (status != DUET_OK || !run->networks) return status;
    status = classes_of_model(run, &model, error);
    int c = path ? first_difference(&run->classes, &model) : -1;
    if (status == DUET_OK && c >= 0)
        return duet_fail(error, DUET_MISMATCH,
                         "%s has %d classes, the model %s %d; they differ from class %d on: '%s' and '%s'",
                         path, run->classes.count, run->settings->segment.model, model.count, c,
                         c < run->classes.count ? duet_labels_name(&run->classes.labels, c) : "",
                         c < model.count ? duet_labels_name(&model.labels, c) : "");
    if (!path) run->classes = model;
    return status;
}

int evaluate_voc_classes(struct evaluate_voc_run *run)
{
    struct duet_error error;
    return choose(run, &error) == DUET_OK ? DUET_GO_ON : evaluate_failed(run->console, &error);
}

void evaluate_voc_names_close(struct evaluate_voc_names *names)
{
    free(names->text);
    free(names->items);
    *names = (struct evaluate_voc_names){0};
}
