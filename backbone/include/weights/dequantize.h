/* dequantize.h: the numbers that a stored tensor stands for. Internal.
 *
 * A quantized tensor NAME has companions:
 *   "NAME.scale"       F32, [1] or one for each of the last dimension (the output channel of every kind of
 *                      weights)
 *   "NAME.zero_point"  I32, as many; an I32 tensor (a bias) may do without: 0
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

/* IEEE half precision to float32: exact. */
float duet_half_to_float(unsigned int half);

#endif
