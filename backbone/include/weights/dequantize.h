/* dequantize.h: the numbers that a stored tensor stands for. Internal.
 *
 * A quantized tensor NAME has companions:
 *   "NAME.scale"       F32, [1] or one for each of the last dimension (the output channel of every kind of
 *                      weights)
 *   "NAME.zero_point"  I32, as many; tensors of signed numbers may do without: 0
 * and stands for (q - zero_point) * scale.
 */
#ifndef DUET_WEIGHTS_DEQUANTIZE_H
#define DUET_WEIGHTS_DEQUANTIZE_H

#include "duet/weights.h"

/* Write the tensor's elements to `out` as float32: F32 copied, F16 and BF16 converted, U8, I8 and I32
 * dequantized, the difference exactly and the product rounded once. Errors: DUET_NOT_FOUND (a companion is
 * missing), DUET_MISMATCH (a companion of another type or shape, a scale that is not finite),
 * DUET_UNSUPPORTED (another type), those of duet_weights_read. */
enum duet_status duet_weights_float(const struct duet_weights *weights, const struct duet_tensor *tensor,
                                    float *out, struct duet_error *error);

/* Weights in whole numbers. */
struct duet_whole {
    int16_t *numbers; /* as many as the tensor has, q - zero_point: -255 .. 255 */
    float *scales;    /* of each channel, the last dimension */
    int32_t *zeros;   /* of each channel: with these added, numbers lie in -128 .. 127 */
    bool has_zeros;   /* is one of them not 0? */
};

/* The same of a U8 or I8 tensor without its scales, into the arrays that *whole points to. Errors: the same,
 * and DUET_MISMATCH for a scale that is not above 0 or a zero point that is no number of the tensor's type.
 */
enum duet_status duet_weights_whole(const struct duet_weights *weights, const struct duet_tensor *tensor,
                                    struct duet_whole *whole, struct duet_error *error);

/* IEEE half precision to float32: exact. */
float duet_half_to_float(unsigned int half);

#endif
