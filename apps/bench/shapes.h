/* shapes.h: what the kernels are measured at: the layers of the two networks, those of a table, and
 * what the kernel tests run. */
#ifndef DUET_APPS_BENCH_SHAPES_H
#define DUET_APPS_BENCH_SHAPES_H

#include "duet/status.h"

#include <stddef.h>

/* The slots of the kernel table. */
enum bench_kernel {
    BENCH_CONV1X1,
    BENCH_CONV3X3,
    BENCH_DEPTHWISE3X3,
    BENCH_RESIZE,
    BENCH_UPSAMPLE,
    BENCH_KERNELS
};

/* "conv1x1", ... */
const char *bench_kernel_name(enum bench_kernel kernel);

struct bench_shape {
    enum bench_kernel kernel;
    char set[16];  /* "ssdlite", "deeplab", "tests", "table" */
    char name[96]; /* of the first layer that has it */
    size_t in_height, in_width, in_channels;
    size_t out_height, out_width, out_channels;
    int stride, rate;
    int layers; /* how many of the set have it */
};

/* Multiply-adds; of resize and upsample, which are not made of them, half of the operations. */
double bench_shape_madds(const struct bench_shape *shape);

/* Grows; end with bench_shapes_close. A shape that the set already has counts there. */
struct bench_shapes {
    struct bench_shape *items;
    size_t count, capacity;
};

/* SSDLite at 300x300 and DeepLabv3 at 513x513, output stride 16, both of width 1.0, as the plan lays them
 * out, and the resizing before the first. */
enum duet_status bench_shapes_of_networks(struct bench_shapes *shapes, struct duet_error *error);

/* Ends of the ranges that the kernel tests draw from, and their fixed shapes. */
enum duet_status bench_shapes_of_tests(struct bench_shapes *shapes, struct duet_error *error);

/* A file with a heading and then, between tabs: name, type (1x1, 3x3, dw), input channels, output channels,
 * side of the input, side of the output, stride, atrous rate; what follows is passed over. Errors:
 * DUET_NOT_FOUND, DUET_IO_ERROR, DUET_BAD_FORMAT (the text names the line), DUET_OUT_OF_MEMORY. */
enum duet_status bench_shapes_read(const char *path, struct bench_shapes *shapes, struct duet_error *error);

void bench_shapes_close(struct bench_shapes *shapes);

#endif
