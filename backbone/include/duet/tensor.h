/* tensor.h: element types, shapes and tensors. */
#ifndef DUET_TENSOR_H
#define DUET_TENSOR_H

#include "duet/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

DUET_C_BEGIN

enum duet_dtype {
    DUET_F32 = 0,
    DUET_F16,
    DUET_BF16,
    DUET_F64,
    DUET_U8,
    DUET_I8,
    DUET_I16,
    DUET_I32,
    DUET_I64,
    DUET_BOOL,
    DUET_DTYPE_COUNT
};

#define DUET_MAX_RANK 8

/* Bytes of one element; 0 for a bad value. */
DUET_API size_t duet_dtype_size(enum duet_dtype dtype);

/* The safetensors name of a type: "F32", "U8" ... Never NULL; "?" for a bad value. */
DUET_API const char *duet_dtype_name(enum duet_dtype dtype);

/* Row-major, last dimension contiguous. Rank 0 is a scalar. Activations are [N, H, W, C]; a k x k
 * convolution's weights are [k, k, Cin, Cout], a depthwise one's [k, k, C], a 1x1 one's [Cin, Cout]. */
struct duet_shape {
    int rank;
    size_t dims[DUET_MAX_RANK];
};

/* Product of the dimensions (1 for a scalar). False when it does not fit in a size_t, or
 * the rank is not 0 to 8; *elements is then untouched. */
DUET_API bool duet_shape_elements(const struct duet_shape *shape, size_t *elements);
DUET_API bool duet_shape_equal(const struct duet_shape *a, const struct duet_shape *b);

/* Write "[3,3,96]" into text (at most size bytes, always terminated); returns text. "[?]" for
 * a rank out of range. */
DUET_API const char *duet_shape_text(const struct duet_shape *shape, char *text, size_t size);
#define DUET_SHAPE_TEXT 200

/* A named block of numbers. Who owns name and data is said where the tensor is handed out. */
struct duet_tensor {
    const char *name;
    enum duet_dtype dtype;
    struct duet_shape shape;
    const void *data;
    size_t bytes; /* elements * duet_dtype_size(dtype) */
};

/* Numbers in memory, as they lie. Whose they are is said where the view is handed out. */
struct duet_view {
    enum duet_dtype dtype;
    struct duet_shape shape;          /* [1, H, W, C] for activations */
    ptrdiff_t strides[DUET_MAX_RANK]; /* bytes from one index of that dimension to the next */
    void *data;
};

/* A view of numbers that lie row-major, one behind the other. All zero when shape or type are none, or the
 * size does not fit in memory. */
DUET_API struct duet_view duet_view_dense(enum duet_dtype dtype, const struct duet_shape *shape, void *data);

/* Do the numbers lie so? The strides of dimensions of one index do not matter. False for NULL. */
DUET_API bool duet_view_is_dense(const struct duet_view *view);

DUET_C_END
#endif
