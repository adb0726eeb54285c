#include "deeplabv3/masks.h"

#include "core/labels.h"

#include <stdlib.h>
#include <string.h>

/* --- logits to classes --------------------------------------------------------------------------------- */

struct work {
    const struct duet_segmentation_logits *logits;
    struct duet_image *classes, *confidence;
    float *scratch; /* `floats` for each worker: a row of probabilities, sums, what class_map.h asks for */
    size_t floats;
};

/* The class with the largest sum of probabilities, and its mean. */
static void best_of_sums(const struct duet_segmentation_logits *l, const float *sums, uint8_t *classes,
                         float *probability)
{
    size_t width = (size_t)l->width;
    for (size_t x = 0; x < width; x++) {
        size_t best = 0;
        for (size_t c = 1; c < l->classes; c++)
            if (sums[c * width + x] > sums[best * width + x]) best = c;
        classes[x] = (uint8_t)best;
        float p = sums[best * width + x] / (float)l->pass_count;
        probability[x] = p < 1 ? p : 1; /* a sum of roundings may step over it */
    }
}

static void class_row(void *arg, int y, int worker)
{
    const struct work *w = arg;
    const struct duet_segmentation_logits *l = w->logits;
    size_t width = (size_t)l->width;
    uint8_t *classes = duet_image_row(w->classes, y);
    float *probability = w->scratch + (size_t)worker * w->floats, *rest = probability + width;
    if (!l->mean) {
        const struct pass *p = &l->passes[0];
        duet_map_argmax_row(&p->map, p->rows[y], p->columns, width, rest, classes,
                            w->confidence ? probability : NULL);
    } else {
        float *sums = rest;
        memset(sums, 0, l->classes * width * sizeof *sums);
        for (int i = 0; i < l->pass_count; i++) {
            const struct pass *p = &l->passes[i];
            duet_map_softmax_row(&p->map, p->rows[y], p->columns, width, rest + l->classes * width, classes,
                                 sums);
        }
        best_of_sums(l, sums, classes, probability);
    }
    if (!w->confidence) return;
    uint8_t *out = duet_image_row(w->confidence, y);
    for (size_t x = 0; x < width; x++) out[x] = (uint8_t)(probability[x] * 255.0f + 0.5f);
}

bool duet_masks_fill(const struct duet_segmentation_logits *logits, const struct duet_pool *pool,
                     struct duet_image *classes, struct duet_image *confidence)
{
    size_t width = (size_t)logits->width, most = 0;
    for (int i = 0; i < logits->pass_count; i++) {
        size_t needed = duet_map_scratch(&logits->passes[i].map, width);
        if (needed > most) most = needed;
    }
    struct work work = {logits, classes, confidence, NULL,
                        width + most + (logits->mean ? logits->classes * width : 0)};
    work.scratch = calloc((size_t)pool->threads, work.floats * sizeof *work.scratch);
    if (!work.scratch) return false;
    pool->run(pool->ctx, class_row, &work, logits->height);
    free(work.scratch);
    return true;
}

/* --- what is in the map -------------------------------------------------------------------------------- */

struct extent {
    uint64_t pixels;
    uint64_t confidence; /* sum of bytes */
    int left, top, right, bottom;
};

/* Counts classes; unwanted ones become background first. */
static void measure(const struct duet_segmentation_logits *l, const bool *wanted, struct duet_image *classes,
                    const struct duet_image *confidence, struct extent extents[256])
{
    for (int y = 0; y < l->height; y++) {
        uint8_t *row = duet_image_row(classes, y);
        const uint8_t *bytes = confidence ? duet_image_row(confidence, y) : NULL;
        for (int x = 0; x < l->width; x++) {
            if (!wanted[row[x]]) row[x] = 0;
            struct extent *e = &extents[row[x]];
            if (e->pixels++ == 0) *e = (struct extent){1, 0, x, y, x, y};
            if (x < e->left) e->left = x;
            if (x > e->right) e->right = x;
            e->bottom = y;
            if (bytes) e->confidence += bytes[x];
        }
    }
}

size_t duet_masks_list(const struct duet_segmentation_logits *logits, const bool *wanted,
                       struct duet_image *classes, const struct duet_image *confidence,
                       struct duet_segment *items)
{
    struct extent extents[256] = {{0}};
    measure(logits, wanted, classes, confidence, extents);
    double area = (double)logits->width * logits->height;
    size_t count = 0;
    for (size_t c = 0; c < logits->classes; c++) {
        const struct extent *e = &extents[c];
        if (e->pixels == 0) continue;
        items[count++] =
            (struct duet_segment){.class_id = (int)c,
                                  .label = duet_labels_name(&logits->labels, (int)c),
                                  .pixels = e->pixels,
                                  .share = (double)e->pixels / area,
                                  .box = {(float)e->left, (float)e->top, (float)(e->right - e->left + 1),
                                          (float)(e->bottom - e->top + 1)},
                                  .confidence = (float)((double)e->confidence / (255.0 * (double)e->pixels))};
    }
    return count;
}
