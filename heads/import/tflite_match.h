/* tflite_match.h: which operators of a TFLite graph are which layers of ours. Internal.
 *
 * The network's description is what the graph is held against: layer by layer, the operator that reads the
 * layer's inputs must compute what Duet computes (kind, shape, stride, dilation, padding, fused activation,
 * order of what is joined). Names play no part. Files differ in:
 *   QUANTIZE, DEQUANTIZE   anywhere: looked through, their values are what goes in
 *   whole-map mean         AVERAGE_POOL_2D over the whole map, or MEAN over height and width
 *   after the last layer   RESIZE_BILINEAR with align_corners, ARG_MAX over channels, SOFTMAX, RESHAPE,
 * SQUEEZE
 */
#ifndef DUET_HEADS_IMPORT_TFLITE_MATCH_H
#define DUET_HEADS_IMPORT_TFLITE_MATCH_H

#include "duet/network.h"
#include "weights/tflite.h"

struct duet_tflite_layer {
    int output;        /* tensor that holds the layer's result */
    int weights, bias; /* tensors with data; -1: the layer has none */
};

/* Fill layers[0 .. layer_count-1]. `info`: the network accounted at the graph's input size. Every operator
 * must be a layer, or one of those above. Errors: DUET_UNSUPPORTED (the graph computes something else; the
 * text names the operator, the layer, and both values), DUET_MISMATCH (a shape), DUET_OUT_OF_MEMORY. */
enum duet_status duet_tflite_match(const char *path, const struct duet_tflite *graph,
                                   const struct duet_network *network, const struct duet_layer_info *info,
                                   struct duet_tflite_layer *layers, struct duet_error *error);

#endif
