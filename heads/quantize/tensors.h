/* tensors.h: a layer's weights and bias as a model of bytes has them. Internal. */
#ifndef DUET_HEADS_QUANTIZE_TENSORS_H
#define DUET_HEADS_QUANTIZE_TENSORS_H

#include "duet/network.h"
#include "quantize/measured.h"

/* What a layer is made from. */
struct quantize_layer {
    const struct duet_weights *source;
    const struct duet_network *network;
    duet_node node;
    bool kept;
    /* What its input's bytes are; scale 0: nobody knows. */
    float input_scale;
    const struct measured *input; /* biases lose what the weights are too much by of that */
};

/* Into `out`: "<layer>.weight" as int8 with its ".scale", "<layer>.bias" as float32; of one that is `kept` as
 * they are, companions and all. Layers without weights have nothing. Errors: those of duet_quantizer_weights.
 */
enum duet_status duet_quantize_layer(const struct quantize_layer *from, struct duet_weights *out,
                                     struct duet_error *error);

#endif
