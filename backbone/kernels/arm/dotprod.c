/* The kernels of the dot product of bytes (ARMv8.2's DotProd). It multiplies signed bytes by signed bytes, so
 * inputs are taken as what they are above 128, which the bias makes up for. */
#include "kernels/arm/arm.h"
#include "kernels/arm/sums_u8.h"

#include <string.h>

#define U8_PACKING                                                                                           \
    {                                                                                                        \
        U8_PANEL, 4, 1, 128, duet_pack_whole                                                                 \
    }

enum { U8_UNIT = 4, U8_BLOCK = 16 };

typedef int8_t u8_weight;

/* What bytes are above 128. */
static inline int8x16_t above_128(uint8x16_t bytes)
{
    return vreinterpretq_s8_u8(veorq_u8(bytes, vdupq_n_u8(128)));
}

U8_ALWAYS_INLINE void u8_block(const int rows, const uint8_t *in, size_t stride, const int8_t *w,
                               struct u8_sums *s)
{
#define LOAD(i) const int8x16_t x##i = above_128(i < rows ? vld1q_u8(in + i * stride) : vdupq_n_u8(0));
#define ROW(i)                                                                                               \
    if (i < rows) {                                                                                          \
        s->of[i][0] = vdotq_laneq_s32(s->of[i][0], w0, x##i, lane);                                          \
        s->of[i][1] = vdotq_laneq_s32(s->of[i][1], w1, x##i, lane);                                          \
    }
#define UNIT(q)                                                                                              \
    {                                                                                                        \
        enum { lane = q };                                                                                   \
        const int8x16_t w0 = vld1q_s8(w + q * 32), w1 = vld1q_s8(w + q * 32 + 16);                           \
        U8_EACH_ROW(ROW)                                                                                     \
        U8_NO_EARLIER_LOADS                                                                                  \
    }
    U8_EACH_ROW(LOAD)
    UNIT(0)
    UNIT(1)
    UNIT(2)
    UNIT(3)
#undef UNIT
#undef ROW
#undef LOAD
}

U8_ALWAYS_INLINE void u8_unit(const int rows, const uint8_t *in, size_t stride, const int8_t *w,
                              struct u8_sums *s)
{
    const int8x16_t w0 = vld1q_s8(w), w1 = vld1q_s8(w + 16);
#define ROW(i)                                                                                               \
    if (i < rows) {                                                                                          \
        uint32_t quad;                                                                                       \
        memcpy(&quad, in + i * stride, sizeof quad);                                                         \
        const int8x16_t x = above_128(vreinterpretq_u8_u32(vdupq_n_u32(quad)));                              \
        s->of[i][0] = vdotq_s32(s->of[i][0], w0, x);                                                         \
        s->of[i][1] = vdotq_s32(s->of[i][1], w1, x);                                                         \
    }
    U8_EACH_ROW(ROW)
#undef ROW
}

static inline void u8_finish(const int rows, struct u8_sums *s)
{
    (void)rows; /* they are in order */
    (void)s;
}

#include "kernels/arm/conv_u8.h"

void duet_arm_fill_dotprod(struct duet_kernels *k)
{
    k->of[DUET_U8].conv1x1 = (struct duet_conv1x1_kernel){U8_PACKING, conv1x1_u8};
    k->of[DUET_U8].conv3x3 = (struct duet_conv3x3_kernel){U8_PACKING, conv3x3_u8};
}
