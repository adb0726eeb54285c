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

/* Every layer in whole numbers but those that the config leaves out, and ranges where it has them: not of
 * logits, which are float32. */
static void quantize(const struct duet_model_quantization *q, struct duet_network *network)
{
    struct duet_numbers numbers = {.integers = true};
    for (int i = 0; i < duet_network_layer_count(network); i++) {
        enum duet_op op = duet_network_layer(network, i)->op;
        if (op == DUET_OP_CONV || op == DUET_OP_DEPTHWISE) duet_network_set_numbers(network, i, numbers);
    }
    for (int i = 0; i < q->range_count; i++) {
        duet_node node = duet_network_find(network, q->ranges[i].layer);
        if (node < 0) continue; /* of a head that is not there, or of the trunk's last convolution */
        numbers = (struct duet_numbers){duet_network_layer(network, node)->op != DUET_OP_INPUT,
                                        q->ranges[i].scale, q->ranges[i].zero_point};
        duet_network_set_numbers(network, node, numbers);
    }
    for (int i = 0; i < q->float32_count; i++) {
        duet_node node = duet_network_find(network, q->float32[i]);
        if (node < 0) continue;
        numbers = duet_network_layer(network, node)->numbers;
        numbers.integers = false;
        duet_network_set_numbers(network, node, numbers);
    }
}

static enum duet_status choose_numbers(const struct duet_model_config *config, struct duet_network *network,
                                       struct duet_error *error)
{
    const char *name = duet_precision_name(config->precision);
    if (!name)
        return duet_fail(error, DUET_BAD_ARGUMENT, "precision %d: expected that of float32 or int8",
                         (int)config->precision);
    if (config->precision <= DUET_PRECISION_FLOAT32) return DUET_OK;
    if (config->precision != DUET_PRECISION_INT8)
        return duet_fail(error, DUET_UNSUPPORTED, "precision %s: this build has float32 and int8", name);
    const char *model = config->source.name;
    if (config->quantization.range_count == 0)
        return duet_fail(
            error, DUET_UNSUPPORTED,
            "precision int8: the model%s%.60s has no ranges for it; 'models quantize' makes one that has",
            model ? " " : "", model ? model : "");
    quantize(&config->quantization, network);
    return duet_network_check(network, error);
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
    if (status == DUET_OK) status = choose_numbers(config, *network, error);
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
