/* A libFuzzer target: any bytes as a TFLite file, through the reader and the importer. A file that gets past
 * the first layer has 40000 bytes in their places, which mutations would hardly ever get right: so inputs
 * that begin with an odd byte are patches (3 bytes of position, one of value) to the file of a small
 * DeepLabv3. */
#include "support/heads.h"
#include "support/testing.h"
#include "support/tflite_spec.h"

#include "import/recipes.h"
#include "weights/tflite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct duet_model_config config = {.backbone = {0.25, 8},
                                                ONE_HEAD(DEEPLABV3_HEAD(33, 33, 16, 2, 1, false))};

static uint8_t *network_file(size_t *size)
{
    struct duet_network *network;
    struct duet_layer_info info[200];
    if (duet_model_network(&config, 16, &network, NULL) != DUET_OK) abort();
    if (duet_network_account(network, 33, 33, info, sizeof(struct duet_layer_info), NULL) != DUET_OK) abort();
    struct duet_weights *weights = spec_weights(network, DUET_I8, 1);
    struct spec *spec = spec_of_network(network, info, weights);
    uint8_t *file = spec_write(spec, size, NULL);
    spec_free(spec);
    duet_weights_close(&weights);
    duet_network_close(&network);
    return file;
}

static void try_file(const uint8_t *data, size_t size)
{
    static const struct duet_import_options options = {.struct_size = sizeof options};
    struct duet_import import = {.path = "x", .options = &options, .format = "tflite", .sha256 = "0"};
    struct duet_error error = {.text = ""};
    struct duet_tflite source;
    struct duet_weights *weights;
    if (duet_tflite_read("x", data, size, &source, &error) != DUET_OK) {
        if (!error.text[0]) abort();
        return;
    }
    if (duet_weights_create(&weights, &error) != DUET_OK) abort();
    if (duet_import_tflite(&import, &source, weights, &error) != DUET_OK && !error.text[0]) abort();
    duet_weights_close(&weights);
    duet_tflite_close(&source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t *whole;
    static size_t whole_size;
    if (!whole) whole = network_file(&whole_size);
    if (size == 0) return 0;
    if (data[0] % 2 == 0) {
        try_file(data + 1, size - 1);
        return 0;
    }
    uint8_t *patched = malloc(whole_size);
    if (!patched) abort();
    memcpy(patched, whole, whole_size);
    for (size_t i = 1; i + 4 <= size; i += 4) {
        size_t at = data[i] | (size_t)data[i + 1] << 8 | (size_t)data[i + 2] << 16;
        patched[at % whole_size] = data[i + 3];
    }
    try_file(patched, whole_size);
    free(patched);
    return 0;
}
