/* peak.h: what a core can do at best. */
#ifndef DUET_APPS_BENCH_PEAK_H
#define DUET_APPS_BENCH_PEAK_H

#include "duet/tensor.h"

/* 10^9 operations a second of one core with nothing but multiply-adds at a kernel level, measured now (some
 * 50 ms): DUET_F32, or DUET_U8: of bytes, summed in int32, by the best instructions that the level has for
 * it. 0 when this build cannot tell. */
double bench_peak(const char *level, enum duet_dtype dtype);

#endif
