/* quantize.h: a model of float32 made one that computes in bytes: its weights int8, and ranges for what every
 * layer leaves, from pictures that are like those it will see.
 *
 *     duet_quantizer_create(model, &options, &quantizer, &error);
 *     for each picture: duet_quantizer_measure(quantizer, &picture, NULL, &error);
 *     for each picture: duet_quantizer_compare(quantizer, &picture, NULL, &error);    (may be left out)
 *     duet_quantizer_weights(quantizer, &weights, &error);
 *     duet_weights_save(weights, "model-int8.safetensors", &error);
 *
 * Ranges hold what was seen; of results that may be negative, as the residual streams', up to 15 % are cut
 * off where that makes the error smaller. Weights are rounded for each output channel by itself, symmetric,
 * so that their errors balance; biases lose what the rounded weights are still too much by on the average.
 * The result does not depend on the order of the pictures, nor on the number of threads.
 */
#ifndef DUET_QUANTIZE_H
#define DUET_QUANTIZE_H

#include "duet/image.h"
#include "duet/model.h"
#include "duet/run.h"

DUET_C_BEGIN

struct duet_known_range {
    struct duet_model_range range;
    float mean; /* of the layer's result */
};

struct duet_quantize_options {
    size_t struct_size; /* sizeof(struct duet_quantize_options): lets the struct grow */
    const char *cpu;    /* kernel level, see duet_compile_options */
    /* Layers that compute in float32 all the same, their weights as they are: those that lose most. */
    const char *const *keep; /* [keep_count] */
    int keep_count;
    /* What is known of results, measured before: then nothing is measured. Layers that are not the model's
     * are passed over. */
    const struct duet_known_range *known; /* [known_count] */
    int known_count;
    struct duet_model_calibration calibration; /* for the file: what those come from; else `on` alone */
    size_t max_memory; /* bytes that a network may take to run, of those in float32 and in bytes; 0: 4 GiB */
};
#define DUET_QUANTIZE_OPTIONS                                                                                \
    {                                                                                                        \
        sizeof(struct duet_quantize_options), NULL, NULL, 0, NULL, 0, {NULL, 0, NULL, 0}, 0                  \
    }

struct duet_quantizer; /* opaque; one thread at a time */

/* Nothing of the options is kept; holds a reference to the model. Errors: DUET_BAD_ARGUMENT (counts, a known
 * range without layer or of numbers that no byte has), DUET_NOT_FOUND (a layer to keep that is none; ranges
 * are given, but not of one that needs it: a layer that is kept may need one that it else does without),
 * those of duet_compile (DUET_TOO_LARGE: max_memory). */
DUET_API enum duet_status duet_quantizer_create(const struct duet_model *model,
                                                const struct duet_quantize_options *options,
                                                struct duet_quantizer **quantizer, struct duet_error *error);
/* Accepts NULL; sets *quantizer to NULL. */
DUET_API void duet_quantizer_close(struct duet_quantizer **quantizer);

/* A picture (RGB8) more whose results the ranges shall hold. Errors: DUET_BAD_ARGUMENT (no RGB8, ranges were
 * given, the weights are made), DUET_BAD_FORMAT (a result that is not finite), DUET_INTERRUPTED,
 * DUET_OUT_OF_MEMORY. After one of the latter three some of the picture's numbers are counted: measuring and
 * making go on failing with DUET_BAD_ARGUMENT, and the quantizer is only good to be closed. */
DUET_API enum duet_status duet_quantizer_measure(struct duet_quantizer *quantizer,
                                                 const struct duet_image *image,
                                                 const struct duet_run_options *options,
                                                 struct duet_error *error);

/* How far the bytes are off on a picture; makes the weights at the first one. Errors: those of
 * duet_quantizer_weights and of running
 * (DUET_TOO_LARGE: max_memory, with that many threads). */
DUET_API enum duet_status duet_quantizer_compare(struct duet_quantizer *quantizer,
                                                 const struct duet_image *image,
                                                 const struct duet_run_options *options,
                                                 struct duet_error *error);

/* The model of bytes, with its metadata, which says what comparing showed. One reference: duet_weights_close.
 * Errors: DUET_BAD_ARGUMENT (nothing was measured, or a picture half), DUET_NOT_FOUND, DUET_MISMATCH,
 * DUET_BAD_FORMAT (a weight that is missing, of another shape, not finite), those of duet_model_network: the
 * model is known to run. */
DUET_API enum duet_status duet_quantizer_weights(struct duet_quantizer *quantizer,
                                                 struct duet_weights **weights, struct duet_error *error);

/* A layer as it became. */
struct duet_quantized_layer {
    size_t struct_size;            /* set by the caller: lets the struct grow */
    const char *name;              /* borrowed until close */
    bool kept;                     /* it computes in float32 */
    struct duet_model_range range; /* of its result; scale 0: it has none */
    double mean;                   /* of its result */
    /* Signal to noise of its result in dB, all before it in bytes, too; NAN: it was not compared. */
    double sqnr;
};
/* In the order they are computed; 0 until the weights are made. */
DUET_API int duet_quantizer_layer_count(const struct duet_quantizer *quantizer);
/* Errors: DUET_BAD_ARGUMENT (a layer that is not there). */
DUET_API enum duet_status duet_quantizer_layer(const struct duet_quantizer *quantizer, int index,
                                               struct duet_quantized_layer *layer, struct duet_error *error);

DUET_C_END
#endif
