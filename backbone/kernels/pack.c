#include "kernels/pack.h"

#include <string.h>

void duet_pack_f32(const uint32_t *rows, size_t depth, size_t columns, size_t panel, const void *weights,
                   void *packed)
{
    const float *from = weights;
    float *to = packed;
    if (panel == 0) panel = columns;
    for (size_t n0 = 0; n0 < columns; n0 += panel) {
        size_t count = columns - n0 < panel ? columns - n0 : panel;
        for (size_t k = 0; k < depth; k++, to += panel) {
            memcpy(to, from + (rows ? rows[k] : k) * columns + n0, count * sizeof *to);
            if (count < panel) memset(to + count, 0, (panel - count) * sizeof *to);
        }
    }
}
