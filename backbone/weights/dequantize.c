#include "weights/dequantize.h"

#include "core/fail.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

float duet_half_to_float(unsigned int half)
{
    double fraction = (half & 1023) / 1024.0;
    int exponent = (int)(half >> 10 & 31);
    double value = exponent == 0    ? ldexp(fraction, -14)
                   : exponent == 31 ? (half & 1023 ? (double)NAN : (double)INFINITY)
                                    : ldexp(1 + fraction, exponent - 15);
    return (float)(half & 0x8000 ? -value : value);
}

/* How a quantized tensor's last dimension is scaled. */
struct companions {
    const struct duet_tensor *scale, *zero_point; /* zero_point may be NULL */
    size_t channels;                              /* the last dimension; 1 for a scalar */
};

static enum duet_status find_companion(const struct duet_weights *weights, const struct duet_tensor *tensor,
                                       const char *tail, enum duet_dtype dtype, size_t channels,
                                       const struct duet_tensor **found, struct duet_error *error)
{
    char name[512], got[DUET_SHAPE_TEXT];
    int length = snprintf(name, sizeof name, "%s.%s", tensor->name, tail);
    *found = length < (int)sizeof name ? duet_weights_find(weights, name) : NULL;
    if (!*found)
        return duet_fail(error, DUET_NOT_FOUND,
                         "tensor '%.200s' is %s and needs '%.200s', which is not there", tensor->name,
                         duet_dtype_name(tensor->dtype), name);
    const struct duet_shape *shape = &(*found)->shape;
    if ((*found)->dtype == dtype && shape->rank == 1 && (shape->dims[0] == 1 || shape->dims[0] == channels))
        return DUET_OK;
    return duet_fail(error, DUET_MISMATCH, "tensor '%.200s': %s %s, expected %s [1] or [%zu]", name,
                     duet_dtype_name((*found)->dtype), duet_shape_text(shape, got, sizeof got),
                     duet_dtype_name(dtype), channels);
}

static enum duet_status find_companions(const struct duet_weights *weights, const struct duet_tensor *tensor,
                                        struct companions *c, struct duet_error *error)
{
    char name[512];
    c->channels = tensor->shape.rank ? tensor->shape.dims[tensor->shape.rank - 1] : 1;
    c->zero_point = NULL;
    enum duet_status status =
        find_companion(weights, tensor, "scale", DUET_F32, c->channels, &c->scale, error);
    snprintf(name, sizeof name, "%s.zero_point", tensor->name);
    if (status == DUET_OK && (tensor->dtype == DUET_U8 || duet_weights_find(weights, name)))
        status = find_companion(weights, tensor, "zero_point", DUET_I32, c->channels, &c->zero_point, error);
    if (status != DUET_OK) return status;
    for (size_t i = 0; i < c->scale->shape.dims[0]; i++) {
        float scale = ((const float *)c->scale->data)[i];
        if (!isfinite(scale))
            return duet_fail(error, DUET_MISMATCH,
                             "tensor '%.200s': element %zu is %g, expected a finite number", c->scale->name,
                             i, (double)scale);
    }
    return DUET_OK;
}

static int64_t stored_at(enum duet_dtype dtype, const void *data, size_t i)
{
    if (dtype == DUET_U8) return ((const uint8_t *)data)[i];
    if (dtype == DUET_I8) return ((const int8_t *)data)[i];
    return ((const int32_t *)data)[i];
}

/* `count` elements as stored, of which the first is the tensor's element `first`. */
static void dequantize(enum duet_dtype dtype, const void *data, const struct companions *c, size_t first,
                       size_t count, float *out)
{
    const float *scale = c->scale->data;
    const int32_t *zero = c->zero_point ? c->zero_point->data : NULL;
    size_t scale_step = c->scale->shape.dims[0] > 1, zero_step = zero && c->zero_point->shape.dims[0] > 1;
    for (size_t i = 0, channel = first % c->channels; i < count; i++) {
        int64_t q = stored_at(dtype, data, i) - (zero ? zero[channel * zero_step] : 0);
        out[i] = (float)q * scale[channel * scale_step];
        if (++channel == c->channels) channel = 0;
    }
}

/* float32 of elements that are no float32 yet. */
static void convert(enum duet_dtype dtype, const void *data, const struct companions *c, size_t first,
                    size_t count, float *out)
{
    const uint16_t *halves = data;
    if (dtype == DUET_F16) {
        for (size_t i = 0; i < count; i++) out[i] = duet_half_to_float(halves[i]);
    } else if (dtype == DUET_BF16) {
        for (size_t i = 0; i < count; i++) {
            uint32_t bits = (uint32_t)halves[i] << 16;
            memcpy(&out[i], &bits, sizeof bits);
        }
    } else {
        dequantize(dtype, data, c, first, count, out);
    }
}

/* One channel's zero point, or 0. */
static int32_t zero_of(const struct companions *c, size_t channel)
{
    if (!c->zero_point) return 0;
    return ((const int32_t *)c->zero_point->data)[c->zero_point->shape.dims[0] > 1 ? channel : 0];
}

/* Scales above 0 and zero points that are numbers of the tensor's type, spread to all channels. */
static enum duet_status spread_companions(const struct duet_tensor *tensor, const struct companions *c,
                                          struct duet_whole *whole, struct duet_error *error)
{
    const int low = tensor->dtype == DUET_I8 ? -128 : 0;
    whole->has_zeros = false;
    for (size_t i = 0; i < c->channels; i++) {
        const int32_t zero = zero_of(c, i);
        whole->scales[i] = ((const float *)c->scale->data)[c->scale->shape.dims[0] > 1 ? i : 0];
        if (!(whole->scales[i] > 0) || zero < low || zero > low + 255)
            return duet_fail(
                error, DUET_MISMATCH,
                "tensor '%.200s': channel %zu has scale %g and zero point %ld, expected a number above "
                "0, and %d to %d",
                tensor->name, i, (double)whole->scales[i], (long)zero, low, low + 255);
        whole->zeros[i] = zero - low - 128;
        if (whole->zeros[i] != 0) whole->has_zeros = true;
    }
    return DUET_OK;
}

/* A run of channels. */
static void subtract_zeros(enum duet_dtype dtype, const unsigned char *stored, const int32_t *zeros,
                           size_t count, int16_t *out)
{
    if (dtype == DUET_U8)
        for (size_t i = 0; i < count; i++) out[i] = (int16_t)(stored[i] - 128 - zeros[i]);
    else
        for (size_t i = 0; i < count; i++) out[i] = (int16_t)((int8_t)stored[i] - zeros[i]);
}

enum duet_status duet_weights_whole(const struct duet_weights *weights, const struct duet_tensor *tensor,
                                    struct duet_whole *whole, struct duet_error *error)
{
    enum { PIECE = 32768 };
    unsigned char piece[PIECE];
    struct companions c;
    if (tensor->dtype != DUET_U8 && tensor->dtype != DUET_I8)
        return duet_fail(error, DUET_UNSUPPORTED,
                         "tensor '%.200s': type %s, expected I8 or U8 for a layer that computes in int8",
                         tensor->name, duet_dtype_name(tensor->dtype));
    enum duet_status status = find_companions(weights, tensor, &c, error);
    if (status == DUET_OK) status = spread_companions(tensor, &c, whole, error);
    for (size_t at = 0; status == DUET_OK && at < tensor->bytes; at += PIECE) {
        size_t bytes = tensor->bytes - at < PIECE ? tensor->bytes - at : PIECE;
        status = duet_weights_read(weights, tensor, at, bytes, piece, error);
        for (size_t i = 0, run; status == DUET_OK && i < bytes; i += run) {
            size_t channel = (at + i) % c.channels;
            run = c.channels - channel < bytes - i ? c.channels - channel : bytes - i;
            subtract_zeros(tensor->dtype, piece + i, whole->zeros + channel, run, whole->numbers + at + i);
        }
    }
    return status;
}

enum duet_status duet_weights_float(const struct duet_weights *weights, const struct duet_tensor *tensor,
                                    float *out, struct duet_error *error)
{
    enum { PIECE = 32768 };
    _Alignas(8) unsigned char piece[PIECE];
    struct companions c = {.channels = 1};
    enum duet_status status = DUET_OK;
    switch (tensor->dtype) {
    case DUET_F32:
        return duet_weights_read(weights, tensor, 0, tensor->bytes, out, error);
    case DUET_F16:
    case DUET_BF16:
        break;
    case DUET_U8:
    case DUET_I8:
    case DUET_I32:
        status = find_companions(weights, tensor, &c, error);
        break;
    default:
        status = duet_fail(error, DUET_UNSUPPORTED,
                           "tensor '%.200s': type %s, expected F32, F16, BF16, U8, I8 or I32", tensor->name,
                           duet_dtype_name(tensor->dtype));
    }
    size_t size = duet_dtype_size(tensor->dtype);
    for (size_t at = 0; status == DUET_OK && at < tensor->bytes; at += PIECE) {
        size_t bytes = tensor->bytes - at < PIECE ? tensor->bytes - at : PIECE;
        status = duet_weights_read(weights, tensor, at, bytes, piece, error);
        if (status == DUET_OK) convert(tensor->dtype, piece, &c, at / size, bytes / size, out + at / size);
    }
    return status;
}
