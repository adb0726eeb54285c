/* standins.h: levels that no machine has: a level's loops over vectors in plain C (vec_u8_plain.h), tested
 * for their bytes on every machine. A test that walks them is built with ${standins}. To add one: a file
 * beside this one, in that list in tests/CMakeLists.txt, and a row below. */
#ifndef DUET_STANDINS_H
#define DUET_STANDINS_H

#include "kernels/kernels.h"

void testing_fill_avxvnni(struct duet_kernels *kernels);
void testing_fill_avx512(struct duet_kernels *kernels);
void testing_fill_avx512vnni(struct duet_kernels *kernels);
void testing_fill_amx(struct duet_kernels *kernels);

static const struct {
    const char *name;
    void (*fill)(struct duet_kernels *); /* on top of "scalar" */
} testing_standins[] = {
    {"avxvnni in C", testing_fill_avxvnni},
    {"avx512 in C", testing_fill_avx512},
    {"avx512vnni in C", testing_fill_avx512vnni},
    {"amx in C", testing_fill_amx},
};

enum { TESTING_STANDINS = sizeof testing_standins / sizeof testing_standins[0] };

#endif
