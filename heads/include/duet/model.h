/* model.h: a model file: which network it holds, its weights, its labels, where it came from.
 *
 * The native file's "duet" metadata (see duet/weights.h) is a JSON object:
 *
 *   "format_version": 1                          (DUET_MODEL_FORMAT_VERSION)
 *   "architecture":   "ssdlite_mobilenet_v2" | "deeplabv3_mobilenet_v2" | "mobilenet_v2" (a bare trunk or a
 *                     classifier); a file with both heads joins them: "ssdlite+deeplabv3_mobilenet_v2"
 *   "backbone":       {"width_multiplier": 1.0, "channel_divisor": 8}
 *   "input":          {"width": 300, "height": 300}
 *   "ssdlite":        {"classes": 90}            (each present when the file has that head)
 *   "deeplabv3":      {"classes": 21, "depth": 256, "atrous_branches": false, "output_stride": 16}
 *                     (output_stride: that of the graph it came from, where that is known; it runs at any)
 *   "classifier":     {"classes": 1001}
 *   "labels":         {"ssdlite": [{"id": 1, "name": "person"}, ...], "deeplabv3": ..., "classifier": ...}
 *   "preprocessing":  one line for people
 *   "source":         {"name", "format", "sha256", "address", "licence", "training"}
 *   "revision":       2                          (DUET_MODEL_REVISION of the build that wrote it; none: 1)
 *   "data":           {"sha256", "xxh3"}         (written by duet_weights_save)
 */
#ifndef DUET_MODEL_H
#define DUET_MODEL_H

#include "duet/classifier.h"
#include "duet/deeplabv3.h"
#include "duet/mobilenet_v2.h"
#include "duet/results.h"
#include "duet/ssdlite.h"
#include "duet/weights.h"

DUET_C_BEGIN

/* Where a model came from. Any may be NULL ("unknown"). Borrowed from what handed it out. */
struct duet_model_source {
    const char *name;     /* "ssdlite-coco" */
    const char *format;   /* "tfjs", "tflite", "safetensors" */
    const char *sha256;   /* of the file that was imported (for several files: of all, in order) */
    const char *address;  /* where to get it */
    const char *licence;  /* SPDX: "Apache-2.0" */
    const char *training; /* what it was trained on, as far as that is known */
};

/* A `has_` tells whether the fields below it mean something. */
struct duet_model_config {
    int input_width, input_height; /* pixels: what the model was made for */
    double width_multiplier;       /* these two: struct duet_mobilenet_v2_config */
    int channel_divisor;
    bool has_ssdlite;
    struct duet_ssdlite_config ssdlite;
    struct duet_labels ssdlite_labels;
    bool has_deeplabv3;
    struct duet_deeplabv3_config deeplabv3;
    struct duet_labels deeplabv3_labels; /* ids 0 .. classes-1, 0 = background */
    int source_output_stride;            /* of the graph that DeepLabv3 came from: 8, 16, 32; 0: not known */
    bool has_classifier;
    struct duet_classifier_config classifier;
    struct duet_labels classifier_labels;
    const char *architecture;  /* follows from the heads; ignored by duet_model_config_json */
    const char *preprocessing; /* one line for people */
    struct duet_model_source source;
    const char *data_sha256; /* NULL when the file has none */
    int revision;            /* see DUET_MODEL_REVISION; ignored by duet_model_config_json */
};

/* What duet_model_config_json writes is extended now and then: files of an older revision load, but say less
 * of themselves than one made anew would. 2: source.training. */
#define DUET_MODEL_REVISION 2

struct duet_model; /* opaque; immutable, may be shared by threads */

/* Open a native model file. Errors: those of duet_weights_open; DUET_BAD_FORMAT (no or bad "duet" metadata),
 * DUET_UNSUPPORTED (unknown version or architecture; the text names what was found and what is known). */
DUET_API enum duet_status duet_model_open(const char *path, struct duet_model **model,
                                          struct duet_error *error);
/* Accepts NULL; sets *model to NULL. Everything that borrowed from it must be closed before. */
DUET_API void duet_model_close(struct duet_model **model);

/* All borrowed until close. */
DUET_API const struct duet_model_config *duet_model_config(const struct duet_model *model);
DUET_API const struct duet_weights *duet_model_weights(const struct duet_model *model);

/* The metadata text for a config (the inverse of reading it; "data" is left to duet_weights_save).
 * Owned: free(). NULL when out of memory. */
DUET_API char *duet_model_config_json(const struct duet_model_config *config);

/* The output stride that a model runs at when none is asked for: with SSDLite or without DeepLabv3 32, else
 * that of the graph it came from, and where that is not known 16. It is what its weights were made for, and
 * where its published scores come from: half of it, or twice, still works, but is not the same network. */
DUET_API int duet_model_output_stride(const struct duet_model_config *config);

/* The network that a config describes: backbone plus its heads, with their outputs. `output_stride` 8, 16 or
 * 32; 0: duet_model_output_stride. Owned: duet_network_close. Errors: those of the duet_*_build of its parts.
 */
DUET_API enum duet_status duet_model_network(const struct duet_model_config *config, int output_stride,
                                             struct duet_network **network, struct duet_error *error);

/* What running that network takes for each picture at once, before any of it is taken: see
 * duet_network_memory. Errors: those of duet_model_network and duet_network_memory. */
DUET_API enum duet_status duet_model_memory(const struct duet_model_config *config, int output_stride,
                                            int width, int height, struct duet_memory *memory,
                                            struct duet_error *error);

DUET_C_END
#endif
