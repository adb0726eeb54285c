/* memory.h: for tests that make allocations fail, and look at what is taken and not given back. Linking
 * memory.c replaces the program's malloc, for the libraries it uses too (glibc only). */
#ifndef DUET_TEST_MEMORY_H
#define DUET_TEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* False under sanitizers, which have a malloc of their own: skip(). */
bool memory_is_watched(void);

/* Count from here on. The fail_at-th allocation from now fails; 0: none does. */
void memory_watch(long fail_at);

struct memory_report {
    long calls;          /* allocations asked for */
    long blocks;         /* those not given back */
    ptrdiff_t peak_size; /* the most bytes that were out at once */
};

/* Stop counting. */
struct memory_report memory_unwatch(void);

#endif
