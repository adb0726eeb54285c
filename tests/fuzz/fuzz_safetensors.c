/* A libFuzzer target: any bytes as a model file. Half of the inputs are a header alone: then the 8 bytes of
 * its length, which mutations would hardly ever get right, are put before it, and data of the size that the
 * first input byte says after it. What opens must be readable to the last byte, and save and open again. */
#include "duet/model.h"

#include "fuzz_file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(const uint8_t *data, size_t size)
{
    FILE *f = fopen(fuzz_path("in"), "wb");
    if (!f) abort();
    if (size && data[0] & 1) {
        static const uint8_t tail[256] = {7};
        uint64_t length = size - 1;
        fwrite(&length, 1, sizeof length, f);
        fwrite(data + 1, 1, size - 1, f);
        fwrite(tail, 1, data[0] >> 1, f);
    } else if (size) {
        fwrite(data + 1, 1, size - 1, f);
    }
    fclose(f);
}

static unsigned read_all(const struct duet_weights *weights)
{
    unsigned sum = 0;
    for (size_t i = 0; i < duet_weights_count(weights); i++) {
        const struct duet_tensor *t = duet_weights_at(weights, i);
        if (duet_weights_find(weights, t->name) != t) abort();
        for (size_t k = 0; k < t->bytes; k++) sum += ((const uint8_t *)t->data)[k];
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static volatile unsigned sink;
    struct duet_error error;
    struct duet_weights *weights, *again;
    struct duet_model *model;
    put(data, size);
    if (duet_weights_open(fuzz_path("in"), &weights, &error) != DUET_OK) return 0;
    sink = read_all(weights);
    if (duet_weights_save(weights, fuzz_path("out"), &error) != DUET_OK) abort();
    if (duet_weights_open(fuzz_path("out"), &again, &error) != DUET_OK) abort();
    if (duet_weights_count(again) != duet_weights_count(weights) || read_all(again) != sink) abort();
    if (duet_weights_verify(again, NULL, &error) != DUET_OK) abort();
    duet_weights_close(&again);
    duet_weights_close(&weights);
    if (duet_model_open(fuzz_path("in"), &model, &error) == DUET_OK) duet_model_close(&model);
    unlink(fuzz_path("out"));
    return 0;
}
