/* depthwise_plain.h: x86/depthwise_u8_quads.h in plain C, of one width: DW_CHANNELS bytes. Instructions that
 * shuffle stay within 16 bytes, as those do. Included once for each width. */

typedef struct {
    uint8_t byte[DW_CHANNELS];
} DW(vec);

static DW(vec) DW(set1)(int x)
{
    DW(vec) v;
    memset(v.byte, x, sizeof v.byte);
    return v;
}

/* Of each 16 bytes the 8 from `from` on of a and of b, `size` bytes of each in turn. */
static DW(vec) DW(interleave)(DW(vec) a, DW(vec) b, size_t from, size_t size)
{
    DW(vec) v;
    for (size_t lane = 0; lane < DW_CHANNELS; lane += 16)
        for (size_t i = 0; i < 8; i += size) {
            memcpy(v.byte + lane + 2 * i, a.byte + lane + from + i, size);
            memcpy(v.byte + lane + 2 * i + size, b.byte + lane + from + i, size);
        }
    return v;
}

static DW(vec) DW(low8)(DW(vec) a, DW(vec) b)
{
    return DW(interleave)(a, b, 0, 1);
}

static DW(vec) DW(high8)(DW(vec) a, DW(vec) b)
{
    return DW(interleave)(a, b, 8, 1);
}

static DW(vec) DW(low16)(DW(vec) a, DW(vec) b)
{
    return DW(interleave)(a, b, 0, 2);
}

static DW(vec) DW(high16)(DW(vec) a, DW(vec) b)
{
    return DW(interleave)(a, b, 8, 2);
}

static DW(vec) DW(dot)(DW(vec) sum, DW(vec) quads, DW(vec) weights)
{
    for (size_t i = 0; i < DW_CHANNELS; i += 4) {
        uint32_t s;
        memcpy(&s, sum.byte + i, 4);
        for (size_t j = i; j < i + 4; j++) s += (uint32_t)(quads.byte[j] * (int8_t)weights.byte[j]);
        memcpy(sum.byte + i, &s, 4);
    }
    return sum;
}

static DW(vec) DW(less)(DW(vec) a, DW(vec) b)
{
    for (size_t i = 0; i < DW_CHANNELS; i += 4) {
        uint32_t x, y;
        memcpy(&x, a.byte + i, 4);
        memcpy(&y, b.byte + i, 4);
        x -= y;
        memcpy(a.byte + i, &x, 4);
    }
    return a;
}

static DW(vec) DW(reals)(DW(vec) sum, DW(vec) scales, const struct duet_epilogue *e)
{
    for (size_t i = 0; i < DW_CHANNELS; i += 4) {
        int32_t s;
        float scale;
        memcpy(&s, sum.byte + i, 4);
        memcpy(&scale, scales.byte + i, 4);
        const float x = duet_epilogue_apply(*e, (float)s * scale);
        memcpy(sum.byte + i, &x, 4);
    }
    return sum;
}

static DW(vec) DW(bytes)(const DW(vec) s[4], const DW(vec) scales[4], const struct duet_epilogue *e)
{
    DW(vec) v;
    for (size_t i = 0; i < 4; i++) {
        const DW(vec) x = DW(reals)(s[i], scales[i], e);
        for (size_t j = 0; j < DW_CHANNELS / 4; j++) {
            float real;
            memcpy(&real, x.byte + 4 * j, 4);
            v.byte[j / 4 * 16 + 4 * i + j % 4] = duet_epilogue_byte(e, real);
        }
    }
    return v;
}

#include "kernels/vector/u8/depthwise_quads.h"

#undef DW
#undef DW_CHANNELS
