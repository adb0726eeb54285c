/* model.h: a model file: the trunk and the heads that it holds, their weights and labels, where it came from.
 * backbone/weights/FORMAT.md describes the file. */
#ifndef DUET_MODEL_H
#define DUET_MODEL_H

#include "duet/head.h"
#include "duet/network.h"
#include "duet/weights.h"

DUET_C_BEGIN

/* Structs that are handed out by pointer may grow at their end. Texts may be NULL ("unknown"). */

/* Where a model came from. */
struct duet_model_source {
    const char *name;    /* "ssdlite-coco" */
    const char *format;  /* "tfjs", "tflite", "safetensors" */
    const char *sha256;  /* of the file that was imported (for several files: of all, in order) */
    const char *address; /* where to get it */
    const char *licence; /* SPDX: "Apache-2.0" */
};

/* How it was trained. */
struct duet_model_training {
    const char *on;          /* what on, as far as that is known: a line for people */
    const char *base_sha256; /* data_sha256 of the model that training began with */
    const char
        *data_sha256;     /* of the list of what it was trained on, or of that data: the trainer's business */
    const char *not_for;  /* names of data sets, between commas, that say nothing of it when it is scored on
                           * them, because it has seen them: "VOC2012/val" */
    const char *settings; /* JSON text of an object: the trainer's */
};

/* These two as in struct duet_mobilenet_v2_config. */
struct duet_model_backbone {
    double width_multiplier;
    int channel_divisor;
};

/* A byte q of a layer's result stands for (q - zero_point) * scale. */
struct duet_model_range {
    const char *layer; /* "backbone.block3.expand"; the picture: "input" */
    float scale;       /* above 0 */
    int zero_point;    /* 0 .. 255 */
};

/* What ranges and weights were made with. */
struct duet_model_calibration {
    const char *on; /* a line for people */
    int pictures;
    const char *worst; /* the layer whose bytes are furthest from its float32 numbers on those pictures */
    double worst_sqnr; /* its signal to noise, dB */
};

/* What a network needs to know to compute in whole numbers. Weights have their scales beside them, as
 * tensors. */
struct duet_model_quantization {
    const char *rounding; /* "half_even"; NULL: the file says nothing, and its network computes in float32 */
    const struct duet_model_range *ranges; /* [range_count] */
    int range_count;
    const char *const *float32; /* [float32_count]: layers that compute in float32 all the same */
    int float32_count;
    struct duet_model_calibration calibration; /* unknown: zeros */
};

#define DUET_MODEL_MAX_HEADS 16

struct duet_model_config {
    struct duet_model_backbone backbone;
    const struct duet_head *heads; /* [head_count], as the file has them */
    int head_count;                /* 1 .. DUET_MODEL_MAX_HEADS */
    enum duet_precision precision; /* that its network computes in; DUET_PRECISION_MODEL: float32 */
    struct duet_model_source source;
    struct duet_model_training training;
    const char *data_sha256; /* NULL when the file has none; written by duet_weights_save */
    int revision;            /* of the build that wrote the file, see DUET_MODEL_REVISION */
    struct duet_model_quantization quantization;
};

/* What is written is extended now and then: files of an older revision load, but say less of themselves than
 * one made anew would. */
#define DUET_MODEL_REVISION 4

struct duet_model; /* opaque, reference-counted; immutable, may be shared by threads */

/* Open a native model file: one reference. Errors: those of duet_weights_open; DUET_BAD_FORMAT (no or bad
 * "duet" metadata; the text names the field, what was expected, what is there), DUET_UNSUPPORTED (another
 * version; one that is older with the command that makes the file anew; a kind of trunk, head or number that
 * this build does not know). */
DUET_API enum duet_status duet_model_open(const char *path, struct duet_model **model,
                                          struct duet_error *error);
/* One reference more, from any thread; returns `model`. */
DUET_API struct duet_model *duet_model_retain(const struct duet_model *model);
/* Gives up one reference; the last one frees. Accepts NULL; sets *model to NULL. */
DUET_API void duet_model_close(struct duet_model **model);

/* All borrowed until the last reference is given up. NULL, 0: there is no such thing. */
DUET_API const struct duet_model_config *duet_model_config(const struct duet_model *model);
DUET_API const struct duet_weights *duet_model_weights(const struct duet_model *model);
DUET_API int duet_model_head_count(const struct duet_model *model);
DUET_API const struct duet_head *duet_model_head(const struct duet_model *model, int index);
/* The head of that name, else the first of the kind of that name. */
DUET_API const struct duet_head *duet_model_find_head(const struct duet_model *model, const char *name);
/* The first head that does that. */
DUET_API const struct duet_head *duet_model_task_head(const struct duet_model *model,
                                                      enum duet_head_task task);

/* The network that a config describes: the trunk and all heads, with their outputs. `output_stride` 8, 16 or
 * 32; 0: the first head's. A model runs at other strides than its own, but is not the same network then. It
 * computes in what the config says: to have it in another precision, set that in a copy.
 * Owned: duet_network_close. Errors: those of the duet_*_build of its parts; DUET_BAD_ARGUMENT (no such
 * precision), DUET_UNSUPPORTED (one that the model has no ranges for, or that is not there yet). */
DUET_API enum duet_status duet_model_network(const struct duet_model_config *config, int output_stride,
                                             struct duet_network **network, struct duet_error *error);

/* What running that network takes for each picture at once, before any of it is taken: see
 * duet_network_memory. Errors: those of duet_model_network and duet_network_memory. */
DUET_API enum duet_status duet_model_memory(const struct duet_model_config *config, int output_stride,
                                            int width, int height, struct duet_memory *memory,
                                            struct duet_error *error);

DUET_C_END
#endif
