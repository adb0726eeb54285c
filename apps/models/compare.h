/* compare.h: two files of one network, number by number. */
#ifndef DUET_APPS_MODELS_COMPARE_H
#define DUET_APPS_MODELS_COMPARE_H

#include "duet/image.h"
#include "duet/model.h"
#include "heads/deviation.h"

struct compared {
    char name[128]; /* of the tensor or output */
    struct duet_shape shape;
    enum duet_dtype a, b; /* as stored; of outputs F32 */
    struct duet_deviation deviation; /* of the second from the first */
    size_t positions; /* of outputs that are class scores: places, each with a best class; else 0 */
    size_t agreeing;  /* places where that class is the same */
};

struct comparison {
    struct compared *tensors, *outputs;
    size_t tensor_count, output_count;
};

struct compare_options {
    int width, height;                /* of the input */
    int output_stride;                /* 0: the network's usual one */
    unsigned int seed;                /* of the random input */
    const struct duet_image *picture; /* RGB8: stretched to the input instead; NULL: random */
};

/* Compare the tensors of every layer, dequantized, and the outputs of a run. `names` stand in error texts. On
 * success end with comparison_close; on failure *comparison is zero. Errors: DUET_MISMATCH (not the same
 * network; the text says what differs), those of duet_compile. */
enum duet_status compare_models(const struct duet_model *const models[2], const char *const names[2],
                                const struct compare_options *options, struct comparison *comparison,
                                struct duet_error *error);
void comparison_close(struct comparison *comparison);

#endif
