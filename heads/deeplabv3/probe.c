#include "core/labels.h"
#include "deeplabv3/logits.h"
#include "duet/segmenter.h"

#include <string.h>

#define MAX_CLASSES 255 /* of any model, see duet_deeplabv3_build */

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

/* The first among equals. */
static int largest(const float *values, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (values[i] > values[best]) best = i;
    return (int)best;
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
    for (size_t c = 0; c < l->classes; c++)
        if (!(sums[c] >= 0)) sums[c] = 0; /* weights gone wild: NaN */
    /* Of one pass, `best` is that of the largest logit: two probabilities may round to the same number. */
    return l->mean ? largest(sums, l->classes) : best;
}

int duet_segmentation_probe(const struct duet_segmentation *segmentation, int x, int y,
                            struct duet_class_probability *top, int count)
{
    const struct duet_segmentation_logits *l = segmentation ? segmentation->logits : NULL;
    if (!l || !top || x < 0 || y < 0 || x >= l->width || y >= l->height) return 0;
    float sums[MAX_CLASSES];
    int next = probabilities(l, x, y, sums), i = 0;
    for (; i < count && i < (int)l->classes; i++) {
        float p = sums[next] / (float)l->pass_count;
        top[i] = (struct duet_class_probability){next, duet_labels_name(&l->labels, next), p < 1 ? p : 1};
        sums[next] = -1; /* told */
        next = largest(sums, l->classes);
    }
    return i;
}
