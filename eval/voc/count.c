/* One picture: two masks to a few counts. */
#include "core/fail.h"
#include "eval/voc/miou.h"
#include "voc/band.h"

#include <stdlib.h>
#include <string.h>

/* One pair at work. */
struct work {
    const struct duet_voc_pair *pair;
    size_t classes, band_count;
    uint8_t *nearness; /* [H, W] the narrowest band of a pixel; NULL: there are none */
    uint32_t *planes;  /* [1 + band_count][classes: truth][classes: predicted] */
};

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

static enum duet_status check_settings(int classes, const int *bands, size_t count, struct duet_error *error)
{
    if (classes < 2 || classes > DUET_VOC_MAX_CLASSES)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%d classes: expected 2 to %d", classes,
                         DUET_VOC_MAX_CLASSES);
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
static enum duet_status bad_pixel(const struct work *work, int x, int y, struct duet_error *error)
{
    const struct duet_voc_pair *pair = work->pair;
    int truth = duet_image_row(pair->truth, y)[x], predicted = duet_image_row(pair->predicted, y)[x];
    int last = (int)work->classes - 1;
    if (predicted > last)
        return duet_fail(error, DUET_MISMATCH, "%s: the pixel at x %d, y %d is %d: expected a class, 0 to %d",
                         pair->predicted_name, x, y, predicted, last);
    return duet_fail(error, DUET_MISMATCH,
                     "%s: the pixel at x %d, y %d is %d: expected a class, 0 to %d, or %d for void",
                     pair->truth_name, x, y, truth, last, DUET_VOC_VOID);
}

/* Count the whole picture into plane 0 and, when there are bands, each pixel into the narrowest it lies in.
 */
static enum duet_status count_pixels(const struct work *work, struct duet_error *error)
{
    const struct duet_image *truths = work->pair->truth, *found = work->pair->predicted;
    const uint8_t *bands = work->nearness;
    size_t classes = work->classes, cells = classes * classes;
    for (int y = 0; y < truths->height; y++) {
        const uint8_t *truth = duet_image_row(truths, y), *predicted = duet_image_row(found, y);
        for (int x = 0; x < truths->width; x++) {
            size_t band = bands ? *bands++ : work->band_count;
            if (predicted[x] >= classes || (truth[x] >= classes && truth[x] != DUET_VOC_VOID))
                return bad_pixel(work, x, y, error);
            if (truth[x] == DUET_VOC_VOID) continue;
            uint32_t *cell = &work->planes[truth[x] * classes + predicted[x]];
            cell[0]++;
            if (band < work->band_count) cell[(1 + band) * cells]++;
        }
    }
    return DUET_OK;
}

/* Keep what is not 0. A wider band holds the narrower ones. */
static enum duet_status keep(const struct work *work, struct duet_voc_counts *counts,
                             struct duet_error *error)
{
    size_t classes = work->classes, cells = classes * classes, count = 0;
    size_t total = (1 + work->band_count) * cells;
    for (size_t i = 2 * cells; i < total; i++) work->planes[i] += work->planes[i - cells];
    for (size_t i = 0; i < total; i++) count += work->planes[i] > 0;
    counts->cells = calloc(count + 1, sizeof *counts->cells);
    if (!counts->cells) return duet_no_memory(error, NULL, "for the counts of a mask");
    for (size_t i = 0; i < total; i++)
        if (work->planes[i] > 0)
            counts->cells[counts->count++] =
                (struct duet_voc_cell){(uint8_t)(i / cells), (uint8_t)(i % cells / classes),
                                       (uint8_t)(i % classes), work->planes[i]};
    return DUET_OK;
}

enum duet_status duet_voc_count(const struct duet_voc_pair *pair, int classes, const int *bands,
                                size_t band_count, struct duet_voc_counts *counts, struct duet_error *error)
{
    struct work work = {.pair = pair, .classes = (size_t)classes, .band_count = band_count};
    *counts = (struct duet_voc_counts){0};
    enum duet_status status = check_pair(pair, error);
    if (status == DUET_OK) status = check_settings(classes, bands, band_count, error);
    if (status != DUET_OK) return status;
    work.planes = calloc((1 + band_count) * work.classes * work.classes, sizeof *work.planes);
    if (!work.planes) status = duet_no_memory(error, NULL, "for the counts of a mask");
    if (status == DUET_OK && band_count > 0) {
        work.nearness = duet_voc_bands(pair->truth, bands, band_count, DUET_VOC_VOID);
        if (!work.nearness) status = duet_no_memory(error, NULL, "for the bands of a mask");
    }
    if (status == DUET_OK) status = count_pixels(&work, error);
    if (status == DUET_OK) status = keep(&work, counts, error);
    free(work.nearness);
    free(work.planes);
    return status;
}

void duet_voc_counts_close(struct duet_voc_counts *counts)
{
    if (!counts) return;
    free(counts->cells);
    *counts = (struct duet_voc_counts){0};
}
