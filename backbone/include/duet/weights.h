/* weights.h: a set of named tensors with a metadata text, and the native model file that holds it.
 *
 * The native file is safetensors: an 8-byte little-endian header length, a JSON header, then the tensors
 * one after the other without holes. Its `__metadata__` object (string to string) has one key of ours,
 * "duet", whose value is JSON text: what the network is, where it came from, and checksums of the data
 * section. backbone/weights/FORMAT.md specifies the whole file. Files without that key load too: they are just
 * tensors.
 */
#ifndef DUET_WEIGHTS_H
#define DUET_WEIGHTS_H

#include "duet/tensor.h"

DUET_C_BEGIN

/* The newest version of the metadata that this build reads, and the one it writes. */
#define DUET_MODEL_FORMAT_VERSION 2

struct duet_weights; /* opaque, reference-counted */

/* Limits that are checked before any memory is taken. */
#define DUET_WEIGHTS_MAX_HEADER  ((size_t)32 << 20)
#define DUET_WEIGHTS_MAX_TENSORS 65536

/* An empty set. Errors: DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_weights_create(struct duet_weights **weights, struct duet_error *error);

/* Open a safetensors file: every field is validated (types, shapes, offsets: in bounds, not overlapping, no
 * holes), the XXH3 of the data checked when the metadata has one. The file stays open; replacing it by a
 * rename is fine. Whatever Duet itself takes from it later it reads, and says so when the file was cut short
 * or changed since. Only the `data` of tensors of more than 8 KiB points into a mapping of the file, for
 * callers who want to look at them where they lie: in a file that was cut short, looking kills (SIGBUS);
 * duet_weights_read is safe.
 * Errors: DUET_NOT_FOUND, DUET_IO_ERROR, DUET_BAD_FORMAT, DUET_TOO_LARGE, DUET_MISMATCH (the checksum),
 * DUET_UNSUPPORTED (a newer format version; the text names both), DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_weights_open(const char *path, struct duet_weights **weights,
                                            struct duet_error *error);

/* One reference more, from any thread that holds one; returns `weights`. NULL is fine. */
DUET_API struct duet_weights *duet_weights_retain(struct duet_weights *weights);

/* Gives up one reference and sets *weights to NULL; the last one frees everything, the mapping included, and
 * pointers handed out by the calls below die with it. What was compiled from the weights lives on. Accepts
 * NULL and *NULL. */
DUET_API void duet_weights_close(struct duet_weights **weights);

/* Tensors in the order they were added or stand in the file. The struct is borrowed until close or the next
 * add, its name and data until close. Data is aligned for its type. */
DUET_API size_t duet_weights_count(const struct duet_weights *weights);
DUET_API const struct duet_tensor *duet_weights_at(const struct duet_weights *weights, size_t index);

/* The tensor of that name, or NULL. Borrowed alike. */
DUET_API const struct duet_tensor *duet_weights_find(const struct duet_weights *weights, const char *name);

/* Copy `size` bytes of a tensor's data, from byte `from` of it on, to `out`. `tensor` is one of this set. Any
 * number of threads may read at once. Errors: DUET_BAD_ARGUMENT (not of this set, past its end),
 * DUET_IO_ERROR (the file was cut short or changed since it was opened, or cannot be read). */
DUET_API enum duet_status duet_weights_read(const struct duet_weights *weights,
                                            const struct duet_tensor *tensor, size_t from, size_t size,
                                            void *out, struct duet_error *error);

/* Add a tensor; name and data are copied. Errors: DUET_BAD_ARGUMENT (empty name, a shape whose size
 * overflows), DUET_EXISTS (the name is taken), DUET_TOO_LARGE, DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_weights_add(struct duet_weights *weights, const char *name,
                                           enum duet_dtype dtype, const struct duet_shape *shape,
                                           const void *data, struct duet_error *error);

/* The "duet" metadata text (JSON), or NULL. Borrowed until close or set. Setting copies; errors:
 * DUET_BAD_ARGUMENT (no JSON object), DUET_OUT_OF_MEMORY. */
DUET_API const char *duet_weights_metadata(const struct duet_weights *weights);
DUET_API enum duet_status duet_weights_set_metadata(struct duet_weights *weights, const char *json,
                                                    struct duet_error *error);

/* Write a safetensors file (temporary name, fsync, rename: nothing half-written under `path`). The data's
 * sha256 and XXH3 are computed and put into the metadata's "data" object. Tensor data starts 64-byte
 * aligned; tensors of wider elements come first, otherwise the order is that of the set. The same set gives
 * the same bytes. Replaces an existing file. Errors: DUET_IO_ERROR, DUET_NOT_FOUND (no such folder),
 * DUET_BAD_ARGUMENT (a name that is not UTF-8), DUET_TOO_LARGE, DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_weights_save(const struct duet_weights *weights, const char *path,
                                            struct duet_error *error);

/* Recompute the sha256 of the data of an opened file and compare it with the metadata's.
 * `hex` (65 bytes, may be NULL) receives the computed value. Errors: DUET_MISMATCH, DUET_NOT_FOUND (the
 * metadata has none), DUET_IO_ERROR. */
DUET_API enum duet_status duet_weights_verify(const struct duet_weights *weights, char hex[65],
                                              struct duet_error *error);

DUET_C_END
#endif
