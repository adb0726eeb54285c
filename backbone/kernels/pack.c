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

/* What a weight is stored as. */
static int stored(const struct duet_unpacked *from, const struct duet_packing *packing, size_t k, size_t n)
{
    int weight = ((const int16_t *)from->weights)[(from->rows ? from->rows[k] : k) * from->columns + n];
    return packing->number == 1 && from->zeros ? weight + from->zeros[n] : weight;
}

static void pack_whole(const struct duet_unpacked *from, const struct duet_packing *packing, void *packed)
{
    const size_t panel = packing->panel ? packing->panel : from->columns, unit = packing->unit;
    const size_t size = duet_packed_size(packing, from->depth, from->columns);
    const size_t panel_size = duet_packed_depth(packing, from->depth) * panel;
    memset(packed, 0, size * packing->number);
    for (size_t k = 0; k < from->depth; k++)
        for (size_t n = 0; n < from->columns; n++) {
            size_t at = n / panel * panel_size + (k / unit * panel + n % panel) * unit + k % unit;
            int weight = stored(from, packing, k, n);
            if (packing->number == 1) {
                assert(weight >= -128 && weight <= 127);
                ((int8_t *)packed)[at] = (int8_t)weight;
            } else {
                ((int16_t *)packed)[at] = (int16_t)weight;
            }
        }
}

void duet_pack_i16(const struct duet_unpacked *from, const struct duet_packing *packing, void *packed)
{
    pack_whole(from, packing, packed);
}

void duet_pack_i8(const struct duet_unpacked *from, const struct duet_packing *packing, void *packed)
{
    pack_whole(from, packing, packed);
}

void duet_pack_bias(const struct duet_unpacked *from, const struct duet_packing *packing, int input_zero,
                    const int32_t *bias, int32_t *packed)
{
    for (size_t n = 0; n < from->columns; n++) {
        int64_t sum = bias[n];
        for (size_t k = 0; k < from->depth; k++) {
            int64_t weight =
                ((const int16_t *)from->weights)[(from->rows ? from->rows[k] : k) * from->columns + n];
            sum += packing->offset * (int64_t)stored(from, packing, k, n) - input_zero * weight;
        }
        packed[n] = (int32_t)sum; /* fits: see DUET_SUM_DEPTH */
    }
}
