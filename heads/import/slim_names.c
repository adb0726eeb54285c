#include "import/slim_names.h"

#include <stdio.h>
#include <string.h>

static int block_scope(const char *name, char *scope, size_t size)
{
    int block, used = 0;
    if (sscanf(name, "backbone.block%d.%n", &block, &used) != 1 || used == 0) return -1;
    if (block == 0) return snprintf(scope, size, DUET_SLIM "expanded_conv/%s", name + used);
    return snprintf(scope, size, DUET_SLIM "expanded_conv_%d/%s", block, name + used);
}

/* The names of the extra maps hold their channels: those of the 1x1 that follows for the depthwise. */
static int extra_scope(const struct duet_network *network, const char *name, char *scope, size_t size)
{
    int extra, used = 0;
    if (sscanf(name, "ssdlite.extra%d.%n", &extra, &used) != 1 || used == 0) return -1;
    const char *part = name + used;
    char wanted[64];
    bool reduce = strcmp(part, "reduce") == 0;
    snprintf(wanted, sizeof wanted, "ssdlite.extra%d.%s", extra, reduce ? "reduce" : "expand");
    const struct duet_layer *layer = duet_network_layer(network, duet_network_find(network, wanted));
    if (!layer) return -1;
    if (reduce)
        return snprintf(scope, size, DUET_SLIM "layer_19_1_Conv2d_%d_1x1_%d", extra + 2, layer->channels);
    return snprintf(scope, size, DUET_SLIM "layer_19_2_Conv2d_%d_3x3_s2_%d%s", extra + 2, layer->channels,
                    strcmp(part, "depthwise") == 0 ? "_depthwise" : "");
}

static int predictor_scope(const char *name, char *scope, size_t size)
{
    int map, used = 0;
    if (sscanf(name, "ssdlite.map%d.%n", &map, &used) != 1 || used == 0) return -1;
    bool box = strncmp(name + used, "box.", 4) == 0;
    bool depthwise = strcmp(strrchr(name, '.'), ".depthwise") == 0;
    return snprintf(scope, size, "BoxPredictor_%d/%s%s", map, box ? "BoxEncodingPredictor" : "ClassPredictor",
                    depthwise ? "_depthwise" : "");
}

bool duet_slim_scope(const struct duet_network *network, const char *name, char *scope, size_t size)
{
    if (strcmp(name, "backbone.conv") == 0) return snprintf(scope, size, DUET_SLIM "Conv") > 0;
    if (strcmp(name, "backbone.conv_1") == 0) return snprintf(scope, size, DUET_SLIM "Conv_1") > 0;
    return block_scope(name, scope, size) > 0 || extra_scope(network, name, scope, size) > 0 ||
           predictor_scope(name, scope, size) > 0;
}
