#include "batch/save_if.h"

#include "cli/words.h"
#include "core/fail.h"
#include "core/os.h"
#include "data/labels/labels.h"

#include <stdlib.h>
#include <string.h>

/* `text` without the spaces around it; it is changed. */
static char *trim(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == ' ') text[--length] = '\0';
    return text + strspn(text, " ");
}

static enum duet_status parse_class(const char *name, const struct duet_labels *labels,
                                    struct duet_save_if_term *term, struct duet_error *error)
{
    const struct duet_label *label = duet_labels_find(labels, name);
    term->any = !label && strcmp(name, "any") == 0;
    if (label) term->id = label->id;
    if (label || term->any) return DUET_OK;
    const struct duet_label *near = duet_labels_suggest(labels, name);
    return duet_fail(error, DUET_BAD_ARGUMENT, "unknown class '%s'%s%s%s", name,
                     near ? "; did you mean '" : "", near ? near->name : "", near ? "'?" : "");
}

/* One term; the text is changed. */
static enum duet_status parse_term(char *text, const struct duet_labels *labels,
                                   struct duet_save_if_term *term, struct duet_error *error)
{
    char *sign = strchr(text, '>');
    *term = (struct duet_save_if_term){.or_as = sign && sign[1] == '='};
    if (!sign) return duet_fail(error, DUET_BAD_ARGUMENT, "'%s': expected CLASS>X, such as person>0.6", text);
    *sign = '\0';
    const char *name = trim(text), *number = trim(sign + (term->or_as ? 2 : 1));
    if (!duet_parse_float(number, &term->least) || term->least < 0 || term->least > 1)
        return duet_fail(error, DUET_BAD_ARGUMENT, "'%s' after %s>: expected a number from 0 to 1", number,
                         name);
    return parse_class(name, labels, term, error);
}

enum duet_status duet_save_if_parse(const char *text, const struct duet_labels *labels,
                                    struct duet_save_if *terms, struct duet_error *error)
{
    *terms = (struct duet_save_if){0};
    char *copy = duet_text("%s", text), *rest = copy, *word;
    if (!copy) return duet_no_memory(error, NULL, NULL);
    enum duet_status status = DUET_OK;
    while (status == DUET_OK && (word = strsep(&rest, ",")))
        status = terms->count == DUET_SAVE_IF_TERMS
                     ? duet_fail(error, DUET_BAD_ARGUMENT, "more than %d terms", DUET_SAVE_IF_TERMS)
                     : parse_term(word, labels, &terms->terms[terms->count++], error);
    free(copy);
    return status;
}

static bool holds(const struct duet_save_if_term *term, int id, double value, double least)
{
    bool meant = term->any ? id != 0 : term->id == id;
    return meant && (value > least || (term->or_as && value >= least));
}

bool duet_save_if_detections(const struct duet_save_if *terms, const struct duet_detections *detections)
{
    for (size_t i = 0; i < detections->count; i++)
        for (size_t k = 0; k < terms->count; k++) {
            const struct duet_detection *d = &detections->items[i];
            const struct duet_save_if_term *term = &terms->terms[k];
            /* A score is a float: "0.6" means the float that is printed so. */
            if (holds(term, d->category_id, (double)d->score, (double)(float)term->least)) return true;
        }
    return false;
}

bool duet_save_if_segments(const struct duet_save_if *terms, const struct duet_segments *segments)
{
    for (size_t i = 0; i < segments->count; i++)
        for (size_t k = 0; k < terms->count; k++) {
            const struct duet_segment *s = &segments->items[i];
            if (holds(&terms->terms[k], s->class_id, s->share, terms->terms[k].least)) return true;
        }
    return false;
}
