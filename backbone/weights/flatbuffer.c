#include "weights/flatbuffer.h"

#include "core/fail.h"

#include <stdarg.h>
#include <stdio.h>

void flatbuffer_fault(struct flatbuffer *f, enum duet_status status, const char *format, ...)
{
    if (f->status != DUET_OK) return;
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    f->status = duet_fail(f->error, status, "%s: %s: %s", f->path, f->where, text);
}

/* Are bytes [at, at + count) in the file? */
static bool inside(const struct flatbuffer *f, uint64_t at, uint64_t count)
{
    return at <= f->size && count <= f->size - at;
}

/* Where the offset at `at` (inside the file) leads: at least 4 bytes are there. 0 after a fault. */
static size_t follow(struct flatbuffer *f, size_t at, const char *what)
{
    uint32_t offset = load_u32(f->data + at);
    if (inside(f, (uint64_t)at + offset, 4)) return at + offset;
    flatbuffer_fault(f, DUET_BAD_FORMAT, "%s: offset %u at byte %zu leads out of the file's %zu bytes", what,
                     offset, at, f->size);
    return 0;
}

static struct flatbuffer_table table_at(struct flatbuffer *f, size_t at, const char *what)
{
    struct flatbuffer_table none = {0};
    if (f->status != DUET_OK || at == 0) return none;
    int64_t vtable = (int64_t)at - load_i32(f->data + at);
    if (vtable < 0 || !inside(f, (uint64_t)vtable, 4)) {
        flatbuffer_fault(f, DUET_BAD_FORMAT,
                         "%s: the vtable of the table at byte %zu would be at %lld, in a file of %zu", what,
                         at, (long long)vtable, f->size);
        return none;
    }
    size_t vtable_size = load_u16(f->data + vtable), size = load_u16(f->data + vtable + 2);
    if (vtable_size < 4 || vtable_size % 2 || !inside(f, (uint64_t)vtable, vtable_size)) {
        flatbuffer_fault(f, DUET_BAD_FORMAT,
                         "%s: vtable at byte %lld of %zu bytes: expected an even size, from 4 up, inside "
                         "the file",
                         what, (long long)vtable, vtable_size);
        return none;
    }
    if (size < 4 || !inside(f, at, size)) {
        flatbuffer_fault(f, DUET_BAD_FORMAT,
                         "%s: table at byte %zu of %zu bytes: expected 4 or more, inside the file", what, at,
                         size);
        return none;
    }
    return (struct flatbuffer_table){at, size, (size_t)vtable + 4, (unsigned int)(vtable_size - 4) / 2};
}

/* Where a field of `bytes` bytes lies; 0: the table does not have it. */
static size_t field_at(struct flatbuffer *f, const struct flatbuffer_table *t, unsigned int field,
                       size_t bytes, const char *what)
{
    if (f->status != DUET_OK || field >= t->fields) return 0;
    size_t offset = load_u16(f->data + t->vtable + 2 * field);
    if (offset == 0) return 0;
    if (offset >= 4 && offset + bytes <= t->size) return t->at + offset;
    flatbuffer_fault(f, DUET_BAD_FORMAT, "%s: lies %zu bytes into a table of %zu", what, offset, t->size);
    return 0;
}

int32_t flatbuffer_i32(struct flatbuffer *f, const struct flatbuffer_table *t, unsigned int field,
                       int32_t otherwise, const char *what)
{
    size_t at = field_at(f, t, field, 4, what);
    return at ? load_i32(f->data + at) : otherwise;
}

int flatbuffer_i8(struct flatbuffer *f, const struct flatbuffer_table *t, unsigned int field,
                  const char *what)
{
    size_t at = field_at(f, t, field, 1, what);
    return at ? (int8_t)f->data[at] : 0;
}

unsigned int flatbuffer_u8(struct flatbuffer *f, const struct flatbuffer_table *t, unsigned int field,
                           const char *what)
{
    size_t at = field_at(f, t, field, 1, what);
    return at ? f->data[at] : 0;
}

struct flatbuffer_table flatbuffer_table(struct flatbuffer *f, const struct flatbuffer_table *t,
                                         unsigned int field, const char *what)
{
    size_t at = field_at(f, t, field, 4, what);
    return table_at(f, at ? follow(f, at, what) : 0, what);
}

struct flatbuffer_vector flatbuffer_vector(struct flatbuffer *f, const struct flatbuffer_table *t,
                                           unsigned int field, size_t bytes, const char *what)
{
    struct flatbuffer_vector none = {0};
    size_t at = field_at(f, t, field, 4, what);
    if (at) at = follow(f, at, what);
    if (!at) return none;
    uint32_t count = load_u32(f->data + at);
    if (inside(f, at + 4, (uint64_t)count * bytes)) return (struct flatbuffer_vector){at + 4, count};
    flatbuffer_fault(f, DUET_BAD_FORMAT, "%s: %u elements of %zu bytes at byte %zu, in a file of %zu", what,
                     count, bytes, at + 4, f->size);
    return none;
}

struct flatbuffer_table flatbuffer_element(struct flatbuffer *f, struct flatbuffer_vector v, uint32_t index,
                                           const char *what)
{
    if (f->status != DUET_OK) return (struct flatbuffer_table){0};
    return table_at(f, follow(f, v.at + (size_t)index * 4, what), what);
}

struct flatbuffer_table flatbuffer_root(struct flatbuffer *f)
{
    if (f->status != DUET_OK || !inside(f, 0, 4)) return (struct flatbuffer_table){0};
    return table_at(f, follow(f, 0, "root"), "root");
}

uint64_t flatbuffer_u64(struct flatbuffer *f, const struct flatbuffer_table *t, unsigned int field,
                        const char *what)
{
    size_t at = field_at(f, t, field, 8, what);
    return at ? load_u64(f->data + at) : 0;
}

bool flatbuffer_has(struct flatbuffer *f, const struct flatbuffer_table *t, unsigned int field,
                    const char *what)
{
    return field_at(f, t, field, 1, what) != 0;
}
