/* tfjs.h: reader of TensorFlow.js graph models: model.json and the shards of weights beside it. Internal.
 *
 * model.json holds "modelTopology" (the graph) and "weightsManifest": groups of
 *   {"paths": [shard file, ...], "weights": [{"name", "shape", "dtype", "quantization"?}, ...]}
 * The shards of a group, one after the other, are the weights of the group, one after the other.
 */
#ifndef DUET_WEIGHTS_TFJS_H
#define DUET_WEIGHTS_TFJS_H

#include "duet/weights.h"
#include "weights/sha256.h"

#define DUET_TFJS_MAX_JSON   ((size_t)64 << 20)
#define DUET_TFJS_MAX_DATA   ((size_t)1 << 30)
#define DUET_TFJS_MAX_SHARDS 4096

/* Read it under the source's names: float32, int32, bool and uint8 tensors; quantized ones (uint8, uint16,
 * float16) come out as the type they stand for. A FusedBatchNorm node's epsilon becomes a float32 scalar
 * "<scope>/epsilon" beside its "<scope>/gamma". `sha256` receives the digest of model.json followed by the
 * shards in order. Owned: duet_weights_close.
 * Errors: those of opening a file; DUET_BAD_FORMAT (broken JSON, missing fields, a shard that is too short or
 * too long: the text names it with both sizes, a path that leaves the folder), DUET_UNSUPPORTED (an element
 * type), DUET_TOO_LARGE, DUET_OUT_OF_MEMORY. */
enum duet_status duet_tfjs_read(const char *path, struct duet_weights **weights,
                                char sha256[DUET_SHA256_TEXT], struct duet_error *error);

#endif
