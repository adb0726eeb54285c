#include "core/fail.h"
#include "heads/kinds.h"

#include <string.h>

/* The trunk's last convolution is there for heads that ask for it. */
static bool is_tapped(const struct duet_model_config *config, const char *layer)
{
    for (int i = 0; i < config->head_count; i++)
        for (int k = 0; k < config->heads[i].tap_count && k < DUET_MAX_TAPS; k++) {
            const char *tap = config->heads[i].taps[k].layer;
            if (tap && strcmp(tap, layer) == 0) return true;
        }
    return false;
}

static enum duet_status build(const struct duet_model_config *config, int output_stride,
                              struct duet_network *network, struct duet_error *error)
{
    const struct duet_mobilenet_v2_config backbone = {config->backbone.width_multiplier,
                                                      config->backbone.channel_divisor, output_stride,
                                                      is_tapped(config, "backbone.conv_1")};
    struct duet_mobilenet_v2 layers;
    enum duet_status status = duet_mobilenet_v2_build(network, &backbone, &layers, error);
    for (int i = 0; status == DUET_OK && i < config->head_count; i++) {
        struct duet_error inner;
        if (!duet_head_kind_name(config->heads[i].kind))
            return duet_fail(error, DUET_BAD_ARGUMENT, "heads[%d]: no such kind, %d", i,
                             (int)config->heads[i].kind);
        status = duet_head_type(config->heads[i].kind)->build(network, &layers, &config->heads[i], &inner);
        if (status != DUET_OK) duet_fail(error, status, "heads[%d]: %s", i, inner.text);
    }
    return status;
}

enum duet_status duet_model_network(const struct duet_model_config *config, int output_stride,
                                    struct duet_network **network, struct duet_error *error)
{
    DUET_NEEDS(network, error);
    *network = NULL;
    DUET_NEEDS(config, error);
    if (output_stride == 0) output_stride = config->head_count > 0 ? config->heads[0].output_stride : 32;
    enum duet_status status = duet_network_create(network, error);
    if (status == DUET_OK) status = build(config, output_stride, *network, error);
    if (status != DUET_OK) duet_network_close(network);
    return status;
}

enum duet_status duet_model_memory(const struct duet_model_config *config, int output_stride, int width,
                                   int height, struct duet_memory *memory, struct duet_error *error)
{
    DUET_NEEDS(memory, error);
    struct duet_network *network = NULL;
    struct duet_compile_options options = {.struct_size = sizeof options, .height = height, .width = width};
    enum duet_status status = duet_model_network(config, output_stride, &network, error);
    if (status == DUET_OK) status = duet_network_memory(network, &options, memory, error);
    duet_network_close(&network);
    return status;
}
