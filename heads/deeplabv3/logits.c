#include "deeplabv3/logits.h"

#include <stdlib.h>
#include <string.h>

struct duet_segmentation_logits *duet_segmentation_logits_create(int most)
{
    struct duet_segmentation_logits *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    l->passes = calloc((size_t)most, sizeof *l->passes);
    if (!l->passes) duet_segmentation_logits_close(&l);
    return l;
}

void duet_segmentation_logits_close(struct duet_segmentation_logits **logits)
{
    if (!logits || !*logits) return;
    struct duet_segmentation_logits *l = *logits;
    for (int i = 0; i < l->pass_count; i++) {
        free(l->passes[i].logits);
        free(l->passes[i].rows);
        free(l->passes[i].columns);
    }
    free(l->passes);
    free(l);
    *logits = NULL;
}

bool duet_segmentation_logits_add(struct duet_segmentation_logits *logits, const struct logit_map *map,
                                  bool copy, const struct placement *at)
{
    struct pass *p = &logits->passes[logits->pass_count++];
    size_t width = (size_t)logits->width, height = (size_t)logits->height;
    p->map = *map;
    if (copy) {
        size_t bytes = map->height * map->width * map->classes * sizeof *map->logits; /* a session has them */
        p->logits = malloc(bytes);
        if (!p->logits) return false;
        p->map.logits = memcpy(p->logits, map->logits, bytes);
    }
    p->rows = calloc(height, sizeof *p->rows);
    p->columns = calloc(width, sizeof *p->columns);
    if (!p->rows || !p->columns) return false;
    duet_map_taps(width, at->x.pitch, at->x.offset, at->x.last, map->width, p->columns);
    duet_map_taps(height, at->y.pitch, at->y.offset, at->y.last, map->height, p->rows);
    return true;
}
