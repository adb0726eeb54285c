/* padding.h: how far the first output of a 3x3 kernel reaches out of its input. */
#ifndef DUET_KERNELS_PADDING_H
#define DUET_KERNELS_PADDING_H

#include <stddef.h>

/* "SAME" padding of TensorFlow: the smaller half comes first. */
static inline size_t duet_same_padding(size_t in, size_t out, int stride, int rate)
{
    size_t reach = (out - 1) * (size_t)stride + 2 * (size_t)rate + 1;
    return reach > in ? (reach - in) / 2 : 0;
}

#endif
