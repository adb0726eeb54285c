/* One picture: two masks to a few counts. */
#include "core/fail.h"
#include "eval/voc/miou.h"
#include "voc/band.h"

#include <stdlib.h>
#include <string.h>

enum { CLASSES = DUET_VOC_CLASSES, CELLS = CLASSES * CLASSES, PLANES = 1 + DUET_VOC_MAX_BANDS };

static enum duet_status check_pair(const struct duet_voc_pair *pair, struct duet_error *error)
{
    enum duet_status status = duet_image_check(pair->truth, DUET_GRAY8, error);
    if (status == DUET_OK) status = duet_image_check(pair->predicted, DUET_GRAY8, error);
    if (status != DUET_OK) return status;
    if (pair->truth->width == pair->predicted->width && pair->truth->height == pair->predicted->height)
        return DUET_OK;
    return duet_fail(error, DUET_MISMATCH, "%s: %dx%d pixels, but the truth %s has %dx%d",
                     pair->predicted_name, pair->predicted->width, pair->predicted->height, pair->truth_name,
                     pair->truth->width, pair->truth->height);
}

static enum duet_status check_bands(const int *bands, size_t count, struct duet_error *error)
{
    if (count > DUET_VOC_MAX_BANDS)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%zu bands: expected at most %d", count,
                         DUET_VOC_MAX_BANDS);
    for (size_t i = 0; i < count; i++)
        if (bands[i] < 1 || bands[i] > DUET_VOC_MAX_WIDTH || (i > 0 && bands[i] <= bands[i - 1]))
            return duet_fail(error, DUET_BAD_ARGUMENT,
                             "a band of %d pixels: expected widths of 1 to %d, ascending", bands[i],
                             DUET_VOC_MAX_WIDTH);
    return DUET_OK;
}

/* Say which of a pixel's two values is wrong. */
static enum duet_status bad_pixel(const struct duet_voc_pair *pair, int x, int y, struct duet_error *error)
{
    int truth = duet_image_row(pair->truth, y)[x], predicted = duet_image_row(pair->predicted, y)[x];
    if (predicted >= CLASSES)
        return duet_fail(error, DUET_MISMATCH, "%s: the pixel at x %d, y %d is %d: expected a class, 0 to %d",
                         pair->predicted_name, x, y, predicted, CLASSES - 1);
    return duet_fail(error, DUET_MISMATCH,
                     "%s: the pixel at x %d, y %d is %d: expected a class, 0 to %d, or %d for void",
                     pair->truth_name, x, y, truth, CLASSES - 1, DUET_VOC_VOID);
}

/* Count the whole picture into plane 0 and, when there are bands, each pixel into the narrowest it lies in.
 */
static enum duet_status count_pixels(const struct duet_voc_pair *pair, const uint8_t *bands,
                                     size_t band_count, uint32_t planes[PLANES][CELLS],
                                     struct duet_error *error)
{
    for (int y = 0; y < pair->truth->height; y++) {
        const uint8_t *truth = duet_image_row(pair->truth, y),
                      *predicted = duet_image_row(pair->predicted, y);
        for (int x = 0; x < pair->truth->width; x++) {
            size_t band = bands ? *bands++ : band_count;
            if (predicted[x] >= CLASSES || (truth[x] >= CLASSES && truth[x] != DUET_VOC_VOID))
                return bad_pixel(pair, x, y, error);
            if (truth[x] == DUET_VOC_VOID) continue;
            int cell = truth[x] * CLASSES + predicted[x];
            planes[0][cell]++;
            if (band < band_count) planes[1 + band][cell]++;
        }
    }
    return DUET_OK;
}

/* Keep what is not 0. A wider band holds the narrower ones. */
static enum duet_status keep(uint32_t planes[PLANES][CELLS], size_t band_count,
                             struct duet_voc_counts *counts, struct duet_error *error)
{
    const uint32_t *flat = planes[0];
    size_t total = (1 + band_count) * CELLS, count = 0;
    for (size_t plane = 2; plane <= band_count; plane++)
        for (size_t i = 0; i < CELLS; i++) planes[plane][i] += planes[plane - 1][i];
    for (size_t i = 0; i < total; i++) count += flat[i] > 0;
    counts->cells = calloc(count + 1, sizeof *counts->cells);
    if (!counts->cells) return duet_no_memory(error, NULL, "for the counts of a mask");
    for (size_t i = 0; i < total; i++)
        if (flat[i] > 0) counts->cells[counts->count++] = (struct duet_voc_cell){(uint16_t)i, flat[i]};
    return DUET_OK;
}

enum duet_status duet_voc_count(const struct duet_voc_pair *pair, const int *bands, size_t band_count,
                                struct duet_voc_counts *counts, struct duet_error *error)
{
    uint32_t planes[PLANES][CELLS] = {{0}};
    uint8_t *nearness = NULL;
    *counts = (struct duet_voc_counts){0};
    enum duet_status status = check_pair(pair, error);
    if (status == DUET_OK) status = check_bands(bands, band_count, error);
    if (status == DUET_OK && band_count > 0) {
        nearness = duet_voc_bands(pair->truth, bands, band_count, DUET_VOC_VOID);
        if (!nearness) status = duet_no_memory(error, NULL, "for the bands of a mask");
    }
    if (status == DUET_OK) status = count_pixels(pair, nearness, band_count, planes, error);
    if (status == DUET_OK) status = keep(planes, band_count, counts, error);
    free(nearness);
    return status;
}

void duet_voc_counts_close(struct duet_voc_counts *counts)
{
    if (!counts) return;
    free(counts->cells);
    *counts = (struct duet_voc_counts){0};
}
