#include "picture/coded.h"

#include "core/checked.h"
#include "core/fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum duet_status duet_coded_check(const struct duet_coded *coded, size_t width, size_t height,
                                  struct duet_error *error)
{
    if (width == 0 || height == 0)
        return duet_fail(error, DUET_BAD_FORMAT, "%s: %zux%zu pixels, expected at least 1x1", coded->name,
                         width, height);
    if (width > DUET_IMAGE_MAX_SIDE || height > DUET_IMAGE_MAX_SIDE)
        return duet_fail(error, DUET_TOO_LARGE, "%s: %zux%zu pixels, the limit is %d a side", coded->name,
                         width, height, DUET_IMAGE_MAX_SIDE);
    size_t pixels;
    if (!duet_mul_size(width, height, &pixels) || pixels > coded->options->max_pixels)
        return duet_fail(error, DUET_TOO_LARGE,
                         "%s: %zux%zu pixels, the limit is %zu in all; --max-pixels raises it", coded->name,
                         width, height, coded->options->max_pixels);
    return DUET_OK;
}

/* Sides and `beside` are within limits that keep all sums below 2^63. */
enum duet_status duet_coded_afford(const struct duet_coded *coded, size_t width, size_t height, size_t beside,
                                   int orientation, struct duet_error *error)
{
    const struct duet_picture_options *options = coded->options;
    size_t image = width * height * 3, cost = image + beside;
    /* Turned, there are two of it, but what decoding took has been given back by then. */
    if (orientation > 1 && options->exif == DUET_EXIF_APPLY && cost < 2 * image) cost = 2 * image;
    cost += coded->size;
    if (coded->cost) {
        *coded->cost = cost;
        return DUET_OK;
    }
    if (options->max_memory == 0 || cost <= options->max_memory) return DUET_OK;
    return duet_fail(
        error, DUET_TOO_LARGE,
        "%s: %zux%zu pixels need %.1f MiB to decode, the limit is %.1f MiB; --max-memory raises it",
        coded->name, width, height, (double)cost / (1 << 20), (double)options->max_memory / (1 << 20));
}

enum duet_status duet_coded_warn(const struct duet_coded *coded, struct duet_error *error, const char *format,
                                 ...)
{
    struct duet_warnings *warnings = coded->warnings;
    struct duet_error said; /* one line */
    char text[sizeof warnings->texts[0]];
    va_list args;
    if (coded->cost) return DUET_OK; /* it will be told when the picture is decoded */
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    duet_fail(&said, DUET_OK, "%s", text);
    if (coded->options->strict)
        return duet_fail(error, DUET_BAD_FORMAT, "%s: %s; --strict refuses that", coded->name, said.text);
    for (int i = 0; i < warnings->count; i++)
        if (strcmp(warnings->texts[i], said.text) == 0) return DUET_OK;
    bool full = warnings->count == DUET_WARNINGS_MAX;
    char *to = warnings->texts[full ? DUET_WARNINGS_MAX - 1 : warnings->count++];
    snprintf(to, sizeof text, "%.*s", (int)sizeof text - 1, full ? "and more of that kind" : said.text);
    return DUET_OK;
}

enum duet_status duet_coded_too_short(const struct duet_coded *coded, const char *kind, size_t width,
                                      size_t height, struct duet_error *error)
{
    return duet_fail(error, DUET_BAD_FORMAT, "%s: truncated %s (%zu bytes cannot hold %zux%zu pixels)",
                     coded->name, kind, coded->size, width, height);
}

enum duet_status duet_coded_image(const struct duet_coded *coded, size_t width, size_t height,
                                  struct duet_image *image, struct duet_error *error)
{
    if (duet_image_create(image, (int)width, (int)height, DUET_RGB8, NULL) == DUET_OK) return DUET_OK;
    return duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory for %zux%zu pixels", coded->name, width,
                     height);
}
