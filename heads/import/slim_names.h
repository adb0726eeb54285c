/* slim_names.h: what TF-slim and the TensorFlow object detection API call our layers. Internal to heads. */
#ifndef DUET_HEADS_IMPORT_SLIM_NAMES_H
#define DUET_HEADS_IMPORT_SLIM_NAMES_H

#include "duet/network.h"

#define DUET_SLIM "FeatureExtractor/MobilenetV2/"

#define DUET_SLIM_SCOPE 160 /* room for any of them */

/* The variable scope of the layer `name`, under which its tensors stand:
 *   backbone.conv               FeatureExtractor/MobilenetV2/Conv
 *   backbone.block0.project     FeatureExtractor/MobilenetV2/expanded_conv/project
 *   backbone.block13.expand     FeatureExtractor/MobilenetV2/expanded_conv_13/expand
 *   backbone.conv_1             FeatureExtractor/MobilenetV2/Conv_1
 *   ssdlite.extra0.reduce       FeatureExtractor/MobilenetV2/layer_19_1_Conv2d_2_1x1_256
 *   ssdlite.extra0.depthwise    FeatureExtractor/MobilenetV2/layer_19_2_Conv2d_2_3x3_s2_512_depthwise
 *   ssdlite.extra0.expand       FeatureExtractor/MobilenetV2/layer_19_2_Conv2d_2_3x3_s2_512
 *   ssdlite.map0.box.depthwise  BoxPredictor_0/BoxEncodingPredictor_depthwise
 *   ssdlite.map0.class.predict  BoxPredictor_0/ClassPredictor
 * `network` is only asked for the channels of extra maps. False for a layer that those networks do not have.
 */
bool duet_slim_scope(const struct duet_network *network, const char *name, char *scope, size_t size);

#endif
