#include "class_map.h"

#include <math.h>
#include <string.h>

void duet_map_taps(size_t count, float pitch, float offset, size_t input, size_t cells, struct map_tap *taps)
{
    float scale = input > 1 ? (float)(cells - 1) / (float)(input - 1) : 0;
    float last = (float)(input - 1);
    for (size_t i = 0; i < count; i++) {
        float at = (float)i * pitch + offset;
        at = at < 0 ? 0 : at > last ? last : at;
        float source = at * scale;
        size_t low = (size_t)source;
        if (low + 1 >= cells)
            low = cells > 1 ? cells - 2 : 0; /* the last cell is the end of the last interval */
        taps[i].low = (uint32_t)low;
        taps[i].fraction = cells > 1 ? source - (float)low : 0;
    }
}

/* e^x for x <= 0, within 2e-7 of the value; loops over it vectorise. */
static inline float exp_below(float x)
{
    x = x > -87.0f ? x : -87.0f;
    float n = x * 1.44269504f + 12582912.0f; /* 1.5 * 2^23: leaves the nearest whole number */
    uint32_t bits;
    memcpy(&bits, &n, sizeof bits);
    n -= 12582912.0f;
    float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float sum =
        1.0f + r * (1.0f + r * (0.5f + r * (1.6666667e-1f +
                                            r * (4.1666667e-2f + r * (8.3333333e-3f + r * 1.3888889e-3f)))));
    bits = (bits + 127) << 23; /* the low bits of n's pattern are the number itself */
    float power;
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}

/* scratch: cells[classes][width] of the interpolated row, then best[pixels], total[pixels], class[pixels]. */
size_t duet_map_scratch(const struct logit_map *map, size_t pixels)
{
    return map->classes * map->width + 3 * pixels;
}

/* The map's row at a pixel row's height, class by class. */
static void blend_rows(const struct logit_map *map, struct map_tap row, float *cells)
{
    size_t width = map->width, classes = map->classes;
    const float *top = map->logits + row.low * width * classes;
    const float *bottom = map->height > 1 ? top + width * classes : top;
    for (size_t x = 0; x < width; x++) {
        size_t to = map->mirrored ? width - 1 - x : x;
        for (size_t c = 0; c < classes; c++) {
            float a = top[x * classes + c], b = bottom[x * classes + c];
            cells[c * width + to] = a + (b - a) * row.fraction;
        }
    }
}

/* Pixels [x, end) that lie between the same two cells as pixel x. */
static size_t end_of_interval(const struct map_tap *columns, size_t x, size_t pixels)
{
    size_t end = x + 1;
    while (end < pixels && columns[end].low == columns[x].low) end++;
    return end;
}

/* Logit of class row `cells` at pixels of one interval: a + slope * fraction. */
static inline void interval(const float *cells, size_t width, uint32_t low, float *a, float *slope)
{
    *a = cells[low];
    *slope = width > 1 ? cells[low + 1] - cells[low] : 0;
}

static void best_of_interval(const struct logit_map *map, const float *cells, const struct map_tap *columns,
                             size_t x, size_t end, float *best, int32_t *class)
{
    for (size_t i = x; i < end; i++) best[i] = -INFINITY, class[i] = 0;
    for (size_t c = 0; c < map->classes; c++) {
        float a, slope;
        interval(cells + c * map->width, map->width, columns[x].low, &a, &slope);
        for (size_t i = x; i < end; i++) {
            float logit = a + slope * columns[i].fraction;
            bool better = logit > best[i];
            best[i] = better ? logit : best[i];
            class[i] = better ? (int32_t)c : class[i];
        }
    }
}

/* total[i] = sum over classes of e^(logit - best). */
static void total_of_interval(const struct logit_map *map, const float *cells, const struct map_tap *columns,
                              size_t x, size_t end, const float *best, float *total)
{
    for (size_t i = x; i < end; i++) total[i] = 0;
    for (size_t c = 0; c < map->classes; c++) {
        float a, slope;
        interval(cells + c * map->width, map->width, columns[x].low, &a, &slope);
        for (size_t i = x; i < end; i++) total[i] += exp_below(a + slope * columns[i].fraction - best[i]);
    }
}

struct rows {
    float *cells, *best, *total;
    int32_t *class;
};

static struct rows split(const struct logit_map *map, size_t pixels, float *scratch)
{
    float *best = scratch + map->classes * map->width;
    return (struct rows){scratch, best, best + pixels, (int32_t *)(void *)(best + 2 * pixels)};
}

void duet_map_argmax_row(const struct logit_map *map, struct map_tap row, const struct map_tap *columns,
                         size_t pixels, float *scratch, uint8_t *classes, float *probability)
{
    struct rows r = split(map, pixels, scratch);
    blend_rows(map, row, r.cells);
    for (size_t x = 0, end; x < pixels; x = end) {
        end = end_of_interval(columns, x, pixels);
        best_of_interval(map, r.cells, columns, x, end, r.best, r.class);
        if (probability) total_of_interval(map, r.cells, columns, x, end, r.best, r.total);
    }
    for (size_t x = 0; x < pixels; x++) classes[x] = (uint8_t)r.class[x];
    if (!probability) return;
    for (size_t x = 0; x < pixels; x++) probability[x] = 1.0f / r.total[x];
}

void duet_map_softmax_row(const struct logit_map *map, struct map_tap row, const struct map_tap *columns,
                          size_t pixels, float *scratch, float *sums)
{
    struct rows r = split(map, pixels, scratch);
    blend_rows(map, row, r.cells);
    for (size_t x = 0, end; x < pixels; x = end) {
        end = end_of_interval(columns, x, pixels);
        best_of_interval(map, r.cells, columns, x, end, r.best, r.class);
        total_of_interval(map, r.cells, columns, x, end, r.best, r.total);
        for (size_t c = 0; c < map->classes; c++) {
            float a, slope, *sum = sums + c * pixels;
            interval(r.cells + c * map->width, map->width, columns[x].low, &a, &slope);
            for (size_t i = x; i < end; i++)
                sum[i] += exp_below(a + slope * columns[i].fraction - r.best[i]) / r.total[i];
        }
    }
}
