#include "report/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

void duet_put_dialect(struct duet_buffer *buffer, const struct duet_dialect *dialect, const char *format,
                      va_list args)
{
    const size_t wide = sizeof PRIu64 - 1;
    for (const char *at = format; *at;) {
        size_t plain = strcspn(at, "%");
        duet_put_bytes(buffer, at, plain);
        at += plain;
        if (*at++ != '%') break;
        size_t length = *at == 'z' ? 2 : strncmp(at, PRIu64, wide) == 0 ? wide : 1;
        if (*at == 's')
            dialect->text(buffer, va_arg(args, const char *));
        else if (*at == 'f')
            dialect->number(buffer, va_arg(args, double));
        else if (*at == 'd')
            duet_putf(buffer, "%d", va_arg(args, int));
        else if (*at == 'z')
            duet_putf(buffer, "%zu", va_arg(args, size_t));
        else if (length == wide)
            duet_putf(buffer, "%" PRIu64, va_arg(args, uint64_t));
        else
            duet_put_bytes(buffer, at, 1);
        at += length;
    }
}

/* --- JSON --------------------------------------------------------------------------------------------- */

void duet_put_score(struct duet_buffer *buffer, double value)
{
    if (isfinite(value))
        duet_put_double(buffer, value);
    else
        duet_put(buffer, "null");
}

void duet_put_jsonf(struct duet_buffer *buffer, const char *format, ...)
{
    static const struct duet_dialect json = {duet_put_json_string, duet_put_score};
    va_list args;
    va_start(args, format);
    duet_put_dialect(buffer, &json, format, args);
    va_end(args);
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
    duet_put_jsonf(buffer, "[%f, %f]", interval.low, interval.high);
}

void duet_put_intervals(struct duet_buffer *buffer, const struct duet_interval *intervals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        duet_put(buffer, i > 0 ? ", " : "[");
        duet_put_interval(buffer, intervals[i]);
    }
    duet_put(buffer, count > 0 ? "]" : "[]");
}

void duet_put_bootstrap(struct duet_buffer *buffer, size_t replicates, uint64_t seed)
{
    duet_putf(buffer, " \"bootstrap\": {\"replicates\": %zu, \"seed\": %" PRIu64 ", \"level\": 0.95",
              replicates, seed);
}

void duet_put_conditions(struct duet_buffer *buffer, const struct duet_conditions *conditions)
{
    duet_put(buffer, " \"conditions\": {");
    for (size_t i = 0; i < conditions->count; i++) {
        const struct duet_condition *condition = &conditions->items[i];
        duet_put_jsonf(buffer, i > 0 ? ",\n  %s: " : "\n  %s: ", condition->name);
        (condition->quoted ? duet_put_json_string : duet_put)(buffer, condition->text);
    }
    duet_put(buffer, "\n }");
}

char *duet_json_end(struct duet_buffer *buffer, const struct duet_conditions *conditions)
{
    duet_put_conditions(buffer, conditions);
    duet_put(buffer, "\n}\n");
    return duet_buffer_text(buffer);
}

/* --- CSV ---------------------------------------------------------------------------------------------- */

void duet_put_field(struct duet_buffer *buffer, double value)
{
    duet_put(buffer, ",");
    if (isfinite(value)) duet_put_double(buffer, value);
}

void duet_put_interval_fields(struct duet_buffer *buffer, struct duet_interval interval)
{
    duet_put_field(buffer, interval.low);
    duet_put_field(buffer, interval.high);
}

/* --- for people --------------------------------------------------------------------------------------- */

void duet_put_padded(struct duet_buffer *buffer, struct duet_buffer *text, int width)
{
    for (int i = (int)text->size; i < width; i++) duet_put(buffer, " ");
    if (text->size > 0) duet_put_bytes(buffer, text->data, text->size);
    buffer->failed |= text->failed;
    duet_buffer_close(text);
}

void duet_put_cell(struct duet_buffer *buffer, double value, int width)
{
    struct duet_buffer text = {0};
    if (isfinite(value))
        duet_put_fixed(&text, value, 4);
    else
        duet_put(&text, "-");
    duet_put_padded(buffer, &text, width);
}

void duet_put_range(struct duet_buffer *buffer, const char *lead, const struct duet_interval *interval)
{
    if (!interval) return;
    duet_put(buffer, lead);
    duet_put(buffer, "[");
    duet_put_cell(buffer, interval->low, 6);
    duet_put(buffer, ", ");
    duet_put_cell(buffer, interval->high, 6);
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
