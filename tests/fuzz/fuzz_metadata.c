/* A libFuzzer target: any text as a model file's metadata, and on to the network that it describes, counted
 * and planned at a small size. What is read must be written so that it reads as the same. */
#include "heads/metadata.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_network(const struct duet_model_config *config, int output_stride)
{
    struct duet_error error;
    struct duet_network *network;
    struct duet_memory memory = {.struct_size = sizeof memory};
    struct duet_compile_options options = DUET_COMPILE_OPTIONS;
    options.height = 33;
    options.width = 50;
    if (duet_model_network(config, output_stride, &network, &error) != DUET_OK) return;
    size_t layers = (size_t)duet_network_layer_count(network);
    struct duet_layer_info *info = calloc(layers, sizeof *info);
    if (!info) abort();
    if (duet_network_account(network, 33, 50, info, sizeof *info, &error) == DUET_OK &&
        duet_network_memory(network, &options, &memory, &error) == DUET_OK && memory.session_bytes == 0)
        abort();
    free(info);
    duet_network_close(&network);
}

static char *rewritten(const char *text)
{
    struct duet_metadata metadata;
    struct duet_error error;
    if (duet_metadata_read("x", text, &metadata, &error) != DUET_OK) return NULL;
    char *again = duet_metadata_write(&metadata.config, text);
    if (!again) abort();
    for (int stride = 0; stride <= 32; stride = stride ? 2 * stride : 8)
        try_network(&metadata.config, stride);
    duet_metadata_close(&metadata);
    return again;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    if (!text) abort();
    char *once = rewritten(text);
    if (once) {
        char *twice = rewritten(once);
        if (!twice || strcmp(once, twice) != 0) abort();
        free(twice);
    }
    free(once);
    free(text);
    return 0;
}
