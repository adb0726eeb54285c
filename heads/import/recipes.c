#include "import/recipes.h"

#include "core/fail.h"
#include "heads/metadata.h"

#include <stdlib.h>
#include <string.h>

/* Do the backbone's bottlenecks have the source's widths? */
static bool widths_fit(const struct duet_model_config *config, duet_import_channels *channels,
                       const void *ctx)
{
    struct duet_network *network;
    if (duet_model_network(config, 0, &network, NULL) != DUET_OK) return false;
    bool fit = true;
    int at = -1;
    for (int i = 0; fit && i < duet_network_layer_count(network); i++) {
        const struct duet_layer *layer = duet_network_layer(network, i);
        if (layer->op == DUET_OP_CONV && strncmp(layer->name, "backbone.", 9) == 0)
            fit = channels(ctx, layer, &at) == (size_t)layer->channels;
    }
    duet_network_close(&network);
    return fit;
}

enum duet_status duet_import_width(const char *path, size_t first, duet_import_channels *channels,
                                   const void *ctx, struct duet_model_config *config,
                                   struct duet_error *error)
{
    static const double multipliers[] = {1.0, 0.25, 0.35, 0.5, 0.75, 1.3, 1.4, 2.0};
    static const int divisors[] = {8, 1, 2, 4, 16};
    for (size_t d = 0; d < sizeof divisors / sizeof divisors[0]; d++)
        for (size_t m = 0; m <= sizeof multipliers / sizeof multipliers[0]; m++) {
            bool listed = m < sizeof multipliers / sizeof multipliers[0];
            config->backbone.width_multiplier = listed ? multipliers[m] : (double)first / 32;
            config->backbone.channel_divisor = divisors[d];
            int expected = duet_mobilenet_v2_channels(32, config->backbone.width_multiplier, divisors[d]);
            if (expected >= 0 && (size_t)expected == first && widths_fit(config, channels, ctx))
                return DUET_OK;
        }
    return duet_fail(
        error, DUET_UNSUPPORTED,
        "%s: the widths of its layers (the first convolution has %zu) are not those of MobileNetV2 at "
        "any width multiplier this build tries",
        path, first);
}

enum duet_status duet_import_check_labels(const struct duet_labels *labels, int low, int high,
                                          struct duet_error *error)
{
    int next = low;
    for (size_t i = 0; i < labels->count; i++) {
        const struct duet_label *label = &labels->items[i];
        if (label->id < next || label->id > high || !label->name || !*label->name)
            return duet_fail(
                error, DUET_BAD_ARGUMENT,
                "label %d (%s): expected names with ascending ids from %d to %d, the model's classes",
                label->id, label->name ? label->name : "", low, high);
        next = label->id + 1;
    }
    return DUET_OK;
}

enum duet_status duet_import_finish(const struct duet_import *import, struct duet_model_config *config,
                                    struct duet_weights *out, struct duet_error *error)
{
    const struct duet_import_options *o = import->options;
    config->source = (struct duet_model_source){o->name, import->format, import->sha256, o->address, o->licence};
    config->training = (struct duet_model_training){.on = o->training, .not_for = o->not_for};
    return duet_import_metadata(import, config, NULL, out, error);
}

enum duet_status duet_import_metadata(const struct duet_import *import, const struct duet_model_config *config,
                                      const char *base, struct duet_weights *out, struct duet_error *error)
{
    char *json = duet_metadata_write(config, base);
    if (!json)
        return duet_fail(error, DUET_OUT_OF_MEMORY, "%s: metadata: no memory, or a text is not UTF-8",
                         import->path);
    enum duet_status status = duet_weights_set_metadata(out, json, error);
    free(json);
    return status;
}
