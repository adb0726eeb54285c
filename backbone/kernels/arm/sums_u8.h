/* sums_u8.h: the sums of a tile of bytes: up to 8 pixels by 8 output channels. See conv_u8.h. */
#ifndef DUET_KERNELS_ARM_SUMS_U8_H
#define DUET_KERNELS_ARM_SUMS_U8_H

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

enum { U8_ROWS = 8, U8_PANEL = 8 };

#define U8_EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
/* Between the units of a block: GCC loads all of their weights first, and then a sum lies in memory. */
#define U8_NO_EARLIER_LOADS __asm__ volatile("" : : : "memory");
#define U8_ALWAYS_INLINE    static inline __attribute__((always_inline))

/* Of each pixel, two vectors of channels. Indices are constants everywhere, so that compilers keep all of
 * them in registers. */
struct u8_sums {
    int32x4_t of[U8_ROWS][2];
};

static inline struct u8_sums u8_no_sums(void)
{
    const int32x4_t none = vdupq_n_s32(0);
    return (struct u8_sums){{{none, none},
                             {none, none},
                             {none, none},
                             {none, none},
                             {none, none},
                             {none, none},
                             {none, none},
                             {none, none}}};
}

#endif
