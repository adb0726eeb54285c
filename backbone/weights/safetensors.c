#include "weights/set.h"

#include "core/checked.h"
#include "core/fail.h"
#include "core/os.h"
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

/* Tensors of up to so many bytes are read when a file is opened: biases and scales, which are looked at here
 * and there. The large ones are read when they are packed, so that the file and its packed copy are never
 * both in memory whole. */
#define SMALL_BYTES ((size_t)8 << 10)

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
    const struct duet_file *file;
    size_t begin, size; /* of the data, the section after the header */
    struct entry *entries;
    size_t count;
    struct duet_error *error;
};

/* How long the header is. */
static enum duet_status read_length(const struct reader *reader, size_t *length)
{
    struct duet_error *error = reader->error;
    uint8_t bytes[8];
    const size_t size = reader->file->size;
    if (size < sizeof bytes)
        return duet_fail(error, DUET_BAD_FORMAT,
                         "%s: %zu bytes, expected a safetensors file, which begins with an 8-byte length",
                         reader->path, size);
    enum duet_status status = duet_file_read(reader->file, 0, sizeof bytes, bytes, error);
    if (status != DUET_OK) return status;
    uint64_t announced = 0;
    for (int i = 7; i >= 0; i--) announced = announced << 8 | bytes[i];
    if (announced > size - sizeof bytes)
        return duet_fail(error, DUET_BAD_FORMAT,
                         "%s: truncated or not a safetensors file: it announces a header of %" PRIu64
                         " bytes and holds %zu",
                         reader->path, announced, size - sizeof bytes);
    if (announced > DUET_WEIGHTS_MAX_HEADER)
        return duet_fail(error, DUET_TOO_LARGE, "%s: a header of %" PRIu64 " bytes, the limit is %zu",
                         reader->path, announced, DUET_WEIGHTS_MAX_HEADER);
    *length = (size_t)announced;
    return DUET_OK;
}

/* The header as JSON; where the data is into *reader. */
static enum duet_status read_header(struct reader *reader, json_t **header)
{
    size_t length = 0;
    enum duet_status status = read_length(reader, &length);
    if (status != DUET_OK) return status;
    char *text = malloc(length + 1);
    if (!text)
        return duet_fail(reader->error, DUET_OUT_OF_MEMORY, "%s: no memory for a header of %zu bytes",
                         reader->path, length);
    status = duet_file_read(reader->file, 8, length, text, reader->error);
    json_error_t fault = {.text = "it does not begin with '{'"};
    if (status == DUET_OK && length > 0 && text[0] == '{')
        *header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &fault);
    if (status == DUET_OK && !json_is_object(*header))
        status = duet_fail(reader->error, DUET_BAD_FORMAT,
                           "%s: damaged or not a safetensors file: its header is not a JSON object: %s",
                           reader->path, fault.text);
    free(text);
    reader->begin = 8 + length;
    reader->size = reader->file->size - reader->begin;
    return status;
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
    json_error_t fault;
    *ours = json_loads(text, JSON_REJECT_DUPLICATES, &fault);
    if (!json_is_object(*ours))
        return duet_fail(reader->error, DUET_BAD_FORMAT, "%s: metadata \"" OURS "\" is not a JSON object: %s",
                         reader->path, *ours ? "it is an array" : fault.text);
    weights->metadata = strdup(text);
    return weights->metadata ? DUET_OK : duet_no_memory(reader->error, reader->path, NULL);
}

static enum duet_status check_version(const struct reader *reader, const json_t *ours)
{
    const json_t *version = json_object_get(ours, "format_version");
    if (!json_is_integer(version) || json_integer_value(version) <= DUET_MODEL_FORMAT_VERSION) return DUET_OK;
    return duet_fail(reader->error, DUET_UNSUPPORTED,
                     "%s: model format version %" JSON_INTEGER_FORMAT ", this build reads up to %d",
                     reader->path, json_integer_value(version), DUET_MODEL_FORMAT_VERSION);
}

static void xxh3_piece(void *ctx, const void *bytes, size_t count)
{
    XXH3_64bits_update(ctx, bytes, count);
}

static void sha256_piece(void *ctx, const void *bytes, size_t count)
{
    sha256_update(ctx, count, bytes);
}

static enum duet_status check_sum(const struct reader *reader, const json_t *ours)
{
    const json_t *sum = json_object_get(json_object_get(ours, "data"), "xxh3");
    if (!sum) return DUET_OK;
    if (!json_is_string(sum))
        return duet_fail(reader->error, DUET_BAD_FORMAT, "%s: metadata data.xxh3 is not a string",
                         reader->path);
    char got[XXH3_TEXT];
    XXH3_state_t *state = XXH3_createState();
    if (!state) return duet_no_memory(reader->error, reader->path, NULL);
    XXH3_64bits_reset(state);
    enum duet_status status =
        duet_file_walk(reader->file, reader->begin, reader->size, xxh3_piece, state, reader->error);
    xxh3_hex(XXH3_64bits_digest(state), got);
    XXH3_freeState(state);
    if (status == DUET_OK && strcmp(got, json_string_value(sum)) != 0)
        status = duet_fail(reader->error, DUET_MISMATCH,
                           "%s: damaged: the data's XXH3 is %s, its metadata says %.40s", reader->path, got,
                           json_string_value(sum));
    return status;
}

/* --- reading: the set ----------------------------------------------------------------------------------- */

/* Small tensors are read at once, and so are those that a foreign file has at a byte that is not aligned for
 * their type; the others point into the mapping. */
static enum duet_status insert_entry(struct duet_weights *weights, const struct reader *reader,
                                     const struct entry *entry, size_t most)
{
    struct duet_file *file = &weights->file;
    size_t bytes = entry->end - entry->begin, place = reader->begin + entry->begin;
    enum duet_status status = DUET_OK;
    if (bytes > most && place % duet_dtype_size(entry->dtype) == 0) {
        if (!file->mapping) status = duet_file_map(file, reader->error);
        return status != DUET_OK
                   ? status
                   : duet_weights_insert(weights, entry->name, entry->dtype, &entry->shape,
                                         (const char *)file->mapping + place, NULL, reader->error);
    }
    void *copy = malloc(bytes + 1);
    if (!copy)
        return duet_fail(reader->error, DUET_OUT_OF_MEMORY, "tensor %.200s: no memory for %zu bytes",
                         entry->name, bytes);
    status = duet_file_read(file, place, bytes, copy, reader->error);
    if (status == DUET_OK)
        status =
            duet_weights_insert(weights, entry->name, entry->dtype, &entry->shape, copy, copy, reader->error);
    if (status != DUET_OK) free(copy);
    return status;
}

static enum duet_status read_set(struct reader *reader, size_t most, struct duet_weights *weights,
                                 json_t **header, json_t **ours)
{
    enum duet_status status = duet_file_open(reader->path, &weights->file, reader->error);
    reader->file = &weights->file;
    if (status == DUET_OK) status = read_header(reader, header);
    if (status == DUET_OK) status = read_metadata(reader, *header, weights, ours);
    /* A newer format may mean anything by its fields: first the version. The sum comes last, so that a file
     * that was cut short is called that. */
    if (status == DUET_OK) status = check_version(reader, *ours);
    if (status == DUET_OK) status = read_entries(reader, *header);
    if (status == DUET_OK) status = check_coverage(reader);
    if (status == DUET_OK) status = check_sum(reader, *ours);
    for (size_t i = 0; status == DUET_OK && i < reader->count; i++)
        status = insert_entry(weights, reader, &reader->entries[i], most);
    return status;
}

enum duet_status duet_weights_load(const char *path, size_t most, struct duet_weights **weights, char *sha256,
                                   struct duet_error *error)
{
    enum duet_status status = duet_weights_create(weights, error);
    if (status != DUET_OK) return status;
    struct reader reader = {.path = path, .error = error};
    json_t *header = NULL, *ours = NULL;
    status = read_set(&reader, most, *weights, &header, &ours);
    if (status == DUET_OK && sha256) {
        struct sha256_ctx context;
        sha256_init(&context);
        status = duet_file_walk(reader.file, 0, reader.file->size, sha256_piece, &context, error);
        duet_sha256_hex(&context, sha256);
    }
    if (!(*weights)->file.mapping) duet_file_close(&(*weights)->file); /* all is in memory */
    if (status != DUET_OK) duet_weights_close(weights);
    free(reader.entries);
    json_decref(header);
    json_decref(ours);
    return status;
}

enum duet_status duet_weights_open(const char *path, struct duet_weights **weights, struct duet_error *error)
{
    DUET_NEEDS(weights, error);
    *weights = NULL;
    DUET_NEEDS(path, error);
    return duet_weights_load(path, SMALL_BYTES, weights, NULL, error);
}

/* --- checksums ------------------------------------------------------------------------------------------ */

/* sha256 and XXH3 of tensors' data, one after the other; either may be NULL. So may be `order`: as in the
 * set. */
static enum duet_status sums_of(const struct duet_weights *weights, const struct duet_tensor *const *order,
                                char *sha256, char *xxh3, struct duet_error *error)
{
    struct sha256_ctx context;
    XXH3_state_t *state = XXH3_createState();
    if (!state) return duet_no_memory(error, NULL, "for a checksum");
    sha256_init(&context);
    XXH3_64bits_reset(state);
    enum duet_status status = DUET_OK;
    for (size_t i = 0; status == DUET_OK && i < weights->count; i++) {
        const struct duet_tensor *tensor = order ? order[i] : &weights->tensors[i];
        if (sha256) status = duet_weights_walk(weights, tensor, sha256_piece, &context, error);
        if (xxh3 && status == DUET_OK) status = duet_weights_walk(weights, tensor, xxh3_piece, state, error);
    }
    if (sha256) duet_sha256_hex(&context, sha256);
    if (xxh3) xxh3_hex(XXH3_64bits_digest(state), xxh3);
    XXH3_freeState(state);
    return status;
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
    DUET_NEEDS(weights, error);
    char got[DUET_SHA256_TEXT];
    /* In the order of the set: that of the file it came from, ours or not. */
    enum duet_status status = sums_of(weights, NULL, got, NULL, error);
    if (status != DUET_OK) return status;
    if (hex) memcpy(hex, got, sizeof got);
    json_t *ours = weights->metadata ? json_loads(weights->metadata, 0, NULL) : NULL;
    const char *want = json_string_value(json_object_get(json_object_get(ours, "data"), "sha256"));
    if (weights->metadata && !ours)
        status = duet_no_memory(error, NULL, "for the metadata");
    else if (!want)
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
    char *dump = json_object_set_new(ours, "data", data) == 0 ? json_dumps(ours, JSON_COMPACT) : NULL;
    json_t *result = dump ? json_pack("{s:s}", OURS, dump) : NULL;
    free(dump);
    json_decref(ours);
    return result;
}

static json_t *describe(const struct duet_tensor *tensor, size_t begin)
{
    json_t *shape = json_array();
    bool good = true;
    for (int i = 0; i < tensor->shape.rank; i++)
        good = good && json_array_append_new(shape, json_integer((json_int_t)tensor->shape.dims[i])) == 0;
    if (good)
        return json_pack("{s:s, s:o, s:[I, I]}", "dtype", duet_dtype_name(tensor->dtype), "shape", shape,
                         "data_offsets", (json_int_t)begin, (json_int_t)(begin + tensor->bytes));
    json_decref(shape);
    return NULL;
}

/* The JSON header as text. NULL when out of memory or a name is not UTF-8; free() it. */
static char *make_header(const struct duet_weights *weights, const struct duet_tensor *const *order,
                         const char *sha256, const char *xxh3)
{
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

static void write_piece(void *ctx, const void *bytes, size_t count)
{
    fwrite(bytes, 1, count, ctx); /* the stream remembers a failure */
}

static enum duet_status write_file(FILE *stream, const char *header, const struct duet_weights *weights,
                                   const struct duet_tensor *const *order, struct duet_error *error)
{
    size_t used = strlen(header), padded = (used + 8 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - 8;
    for (int i = 0; i < 8; i++) putc((int)(padded >> (8 * i) & 255), stream);
    fputs(header, stream);
    for (; used < padded; used++) putc(' ', stream);
    enum duet_status status = DUET_OK;
    for (size_t i = 0; status == DUET_OK && i < weights->count; i++)
        status = duet_weights_walk(weights, order[i], write_piece, stream, error);
    return status;
}

enum duet_status duet_weights_save(const struct duet_weights *weights, const char *path,
                                   struct duet_error *error)
{
    DUET_NEEDS(weights, error);
    DUET_NEEDS(path, error);
    struct duet_output output = {0};
    char sha256[DUET_SHA256_TEXT], xxh3[XXH3_TEXT], *header = NULL;
    const struct duet_tensor **order = file_order(weights);
    enum duet_status status =
        order ? sums_of(weights, order, sha256, xxh3, error) : duet_no_memory(error, path, NULL);
    if (status == DUET_OK && !(header = make_header(weights, order, sha256, xxh3)))
        status = duet_fail(error, DUET_BAD_ARGUMENT,
                           "%s: the header cannot be made: a name is not UTF-8, or no memory", path);
    else if (status == DUET_OK && strlen(header) > DUET_WEIGHTS_MAX_HEADER - ALIGNMENT)
        status = duet_fail(error, DUET_TOO_LARGE, "%s: a header of %zu bytes, the limit is %zu", path,
                           strlen(header), DUET_WEIGHTS_MAX_HEADER);
    if (status == DUET_OK) status = duet_output_open(&output, path, DUET_OUTPUT_FORCE, error);
    if (status == DUET_OK) status = write_file(output.stream, header, weights, order, error);
    if (status == DUET_OK)
        status = duet_output_commit(&output, error);
    else
        duet_output_discard(&output);
    free(header);
    free((void *)order);
    return status;
}
