#include "import/recipes.h"

#include "core/fail.h"
#include "heads/metadata.h"

#include <stdio.h>
#include <stdlib.h>

static enum duet_status check_tensor(const struct duet_import *import, const struct duet_weights *set,
                                     const char *layer, const char *part, const struct duet_shape *shape,
                                     struct duet_error *error)
{
    char name[256], got[DUET_SHAPE_TEXT], want[DUET_SHAPE_TEXT];
    snprintf(name, sizeof name, "%s.%s", layer, part);
    const struct duet_tensor *tensor = duet_weights_find(set, name);
    if (!tensor)
        return duet_fail(error, DUET_NOT_FOUND, "%s: layer %s needs %s, which the file does not have",
                         import->path, layer, name);
    if (duet_shape_equal(&tensor->shape, shape)) return DUET_OK;
    return duet_fail(error, DUET_MISMATCH, "%s: %s has shape %s, layer %s needs %s", import->path, name,
                     duet_shape_text(&tensor->shape, got, sizeof got), layer,
                     duet_shape_text(shape, want, sizeof want));
}

/* Every layer has its tensors. */
static enum duet_status check_layers(const struct duet_import *import, const struct duet_weights *set,
                                     const struct duet_model_config *config, struct duet_error *error)
{
    struct duet_network *network;
    enum duet_status status = duet_model_network(config, 0, &network, error);
    for (int i = 0; status == DUET_OK && i < duet_network_layer_count(network); i++) {
        const struct duet_layer *layer = duet_network_layer(network, i);
        struct duet_shape shape = duet_network_weight_shape(network, i);
        const struct duet_shape channels = {1, {(size_t)layer->channels}};
        if (shape.rank == 0) continue;
        status = check_tensor(import, set, layer->name, "weight", &shape, error);
        if (status == DUET_OK) status = check_tensor(import, set, layer->name, "bias", &channels, error);
    }
    duet_network_close(&network);
    return status;
}

static void put(const char **text, const char *option)
{
    if (option) *text = option;
}

enum duet_status duet_import_native(const struct duet_import *import, struct duet_weights *set,
                                    struct duet_error *error)
{
    const struct duet_import_options *o = import->options;
    struct duet_metadata metadata;
    enum duet_status status = duet_metadata_read(import->path, duet_weights_metadata(set), &metadata, error);
    if (status != DUET_OK) return status;
    struct duet_model_config *config = &metadata.config;
    put(&config->source.name, o->name);
    put(&config->source.address, o->address);
    put(&config->source.licence, o->licence);
    put(&config->training.on, o->training);
    put(&config->training.not_for, o->not_for);
    status = check_layers(import, set, config, error);
    if (status == DUET_OK)
        status = duet_import_metadata(import, config, duet_weights_metadata(set), set, error);
    duet_metadata_close(&metadata);
    return status;
}
