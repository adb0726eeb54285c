#include "import/recipes.h"

#include "core/abi.h"
#include "core/fail.h"
#include "core/file.h"
#include "core/os.h"
#include "heads/metadata.h"
#include "weights/set.h"
#include "weights/tfjs.h"
#include "weights/tflite.h"

#include <stdlib.h>
#include <string.h>

/* --- what kind of file it is --------------------------------------------------------------------------- */

#define LOOK_BYTES 4096 /* white space before the '{' included */

enum kind { UNKNOWN, TFJS, SAFETENSORS, TFLITE, GRAPHDEF, GZIP, KINDS };

static enum kind kind_of(const uint8_t *data, size_t size)
{
    if (size >= 8 && memcmp(data + 4, "TFL3", 4) == 0) return TFLITE;
    size_t i = 0;
    while (i < size && strchr(" \t\r\n", data[i]) && data[i]) i++;
    if (i < size && data[i] == '{') return TFJS;
    if (size >= 9 && data[8] == '{') return SAFETENSORS;
    if (size >= 2 && data[0] == 0x1f && data[1] == 0x8b) return GZIP;
    /* GraphDef: field 1 (a node) of so many bytes, whose field 1 (its name) follows. */
    for (i = 1; i < size && i < 6 && data[i] & 0x80;) i++;
    if (i + 1 < size && data[0] == 0x0a && data[i + 1] == 0x0a) return GRAPHDEF;
    return UNKNOWN;
}

static enum duet_status look(const char *path, enum kind *kind, struct duet_error *error)
{
    static const char *const refused[KINDS] = {
        [GRAPHDEF] = "a frozen TensorFlow graph", [GZIP] = "a compressed file: unpack it first"};
    uint8_t start[LOOK_BYTES];
    struct duet_file file;
    enum duet_status status = duet_file_open(path, &file, error);
    if (status != DUET_OK) return status;
    size_t size = file.size < sizeof start ? file.size : sizeof start;
    status = duet_file_read(&file, 0, size, start, error);
    duet_file_close(&file);
    if (status != DUET_OK) return status;
    *kind = kind_of(start, size);
    if (*kind == UNKNOWN)
        status =
            duet_fail(error, DUET_BAD_FORMAT,
                      "%s: not a model: expected a TF.js model.json, a TFLite or a safetensors file", path);
    else if (refused[*kind])
        status = duet_fail(error, DUET_UNSUPPORTED, "%s: %s, which this build does not import", path,
                           refused[*kind]);
    return status;
}

/* --- the whole ----------------------------------------------------------------------------------------- */

static enum duet_status check_sha256(const struct duet_import *import, struct duet_error *error)
{
    const char *want = import->options->sha256;
    if (!want || strcmp(want, import->sha256) == 0) return DUET_OK;
    return duet_fail(error, DUET_MISMATCH, "%s: the source's sha256 is %s, expected %.80s", import->path,
                     import->sha256, want);
}

/* A file of ours, which says so, stays what it is; one that only has the names is put together anew. */
static enum duet_status import_named(struct duet_import *import, enum kind kind, struct duet_weights **out,
                                     struct duet_error *error)
{
    struct duet_weights *source = NULL;
    enum duet_status status;
    import->format = kind == TFJS ? "tfjs" : "safetensors";
    if (kind == TFJS)
        status = duet_tfjs_read(import->path, &source, import->sha256, error);
    else
        status = duet_weights_load(import->path, SIZE_MAX, &source, import->sha256, error);
    if (status == DUET_OK) status = check_sha256(import, error);
    if (status == DUET_OK && kind == SAFETENSORS && duet_metadata_is_model(duet_weights_metadata(source))) {
        struct duet_weights *empty = *out;
        *out = source;
        source = empty;
        status = duet_import_native(import, *out, error);
    } else if (status == DUET_OK) {
        status = duet_import_slim(import, source, *out, error);
    }
    duet_weights_close(&source);
    return status;
}

static enum duet_status import_tflite(struct duet_import *import, struct duet_weights *out,
                                      struct duet_error *error)
{
    struct duet_tflite source = {0};
    struct duet_bytes file;
    import->format = "tflite";
    enum duet_status status = duet_read_file(import->path, DUET_TFLITE_MAX_FILE, &file, error);
    if (status != DUET_OK) return status;
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, file.size, file.data);
    duet_sha256_hex(&context, import->sha256);
    status = check_sha256(import, error);
    if (status == DUET_OK) status = duet_tflite_read(import->path, file.data, file.size, &source, error);
    if (status == DUET_OK) status = duet_import_tflite(import, &source, out, error);
    duet_tflite_close(&source);
    duet_bytes_close(&file);
    return status;
}

enum duet_status duet_model_import(const char *path, const struct duet_import_options *given,
                                   struct duet_weights **weights, struct duet_error *error)
{
    static const struct duet_import_options defaults = DUET_IMPORT_OPTIONS;
    struct duet_import_options options;
    struct duet_import import = {.path = path, .options = &options};
    enum kind kind = UNKNOWN;
    DUET_NEEDS(weights, error);
    *weights = NULL;
    DUET_NEEDS(path, error);
    enum duet_status status = duet_options_copy(&options, sizeof options, &defaults, given, "import options", error);
    if (status == DUET_OK) status = look(path, &kind, error);
    if (status == DUET_OK) status = duet_weights_create(weights, error);
    if (status == DUET_OK)
        status = kind == TFLITE ? import_tflite(&import, *weights, error)
                                : import_named(&import, kind, weights, error);
    if (status != DUET_OK) duet_weights_close(weights);
    return status;
}
