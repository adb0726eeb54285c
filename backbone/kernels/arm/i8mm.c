/* The kernels of the products of matrices of bytes (ARMv8.6's I8MM): two pixels by 8 k times 8 k by two
 * columns are one instruction, twice what a dot product does. Inputs are unsigned, weights signed. */
#include "kernels/arm/arm.h"
#include "kernels/arm/sums_u8.h"

#define U8_PACKING                                                                                           \
    {                                                                                                        \
        U8_PANEL, 8, 1, 0, duet_pack_whole                                                                   \
    }

enum { U8_UNIT = 8, U8_BLOCK = 8 };

typedef int8_t u8_weight;

/* The sums of a pair of pixels lie in its four vectors as squares, of two columns each: [pixel][column]. */
U8_ALWAYS_INLINE void u8_block(const int rows, const uint8_t *in, size_t stride, const int8_t *w,
                               struct u8_sums *s)
{
    const int8x16_t w0 = vld1q_s8(w), w1 = vld1q_s8(w + 16), w2 = vld1q_s8(w + 32), w3 = vld1q_s8(w + 48);
#define PAIR(i, j)                                                                                           \
    if (i < rows) {                                                                                          \
        const uint8x8_t even = vld1_u8(in + i * stride), odd = j < rows ? vld1_u8(in + j * stride) : even;   \
        const uint8x16_t x = vcombine_u8(even, odd);                                                         \
        s->of[i][0] = vusmmlaq_s32(s->of[i][0], x, w0);                                                      \
        s->of[i][1] = vusmmlaq_s32(s->of[i][1], x, w1);                                                      \
        s->of[j][0] = vusmmlaq_s32(s->of[j][0], x, w2);                                                      \
        s->of[j][1] = vusmmlaq_s32(s->of[j][1], x, w3);                                                      \
    }
    PAIR(0, 1)
    PAIR(2, 3)
    PAIR(4, 5)
    PAIR(6, 7)
#undef PAIR
}

U8_ALWAYS_INLINE void u8_unit(const int rows, const uint8_t *in, size_t stride, const int8_t *w,
                              struct u8_sums *s)
{
    u8_block(rows, in, stride, w, s);
}

/* The first or the second rows of two squares. */
static inline int32x4_t first_rows(int32x4_t a, int32x4_t b)
{
    return vcombine_s32(vget_low_s32(a), vget_low_s32(b));
}

static inline int32x4_t second_rows(int32x4_t a, int32x4_t b)
{
    return vcombine_s32(vget_high_s32(a), vget_high_s32(b));
}

U8_ALWAYS_INLINE void u8_finish(const int rows, struct u8_sums *s)
{
    const struct u8_sums from = *s;
#define PAIR(i, j)                                                                                           \
    if (i < rows) {                                                                                          \
        s->of[i][0] = first_rows(from.of[i][0], from.of[i][1]);                                              \
        s->of[i][1] = first_rows(from.of[j][0], from.of[j][1]);                                              \
        s->of[j][0] = second_rows(from.of[i][0], from.of[i][1]);                                             \
        s->of[j][1] = second_rows(from.of[j][0], from.of[j][1]);                                             \
    }
    PAIR(0, 1)
    PAIR(2, 3)
    PAIR(4, 5)
    PAIR(6, 7)
#undef PAIR
}

#include "kernels/arm/conv_u8.h"

void duet_arm_fill_i8mm(struct duet_kernels *k)
{
    k->of[DUET_U8].conv1x1 = (struct duet_conv1x1_kernel){U8_PACKING, conv1x1_u8};
    k->of[DUET_U8].conv3x3 = (struct duet_conv3x3_kernel){U8_PACKING, conv3x3_u8};
}
