#include "kernels/pack.h"

#include <assert.h>
#include <string.h>

void duet_pack_f32(const struct duet_unpacked *from, const struct duet_packing *packing, void *packed)
{
    const float *weights = from->weights;
    const size_t columns = from->columns, panel = packing->panel ? packing->panel : columns;
    float *to = packed;
    for (size_t n0 = 0; n0 < columns; n0 += panel) {
        size_t count = columns - n0 < panel ? columns - n0 : panel;
        for (size_t k = 0; k < from->depth; k++, to += panel) {
            memcpy(to, weights + (from->rows ? from->rows[k] : k) * columns + n0, count * sizeof *to);
            if (count < panel) memset(to + count, 0, (panel - count) * sizeof *to);
        }
    }
}

static const int16_t *row_of(const struct duet_unpacked *from, size_t k)
{
    return (const int16_t *)from->weights + (from->rows ? from->rows[k] : k) * from->columns;
}

/* What is added to a weight of channel n where it is stored in a byte. */
static int shift_of(const struct duet_unpacked *from, const struct duet_packing *packing, size_t n)
{
    return packing->number == 1 && from->zeros ? from->zeros[n] : 0;
}

void duet_pack_whole(const struct duet_unpacked *from, const struct duet_packing *packing, void *packed)
{
    const size_t panel = packing->panel ? packing->panel : from->columns, unit = packing->unit;
    const size_t panel_size = duet_packed_depth(packing, from->depth) * panel;
    memset(packed, 0, duet_packed_size(packing, from->depth, from->columns) * packing->number);
    for (size_t n0 = 0, base = 0; n0 < from->columns; n0 += panel, base += panel_size) {
        size_t count = from->columns - n0 < panel ? from->columns - n0 : panel;
        for (size_t k = 0; k < from->depth; k++) {
            const int16_t *row = row_of(from, k) + n0;
            size_t at = base + k / unit * panel * unit + k % unit;
            if (packing->number == 1)
                for (size_t i = 0; i < count; i++) {
                    int weight = row[i] + shift_of(from, packing, n0 + i);
                    assert(weight >= -128 && weight <= 127);
                    ((int8_t *)packed)[at + i * unit] = (int8_t)weight;
                }
            else
                for (size_t i = 0; i < count; i++) ((int16_t *)packed)[at + i * unit] = row[i];
        }
    }
}

/* Row by row, as they lie in memory. What is added up on the way may leave int32, and comes back: see
 * DUET_SUM_DEPTH. */
void duet_pack_bias(const struct duet_unpacked *from, const struct duet_packing *packing, int input_zero,
                    const int32_t *bias, int32_t *packed)
{
    const int factor = packing->offset - input_zero;
    uint32_t *sums = (uint32_t *)packed;
    for (size_t n = 0; n < from->columns; n++)
        sums[n] = (uint32_t)bias[n] +
                  (uint32_t)packing->offset * (uint32_t)shift_of(from, packing, n) * (uint32_t)from->depth;
    for (size_t k = 0; k < from->depth && factor != 0; k++) {
        const int16_t *row = row_of(from, k);
        for (size_t n = 0; n < from->columns; n++) sums[n] += (uint32_t)(factor * row[n]);
    }
}
