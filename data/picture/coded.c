#include "picture/coded.h"

#include "core/checked.h"
#include "core/fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum duet_status duet_coded_fail(const struct duet_coded *coded, enum duet_status status, const char *format,
                                 ...)
{
    char text[sizeof coded->error->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return duet_fail(coded->error, status, "%s: %s", coded->name, text);
}

enum duet_status duet_coded_check(const struct duet_coded *coded, size_t width, size_t height)
{
    size_t pixels, most = coded->options->max_pixels;
    if (width == 0 || height == 0)
        return duet_coded_fail(coded, DUET_BAD_FORMAT, "%zux%zu pixels, expected at least 1x1", width,
                               height);
    if (width > DUET_IMAGE_MAX_SIDE || height > DUET_IMAGE_MAX_SIDE)
        return duet_coded_fail(coded, DUET_TOO_LARGE, "%zux%zu pixels, the limit is %d a side", width, height,
                               DUET_IMAGE_MAX_SIDE);
    if (!duet_mul_size(width, height, &pixels) || pixels > most)
        return duet_coded_fail(coded, DUET_TOO_LARGE,
                               "%zux%zu pixels, the limit is %zu in all; --max-pixels raises it", width,
                               height, most);
    return DUET_OK;
}

/* Sides and `beside` are within limits that keep all sums below 2^63. */
enum duet_status duet_coded_afford(struct duet_coded *coded, size_t width, size_t height, size_t beside)
{
    const struct duet_picture_options *options = coded->options;
    size_t image = width * height * 3, cost = image + beside;
    /* Turned, there are two of it, but what decoding took has been given back by then. */
    if (coded->orientation > 1 && options->exif == DUET_EXIF_APPLY && cost < 2 * image) cost = 2 * image;
    coded->cost = cost + coded->size;
    if (coded->costs_only || options->max_memory == 0 || coded->cost <= options->max_memory) return DUET_OK;
    return duet_coded_fail(
        coded, DUET_TOO_LARGE,
        "%zux%zu pixels need %.1f MiB to decode, the limit is %.1f MiB; --max-memory raises it", width,
        height, (double)coded->cost / (1 << 20), (double)options->max_memory / (1 << 20));
}

enum duet_status duet_coded_warn(const struct duet_coded *coded, const char *format, ...)
{
    struct duet_warnings *warnings = coded->warnings;
    struct duet_error said; /* one line */
    char text[sizeof warnings->texts[0]];
    va_list args;
    if (coded->costs_only) return DUET_OK; /* it will be told when the picture is decoded */
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    duet_fail(&said, DUET_OK, "%s", text);
    if (coded->options->strict)
        return duet_coded_fail(coded, DUET_BAD_FORMAT, "%s; --strict refuses that", said.text);
    for (int i = 0; i < warnings->count; i++)
        if (strcmp(warnings->texts[i], said.text) == 0) return DUET_OK;
    bool full = warnings->count == DUET_WARNINGS_MAX;
    char *to = warnings->texts[full ? DUET_WARNINGS_MAX - 1 : warnings->count++];
    snprintf(to, sizeof text, "%.*s", (int)sizeof text - 1, full ? "and more of that kind" : said.text);
    return DUET_OK;
}

enum duet_status duet_coded_too_short(const struct duet_coded *coded, const char *kind, size_t width,
                                      size_t height)
{
    return duet_coded_fail(coded, DUET_BAD_FORMAT, "truncated %s (%zu bytes cannot hold %zux%zu pixels)",
                           kind, coded->size, width, height);
}

enum duet_status duet_coded_image(struct duet_coded *coded, size_t width, size_t height)
{
    if (duet_image_create(&coded->image, (int)width, (int)height, DUET_RGB8, NULL) == DUET_OK) return DUET_OK;
    return duet_coded_fail(coded, DUET_OUT_OF_MEMORY, "no memory for %zux%zu pixels", width, height);
}
