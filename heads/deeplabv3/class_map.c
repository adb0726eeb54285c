#include "deeplabv3/class_map.h"

void duet_map_taps(size_t count, float pitch, float offset, float last, size_t cells, struct map_tap *taps)
{
    float scale = last > 0 ? (float)(cells - 1) / last : 0;
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

/* scratch: cells[width][classes], the interpolated row, then fraction[pixels], total[pixels]. */
size_t duet_map_scratch(const struct logit_map *map, size_t pixels)
{
    return map->classes * map->width + 2 * pixels;
}

/* The map's row at a pixel row's height. */
static void blend_rows(const struct logit_map *map, struct map_tap row, float *cells)
{
    size_t width = map->width, classes = map->classes;
    const float *top = map->logits + row.low * width * classes;
    const float *bottom = map->height > 1 ? top + width * classes : top;
    for (size_t x = 0; x < width; x++) {
        float *to = cells + (map->mirrored ? width - 1 - x : x) * classes;
        for (size_t c = 0; c < classes; c++) {
            float a = top[x * classes + c], b = bottom[x * classes + c];
            to[c] = a + (b - a) * row.fraction;
        }
    }
}

/* Pixels [x, end) that lie between the same two cells as pixel x; their fractions side by side. */
static size_t end_of_interval(const struct map_tap *columns, size_t x, size_t pixels, float *fractions)
{
    size_t end = x;
    for (; end < pixels && columns[end].low == columns[x].low; end++) fractions[end] = columns[end].fraction;
    return end;
}

/* One pixel row; totals come to lie at the end of scratch, where the function that returns points. */
static const float *upsample_row(const struct logit_map *map, struct map_tap row,
                                 const struct map_tap *columns, size_t pixels, float *scratch,
                                 uint8_t *classes, bool totals, float *sums)
{
    float *fractions = scratch + map->classes * map->width, *total = fractions + pixels;
    blend_rows(map, row, scratch);
    for (size_t x = 0, end; x < pixels; x = end) {
        end = end_of_interval(columns, x, pixels, fractions);
        const float *left = scratch + columns[x].low * map->classes;
        map->upsample(&(struct duet_upsample_args){.left = left,
                                                   .right = map->width > 1 ? left + map->classes : left,
                                                   .classes = map->classes,
                                                   .fractions = fractions + x,
                                                   .pixels = end - x,
                                                   .output = classes + x,
                                                   .total = totals ? total + x : NULL,
                                                   .sums = sums ? sums + x : NULL,
                                                   .sums_stride = pixels});
    }
    return total;
}

void duet_map_argmax_row(const struct logit_map *map, struct map_tap row, const struct map_tap *columns,
                         size_t pixels, float *scratch, uint8_t *classes, float *probability)
{
    const float *total = upsample_row(map, row, columns, pixels, scratch, classes, probability != NULL, NULL);
    for (size_t x = 0; probability && x < pixels; x++) probability[x] = 1.0f / total[x];
}

void duet_map_softmax_row(const struct logit_map *map, struct map_tap row, const struct map_tap *columns,
                          size_t pixels, float *scratch, uint8_t *classes, float *sums)
{
    upsample_row(map, row, columns, pixels, scratch, classes, true, sums);
}
