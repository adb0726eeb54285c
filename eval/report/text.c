#include "report/text.h"

#include <math.h>
#include <string.h>

/* --- JSON --------------------------------------------------------------------------------------------- */

void duet_put_score(struct duet_buffer *buffer, double value)
{
    if (isfinite(value))
        duet_put_double(buffer, value);
    else
        duet_put(buffer, "null");
}

void duet_put_scores(struct duet_buffer *buffer, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        duet_put(buffer, i > 0 ? ", " : "[");
        duet_put_score(buffer, values[i]);
    }
    duet_put(buffer, count > 0 ? "]" : "[]");
}

void duet_put_interval(struct duet_buffer *buffer, struct duet_interval interval)
{
    const double ends[] = {interval.low, interval.high};
    duet_put_scores(buffer, ends, 2);
}

void duet_put_conditions(struct duet_buffer *buffer, const struct duet_conditions *conditions)
{
    duet_put(buffer, "{");
    for (size_t i = 0; i < conditions->count; i++) {
        const struct duet_condition *condition = &conditions->items[i];
        duet_put(buffer, i > 0 ? ",\n  " : "\n  ");
        duet_put_json_string(buffer, condition->name);
        duet_put(buffer, ": ");
        if (condition->quoted)
            duet_put_json_string(buffer, condition->text);
        else
            duet_put(buffer, condition->text);
    }
    duet_put(buffer, "\n }");
}

/* --- for people --------------------------------------------------------------------------------------- */

/* Right-aligned in so many columns. */
static void put_padded(struct duet_buffer *buffer, const struct duet_buffer *text, int width)
{
    for (int i = (int)text->size; i < width; i++) duet_put(buffer, " ");
    if (text->size > 0) duet_put_bytes(buffer, text->data, text->size);
    buffer->failed |= text->failed;
}

void duet_put_cell(struct duet_buffer *buffer, double value, int width)
{
    struct duet_buffer text = {0};
    if (isfinite(value))
        duet_put_fixed(&text, value, 4);
    else
        duet_put(&text, "-");
    put_padded(buffer, &text, width);
    duet_buffer_close(&text);
}

void duet_put_range(struct duet_buffer *buffer, struct duet_interval interval)
{
    duet_put(buffer, "[");
    duet_put_cell(buffer, interval.low, 6);
    duet_put(buffer, ", ");
    duet_put_cell(buffer, interval.high, 6);
    duet_put(buffer, "]");
}

void duet_put_condition_lines(struct duet_buffer *buffer, const struct duet_conditions *conditions)
{
    size_t widest = 0;
    for (size_t i = 0; i < conditions->count; i++) {
        size_t length = strlen(conditions->items[i].name);
        if (length > widest) widest = length;
    }
    for (size_t i = 0; i < conditions->count; i++) {
        const struct duet_condition *condition = &conditions->items[i];
        for (const char *c = condition->name; *c; c++) duet_put_bytes(buffer, *c == '_' ? " " : c, 1);
        duet_putf(buffer, "%*s  ", (int)(widest - strlen(condition->name)), "");
        duet_put_shown(buffer, condition->text);
        duet_put(buffer, "\n");
    }
}
