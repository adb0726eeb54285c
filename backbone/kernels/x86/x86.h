/* x86.h: the kernels of x86-64, by level. Each level lies in a file of its own that is compiled with its
 * flags and called only after the check. Internal. */
#ifndef DUET_KERNELS_X86_H
#define DUET_KERNELS_X86_H

#include "kernels/kernels.h"

#include <string.h>

/* AVX2 and FMA. */
bool duet_x86_runs_avx2(void);
void duet_x86_fill_avx2(struct duet_kernels *kernels);

/* AVX-VNNI, and the above. */
bool duet_x86_runs_avxvnni(void);
void duet_x86_fill_avxvnni(struct duet_kernels *kernels);

/* AVX-512 F, VL, DQ, BW, AVX2 and FMA. */
bool duet_x86_runs_avx512(void);
void duet_x86_fill_avx512(struct duet_kernels *kernels);

/* AVX512-VNNI, and the above. */
bool duet_x86_runs_avx512vnni(void);
void duet_x86_fill_avx512vnni(struct duet_kernels *kernels);

/* AMX-INT8, and the above. Asks the system for tiles, for all threads of the process; not there where it
 * refuses. */
bool duet_x86_runs_amx(void);
void duet_x86_fill_amx(struct duet_kernels *kernels);

/* Four bytes of a row of RGB8: the three channels of pixel x and one of its neighbour. */
static inline int duet_x86_pixel(const uint8_t *row, uint32_t x)
{
    int bytes;
    memcpy(&bytes, row + (size_t)x * 3, sizeof bytes);
    return bytes;
}

#endif
