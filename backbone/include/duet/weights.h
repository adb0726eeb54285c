/* weights.h: a set of named tensors with a metadata text, and the native model file that holds it.
 *
 * The native file is safetensors: an 8-byte little-endian header length, a JSON header, then the tensors
 * one after the other without holes. Its `__metadata__` object (string to string) has one key of ours,
 * "duet", whose value is JSON text: what the network is, where it came from, and checksums of the data
 * section (see duet/model.h for its fields). Files without it load too: they are just tensors.
 */
#ifndef DUET_WEIGHTS_H
#define DUET_WEIGHTS_H

#include "duet/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The newest version of the metadata that this build reads, and the one it writes. */
#define DUET_MODEL_FORMAT_VERSION 1

struct duet_weights; /* opaque */

/* Limits that are checked before any memory is taken. */
#define DUET_WEIGHTS_MAX_HEADER  ((size_t)32 << 20)
#define DUET_WEIGHTS_MAX_TENSORS 65536

/* An empty set. Errors: DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_weights_create(struct duet_weights **weights, struct duet_error *error);

/* Open a safetensors file: the file is mapped, every field validated (types, shapes, offsets: in bounds,
 * not overlapping, no holes), the XXH3 of the data checked when the metadata has one. Tensors point into
 * the mapping, so the file must not be cut short while it is open (replacing it by a rename is fine).
 * Errors: DUET_NOT_FOUND, DUET_IO_ERROR, DUET_BAD_FORMAT, DUET_TOO_LARGE, DUET_MISMATCH (the checksum),
 * DUET_UNSUPPORTED (a newer format version; the text names both), DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_weights_open(const char *path, struct duet_weights **weights,
                                            struct duet_error *error);

/* Free everything, the mapping included, and set *weights to NULL. Accepts NULL and *NULL.
 * Pointers handed out by the calls below die with it. */
DUET_API void duet_weights_close(struct duet_weights **weights);

/* Tensors in the order they were added or stand in the file. The struct is borrowed until close or the next
 * add, its name and data until close. Data is aligned for its type. */
DUET_API size_t duet_weights_count(const struct duet_weights *weights);
DUET_API const struct duet_tensor *duet_weights_at(const struct duet_weights *weights, size_t index);

/* The tensor of that name, or NULL. Borrowed alike. */
DUET_API const struct duet_tensor *duet_weights_find(const struct duet_weights *weights, const char *name);

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
 * metadata has none). */
DUET_API enum duet_status duet_weights_verify(const struct duet_weights *weights, char hex[65],
                                              struct duet_error *error);

#ifdef __cplusplus
}
#endif
#endif
