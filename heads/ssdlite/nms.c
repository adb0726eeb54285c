#include "duet/nms.h"

#include <stdbool.h>
#include <stdlib.h>

static float area(struct duet_corners b)
{
    return (b.ymax - b.ymin) * (b.xmax - b.xmin);
}

float duet_iou(struct duet_corners a, struct duet_corners b)
{
    float area_a = area(a), area_b = area(b);
    if (!(area_a > 0 && area_b > 0)) return 0;
    float top = a.ymin > b.ymin ? a.ymin : b.ymin, bottom = a.ymax < b.ymax ? a.ymax : b.ymax;
    float left = a.xmin > b.xmin ? a.xmin : b.xmin, right = a.xmax < b.xmax ? a.xmax : b.xmax;
    if (!(bottom > top && right > left)) return 0;
    float common = (bottom - top) * (right - left);
    return common / (area_a + area_b - common);
}

static int compare(const void *a, const void *b)
{
    const struct duet_candidate *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return (x->anchor > y->anchor) - (x->anchor < y->anchor);
}

int duet_nms(struct duet_candidate *candidates, int count, float iou, int most)
{
    if (!candidates) return 0;
    if (count > 1) qsort(candidates, (size_t)count, sizeof *candidates, compare);
    int kept = 0;
    for (int i = 0; i < count && kept < most; i++) {
        bool suppressed = false;
        for (int k = 0; k < kept && !suppressed; k++)
            suppressed = duet_iou(candidates[i].box, candidates[k].box) > iou;
        if (!suppressed) candidates[kept++] = candidates[i];
    }
    return kept;
}

int duet_nms_trace(struct duet_candidate *candidates, int count, float iou, int most, int *keeper)
{
    if (!candidates || !keeper) return 0;
    if (count > 1) qsort(candidates, (size_t)count, sizeof *candidates, compare);
    int kept = 0;
    for (int i = 0; i < count; i++) keeper[i] = -1;
    for (int i = 0; i < count && kept < most; i++) {
        if (keeper[i] >= 0) continue;
        keeper[i] = i;
        kept++;
        for (int k = i + 1; k < count; k++)
            if (keeper[k] < 0 && duet_iou(candidates[k].box, candidates[i].box) > iou) keeper[k] = i;
    }
    return kept;
}
