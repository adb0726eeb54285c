#include "viewer/screen/scale.h"

#include "core/fail.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ONE = 1 << 12 }; /* weights of an output pixel add up to this */

/* Which input pixels an output pixel is made of: weights[first_weight ..] of pixels first .. first + count.
 */
struct taps {
    int first, count;
    size_t first_weight;
};

struct axis {
    struct taps *taps; /* [to] */
    uint16_t *weights;
};

static void axis_close(struct axis *axis)
{
    free(axis->taps);
    free(axis->weights);
}

/* Shares of [low, high) that fall into each input pixel. */
static void area_taps(double low, double high, int from, struct taps *taps, uint16_t *weights)
{
    taps->first = (int)low;
    int last = (int)ceil(high) - 1;
    if (last >= from) last = from - 1;
    taps->count = last - taps->first + 1;
    int left = ONE;
    for (int i = 0; i < taps->count; i++) {
        double begin = fmax(low, taps->first + i), end = fmin(high, taps->first + i + 1);
        int weight = (int)lrint((end - begin) / (high - low) * ONE);
        weights[i] = (uint16_t)(i == taps->count - 1 || weight > left ? left : weight);
        left -= weights[i];
    }
}

static void linear_taps(double center, int from, struct taps *taps, uint16_t *weights)
{
    double at = fmin(fmax(center - 0.5, 0), from - 1);
    taps->first = (int)at;
    taps->count = taps->first + 1 < from ? 2 : 1;
    weights[0] = (uint16_t)lrint((1 - (at - taps->first)) * ONE);
    weights[1] = (uint16_t)(ONE - weights[0]);
    if (taps->count == 1) weights[0] = ONE;
}

static bool axis_open(struct axis *axis, int from, int to)
{
    double ratio = (double)from / to;
    size_t most = ratio > 1 ? (size_t)ratio + 3 : 2;
    axis->taps = calloc((size_t)to, sizeof *axis->taps);
    axis->weights = calloc((size_t)to * most, sizeof *axis->weights);
    if (!axis->taps || !axis->weights) return false;
    for (int i = 0; i < to; i++) {
        struct taps *taps = &axis->taps[i];
        taps->first_weight = (size_t)i * most;
        uint16_t *weights = axis->weights + taps->first_weight;
        if (ratio > 1) {
            area_taps(i * ratio, (i + 1) * ratio, from, taps, weights);
        } else if (ratio > 1.0 / 8) {
            linear_taps((i + 0.5) * ratio, from, taps, weights);
        } else {
            *taps = (struct taps){(int)((i + 0.5) * ratio), 1, taps->first_weight};
            weights[0] = ONE;
        }
    }
    return true;
}

/* One input row to the output's width; 8.8 fixed point. */
static void scale_row(const struct axis *columns, const uint8_t *from, int width, uint16_t *to)
{
    for (int x = 0; x < width; x++, to += 3) {
        const struct taps *taps = &columns->taps[x];
        const uint16_t *weights = columns->weights + taps->first_weight;
        const uint8_t *pixel = from + 3 * (size_t)taps->first;
        unsigned r = 0, g = 0, b = 0;
        for (int i = 0; i < taps->count; i++, pixel += 3) {
            r += pixel[0] * weights[i];
            g += pixel[1] * weights[i];
            b += pixel[2] * weights[i];
        }
        to[0] = (uint16_t)(r >> 4);
        to[1] = (uint16_t)(g >> 4);
        to[2] = (uint16_t)(b >> 4);
    }
}

/* Rows that were scaled already: consecutive output rows share some of theirs. */
struct rows {
    uint16_t *values[2];
    int index[2];
};

static const uint16_t *get_row(struct rows *rows, const struct axis *columns, const struct duet_image *from,
                               int y, int width)
{
    int which = y & 1;
    if (rows->index[which] != y) {
        scale_row(columns, duet_image_row(from, y), width, rows->values[which]);
        rows->index[which] = y;
    }
    return rows->values[which];
}

static void scale_rows(const struct axis *columns, const struct axis *lines, const struct duet_image *from,
                       const struct duet_image *to, struct rows *rows, uint32_t *sums)
{
    size_t bytes = 3 * (size_t)to->width;
    for (int y = 0; y < to->height; y++) {
        const struct taps *taps = &lines->taps[y];
        const uint16_t *weights = lines->weights + taps->first_weight;
        memset(sums, 0, bytes * sizeof *sums);
        for (int i = 0; i < taps->count; i++) {
            const uint16_t *row = get_row(rows, columns, from, taps->first + i, to->width);
            for (size_t k = 0; k < bytes; k++) sums[k] += (uint32_t)row[k] * weights[i];
        }
        uint8_t *out = duet_image_row(to, y);
        for (size_t k = 0; k < bytes; k++) out[k] = (uint8_t)((sums[k] + (1u << 19)) >> 20);
    }
}

enum duet_status viewer_scale(const struct duet_image *from, const struct duet_image *to,
                              struct duet_error *error)
{
    if (from->width == to->width && from->height == to->height) {
        for (int y = 0; y < to->height; y++)
            memcpy(duet_image_row(to, y), duet_image_row(from, y), 3 * (size_t)to->width);
        return DUET_OK;
    }
    size_t values = 3 * (size_t)to->width;
    struct axis columns = {0}, lines = {0};
    struct rows rows = {{calloc(values, sizeof(uint16_t)), calloc(values, sizeof(uint16_t))}, {-1, -1}};
    uint32_t *sums = calloc(values, sizeof *sums);
    bool fits = axis_open(&columns, from->width, to->width) && axis_open(&lines, from->height, to->height) &&
                rows.values[0] && rows.values[1] && sums;
    if (fits) scale_rows(&columns, &lines, from, to, &rows, sums);
    axis_close(&columns);
    axis_close(&lines);
    free(rows.values[0]);
    free(rows.values[1]);
    free(sums);
    return fits ? DUET_OK : duet_no_memory(error, NULL, "to scale a picture");
}

enum duet_status viewer_scale_classes(const struct duet_image *from, const struct duet_image *to,
                                      struct duet_error *error)
{
    int *columns = calloc((size_t)to->width, sizeof *columns);
    if (!columns) return duet_no_memory(error, NULL, "to scale a mask");
    for (int x = 0; x < to->width; x++)
        columns[x] = (int)((2 * (int64_t)x + 1) * from->width / (2 * to->width));
    for (int y = 0; y < to->height; y++) {
        const uint8_t *row =
            duet_image_row(from, (int)((2 * (int64_t)y + 1) * from->height / (2 * to->height)));
        uint8_t *out = duet_image_row(to, y);
        for (int x = 0; x < to->width; x++) out[x] = row[columns[x]];
    }
    free(columns);
    return DUET_OK;
}
