#include "weights/set.h"

#include "core/checked.h"
#include "core/fail.h"
#include "weights/sha256.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define METADATA  "__metadata__"
#define OURS      "duet"
#define ALIGNMENT 64
#define XXH3_TEXT 17

static void xxh3_hex(XXH64_hash_t hash, char hex[XXH3_TEXT])
{
    snprintf(hex, XXH3_TEXT, "%016" PRIx64, (uint64_t)hash);
}

/* --- reading: header -> entries ------------------------------------------------------------------------- */

/* One tensor as the header describes it. */
struct entry {
    const char *name; /* borrowed from the JSON */
    enum duet_dtype dtype;
    struct duet_shape shape;
    size_t begin, end; /* bytes within the data section */
    size_t order;      /* in the header: keeps empty tensors, which share an offset, in place */
};

struct reader {
    const char *path;
    const uint8_t *data; /* the section after the header */
    size_t size;
    struct entry *entries;
    size_t count;
    struct duet_error *error;
};

/* The header as JSON; data section into *reader. */
static enum duet_status read_header(struct reader *reader, const struct duet_bytes *file, json_t **header)
{
    struct duet_error *error = reader->error;
    if (file->size < 8)
        return duet_fail(error, DUET_BAD_FORMAT,
                         "%s: %zu bytes, expected a safetensors file, which begins with an 8-byte length",
                         reader->path, file->size);
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--) length = length << 8 | file->data[i];
    if (length > file->size - 8)
        return duet_fail(error, DUET_BAD_FORMAT,
                         "%s: truncated or not a safetensors file: it announces a header of %" PRIu64
                         " bytes and holds %zu",
                         reader->path, length, file->size - 8);
    if (length > DUET_WEIGHTS_MAX_HEADER)
        return duet_fail(error, DUET_TOO_LARGE, "%s: a header of %" PRIu64 " bytes, the limit is %zu",
                         reader->path, length, DUET_WEIGHTS_MAX_HEADER);
    const char *text = (const char *)file->data + 8;
    json_error_t fault = {.text = "it does not begin with '{'"};
    if (length > 0 && text[0] == '{')
        *header = json_loadb(text, (size_t)length, JSON_REJECT_DUPLICATES, &fault);
    if (!json_is_object(*header))
        return duet_fail(error, DUET_BAD_FORMAT,
                         "%s: damaged or not a safetensors file: its header is not a JSON object: %s",
                         reader->path, fault.text);
    reader->data = file->data + 8 + length;
    reader->size = file->size - 8 - (size_t)length;
    return DUET_OK;
}

static enum duet_status bad_entry(const struct reader *reader, const char *name, const char *what)
{
    return duet_fail(reader->error, DUET_BAD_FORMAT, "%s: tensor %.200s: %s", reader->path, name, what);
}

static bool read_size(const json_t *value, size_t *size)
{
    json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 0) return false;
    *size = (size_t)n;
    return true;
}

static enum duet_status read_dtype(const struct reader *reader, const json_t *value, struct entry *entry)
{
    const char *name = json_string_value(value);
    if (!name) return bad_entry(reader, entry->name, "no \"dtype\", expected a string");
    for (int i = 0; i < DUET_DTYPE_COUNT; i++)
        if (strcmp(name, duet_dtype_name((enum duet_dtype)i)) == 0) {
            entry->dtype = (enum duet_dtype)i;
            return DUET_OK;
        }
    return duet_fail(
        reader->error, DUET_UNSUPPORTED,
        "%s: tensor %.200s: element type '%.20s', known are F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL",
        reader->path, entry->name, name);
}

static enum duet_status read_shape(const struct reader *reader, const json_t *value, struct entry *entry)
{
    if (!json_is_array(value)) return bad_entry(reader, entry->name, "no \"shape\", expected an array");
    size_t rank = json_array_size(value);
    if (rank > DUET_MAX_RANK)
        return duet_fail(reader->error, DUET_TOO_LARGE, "%s: tensor %.200s: %zu dimensions, at most %d",
                         reader->path, entry->name, rank, DUET_MAX_RANK);
    entry->shape.rank = (int)rank;
    for (size_t i = 0; i < rank; i++)
        if (!read_size(json_array_get(value, i), &entry->shape.dims[i]))
            return bad_entry(reader, entry->name, "a dimension is not a whole number from 0 up");
    return DUET_OK;
}

static enum duet_status read_offsets(const struct reader *reader, const json_t *value, struct entry *entry)
{
    if (json_array_size(value) != 2 || !read_size(json_array_get(value, 0), &entry->begin) ||
        !read_size(json_array_get(value, 1), &entry->end) || entry->begin > entry->end)
        return bad_entry(reader, entry->name, "bad \"data_offsets\", expected [begin, end]");
    if (entry->end > reader->size)
        return duet_fail(reader->error, DUET_BAD_FORMAT,
                         "%s: tensor %.200s ends at byte %zu of the data, which has %zu: truncated?",
                         reader->path, entry->name, entry->end, reader->size);
    size_t bytes;
    char text[DUET_SHAPE_TEXT];
    if (!duet_shape_elements(&entry->shape, &bytes) ||
        !duet_mul_size(bytes, duet_dtype_size(entry->dtype), &bytes) || bytes != entry->end - entry->begin)
        return duet_fail(reader->error, DUET_BAD_FORMAT,
                         "%s: tensor %.200s: %s of shape %s does not take the %zu bytes it is given",
                         reader->path, entry->name, duet_dtype_name(entry->dtype),
                         duet_shape_text(&entry->shape, text, sizeof text), entry->end - entry->begin);
    return DUET_OK;
}

static enum duet_status read_entries(struct reader *reader, json_t *header)
{
    size_t keys = json_object_size(header);
    if (keys > DUET_WEIGHTS_MAX_TENSORS + 1)
        return duet_fail(reader->error, DUET_TOO_LARGE, "%s: %zu tensors, at most %d", reader->path, keys,
                         DUET_WEIGHTS_MAX_TENSORS);
    reader->entries = calloc(keys + 1, sizeof *reader->entries);
    if (!reader->entries)
        return duet_fail(reader->error, DUET_OUT_OF_MEMORY, "%s: no memory for %zu tensors", reader->path,
                         keys);
    const char *name;
    json_t *value;
    json_object_foreach(header, name, value)
    {
        if (strcmp(name, METADATA) == 0) continue;
        struct entry *entry = &reader->entries[reader->count];
        *entry = (struct entry){.name = name, .order = reader->count};
        if (!*name || !json_is_object(value)) return bad_entry(reader, name, "not a name with an object");
        enum duet_status status = read_dtype(reader, json_object_get(value, "dtype"), entry);
        if (status == DUET_OK) status = read_shape(reader, json_object_get(value, "shape"), entry);
        if (status == DUET_OK) status = read_offsets(reader, json_object_get(value, "data_offsets"), entry);
        if (status != DUET_OK) return status;
        reader->count++;
    }
    return DUET_OK;
}

static int by_offset(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

/* Sort by offset; each byte of the data must belong to exactly one tensor. */
static enum duet_status check_coverage(struct reader *reader)
{
    if (reader->count) qsort(reader->entries, reader->count, sizeof *reader->entries, by_offset);
    size_t covered = 0;
    for (size_t i = 0; i < reader->count; i++) {
        const struct entry *entry = &reader->entries[i];
        if (entry->begin != covered)
            return duet_fail(
                reader->error, DUET_BAD_FORMAT, "%s: tensor %.200s begins at byte %zu of the data, %s %zu",
                reader->path, entry->name, entry->begin,
                entry->begin < covered ? "overlapping the one that ends at" : "leaving a hole after",
                covered);
        covered = entry->end;
    }
    if (covered != reader->size)
        return duet_fail(reader->error, DUET_BAD_FORMAT, "%s: tensors cover %zu of %zu bytes of data",
                         reader->path, covered, reader->size);
    return DUET_OK;
}

/* --- reading: metadata ---------------------------------------------------------------------------------- */

/* Our text out of the header: parsed, and copied into the set. Leaves *ours NULL when there is none. */
static enum duet_status read_metadata(const struct reader *reader, const json_t *header,
                                      struct duet_weights *weights, json_t **ours)
{
    json_t *metadata = json_object_get(header, METADATA), *value;
    if (metadata && !json_is_object(metadata))
        return duet_fail(reader->error, DUET_BAD_FORMAT, "%s: " METADATA " is not an object", reader->path);
    const char *key;
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value))
            return duet_fail(reader->error, DUET_BAD_FORMAT, "%s: " METADATA " \"%.200s\" is not a string",
                             reader->path, key);
    }
    const char *text = json_string_value(json_object_get(metadata, OURS));
    if (!text) return DUET_OK;
    json_error_t fault = {.text = "not an object"};
    *ours = json_loads(text, JSON_REJECT_DUPLICATES, &fault);
    if (!json_is_object(*ours))
        return duet_fail(reader->error, DUET_BAD_FORMAT, "%s: metadata \"" OURS "\" is not a JSON object: %s",
                         reader->path, fault.text);
    weights->metadata = strdup(text);
    return weights->metadata ? DUET_OK
                             : duet_fail(reader->error, DUET_OUT_OF_MEMORY, "%s: no memory", reader->path);
}

static enum duet_status check_version(const struct reader *reader, const json_t *ours)
{
    const json_t *version = json_object_get(ours, "format_version");
    if (!json_is_integer(version) || json_integer_value(version) <= DUET_MODEL_FORMAT_VERSION) return DUET_OK;
    return duet_fail(reader->error, DUET_UNSUPPORTED,
                     "%s: model format version %" JSON_INTEGER_FORMAT ", this build reads up to %d",
                     reader->path, json_integer_value(version), DUET_MODEL_FORMAT_VERSION);
}

static enum duet_status check_sum(const struct reader *reader, const json_t *ours)
{
    const json_t *sum = json_object_get(json_object_get(ours, "data"), "xxh3");
    if (!sum) return DUET_OK;
    if (!json_is_string(sum))
        return duet_fail(reader->error, DUET_BAD_FORMAT, "%s: metadata data.xxh3 is not a string",
                         reader->path);
    char got[XXH3_TEXT];
    xxh3_hex(XXH3_64bits(reader->data, reader->size), got);
    if (strcmp(got, json_string_value(sum)) != 0)
        return duet_fail(reader->error, DUET_MISMATCH,
                         "%s: damaged: the data's XXH3 is %s, its metadata says %.40s", reader->path, got,
                         json_string_value(sum));
    return DUET_OK;
}

/* --- reading: the set ----------------------------------------------------------------------------------- */

/* Tensors point into the mapping. A foreign file may place them at any byte: those that are not aligned for
 * their type are copied. */
static enum duet_status insert_entry(struct duet_weights *weights, const struct reader *reader,
                                     const struct entry *entry)
{
    const uint8_t *data = reader->data + entry->begin;
    if ((uintptr_t)data % duet_dtype_size(entry->dtype) == 0)
        return duet_weights_insert(weights, entry->name, entry->dtype, &entry->shape, data, NULL,
                                   reader->error);
    return duet_weights_add(weights, entry->name, entry->dtype, &entry->shape, data, reader->error);
}

static enum duet_status read_set(struct reader *reader, struct duet_weights *weights, json_t **header,
                                 json_t **ours)
{
    enum duet_status status = duet_map_file(reader->path, &weights->file, reader->error);
    if (status == DUET_OK) status = read_header(reader, &weights->file, header);
    if (status == DUET_OK) status = read_metadata(reader, *header, weights, ours);
    /* A newer format may mean anything by its fields: first the version. The sum comes last, so that a file
     * that was cut short is called that. */
    if (status == DUET_OK) status = check_version(reader, *ours);
    if (status == DUET_OK) status = read_entries(reader, *header);
    if (status == DUET_OK) status = check_coverage(reader);
    if (status == DUET_OK) status = check_sum(reader, *ours);
    for (size_t i = 0; status == DUET_OK && i < reader->count; i++)
        status = insert_entry(weights, reader, &reader->entries[i]);
    return status;
}

enum duet_status duet_weights_open(const char *path, struct duet_weights **out, struct duet_error *error)
{
    enum duet_status status = duet_weights_create(out, error);
    if (status != DUET_OK) return status;
    struct reader reader = {.path = path, .error = error};
    json_t *header = NULL, *ours = NULL;
    status = read_set(&reader, *out, &header, &ours);
    if (status != DUET_OK) duet_weights_close(out);
    free(reader.entries);
    json_decref(header);
    json_decref(ours);
    return status;
}

/* --- checksums ------------------------------------------------------------------------------------------ */

static void sha256_of(const struct duet_tensor *const *order, size_t count, char hex[DUET_SHA256_TEXT])
{
    struct sha256_ctx context;
    sha256_init(&context);
    for (size_t i = 0; i < count; i++) sha256_update(&context, order[i]->bytes, order[i]->data);
    duet_sha256_hex(&context, hex);
}

static bool xxh3_of(const struct duet_tensor *const *order, size_t count, char hex[XXH3_TEXT])
{
    XXH3_state_t *state = XXH3_createState();
    if (!state) return false;
    XXH3_64bits_reset(state);
    for (size_t i = 0; i < count; i++) XXH3_64bits_update(state, order[i]->data, order[i]->bytes);
    xxh3_hex(XXH3_64bits_digest(state), hex);
    XXH3_freeState(state);
    return true;
}

/* The tensors as they follow each other in a file. NULL when out of memory; free() it. Elements of 8 bytes
 * come before those of 4 and so on, each kind in the order of the set: then every tensor is aligned for its
 * type although the format allows no holes. A set read from such a file keeps its order. */
static const struct duet_tensor **file_order(const struct duet_weights *weights)
{
    const struct duet_tensor **order = malloc((weights->count + 1) * sizeof *order);
    if (!order) return NULL;
    size_t n = 0;
    for (size_t size = 8; size > 0; size /= 2)
        for (size_t i = 0; i < weights->count; i++)
            if (duet_dtype_size(weights->tensors[i].dtype) == size) order[n++] = &weights->tensors[i];
    return order;
}

enum duet_status duet_weights_verify(const struct duet_weights *weights, char hex[65],
                                     struct duet_error *error)
{
    char got[DUET_SHA256_TEXT];
    struct sha256_ctx context;
    sha256_init(&context); /* in the order of the set: that of the file it came from, ours or not */
    for (size_t i = 0; i < weights->count; i++)
        sha256_update(&context, weights->tensors[i].bytes, weights->tensors[i].data);
    duet_sha256_hex(&context, got);
    if (hex) memcpy(hex, got, sizeof got);
    json_t *ours = weights->metadata ? json_loads(weights->metadata, 0, NULL) : NULL;
    const char *want = json_string_value(json_object_get(json_object_get(ours, "data"), "sha256"));
    enum duet_status status = DUET_OK;
    if (!want)
        status = duet_fail(error, DUET_NOT_FOUND, "the metadata has no data.sha256 to compare with");
    else if (strcmp(want, got) != 0)
        status =
            duet_fail(error, DUET_MISMATCH, "the data's sha256 is %s, its metadata says %.80s", got, want);
    json_decref(ours);
    return status;
}

/* --- writing -------------------------------------------------------------------------------------------- */

/* The set's metadata with "data" filled in, as the value of __metadata__. NULL when out of memory. */
static json_t *finished_metadata(const char *text, const char *sha256, const char *xxh3)
{
    json_t *ours = text ? json_loads(text, 0, NULL) : json_object();
    json_t *data = json_pack("{s:s, s:s}", "sha256", sha256, "xxh3", xxh3);
    json_t *result = NULL;
    if (ours && data && json_object_set(ours, "data", data) == 0) {
        char *dump = json_dumps(ours, JSON_COMPACT);
        result = dump ? json_pack("{s:s}", OURS, dump) : NULL;
        free(dump);
    }
    json_decref(data);
    json_decref(ours);
    return result;
}

static json_t *describe(const struct duet_tensor *tensor, size_t begin)
{
    json_t *shape = json_array();
    for (int i = 0; i < tensor->shape.rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)tensor->shape.dims[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", duet_dtype_name(tensor->dtype), "shape", shape,
                     "data_offsets", (json_int_t)begin, (json_int_t)(begin + tensor->bytes));
}

/* The JSON header as text. NULL when out of memory or a name is not UTF-8; free() it. */
static char *make_header(const struct duet_weights *weights, const struct duet_tensor *const *order)
{
    char sha256[DUET_SHA256_TEXT], xxh3[XXH3_TEXT];
    sha256_of(order, weights->count, sha256);
    if (!xxh3_of(order, weights->count, xxh3)) return NULL;
    json_t *header = json_object();
    bool good =
        json_object_set_new(header, METADATA, finished_metadata(weights->metadata, sha256, xxh3)) == 0;
    size_t offset = 0;
    for (size_t i = 0; good && i < weights->count; i++) {
        good = json_object_set_new(header, order[i]->name, describe(order[i], offset)) == 0;
        offset += order[i]->bytes;
    }
    char *text = good ? json_dumps(header, JSON_COMPACT) : NULL;
    json_decref(header);
    return text;
}

static void write_file(FILE *stream, const char *header, const struct duet_tensor *const *order, size_t count)
{
    size_t used = strlen(header), padded = 0;
    if (!duet_round_up_size(used + 8, ALIGNMENT, &padded)) return;
    padded -= 8;
    for (int i = 0; i < 8; i++) putc((int)(padded >> (8 * i) & 255), stream);
    fputs(header, stream);
    for (; used < padded; used++) putc(' ', stream);
    for (size_t i = 0; i < count; i++) fwrite(order[i]->data, 1, order[i]->bytes, stream);
}

enum duet_status duet_weights_save(const struct duet_weights *weights, const char *path,
                                   struct duet_error *error)
{
    struct duet_output output = {0};
    enum duet_status status;
    const struct duet_tensor **order = file_order(weights);
    char *header = order ? make_header(weights, order) : NULL;
    if (!header)
        status = duet_fail(error, DUET_BAD_ARGUMENT,
                           "%s: the header cannot be made: a name is not UTF-8, or no memory", path);
    else if (strlen(header) > DUET_WEIGHTS_MAX_HEADER - ALIGNMENT)
        status = duet_fail(error, DUET_TOO_LARGE, "%s: a header of %zu bytes, the limit is %zu", path,
                           strlen(header), DUET_WEIGHTS_MAX_HEADER);
    else
        status = duet_output_open(&output, path, DUET_OUTPUT_FORCE, error);
    if (status == DUET_OK) {
        write_file(output.stream, header, order, weights->count);
        status = duet_output_commit(&output, error);
    }
    free(header);
    free((void *)order);
    return status;
}
