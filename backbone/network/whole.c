#include "network/whole.h"

#include "core/fail.h"
#include "weights/dequantize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What lies in scratch: numbers [depth][channels]; [channels]: biases as they are and in whole numbers, and
 * what the numbers of a channel come to without their signs. */
struct unpacked {
    int32_t *whole_biases, *sizes;
    float *biases;
    int16_t *numbers;
};

static struct unpacked lay_out(void *scratch, size_t channels)
{
    struct unpacked u = {.whole_biases = scratch};
    u.sizes = u.whole_biases + channels;
    u.biases = (float *)(u.sizes + channels);
    u.numbers = (int16_t *)(u.biases + channels);
    return u;
}

size_t duet_whole_scratch(size_t depth, size_t channels)
{
    return channels * (2 * sizeof(int32_t) + sizeof(float)) + depth * channels * sizeof(int16_t);
}

/* Row by row, as they lie in memory. */
static void add_up_sizes(const struct whole_layer *l, const struct unpacked *u)
{
    const size_t channels = (size_t)l->layer->channels;
    memset(u->sizes, 0, channels * sizeof *u->sizes);
    for (size_t k = 0; k < l->depth; k++)
        for (size_t n = 0; n < channels; n++) u->sizes[n] += abs(u->numbers[k * channels + n]);
}

/* The bias of channel n in units of its sums, when no input can make them leave int32. */
static enum duet_status whole_bias(const struct whole_layer *l, const struct unpacked *u, size_t n,
                                   struct duet_error *error)
{
    const double unit = (double)l->key->input_scale * (double)l->scales[n];
    const double bias = nearbyint((double)u->biases[n] / unit);
    const double most = fabs(bias) + 255.0 * u->sizes[n];
    if (!isfinite(bias))
        return duet_fail(error, DUET_MISMATCH,
                         "layer %s, channel %zu: its bias is %g, expected a finite number", l->layer->name, n,
                         (double)u->biases[n]);
    if (most > INT32_MAX)
        return duet_fail(error, DUET_MISMATCH,
                         "layer %s, channel %zu: its sums may reach %.0f, 32 bits end at %d", l->layer->name,
                         n, most, INT32_MAX);
    u->whole_biases[n] = (int32_t)bias;
    return DUET_OK;
}

/* From the weights' scale of channel n to what brings a sum to the result's. */
static enum duet_status result_scale(const struct whole_layer *l, size_t n, struct duet_error *error)
{
    const struct packed_key *key = l->key;
    const float scale = (float)((double)key->input_scale * (double)l->scales[n] / (double)key->output_scale);
    if (!isfinite(scale) || scale < 1e-30f)
        return duet_fail(
            error, DUET_MISMATCH,
            "layer %s, channel %zu: scales %g of its input, %g of its weights and %g of its result "
            "do not go together",
            l->layer->name, n, (double)key->input_scale, (double)l->scales[n], (double)key->output_scale);
    l->scales[n] = scale;
    return DUET_OK;
}

enum duet_status duet_whole_pack(const struct duet_weights *weights, struct whole_layer *l, void *scratch,
                                 struct duet_error *error)
{
    const size_t channels = (size_t)l->layer->channels;
    const struct unpacked u = lay_out(scratch, channels);
    struct duet_whole whole = {.numbers = u.numbers, .scales = l->scales, .zeros = l->zeros};
    enum duet_status status = duet_weights_whole(weights, l->weight, &whole, error);
    if (status == DUET_OK) status = duet_weights_float(weights, l->bias, u.biases, error);
    if (status == DUET_OK) add_up_sizes(l, &u);
    for (size_t n = 0; status == DUET_OK && n < channels; n++) {
        status = whole_bias(l, &u, n, error);
        if (status == DUET_OK) status = result_scale(l, n, error);
    }
    if (status != DUET_OK) return status;
    l->has_zeros = whole.has_zeros;
    const struct duet_unpacked from = {.rows = l->live,
                                       .depth = l->live ? l->live_depth : l->depth,
                                       .columns = channels,
                                       .weights = u.numbers,
                                       .zeros = whole.has_zeros ? l->zeros : NULL};
    l->key->packing.pack(&from, &l->key->packing, l->packed_weights);
    if (l->layer->op == DUET_OP_DEPTHWISE) /* its kernels take the zero point from each byte */
        memcpy(l->packed_bias, u.whole_biases, channels * sizeof *u.whole_biases);
    else
        duet_pack_bias(&from, &l->key->packing, l->key->input_zero, u.whole_biases, l->packed_bias);
    return DUET_OK;
}
