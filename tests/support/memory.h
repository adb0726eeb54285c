/* memory.h: for tests that make allocations fail, and look at what is taken and not given back. Linking
 * memory.c replaces the program's malloc, for the libraries it uses too (glibc only; a sanitizer's malloc
 * stays behind it). Only one thread may allocate while it watches. */
#ifndef DUET_TEST_MEMORY_H
#define DUET_TEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Count from here on. The fail_at-th allocation from now fails; 0: none does. */
void memory_watch(long fail_at);

/* Between true and false nothing is refused and no calls are counted; blocks are. */
void memory_spare(bool spared);

struct memory_report {
    long calls;          /* allocations asked for */
    long blocks;         /* those not given back */
    ptrdiff_t peak_size; /* the most bytes that were out at once */
};

/* Stop counting. */
struct memory_report memory_unwatch(void);

#endif
