/* recipes.h: how each kind of source becomes our tensors, and what the recipes share (recipes.c). Internal.
 * To add a kind: a recipe here, and its case in import.c. */
#ifndef DUET_HEADS_IMPORT_RECIPES_H
#define DUET_HEADS_IMPORT_RECIPES_H

#include "duet/import.h"
#include "weights/sha256.h"

/* What is being imported. */
struct duet_import {
    const char *path;
    const struct duet_import_options *options;
    const char *format; /* as duet_model_source has it */
    char sha256[DUET_SHA256_TEXT];
};

struct duet_tflite;

/* Tensors with TF-slim's names: SSDLite from a TF.js graph or a safetensors file. */
enum duet_status duet_import_slim(const struct duet_import *import, const struct duet_weights *source,
                                  struct duet_weights *out, struct duet_error *error);

/* A TFLite graph: DeepLabv3 or the classifier, float or quantized. */
enum duet_status duet_import_tflite(const struct duet_import *import, const struct duet_tflite *source,
                                    struct duet_weights *out, struct duet_error *error);

/* Output channels that the source has for a convolution of the backbone; 0: it has none. Asked for them in
 * the network's order; *at is -1 before the first one, and for the function to use. */
typedef size_t duet_import_channels(const void *ctx, const struct duet_layer *layer, int *at);

/* Find the width multiplier and the channel divisor under which the backbone has the source's `channels`,
 * trying the published ones and the one that `first` channels of the first convolution suggest. Errors:
 * DUET_UNSUPPORTED. */
enum duet_status duet_import_width(const char *path, size_t first, duet_import_channels *channels,
                                   const void *ctx, struct duet_model_config *config,
                                   struct duet_error *error);

/* Ids must ascend within low .. high, and each have a name. Errors: DUET_BAD_ARGUMENT. */
enum duet_status duet_import_check_labels(const struct duet_labels *labels, int low, int high,
                                          struct duet_error *error);

/* A native file, written anew: the set stays as it is, but for what the options say of it. */
enum duet_status duet_import_native(const struct duet_import *import, struct duet_weights *set,
                                    struct duet_error *error);

/* Complete `config` with the source and make it the metadata of `out`. */
enum duet_status duet_import_finish(const struct duet_import *import, struct duet_model_config *config,
                                    struct duet_weights *out, struct duet_error *error);
/* The metadata of `out` from what there is; `base` as duet_metadata_write has it. */
enum duet_status duet_import_metadata(const struct duet_import *import, const struct duet_model_config *config,
                                      const char *base, struct duet_weights *out, struct duet_error *error);

#endif
