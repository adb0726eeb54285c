#include "support/testing.h"

#include "duet/weights.h"

#include <unistd.h>

/* One folder for all tests of this file. */
static char folder[] = "safetensors_test_XXXXXX", path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/x.safetensors", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder); /* fails when a temporary file was left behind */
}

static void put_file(const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static size_t get_file(uint8_t *data, size_t capacity)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(data, 1, capacity, f);
    fclose(f);
    assert_true(n < capacity);
    return n;
}

/* A file of the given header, which is announced as `length` bytes, and `data_size` bytes of data. */
static void put_header(const char *header, uint64_t length, size_t data_size)
{
    static uint8_t file[1 << 16];
    size_t n = strlen(header);
    assert_true(n + data_size + 8 <= sizeof file);
    for (int i = 0; i < 8; i++) file[i] = (uint8_t)(length >> (8 * i));
    memcpy(file + 8, header, n);
    for (size_t i = 0; i < data_size; i++) file[8 + n + i] = (uint8_t)i;
    put_file(file, 8 + n + data_size);
}

static const uint8_t bytes[6] = {1, 2, 3, 4, 5, 6};
static const float floats[6] = {0, -1.5f, 2.25f, 3e-38f, 4e30f, -0.0f};
static const int64_t wide = -7;

static struct duet_weights *sample(void)
{
    struct duet_error e;
    struct duet_weights *w;
    assert_ok(duet_weights_create(&w, &e), e);
    assert_ok(duet_weights_add(w, "bytes", DUET_U8, &(struct duet_shape){1, {5}}, bytes, &e), e);
    assert_ok(duet_weights_add(w, "floats", DUET_F32, &(struct duet_shape){2, {2, 3}}, floats, &e), e);
    assert_ok(duet_weights_add(w, "a \"name\"\n\xc3\xa9", DUET_U8, &(struct duet_shape){1, {1}}, bytes, &e),
              e);
    assert_ok(duet_weights_add(w, "none", DUET_F32, &(struct duet_shape){2, {0, 4}}, NULL, &e), e);
    assert_ok(duet_weights_add(w, "wide", DUET_I64, &(struct duet_shape){0}, &wide, &e), e);
    assert_ok(duet_weights_set_metadata(w, "{\"format_version\":1,\"x\":[1,\"\\\"\"]}", &e), e);
    return w;
}

static void what_is_saved_is_read_again(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_weights *w = sample(), *r;
    assert_ok(duet_weights_save(w, path, &e), e);
    assert_ok(duet_weights_open(path, &r, &e), e);
    assert_int_equal(duet_weights_count(r), 5);
    static const char *const order[] = {"wide", "floats", "none", "bytes", "a \"name\"\n\xc3\xa9"};
    for (size_t i = 0; i < 5; i++) {
        const struct duet_tensor *t = duet_weights_at(r, i), *s = duet_weights_find(w, order[i]);
        assert_string_equal(t->name, order[i]);
        assert_ptr_equal(duet_weights_find(r, order[i]), t);
        assert_int_equal(t->dtype, s->dtype);
        assert_true(duet_shape_equal(&t->shape, &s->shape));
        assert_int_equal(t->bytes, s->bytes);
        assert_memory_equal(t->data, s->data, s->bytes);
        assert_int_equal((uintptr_t)t->data % duet_dtype_size(t->dtype), 0);
    }
    assert_null(duet_weights_at(r, 5));
    assert_null(duet_weights_find(r, "floatz"));
    assert_non_null(strstr(duet_weights_metadata(r), "\"x\":[1,\"\\\"\"],\"data\":{\"sha256\":\""));
    char hex[65];
    assert_ok(duet_weights_verify(r, hex, &e), e);
    assert_int_equal(strlen(hex), 64);
    assert_fails(DUET_NOT_FOUND, duet_weights_verify(w, NULL, &e), e); /* not saved: no sum to compare */
    duet_weights_close(&w);
    duet_weights_close(&r);
    assert_null(r);
    duet_weights_close(&r);
}

static void the_same_set_gives_the_same_bytes(void **state)
{
    (void)state;
    static uint8_t first[8192], second[8192];
    struct duet_error e;
    struct duet_weights *w = sample(), *r;
    assert_ok(duet_weights_save(w, path, &e), e);
    size_t n = get_file(first, sizeof first);
    assert_int_equal((8 + first[0] + ((size_t)first[1] << 8)) % 64, 0); /* where the data begins */
    assert_ok(duet_weights_open(path, &r, &e), e);
    assert_ok(duet_weights_save(r, path, &e), e); /* over the file it is mapped from */
    assert_int_equal(get_file(second, sizeof second), n);
    assert_memory_equal(first, second, n);
    duet_weights_close(&w);
    duet_weights_close(&r);
}

static void an_empty_set_is_a_file_too(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_weights *w, *r;
    assert_ok(duet_weights_create(&w, &e), e);
    assert_null(duet_weights_find(w, "x"));
    assert_ok(duet_weights_save(w, path, &e), e);
    assert_ok(duet_weights_open(path, &r, &e), e);
    assert_int_equal(duet_weights_count(r), 0);
    assert_ok(duet_weights_verify(r, NULL, &e), e);
    duet_weights_close(&w);
    duet_weights_close(&r);
}

static void a_truncated_file_is_refused_at_every_byte(void **state)
{
    (void)state;
    static uint8_t file[8192];
    struct duet_error e;
    struct duet_weights *w = sample();
    assert_ok(duet_weights_save(w, path, &e), e);
    size_t n = get_file(file, sizeof file);
    for (size_t cut = 0; cut < n; cut++) {
        put_file(file, cut);
        struct duet_weights *r;
        assert_fails(DUET_BAD_FORMAT, duet_weights_open(path, &r, &e), e);
        assert_null(r);
    }
    duet_weights_close(&w);
}

static void a_damaged_byte_never_goes_unseen_in_the_data(void **state)
{
    (void)state;
    static uint8_t file[8192];
    struct duet_error e;
    struct duet_weights *w = sample(), *r;
    assert_ok(duet_weights_save(w, path, &e), e);
    duet_weights_close(&w);
    size_t n = get_file(file, sizeof file), length = file[0] | (size_t)file[1] << 8;
    for (size_t i = 0; i < n; i++) {
        file[i] ^= 0x21;
        put_file(file, n);
        enum duet_status status = duet_weights_open(path, &r, &e);
        if (i >= 8 + length) assert_int_equal(status, DUET_MISMATCH);
        assert_true(status == DUET_OK ? r != NULL : r == NULL && e.text[0]);
        duet_weights_close(&r);
        file[i] ^= 0x21;
    }
}

static void verify_sees_what_the_fast_sum_was_told_to_overlook(void **state)
{
    (void)state;
    static uint8_t file[8192];
    struct duet_error e;
    struct duet_weights *w = sample(), *r;
    assert_ok(duet_weights_save(w, path, &e), e);
    duet_weights_close(&w);
    size_t n = get_file(file, sizeof file);
    memcpy(strstr((char *)file + 8, "xxh3"), "xxhx", 4);
    file[n - 1] ^= 1;
    put_file(file, n);
    assert_ok(duet_weights_open(path, &r, &e), e);
    assert_fails(DUET_MISMATCH, duet_weights_verify(r, NULL, &e), e);
    duet_weights_close(&r);
}

#define ENTRY(dtype, shape, begin, end)                                                                      \
    "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"

static void headers_that_lie_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        enum duet_status status;
        const char *says; /* part of the text */
    } cases[] = {
        {"{}", 1, DUET_BAD_FORMAT, "cover 0 of 1"},
        {"{\"a\":" ENTRY("U8", "[4]", 0, 4) "}", 3, DUET_BAD_FORMAT, "truncated"},
        {"{\"a\":" ENTRY("U8", "[4]", 0, 4) "}", 5, DUET_BAD_FORMAT, "cover 4 of 5"},
        {"{\"a\":" ENTRY("U8", "[4]", 0, 4) ",\"b\":" ENTRY("U8", "[4]", 2, 6) "}", 6, DUET_BAD_FORMAT,
         "overlap"},
        {"{\"a\":" ENTRY("U8", "[4]", 0, 4) ",\"b\":" ENTRY("U8", "[4]", 0, 4) "}", 4, DUET_BAD_FORMAT,
         "overlap"},
        {"{\"a\":" ENTRY("U8", "[2]", 0, 2) ",\"b\":" ENTRY("U8", "[2]", 4, 6) "}", 6, DUET_BAD_FORMAT,
         "hole"},
        {"{\"a\":" ENTRY("U8", "[4]", 1, 5) "}", 5, DUET_BAD_FORMAT, "hole"},
        {"{\"a\":" ENTRY("U8", "[4]", 4, 0) "}", 4, DUET_BAD_FORMAT, "data_offsets"},
        {"{\"a\":" ENTRY("U8", "[4]", -4, 0) "}", 4, DUET_BAD_FORMAT, "data_offsets"},
        {"{\"a\":" ENTRY("U8", "[4]", 0, 4.0) "}", 4, DUET_BAD_FORMAT, "data_offsets"},
        {"{\"a\":" ENTRY("U8", "[4]", 0, 99999999999999999999) "}", 4, DUET_BAD_FORMAT, "JSON"},
        {"{\"a\":" ENTRY("U8", "[5]", 0, 4) "}", 4, DUET_BAD_FORMAT, "[5]"},
        {"{\"a\":" ENTRY("F32", "[4]", 0, 4) "}", 4, DUET_BAD_FORMAT, "[4]"},
        {"{\"a\":" ENTRY("F32", "[4611686018427387904]", 0, 0) "}", 0, DUET_BAD_FORMAT,
         "[4611686018427387904]"},
        {"{\"a\":" ENTRY("U8", "[4294967296,4294967296]", 0, 0) "}", 0, DUET_BAD_FORMAT, "429"},
        {"{\"a\":" ENTRY("U8", "[-4]", 0, 4) "}", 4, DUET_BAD_FORMAT, "dimension"},
        {"{\"a\":" ENTRY("U8", "[4.5]", 0, 4) "}", 4, DUET_BAD_FORMAT, "dimension"},
        {"{\"a\":" ENTRY("U8", "4", 0, 4) "}", 4, DUET_BAD_FORMAT, "shape"},
        {"{\"a\":" ENTRY("U8", "[1,1,1,1,1,1,1,1,4]", 0, 4) "}", 4, DUET_TOO_LARGE, "9 dimensions"},
        {"{\"a\":" ENTRY("F8_E4M3", "[4]", 0, 4) "}", 4, DUET_UNSUPPORTED, "F8_E4M3"},
        {"{\"a\":{\"dtype\":7,\"shape\":[4],\"data_offsets\":[0,4]}}", 4, DUET_BAD_FORMAT, "dtype"},
        {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,4]}}", 4, DUET_BAD_FORMAT, "shape"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4]}}", 4, DUET_BAD_FORMAT, "data_offsets"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4,4]}}", 4, DUET_BAD_FORMAT,
         "data_offsets"},
        {"{\"a\":[]}", 0, DUET_BAD_FORMAT, "tensor a"},
        {"{\"\":" ENTRY("U8", "[0]", 0, 0) "}", 0, DUET_BAD_FORMAT, "name"},
        {"{\"a\":" ENTRY("U8", "[0]", 0, 0) ",\"a\":" ENTRY("U8", "[0]", 0, 0) "}", 0, DUET_BAD_FORMAT,
         "duplicate"},
        {"{\"__metadata__\":[]}", 0, DUET_BAD_FORMAT, "__metadata__"},
        {"{\"__metadata__\":{\"x\":1}}", 0, DUET_BAD_FORMAT, "\"x\" is not a string"},
        {"{\"__metadata__\":{\"duet\":\"[]\"}}", 0, DUET_BAD_FORMAT, "duet"},
        {"{\"__metadata__\":{\"duet\":\"{\"}}", 0, DUET_BAD_FORMAT, "duet"},
        {"{\"__metadata__\":{\"duet\":\"{\\\"format_version\\\":3}\"}}", 0, DUET_UNSUPPORTED,
         "version 3, this build reads up to 2"},
        {"{\"__metadata__\":{\"duet\":\"{\\\"data\\\":{\\\"xxh3\\\":1}}\"}}", 0, DUET_BAD_FORMAT, "xxh3"},
        {"{\"__metadata__\":{\"duet\":\"{\\\"data\\\":{\\\"xxh3\\\":\\\"00\\\"}}\"}}", 0, DUET_MISMATCH,
         "XXH3"},
        {"[]", 0, DUET_BAD_FORMAT, "JSON object"},
        {" {}", 0, DUET_BAD_FORMAT, "begin with"},
        {"{", 0, DUET_BAD_FORMAT, "JSON object"},
        {"{} x", 0, DUET_BAD_FORMAT, "JSON object"},
        {"{\"\\u0000\":1}", 0, DUET_BAD_FORMAT, "JSON object"},
        {"{\"\xff\":1}", 0, DUET_BAD_FORMAT, "JSON object"},
        {"", 0, DUET_BAD_FORMAT, "JSON object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct duet_error e = {0};
        struct duet_weights *w;
        put_header(cases[i].header, strlen(cases[i].header), cases[i].data);
        enum duet_status status = duet_weights_open(path, &w, &e);
        if (status != cases[i].status || !strstr(e.text, cases[i].says) || w)
            fail_msg("case %zu, %s: %s '%s', expected %s '%s'", i, cases[i].header, duet_status_name(status),
                     e.text, duet_status_name(cases[i].status), cases[i].says);
    }
}

static void lengths_that_lie_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_weights *w;
    static const uint64_t lengths[] = {3, 1000, UINT64_MAX, (uint64_t)1 << 63, UINT64_MAX - 7};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        put_header("{}", lengths[i], 0);
        assert_fails(DUET_BAD_FORMAT, duet_weights_open(path, &w, &e), e);
        assert_non_null(strstr(e.text, "announces a header of"));
    }
    /* A header that is in the file but over the limit: sparse, so it costs nothing. */
    put_header("{}", DUET_WEIGHTS_MAX_HEADER + 1, 0);
    assert_int_equal(truncate(path, (off_t)DUET_WEIGHTS_MAX_HEADER + 100), 0);
    assert_fails(DUET_TOO_LARGE, duet_weights_open(path, &w, &e), e);
    assert_fails(DUET_NOT_FOUND, duet_weights_open("no/such/file", &w, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_weights_open(folder, &w, &e), e);
}

static void foreign_files_load(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_weights *w;
    /* out of order, padded, other metadata, floats that are not aligned: they must still be readable */
    static const char header[] = "{\"f\":" ENTRY(
        "F32", "[1]", 3, 7) ",\"__metadata__\":{\"format\":\"pt\"},\"b\":" ENTRY("U8", "[3]", 0, 3) "}  \n";
    put_header(header, strlen(header), 7);
    assert_ok(duet_weights_open(path, &w, &e), e);
    assert_null(duet_weights_metadata(w));
    assert_string_equal(duet_weights_at(w, 0)->name, "b");
    const struct duet_tensor *f = duet_weights_find(w, "f");
    assert_int_equal((uintptr_t)f->data % sizeof(float), 0);
    assert_memory_equal(f->data, "\x03\x04\x05\x06", 4);
    assert_fails(DUET_NOT_FOUND, duet_weights_verify(w, NULL, &e), e);
    duet_weights_close(&w);
}

static void adding_has_rules(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_weights *w = sample();
    struct duet_shape one = {1, {1}}, huge = {2, {SIZE_MAX, 2}}, deep = {DUET_MAX_RANK + 1, {0}};
    assert_fails(DUET_EXISTS, duet_weights_add(w, "bytes", DUET_U8, &one, bytes, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_weights_add(w, "", DUET_U8, &one, bytes, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_weights_add(w, "__metadata__", DUET_U8, &one, bytes, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_weights_add(w, "h", DUET_U8, &huge, bytes, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_weights_add(w, "d", DUET_U8, &deep, bytes, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_weights_add(w, "t", DUET_DTYPE_COUNT, &one, bytes, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_weights_set_metadata(w, "[]", &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_weights_set_metadata(w, "{\"a\":1,\"a\":2}", &e), e);
    assert_int_equal(duet_weights_count(w), 5);
    assert_fails(DUET_NOT_FOUND, duet_weights_save(w, "no/such/folder/x", &e), e);
    assert_ok(duet_weights_add(w, "\xff", DUET_U8, &one, bytes, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_weights_save(w, path, &e), e); /* JSON cannot hold that name */
    duet_weights_close(&w);
}

static void thousands_of_names_are_told_apart(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_weights *w;
    char name[32];
    assert_ok(duet_weights_create(&w, &e), e);
    for (int i = 0; i < DUET_WEIGHTS_MAX_TENSORS; i++) {
        snprintf(name, sizeof name, "tensor%d", i);
        assert_ok(duet_weights_add(w, name, DUET_I32, &(struct duet_shape){0}, &i, &e), e);
    }
    assert_fails(DUET_TOO_LARGE, duet_weights_add(w, "more", DUET_U8, &(struct duet_shape){0}, bytes, &e), e);
    for (int i = 0; i < DUET_WEIGHTS_MAX_TENSORS; i += 97) {
        snprintf(name, sizeof name, "tensor%d", i);
        assert_int_equal(*(const int *)duet_weights_find(w, name)->data, i);
    }
    duet_weights_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_is_read_again),
        cmocka_unit_test(the_same_set_gives_the_same_bytes),
        cmocka_unit_test(an_empty_set_is_a_file_too),
        cmocka_unit_test(a_truncated_file_is_refused_at_every_byte),
        cmocka_unit_test(a_damaged_byte_never_goes_unseen_in_the_data),
        cmocka_unit_test(verify_sees_what_the_fast_sum_was_told_to_overlook),
        cmocka_unit_test(headers_that_lie_are_refused),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(foreign_files_load),
        cmocka_unit_test(adding_has_rules),
        cmocka_unit_test(thousands_of_names_are_told_apart),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
