#include "deeplabv3/probe.h"

#include "core/labels.h"
#include "duet/segmenter.h"

#include <stdlib.h>
#include <string.h>

#define MAX_CLASSES 255 /* of any model, see duet_deeplabv3_build */

void duet_pass_close(struct pass *pass)
{
    free(pass->logits);
    free(pass->rows);
    free(pass->columns);
    memset(pass, 0, sizeof *pass);
}

struct duet_segmentation_logits *
duet_segmentation_logits_create(const struct duet_segmentation_logits *logits, const struct pass *passes,
                                int pass_count)
{
    size_t bytes = (size_t)pass_count * sizeof *passes;
    struct duet_segmentation_logits *l = malloc(sizeof *l);
    struct pass *owned = malloc(bytes);
    if (!l || !owned) {
        free(l);
        free(owned);
        return NULL;
    }
    *l = *logits;
    l->passes = memcpy(owned, passes, bytes);
    l->pass_count = pass_count;
    return l;
}

void duet_segmentation_logits_close(struct duet_segmentation_logits **logits)
{
    if (!logits || !*logits) return;
    struct duet_segmentation_logits *l = *logits;
    for (int i = 0; i < l->pass_count; i++) duet_pass_close(&l->passes[i]);
    free(l->passes);
    free(l);
    *logits = NULL;
}

/* The four cells about a pixel as a map of their own, on which the row functions of class_map.h do what they
 * did for the whole picture: the same arithmetic, the same bits. */
struct corner {
    struct logit_map map;
    struct map_tap row, column;
    float logits[2 * 2 * MAX_CLASSES];
    float scratch[2 * MAX_CLASSES + 2]; /* duet_map_scratch of such a map and one pixel */
};

static void cut_corner(const struct pass *pass, int x, int y, struct corner *corner)
{
    const struct logit_map *m = &pass->map;
    corner->row = (struct map_tap){0, pass->rows[y].fraction};
    corner->column = (struct map_tap){0, pass->columns[x].fraction};
    corner->map = (struct logit_map){.logits = corner->logits,
                                     .height = m->height > 1 ? 2 : 1,
                                     .width = m->width > 1 ? 2 : 1,
                                     .classes = m->classes,
                                     .upsample = m->upsample};
    float *to = corner->logits;
    for (size_t i = 0; i < corner->map.height; i++)
        for (size_t k = 0; k < corner->map.width; k++, to += m->classes) {
            size_t row = pass->rows[y].low + i, column = pass->columns[x].low + k;
            if (m->mirrored) column = m->width - 1 - column;
            memcpy(to, m->logits + (row * m->width + column) * m->classes, m->classes * sizeof *to);
        }
}

/* Probabilities of all classes, summed over passes; returns the class that the class map has there. */
static int probabilities(const struct duet_segmentation_logits *l, int x, int y, float sums[MAX_CLASSES])
{
    struct corner corner;
    uint8_t best = 0;
    memset(sums, 0, MAX_CLASSES * sizeof *sums);
    for (int i = 0; i < l->pass_count; i++) {
        cut_corner(&l->passes[i], x, y, &corner);
        duet_map_softmax_row(&corner.map, corner.row, &corner.column, 1, corner.scratch, &best, sums);
    }
    /* `best` is that of the largest logit: the probabilities of two may round to the same number. */
    if (l->mean) best = 0;
    for (size_t c = 1; l->mean && c < corner.map.classes; c++)
        if (sums[c] > sums[best]) best = (uint8_t)c;
    for (size_t c = 0; c < corner.map.classes; c++)
        if (!(sums[c] >= 0)) sums[c] = 0; /* weights gone wild: NaN */
    return best;
}

int duet_segmentation_probe(const struct duet_segmentation *segmentation, int x, int y,
                            struct duet_class_probability *top, int count)
{
    const struct duet_segmentation_logits *l = segmentation ? segmentation->logits : NULL;
    if (!l || !top || x < 0 || y < 0 || x >= l->width || y >= l->height) return 0;
    int classes = (int)l->passes[0].map.classes;
    float sums[MAX_CLASSES];
    int next = probabilities(l, x, y, sums), i = 0;
    for (; i < count && i < classes; i++) {
        float p = sums[next] / (float)l->pass_count;
        top[i] = (struct duet_class_probability){next, duet_labels_name(&l->labels, next), p < 1 ? p : 1};
        sums[next] = -1; /* told */
        next = 0;
        for (int c = 1; c < classes; c++)
            if (sums[c] > sums[next]) next = c;
    }
    return i;
}
