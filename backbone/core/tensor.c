#include "duet/tensor.h"

#include "core/checked.h"

#include <stdio.h>

static const struct {
    const char *name;
    size_t size;
} dtypes[DUET_DTYPE_COUNT] = {
    [DUET_F32] = {"F32", 4}, [DUET_F16] = {"F16", 2},  [DUET_BF16] = {"BF16", 2}, [DUET_F64] = {"F64", 8},
    [DUET_U8] = {"U8", 1},   [DUET_I8] = {"I8", 1},    [DUET_I16] = {"I16", 2},   [DUET_I32] = {"I32", 4},
    [DUET_I64] = {"I64", 8}, [DUET_BOOL] = {"BOOL", 1}};

size_t duet_dtype_size(enum duet_dtype dtype)
{
    return (unsigned)dtype < DUET_DTYPE_COUNT ? dtypes[dtype].size : 0;
}

const char *duet_dtype_name(enum duet_dtype dtype)
{
    return (unsigned)dtype < DUET_DTYPE_COUNT ? dtypes[dtype].name : "?";
}

static bool well_made(const struct duet_shape *shape)
{
    return shape && shape->rank >= 0 && shape->rank <= DUET_MAX_RANK;
}

bool duet_shape_elements(const struct duet_shape *shape, size_t *elements)
{
    size_t product = 1;
    if (!well_made(shape) || !elements) return false;
    for (int i = 0; i < shape->rank; i++)
        if (!duet_mul_size(product, shape->dims[i], &product)) return false;
    *elements = product;
    return true;
}

bool duet_shape_equal(const struct duet_shape *a, const struct duet_shape *b)
{
    if (!well_made(a) || !well_made(b) || a->rank != b->rank) return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i]) return false;
    return true;
}

/* Bytes of a dense tensor; PTRDIFF_MAX at most. */
static bool dense_bytes(enum duet_dtype dtype, const struct duet_shape *shape, size_t *bytes)
{
    return duet_shape_elements(shape, bytes) && duet_dtype_size(dtype) > 0 &&
           duet_mul_size(*bytes, duet_dtype_size(dtype), bytes) && *bytes <= PTRDIFF_MAX;
}

struct duet_view duet_view_dense(enum duet_dtype dtype, const struct duet_shape *shape, void *data)
{
    struct duet_view view = {.dtype = dtype};
    size_t bytes;
    if (!dense_bytes(dtype, shape, &bytes)) return (struct duet_view){0};
    view.shape = *shape;
    view.data = data;
    ptrdiff_t stride = (ptrdiff_t)duet_dtype_size(dtype);
    for (int i = shape->rank - 1; i >= 0; i--) {
        view.strides[i] = stride;
        if (bytes > 0) stride *= (ptrdiff_t)shape->dims[i]; /* of no numbers the product may not fit */
    }
    return view;
}

bool duet_view_is_dense(const struct duet_view *view)
{
    size_t bytes;
    if (!view || !dense_bytes(view->dtype, &view->shape, &bytes)) return false;
    const struct duet_view dense = duet_view_dense(view->dtype, &view->shape, view->data);
    for (int i = 0; i < view->shape.rank; i++)
        if (view->shape.dims[i] > 1 && view->strides[i] != dense.strides[i]) return false;
    return true;
}

const char *duet_shape_text(const struct duet_shape *shape, char *text, size_t size)
{
    if (!text || size == 0) return "";
    size_t used = (size_t)snprintf(text, size, well_made(shape) ? "[" : "[?");
    for (int i = 0; well_made(shape) && i < shape->rank && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, i ? ",%zu" : "%zu", shape->dims[i]);
    if (used < size) snprintf(text + used, size - used, "]");
    return text;
}
