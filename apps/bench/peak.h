/* peak.h: what a core can do at best. */
#ifndef DUET_APPS_BENCH_PEAK_H
#define DUET_APPS_BENCH_PEAK_H

/* 10^9 floating point operations a second of one core with nothing but float32 multiply-adds at a kernel
 * level, measured now (some 50 ms); 0 when this build cannot tell. */
double bench_peak(const char *level);

#endif
