/* import.h: other people's model files to the native one. */
#ifndef DUET_IMPORT_H
#define DUET_IMPORT_H

#include "duet/model.h"

DUET_C_BEGIN

/* What the source does not say of itself. Fields left zero are unknown. All borrowed during the call. */
struct duet_import_options {
    size_t struct_size;        /* sizeof(struct duet_import_options): lets the struct grow */
    const char *name;          /* "ssdlite-coco" */
    const char *address;       /* where the source can be had */
    const char *licence;       /* SPDX: "Apache-2.0" */
    const char *sha256;        /* what the source must have (see duet_model_source); NULL: anything */
    struct duet_labels labels; /* of the detection head, ids ascending within 1 .. its number of classes */
    struct duet_labels segmentation_labels; /* of DeepLabv3, ids ascending from 0 (background) */
    struct duet_labels classifier_labels;   /* of the classifier, ids ascending from 0 */
    const char *training;                   /* what it was trained on */
    const char *not_for;                    /* see struct duet_model_training */
};
#define DUET_IMPORT_OPTIONS                                                                                  \
    {                                                                                                        \
        sizeof(struct duet_import_options), NULL, NULL, NULL, NULL, {NULL, 0}, {NULL, 0}, {NULL, 0}, NULL, NULL \
    }

/* Read the model at `path` into the set that a native file holds: tensors under Duet's layer names, batch
 * normalisation folded (in double), metadata as FORMAT.md has it. What kind of file it is, is
 * decided by content:
 *   TF.js graph model     `path` is its model.json; the shards lie beside it
 *   safetensors           with TF-slim names (those of a TF.js or TensorFlow graph), or with Duet's
 *   native                written anew: what it says of itself, in keys of any name, stays, but for what the
 *                         options say; labels stay
 *   TFLite                float32, or quantized to 8 bits
 * Frozen TensorFlow graphs are recognised and refused. The network must be MobileNetV2 with SSDLite (from the
 * first two) or with DeepLabv3 or a classifier (from TFLite, whose graph must compute what Duet's layers do);
 * width multiplier, divisor, classes and the rest follow from the shapes. Labels of heads that the network
 * does not have are ignored. Quantized tensors stay as they are, and stand for (q - zero_point) * scale:
 * "<layer>.weight" with "<layer>.weight.scale" (F32) and "<layer>.weight.zero_point" (I32), one number or one
 * for each output channel, biases alike; the ranges of results go into the metadata, so that such a model can
 * compute in whole numbers.
 * Owned: duet_weights_close; write it with duet_weights_save.
 * Errors: those of opening a file; DUET_BAD_FORMAT (damaged, or no kind of model), DUET_UNSUPPORTED (a kind
 * this build does not read, a tensor or operator that belongs to no layer, other preprocessing),
 * DUET_NOT_FOUND (a tensor is missing), DUET_MISMATCH (the sha256, a tensor's shape), DUET_BAD_ARGUMENT
 * (labels). Texts name the layer and the source's tensor. */
DUET_API enum duet_status duet_model_import(const char *path, const struct duet_import_options *options,
                                            struct duet_weights **weights, struct duet_error *error);

DUET_C_END
#endif
