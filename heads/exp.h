/* exp.h: e to the x, the same bits on every machine: C libraries differ in the last one. Internal. */
#ifndef DUET_HEADS_EXP_H
#define DUET_HEADS_EXP_H

/* Within 1 ulp of float32 for every x; 0 below -104, infinity above 89, NaN for NaN. */
float duet_exp(float x);

/* 1 / (1 + e^-x), within 1 ulp. */
float duet_sigmoid(float x);

#endif
