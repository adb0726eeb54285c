/* A libFuzzer target: any bytes as the model.json of a TF.js model, beside shards of 8 and 4 bytes ("a" and
 * "b"); through the importer, which refuses all that is not a whole network. */
#include "duet/import.h"
#include "weights/tfjs.h"

#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *put(const char *name, const void *data, size_t size)
{
    const char *path = fuzz_path(name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0) abort();
    return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static volatile unsigned sink;
    struct duet_error error;
    struct duet_weights *weights;
    char sha256[DUET_SHA256_TEXT];
    put("a", "\1\2\3\4\5\6\7\200", 8);
    put("b", "\1\2\3\4", 4);
    const char *path = put("model.json", data, size);
    unsigned sum = 0;
    if (duet_tfjs_read(path, &weights, sha256, &error) == DUET_OK) {
        for (size_t i = 0; i < duet_weights_count(weights); i++) {
            const struct duet_tensor *t = duet_weights_at(weights, i);
            for (size_t k = 0; k < t->bytes; k++) sum += ((const uint8_t *)t->data)[k];
        }
        duet_weights_close(&weights);
    }
    if (duet_model_import(path, NULL, &weights, &error) == DUET_OK) duet_weights_close(&weights);
    sink = sum;
    (void)sink;
    return 0;
}
