/* tflite.h: reader of TensorFlow Lite files: a FlatBuffer with identifier "TFL3" (schema version 3).
 * Internal.
 *
 * What comes out points only into the file, or at other parts by checked numbers. Operators stand in an order
 * in which everything is written before it is read, and no tensor is written twice: there are no cycles.
 */
#ifndef DUET_WEIGHTS_TFLITE_H
#define DUET_WEIGHTS_TFLITE_H

#include "core/os.h"
#include "duet/tensor.h"

/* The real ones have under 200 of each. Memory taken is at most that for the limits, 8 MiB, whatever the file
 * says; data stays where it is. */
#define DUET_TFLITE_MAX_FILE      ((size_t)256 << 20) /* bytes; a hundred times the largest published network */
#define DUET_TFLITE_MAX_TENSORS   16384
#define DUET_TFLITE_MAX_OPERATORS 16384
#define DUET_TFLITE_MAX_OPERANDS  16 /* inputs or outputs of an operator */
#define DUET_TFLITE_MAX_RANK      6

/* Numbers of the schema's enum BuiltinOperator: those that the recipe has to do with. */
enum duet_tflite_code {
    DUET_TFLITE_ADD = 0,
    DUET_TFLITE_AVERAGE_POOL_2D = 1,
    DUET_TFLITE_CONCATENATION = 2,
    DUET_TFLITE_CONV_2D = 3,
    DUET_TFLITE_DEPTHWISE_CONV_2D = 4,
    DUET_TFLITE_DEQUANTIZE = 6,
    DUET_TFLITE_RESHAPE = 22,
    DUET_TFLITE_RESIZE_BILINEAR = 23,
    DUET_TFLITE_SOFTMAX = 25,
    DUET_TFLITE_CUSTOM = 32,
    DUET_TFLITE_BATCH_TO_SPACE_ND = 37,
    DUET_TFLITE_SPACE_TO_BATCH_ND = 38,
    DUET_TFLITE_MEAN = 40,
    DUET_TFLITE_SQUEEZE = 43,
    DUET_TFLITE_ARG_MAX = 56,
    DUET_TFLITE_QUANTIZE = 114
};

enum duet_tflite_padding { DUET_TFLITE_SAME = 0, DUET_TFLITE_VALID = 1 };
enum duet_tflite_activation { DUET_TFLITE_NONE = 0, DUET_TFLITE_RELU = 1, DUET_TFLITE_RELU6 = 3 };

/* Not terminated: print it with "%.*s". Lies in the file. */
struct duet_tflite_text {
    const char *at;
    int length; /* cut at 200 */
};

struct duet_tflite_tensor {
    struct duet_tflite_text name;
    enum duet_dtype dtype; /* DUET_DTYPE_COUNT: one that Duet does not have */
    int rank;
    uint32_t dims[DUET_TFLITE_MAX_RANK];
    size_t elements;
    const uint8_t *data; /* in the file, as likely as not unaligned; NULL: computed at run time */
    size_t bytes;        /* of data: those that dtype and shape ask for */
    uint32_t
        scale_count; /* 0: not quantized; 1: one for all; else one for each of dims[quantized_dimension] */
    int quantized_dimension;
    const uint8_t *scales, *zero_points; /* zero_points may be NULL: all 0 */
    bool given;   /* there before the first operator runs: an input of the graph, or a variable */
    int producer; /* operator that writes it; -1: none */
};

enum duet_tflite_option {
    DUET_TFLITE_PADDING,    /* enum duet_tflite_padding */
    DUET_TFLITE_ACTIVATION, /* enum duet_tflite_activation, or another number of ActivationFunctionType */
    DUET_TFLITE_STRIDE_HEIGHT,
    DUET_TFLITE_STRIDE_WIDTH,
    DUET_TFLITE_DILATION_HEIGHT,
    DUET_TFLITE_DILATION_WIDTH,
    DUET_TFLITE_DEPTH_MULTIPLIER,
    DUET_TFLITE_FILTER_HEIGHT, /* of pooling */
    DUET_TFLITE_FILTER_WIDTH,
    DUET_TFLITE_AXIS,               /* of CONCATENATION */
    DUET_TFLITE_ALIGN_CORNERS,      /* of RESIZE_BILINEAR */
    DUET_TFLITE_HALF_PIXEL_CENTERS, /* the same */
    DUET_TFLITE_OPTION_COUNT
};

struct duet_tflite_operator {
    int code; /* enum duet_tflite_code, or another number of BuiltinOperator */
    int inputs[DUET_TFLITE_MAX_OPERANDS], outputs[DUET_TFLITE_MAX_OPERANDS]; /* tensors; an input may be -1 */
    int input_count, output_count;
    int options[DUET_TFLITE_OPTION_COUNT]; /* 0 where the kind of operator has no such option */
};

struct duet_tflite {
    const uint8_t *data; /* of the file */
    size_t size;
    struct duet_tflite_tensor *tensors;
    int tensor_count;
    struct duet_tflite_operator *operators; /* in an order in which they can run */
    int operator_count;
    int inputs[DUET_TFLITE_MAX_OPERANDS], outputs[DUET_TFLITE_MAX_OPERANDS]; /* of the graph */
    int input_count, output_count;
};

/* Read the FlatBuffer at `data`, which is borrowed until close; `name` stands in error texts. On failure
 * *model is zero. Errors: DUET_BAD_FORMAT (the text names the part, what was found and what would have been
 * right), DUET_UNSUPPORTED (a schema version other than 3, several subgraphs, sparse tensors, data outside
 * the FlatBuffer), DUET_TOO_LARGE (a limit above), DUET_OUT_OF_MEMORY. */
enum duet_status duet_tflite_read(const char *name, const uint8_t *data, size_t size,
                                  struct duet_tflite *model, struct duet_error *error);

/* Free everything. Accepts NULL and a zeroed struct. */
void duet_tflite_close(struct duet_tflite *model);

/* "stride_h": as the schema calls it. */
const char *duet_tflite_option_name(enum duet_tflite_option option);

/* "CONV_2D"; "operator 999" for one without a name here, in `text`. */
const char *duet_tflite_code_name(int code, char text[24]);

/* index < scale_count. Scales are finite and above 0. */
float duet_tflite_scale(const struct duet_tflite_tensor *tensor, uint32_t index);
int32_t duet_tflite_zero_point(const struct duet_tflite_tensor *tensor, uint32_t index);

/* Element of an I32 tensor with data. */
int32_t duet_tflite_int(const struct duet_tflite_tensor *tensor, size_t index);

#endif
