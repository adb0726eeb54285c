/* tflite_spec.h: TFLite files made to order: a list of tensors and operators, which a test may bend before it
 * is written as a FlatBuffer. Nothing of it is checked. */
#ifndef DUET_TFLITE_SPEC_H
#define DUET_TFLITE_SPEC_H

#include "duet/network.h"

#include <stdint.h>

/* Numbers of the schema's enum TensorType. */
enum { SPEC_F32 = 0, SPEC_F16 = 1, SPEC_I32 = 2, SPEC_U8 = 3, SPEC_I8 = 9 };

struct spec_tensor {
    char name[64];
    int type, rank;
    int32_t dims[8];
    void *data; /* owned; NULL: none */
    size_t bytes;
    float *scales; /* owned */
    int64_t *zeros;
    uint32_t scale_count, zero_count;
    int dimension; /* quantized along */
    bool variable, sparse;
    int same_data; /* number of a tensor + 1, whose data this one has too; 0: none */
};

struct spec_option {
    int field, bytes, value;
};

struct spec_operator {
    int code;
    int inputs[20], outputs[20];
    uint32_t input_count, output_count;
    int option_kind; /* of the union; 0: no options */
    struct spec_option options[8];
    int option_count;
};

struct spec {
    uint32_t version, subgraphs; /* 3, 1 */
    struct spec_tensor tensors[700];
    struct spec_operator operators[200];
    uint32_t tensor_count, operator_count;
    uint32_t repeats; /* that many more entries in the vector of tensors, all leading to the last one */
    int inputs[4], outputs[4];
    uint32_t input_count, output_count;
};

/* Owned: spec_free. */
struct spec *spec_create(void);
void spec_free(struct spec *spec);

/* Add one. `dims` of rank numbers; data is copied. Return its number. */
int spec_tensor(struct spec *spec, const char *name, int type, int rank, const int32_t *dims,
                const void *data, size_t bytes);
void spec_quantize(struct spec *spec, int tensor, uint32_t count, const float *scales, const int64_t *zeros,
                   int dimension);

/* inputs and outputs end with -2. */
int spec_operator(struct spec *spec, int code, const int *inputs, const int *outputs);
void spec_option(struct spec *spec, int op, int kind, int field, int bytes, int value);
/* Overwrite an option. */
void spec_set(struct spec *spec, int op, int field, int value);

/* The file's bytes. Owned: free(). `data_begin` (may be NULL): where the tensors' data begins; all before it
 * is structure. */
uint8_t *spec_write(const struct spec *spec, size_t *size, size_t *data_begin);

/* A graph that computes `network` (accounted in `info`) with the weights of a native set: F32, F16, or
 * quantized with companions and ranges. As TFLite's converter would write it. Owned: spec_free. */
struct spec *spec_of_network(const struct duet_network *network, const struct duet_layer_info *info,
                             const struct duet_weights *weights);

/* The operator whose result has this name (spec_of_network: the layer's); -1: none. */
int spec_find(const struct spec *spec, const char *name);

/* Weights for a network as an import would leave them: `weight` is DUET_F32, DUET_F16, DUET_U8 (a scale for
 * the tensor) or DUET_I8 (a scale for each channel). Owned: duet_weights_close. */
struct duet_weights *spec_weights(const struct duet_network *network, enum duet_dtype weight, uint64_t seed);

#endif
