#include "weights/tfjs.h"

#include "core/checked.h"
#include "core/fail.h"
#include "core/os.h"
#include "weights/dequantize.h"
#include "weights/set.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What the TF.js converter cuts weights into, unless told otherwise. */
#define USUAL_SHARD ((size_t)4 << 20)

struct reader {
    const char *path; /* of model.json */
    char *folder;     /* where it lies, with the '/'; "" for the working folder */
    struct sha256_ctx *sha256;
    struct duet_weights *weights;
    struct duet_error *error;
};

static enum duet_status bad(const struct reader *reader, const char *where, const char *what)
{
    return duet_fail(reader->error, DUET_BAD_FORMAT, "%s: %.200s: %s", reader->path, where, what);
}

/* --- weights: how each is stored ------------------------------------------------------------------------ */

enum stored { AS_IS, QUANTIZED_U8, QUANTIZED_U16, QUANTIZED_F16 };

struct weight {
    const char *name;      /* borrowed from the JSON */
    enum duet_dtype dtype; /* what it stands for */
    struct duet_shape shape;
    size_t elements;
    enum stored stored;
    double scale, min; /* of QUANTIZED_U8 and _U16: value = stored * scale + min */
    size_t bytes;      /* as stored */
};

static enum duet_status read_dtype(const struct reader *reader, const json_t *value, struct weight *w)
{
    static const struct {
        const char *name;
        enum duet_dtype dtype;
    } known[] = {{"float32", DUET_F32}, {"int32", DUET_I32}, {"bool", DUET_BOOL}, {"uint8", DUET_U8}};
    const char *name = json_string_value(value);
    if (!name) return bad(reader, w->name, "no \"dtype\", expected a string");
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(name, known[i].name) == 0) {
            w->dtype = known[i].dtype;
            return DUET_OK;
        }
    return duet_fail(reader->error, DUET_UNSUPPORTED,
                     "%s: %.200s: dtype '%.20s', known are float32, int32, bool and uint8", reader->path,
                     w->name, name);
}

static enum duet_status read_quantization(const struct reader *reader, const json_t *value, struct weight *w)
{
    w->stored = AS_IS;
    if (!value || json_is_null(value)) return DUET_OK;
    const char *name = json_string_value(json_object_get(value, "dtype"));
    if (!name) return bad(reader, w->name, "\"quantization\" without a \"dtype\"");
    if (strcmp(name, "float16") == 0 && w->dtype == DUET_F32) {
        w->stored = QUANTIZED_F16;
        return DUET_OK;
    }
    bool byte = strcmp(name, "uint8") == 0;
    if ((!byte && strcmp(name, "uint16") != 0) || (w->dtype != DUET_F32 && w->dtype != DUET_I32))
        return duet_fail(
            reader->error, DUET_UNSUPPORTED,
            "%s: %.200s: %s quantized to '%.20s', known are uint8, uint16 and float16 (of float32)",
            reader->path, w->name, duet_dtype_name(w->dtype), name);
    const json_t *scale = json_object_get(value, "scale"), *min = json_object_get(value, "min");
    if (!json_is_number(scale) || !json_is_number(min))
        return bad(reader, w->name, "\"quantization\" without \"scale\" and \"min\"");
    w->stored = byte ? QUANTIZED_U8 : QUANTIZED_U16;
    w->scale = json_number_value(scale);
    w->min = json_number_value(min);
    return DUET_OK;
}

static enum duet_status read_shape(const struct reader *reader, const json_t *value, struct weight *w)
{
    if (!json_is_array(value)) return bad(reader, w->name, "no \"shape\", expected an array");
    size_t rank = json_array_size(value);
    if (rank > DUET_MAX_RANK)
        return duet_fail(reader->error, DUET_TOO_LARGE, "%s: %.200s: %zu dimensions, at most %d",
                         reader->path, w->name, rank, DUET_MAX_RANK);
    w->shape.rank = (int)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *dim = json_array_get(value, i);
        if (!json_is_integer(dim) || json_integer_value(dim) < 0)
            return bad(reader, w->name, "a dimension is not a whole number from 0 up");
        w->shape.dims[i] = (size_t)json_integer_value(dim);
    }
    return DUET_OK;
}

static enum duet_status read_weight(const struct reader *reader, const json_t *value, struct weight *w)
{
    *w = (struct weight){.name = json_string_value(json_object_get(value, "name"))};
    if (!w->name || !*w->name) return bad(reader, "weightsManifest", "a weight without a \"name\"");
    enum duet_status status = read_dtype(reader, json_object_get(value, "dtype"), w);
    if (status == DUET_OK) status = read_quantization(reader, json_object_get(value, "quantization"), w);
    if (status == DUET_OK) status = read_shape(reader, json_object_get(value, "shape"), w);
    if (status != DUET_OK) return status;
    size_t size = w->stored == AS_IS ? duet_dtype_size(w->dtype) : w->stored == QUANTIZED_U8 ? 1 : 2;
    if (!duet_shape_elements(&w->shape, &w->elements) || !duet_mul_size(w->elements, size, &w->bytes) ||
        w->bytes > DUET_TFJS_MAX_DATA)
        return duet_fail(reader->error, DUET_TOO_LARGE, "%s: %.200s: over the limit of %zu bytes",
                         reader->path, w->name, DUET_TFJS_MAX_DATA);
    return DUET_OK;
}

/* --- shards: the files of a group ----------------------------------------------------------------------- */

struct shards {
    const json_t *paths;
    struct duet_bytes *files;
    size_t count;
    size_t bytes; /* of all */
};

static void shards_close(struct shards *shards)
{
    for (size_t i = 0; shards->files && i < shards->count; i++) duet_bytes_close(&shards->files[i]);
    free(shards->files);
    *shards = (struct shards){0};
}

static const char *shard_name(const struct shards *shards, size_t index)
{
    return json_string_value(json_array_get(shards->paths, index));
}

/* A model may name files beside or below model.json, nothing else. */
static bool stays_inside(const char *path)
{
    if (!*path || *path == '/') return false;
    for (const char *part = path;; part++) {
        size_t n = strcspn(part, "/");
        if (n == 2 && part[0] == '.' && part[1] == '.') return false;
        part += n;
        if (!*part) return true;
    }
}

static enum duet_status shards_open(const struct reader *reader, const json_t *paths, struct shards *shards)
{
    *shards = (struct shards){.paths = paths};
    size_t count = json_array_size(paths);
    if (count == 0) return bad(reader, "weightsManifest", "a group without \"paths\"");
    if (count > DUET_TFJS_MAX_SHARDS)
        return duet_fail(reader->error, DUET_TOO_LARGE, "%s: %zu shards in a group, at most %d", reader->path,
                         count, DUET_TFJS_MAX_SHARDS);
    shards->files = calloc(count, sizeof *shards->files);
    if (!shards->files) return duet_no_memory(reader->error, reader->path, NULL);
    for (size_t i = 0; i < count; i++) {
        const char *name = shard_name(shards, i);
        if (!name) return bad(reader, "weightsManifest", "a path is not a string");
        if (!stays_inside(name))
            return bad(reader, name, "the path of a shard must stay inside the model's folder");
        char *path = duet_path_join(reader->folder, name);
        enum duet_status status =
            path ? duet_read_file(path, DUET_TFJS_MAX_DATA, &shards->files[i], reader->error)
                 : duet_no_memory(reader->error, reader->path, NULL);
        free(path);
        if (status != DUET_OK) return status;
        shards->count = i + 1;
        shards->bytes += shards->files[i].size;
        if (shards->bytes > DUET_TFJS_MAX_DATA)
            return duet_fail(reader->error, DUET_TOO_LARGE,
                             "%s%s: the shards are over the limit of %zu bytes", reader->folder, name,
                             DUET_TFJS_MAX_DATA);
        sha256_update(reader->sha256, shards->files[i].size, shards->files[i].data);
    }
    return DUET_OK;
}

/* Only the sum is promised. The shard to blame is found by the converter's habit of equal pieces, of which
 * only the last may be smaller. */
static enum duet_status wrong_size(const struct reader *reader, const struct shards *shards, size_t expected)
{
    size_t last = shards->count - 1, piece = 0, blamed = last, before = 0;
    for (size_t i = 0; i < last; i++)
        if (shards->files[i].size > piece) piece = shards->files[i].size;
    if (expected > last * USUAL_SHARD && expected <= shards->count * USUAL_SHARD) piece = USUAL_SHARD;
    for (size_t i = last; i-- > 0;)
        if (shards->files[i].size != piece) blamed = i;
    for (size_t i = 0; i < last; i++) before += shards->files[i].size;
    size_t want = blamed < last ? piece : expected > before ? expected - before : 0;
    return duet_fail(
        reader->error, DUET_BAD_FORMAT,
        "%s%s: shard has %zu bytes, expected %zu (the group's %zu shards have %zu bytes, its weights %zu)",
        reader->folder, shard_name(shards, blamed), shards->files[blamed].size, want, shards->count,
        shards->bytes, expected);
}

/* Bytes [begin, begin + count) of the group, which lie in the shards. */
static void shards_copy(const struct shards *shards, size_t begin, size_t count, uint8_t *out)
{
    for (size_t i = 0; count > 0; begin -= shards->files[i++].size) {
        if (begin >= shards->files[i].size) continue;
        size_t here = shards->files[i].size - begin;
        if (here > count) here = count;
        memcpy(out, shards->files[i].data + begin, here);
        out += here;
        count -= here;
        begin += here;
    }
}

/* --- values --------------------------------------------------------------------------------------------- */

/* As TF.js does: in double, rounded once to what the tensor is. */
static void dequantize(const struct weight *w, const uint8_t *stored, void *out)
{
    for (size_t i = 0; i < w->elements; i++) {
        unsigned q = w->stored == QUANTIZED_U8 ? stored[i] : stored[2 * i] | (unsigned)stored[2 * i + 1] << 8;
        double value = q * w->scale + w->min;
        if (w->stored == QUANTIZED_F16)
            ((float *)out)[i] = duet_half_to_float(q);
        else if (w->dtype == DUET_F32)
            ((float *)out)[i] = (float)value;
        else
            ((int32_t *)out)[i] = (int32_t)(value >= INT32_MAX  ? INT32_MAX
                                            : value > INT32_MIN ? floor(value + 0.5)
                                                                : INT32_MIN);
    }
}

static enum duet_status add_weight(const struct reader *reader, const struct shards *shards, size_t begin,
                                   const struct weight *w)
{
    /* Elements are at most the group's bytes, which are in files: four times that is allowed to be asked for.
     */
    size_t bytes = w->elements * duet_dtype_size(w->dtype);
    uint8_t *data = malloc(bytes ? bytes : 1), *stored = w->stored == AS_IS ? data : malloc(w->bytes + 1);
    enum duet_status status;
    if (!data || !stored) {
        status = duet_fail(reader->error, DUET_OUT_OF_MEMORY, "%s: %.200s: no memory for %zu bytes",
                           reader->path, w->name, bytes);
    } else {
        shards_copy(shards, begin, w->bytes, stored);
        if (w->stored != AS_IS) dequantize(w, stored, data);
        status =
            duet_weights_insert(reader->weights, w->name, w->dtype, &w->shape, data, data, reader->error);
    }
    if (stored != data) free(stored);
    if (status != DUET_OK) free(data);
    return status;
}

static enum duet_status read_group(const struct reader *reader, const json_t *group)
{
    const json_t *list = json_object_get(group, "weights");
    if (!json_is_array(list)) return bad(reader, "weightsManifest", "a group without \"weights\"");
    size_t count = json_array_size(list), bytes = 0, begin = 0;
    if (count > DUET_WEIGHTS_MAX_TENSORS)
        return duet_fail(reader->error, DUET_TOO_LARGE, "%s: %zu weights in a group, at most %d",
                         reader->path, count, DUET_WEIGHTS_MAX_TENSORS);
    struct shards shards = {0};
    struct weight *weights = calloc(count + 1, sizeof *weights);
    enum duet_status status = weights ? DUET_OK : duet_no_memory(reader->error, reader->path, NULL);
    for (size_t i = 0; status == DUET_OK && i < count; i++) {
        status = read_weight(reader, json_array_get(list, i), &weights[i]);
        bytes += weights[i].bytes; /* at most 2^16 * 2^30 */
    }
    if (status == DUET_OK) status = shards_open(reader, json_object_get(group, "paths"), &shards);
    if (status == DUET_OK && shards.bytes != bytes) status = wrong_size(reader, &shards, bytes);
    for (size_t i = 0; status == DUET_OK && i < count; i++) {
        status = add_weight(reader, &shards, begin, &weights[i]);
        begin += weights[i].bytes;
    }
    shards_close(&shards);
    free(weights);
    return status;
}

/* --- graph ---------------------------------------------------------------------------------------------- */

/* The scalar "<scope>/epsilon" of one node, where it is a FusedBatchNorm over "<scope>/gamma". */
static enum duet_status add_epsilon(const struct reader *reader, const json_t *node)
{
    static const char tail[] = "/gamma";
    const char *op = json_string_value(json_object_get(node, "op"));
    const char *gamma = json_string_value(json_array_get(json_object_get(node, "input"), 1));
    const json_t *epsilon = json_object_get(json_object_get(json_object_get(node, "attr"), "epsilon"), "f");
    if (!op || strncmp(op, "FusedBatchNorm", 14) != 0 || !gamma || !json_is_number(epsilon)) return DUET_OK;
    size_t n = strlen(gamma);
    if (n < sizeof tail || strcmp(gamma + n - (sizeof tail - 1), tail) != 0) return DUET_OK;
    char *name = duet_text("%.*s/epsilon", (int)(n - (sizeof tail - 1)), gamma);
    if (!name) return duet_no_memory(reader->error, reader->path, NULL);
    float value = (float)json_number_value(epsilon);
    enum duet_status status = DUET_OK;
    if (!duet_weights_find(reader->weights, name)) /* two nodes may share a normalisation */
        status =
            duet_weights_add(reader->weights, name, DUET_F32, &(struct duet_shape){0}, &value, reader->error);
    free(name);
    return status;
}

static enum duet_status read_model(const struct reader *reader, const json_t *root)
{
    const json_t *manifest = json_object_get(root, "weightsManifest"), *item;
    if (!json_is_array(manifest))
        return bad(reader, "not a TF.js model", "no \"weightsManifest\" array in it");
    enum duet_status status = DUET_OK;
    size_t i;
    json_array_foreach(manifest, i, item)
    {
        if (status == DUET_OK) status = read_group(reader, item);
    }
    json_array_foreach(json_object_get(json_object_get(root, "modelTopology"), "node"), i, item)
    {
        if (status == DUET_OK) status = add_epsilon(reader, item);
    }
    return status;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static enum duet_status read_json(const struct reader *reader, json_t **root)
{
    struct duet_bytes text = {0};
    enum duet_status status = duet_read_file(reader->path, DUET_TFJS_MAX_JSON, &text, reader->error);
    if (status != DUET_OK) return status;
    sha256_update(reader->sha256, text.size, text.data);
    json_error_t fault;
    *root = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &fault);
    if (!*root)
        status = duet_fail(reader->error, DUET_BAD_FORMAT, "%s: broken JSON in line %d: %s", reader->path,
                           fault.line, fault.text);
    duet_bytes_close(&text);
    return status;
}

enum duet_status duet_tfjs_read(const char *path, struct duet_weights **weights,
                                char sha256[DUET_SHA256_TEXT], struct duet_error *error)
{
    enum duet_status status = duet_weights_create(weights, error);
    if (status != DUET_OK) return status;
    struct sha256_ctx context;
    sha256_init(&context);
    json_t *root = NULL;
    struct reader reader = {.path = path, .sha256 = &context, .weights = *weights, .error = error};
    reader.folder = duet_text("%.*s", (int)(duet_path_name(path) - path), path);
    if (!reader.folder) status = duet_no_memory(error, path, NULL);
    if (status == DUET_OK) status = read_json(&reader, &root);
    if (status == DUET_OK) status = read_model(&reader, root);
    duet_sha256_hex(&context, sha256);
    json_decref(root);
    free(reader.folder);
    if (status != DUET_OK) duet_weights_close(weights);
    return status;
}
