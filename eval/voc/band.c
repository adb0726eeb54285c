#include "voc/band.h"

#include "core/checked.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* One mask at work, class by class. Distances are exact: for a pixel of class c, down each column within
 * reach how far the next pixel that is not c lies, then the least of dx^2 + dy^2 along the row. */
struct work {
    const struct duet_image *mask;
    const int *widths;
    size_t count;
    int reach; /* the largest width */
    uint8_t
        *column;    /* [height, width] distance down or up to the next pixel of another class, <= reach + 1 */
    uint8_t *bands; /* [height, width] the result */
};

/* The part of the mask that a class takes up, ends included. */
struct extent {
    int left, right, top, bottom;
    bool any;
};

static void find_extents(const struct duet_image *mask, struct extent extents[256])
{
    memset(extents, 0, 256 * sizeof *extents);
    for (int y = 0; y < mask->height; y++) {
        const uint8_t *row = duet_image_row(mask, y);
        for (int x = 0; x < mask->width; x++) {
            struct extent *e = &extents[row[x]];
            if (!e->any) *e = (struct extent){x, x, y, y, true};
            if (x < e->left) e->left = x;
            if (x > e->right) e->right = x;
            e->bottom = y;
        }
    }
}

static uint8_t *cell(const struct work *work, uint8_t *plane, int x, int y)
{
    return plane + (size_t)y * (size_t)work->mask->width + x;
}

/* Fill `column` within the extent. Beyond the picture's edge there is nothing to differ from. */
static void measure_columns(const struct work *work, int class_id, const struct extent *e)
{
    const struct duet_image *mask = work->mask;
    uint8_t far = (uint8_t)(work->reach + 1);
    for (int y = e->top; y <= e->bottom; y++)
        for (int x = e->left; x <= e->right; x++) {
            uint8_t above = far;
            if (y > e->top)
                above = *cell(work, work->column, x, y - 1);
            else if (y > 0)
                above = 0;
            if (duet_image_row(mask, y)[x] != class_id)
                above = 0;
            else if (above < far)
                above++;
            *cell(work, work->column, x, y) = above;
        }
    for (int y = e->bottom; y >= e->top; y--)
        for (int x = e->left; x <= e->right; x++) {
            int below = y < e->bottom          ? *cell(work, work->column, x, y + 1) + 1
                        : y + 1 < mask->height ? 1
                                               : far;
            uint8_t *here = cell(work, work->column, x, y);
            if (below < *here) *here = (uint8_t)below;
        }
}

/* The least squared distance from a pixel of the class, or more than reach^2. */
static int nearest(const struct work *work, const struct extent *e, int x, int y)
{
    const uint8_t *row = cell(work, work->column, 0, y);
    int best = row[x] * row[x];
    for (int dx = 1; dx <= work->reach && dx * dx < best; dx++)
        for (int side = -1; side <= 1; side += 2) {
            int other = x + side * dx;
            if (other < 0 || other >= work->mask->width) continue;
            int dy = other < e->left || other > e->right ? 0 : row[other];
            if (dx * dx + dy * dy < best) best = dx * dx + dy * dy;
        }
    return best;
}

static void measure_rows(const struct work *work, int class_id, const struct extent *e)
{
    for (int y = e->top; y <= e->bottom; y++) {
        const uint8_t *row = duet_image_row(work->mask, y);
        for (int x = e->left; x <= e->right; x++) {
            if (row[x] != class_id) continue;
            int distance = nearest(work, e, x, y);
            size_t band = 0;
            while (band < work->count && distance > work->widths[band] * work->widths[band]) band++;
            *cell(work, work->bands, x, y) = (uint8_t)band;
        }
    }
}

uint8_t *duet_voc_bands(const struct duet_image *mask, const int *widths, size_t count, int none)
{
    struct work work = {.mask = mask, .widths = widths, .count = count, .reach = widths[count - 1]};
    struct extent extents[256];
    size_t pixels;
    if (!duet_mul_size((size_t)mask->width, (size_t)mask->height, &pixels)) return NULL;
    work.column = malloc(pixels);
    work.bands = malloc(pixels);
    if (work.column && work.bands) {
        memset(work.bands, (int)count, pixels);
        find_extents(mask, extents);
        for (int class_id = 0; class_id < 256; class_id++) {
            if (class_id == none || !extents[class_id].any) continue;
            measure_columns(&work, class_id, &extents[class_id]);
            measure_rows(&work, class_id, &extents[class_id]);
        }
    } else {
        free(work.bands);
        work.bands = NULL;
    }
    free(work.column);
    return work.bands;
}
