#include "network/dead_channels.h"

#include <math.h>

/* The largest sum that any input can reach. Rounding is monotonic, so the chain of multiply-adds over the
 * inputs that are best for each weight (6 for a positive one, else 0) bounds every other chain, those with
 * taps left out at the edges too; both for kernels that round once a step and for those that round twice. */
static bool can_fire(size_t channels, const float *weights, float bias)
{
    float fused = bias, twice = bias;
    for (size_t tap = 0; tap < 9; tap++) {
        float w = weights[tap * channels];
        if (isnan(w)) return true;
        if (w > 0) {
            fused = fmaf(6.0f, w, fused);
            twice += 6.0f * w;
        }
        if (!(fused <= 0) || !(twice <= 0)) return true;
    }
    return !(bias <= 0);
}

size_t duet_live_channels_u8(size_t channels, const int16_t *weights, const int32_t *bias, int most,
                             uint32_t *live)
{
    size_t count = 0;
    for (size_t c = 0; c < channels; c++) {
        int64_t sum = bias[c];
        for (size_t tap = 0; tap < 9; tap++)
            if (weights[tap * channels + c] > 0) sum += (int64_t)most * weights[tap * channels + c];
        if (sum > 0) live[count++] = (uint32_t)c;
    }
    return count;
}

size_t duet_live_channels(size_t channels, const float *weights, const float *bias, uint32_t *live)
{
    size_t count = 0;
    for (size_t c = 0; c < channels; c++)
        if (can_fire(channels, weights + c, bias[c])) live[count++] = (uint32_t)c;
    return count;
}
