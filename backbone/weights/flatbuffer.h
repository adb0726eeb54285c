/* flatbuffer.h: reading FlatBuffers that may be damaged or hostile. Internal to backbone/weights.
 *
 * A FlatBuffer is tables that point at each other by 32-bit offsets, all little-endian:
 *
 *   root:    [u32 offset of the root table] [4 bytes that identify the kind of file]
 *   table:   [i32 how far back its vtable lies] [fields ...]
 *   vtable:  [u16 its own bytes] [u16 the table's bytes] [u16 where field 0 lies in the table, 0: nowhere]
 * ... vector:  [u32 count] [elements ...]; a text is a vector of bytes
 *
 * Nothing is believed: every offset, vtable and length is checked before it is followed, alignment is not
 * relied on. The first fault found is kept, and from then on everything reads as 0 or absent; whoever loops
 * asks for `status`. Nothing here follows more than one offset a call, so there is nothing to run in circles.
 */
#ifndef DUET_WEIGHTS_FLATBUFFER_H
#define DUET_WEIGHTS_FLATBUFFER_H

#include "duet/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct flatbuffer {
    const char *path; /* for texts */
    const uint8_t *data;
    size_t size;    /* below 2 GiB */
    char where[48]; /* the part being read: "tensor 5" */
    enum duet_status status;
    struct duet_error *error;
};

/* A table that is inside the file, and its vtable too. All zero: absent, and so is every field of it. */
struct flatbuffer_table {
    size_t at, size;     /* bytes of the table */
    size_t vtable;       /* where field 0's entry is */
    unsigned int fields; /* entries of the vtable */
};

/* All elements are inside the file. */
struct flatbuffer_vector {
    size_t at; /* of the first element */
    uint32_t count;
};

/* Keep the fault "PATH: WHERE: ...", unless there is one already. */
void flatbuffer_fault(struct flatbuffer *f, enum duet_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* `what` names the field in the fault's text. Fields are numbered in the order of the schema (a union takes
 * two: its kind and its table). */
struct flatbuffer_table flatbuffer_root(struct flatbuffer *f);
struct flatbuffer_table flatbuffer_table(struct flatbuffer *f, const struct flatbuffer_table *t,
                                         unsigned int field, const char *what);

/* A vector of elements of `bytes` (at most 8) bytes; without elements when absent. */
struct flatbuffer_vector flatbuffer_vector(struct flatbuffer *f, const struct flatbuffer_table *t,
                                           unsigned int field, size_t bytes, const char *what);

/* Element of a vector of tables, index < count. */
struct flatbuffer_table flatbuffer_element(struct flatbuffer *f, struct flatbuffer_vector v, uint32_t index,
                                           const char *what);

/* Numbers; `otherwise` (or 0) when absent. */
int32_t flatbuffer_i32(struct flatbuffer *f, const struct flatbuffer_table *t, unsigned int field,
                       int32_t otherwise, const char *what);
uint64_t flatbuffer_u64(struct flatbuffer *f, const struct flatbuffer_table *t, unsigned int field,
                        const char *what);
int flatbuffer_i8(struct flatbuffer *f, const struct flatbuffer_table *t, unsigned int field,
                  const char *what);
unsigned int flatbuffer_u8(struct flatbuffer *f, const struct flatbuffer_table *t, unsigned int field,
                           const char *what);
bool flatbuffer_has(struct flatbuffer *f, const struct flatbuffer_table *t, unsigned int field,
                    const char *what);

/* --- loads from places that are known to be inside ----------------------------------------------------- */

static inline uint16_t load_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t load_u32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t load_u64(const uint8_t *p)
{
    return load_u32(p) | (uint64_t)load_u32(p + 4) << 32;
}

static inline int32_t load_i32(const uint8_t *p)
{
    return (int32_t)load_u32(p);
}

static inline int64_t load_i64(const uint8_t *p)
{
    return (int64_t)load_u64(p);
}

static inline float load_f32(const uint8_t *p)
{
    uint32_t bits = load_u32(p);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
