/* convolve.h: a layer's convolution, or a part of it, on the kernels that the network was compiled for.
 * Internal to backbone/network. */
#ifndef DUET_NETWORK_CONVOLVE_H
#define DUET_NETWORK_CONVOLVE_H

#include "network/work.h"

/* A 1x1 convolution, or a part of its input channels: k0 .. k1. Strides count numbers. */
struct pointwise {
    duet_node node, output_node; /* whose result it leaves: its own, or that of the addition it is part of */
    size_t pixels;
    const void *input; /* channel k0 of the first pixel */
    size_t input_stride;
    size_t k0, k1;
    const void *start; /* what the sums start from where k0 > 0; NULL: from what `output` holds */
    const void *residual;
    duet_node residual_node; /* whose numbers those are */
    void *output;
    size_t output_stride;
    bool sums; /* of bytes: leave int32 sums, of which others start */
};

/* Output channels c0 .. c1 (c0 a multiple of DUET_CHUNK_UNIT); `output` is that of channel c0. */
void duet_pointwise(const struct duet_compiled *compiled, const struct pointwise *p, size_t c0, size_t c1);

/* One worker's share: of the pixels, or of the output channels where that is better. */
void duet_pointwise_share(const struct duet_compiled *compiled, const struct pointwise *p, int index,
                          int pieces);

/* Rows y0 .. y1 and channels c0 .. c1 of a convolution of the whole tensor of layer `source`;
 * `output` [y1 - y0][width][c1 - c0]. */
void duet_conv_rows(const struct work *w, duet_node node, duet_node source, size_t y0, size_t y1, size_t c0,
                    size_t c1, void *output);

/* Rows of a depthwise convolution; see kernels/depthwise3x3.h. Pointers are those of the first channel. */
struct depthwise_rows {
    const void *input;
    size_t ring_rows, pixel_stride;
    size_t y_begin, y_end;
    void *output;
    size_t output_stride;
};

/* Channels c0 .. c1. */
void duet_depthwise_rows(const struct work *w, duet_node node, duet_node source,
                         const struct depthwise_rows *rows, size_t c0, size_t c1);

#endif
