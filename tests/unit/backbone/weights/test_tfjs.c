#include "support/testing.h"

#include "weights/tfjs.h"

#include <math.h>
#include <unistd.h>

/* One folder for all tests of this file: model.json and the shards that a test writes. */
static char folder[] = "tfjs_test_XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && mkdir(in_folder("sub"), 0777) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"model.json", "s0", "s1", "s2", "sub/s0"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) unlink(in_folder(names[i]));
    return rmdir(in_folder("sub")) == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void put(const char *name, const void *data, size_t size)
{
    FILE *f = fopen(in_folder(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

/* JSON is written with ' for " here. */
static const char *quoted(const char *json)
{
    static char text[2048];
    assert_true(strlen(json) < sizeof text);
    strcpy(text, json);
    for (char *c = text; *c; c++)
        if (*c == '\'') *c = '"';
    return text;
}

static void put_model(const char *json)
{
    put("model.json", quoted(json), strlen(json));
}

static enum duet_status read_model(struct duet_weights **weights, struct duet_error *error)
{
    char sha256[DUET_SHA256_TEXT];
    return duet_tfjs_read(in_folder("model.json"), weights, sha256, error);
}

/* A manifest of one group. */
#define GROUP(paths, weights)            "{'paths':" paths ",'weights':" weights "}"
#define MODEL(groups)                    "{'weightsManifest':[" groups "]}"
#define WEIGHT(name, shape, dtype, more) "{'name':'" name "','shape':" shape ",'dtype':'" dtype "'" more "}"

static void tensors_may_straddle_shards(void **state)
{
    (void)state;
    static const float values[5] = {1, -2, 3.5f, 0, 1e-20f};
    static const int32_t number = -9;
    uint8_t all[25];
    memcpy(all, values, 20);
    memcpy(all + 20, &number, 4);
    all[24] = 1;
    put("s0", all, 7);
    put("sub/s0", all + 7, 7);
    put("s1", all, 0);
    put("s2", all + 14, 11);
    put_model("{'weightsManifest':[{'paths':['s0','sub/s0','s1','s2'],'weights':["
              "{'name':'a','shape':[2,2],'dtype':'float32'},"
              "{'name':'none','shape':[0],'dtype':'float32'},"
              "{'name':'b/c','shape':[],'dtype':'float32'},"
              "{'name':'n','shape':[1],'dtype':'int32'},"
              "{'name':'t','shape':[],'dtype':'bool'}]}]}");
    struct duet_error e;
    struct duet_weights *w;
    char sha256[DUET_SHA256_TEXT], again[DUET_SHA256_TEXT];
    assert_ok(duet_tfjs_read(in_folder("model.json"), &w, sha256, &e), e);
    assert_int_equal(duet_weights_count(w), 5);
    assert_memory_equal(duet_weights_find(w, "a")->data, values, 16);
    assert_int_equal(duet_weights_find(w, "a")->shape.rank, 2);
    assert_int_equal(duet_weights_find(w, "none")->bytes, 0);
    assert_memory_equal(duet_weights_find(w, "b/c")->data, values + 4, 4);
    assert_memory_equal(duet_weights_find(w, "n")->data, &number, 4);
    assert_int_equal(duet_weights_find(w, "n")->dtype, DUET_I32);
    assert_int_equal(duet_weights_find(w, "t")->dtype, DUET_BOOL);
    duet_weights_close(&w);
    all[0] ^= 1;
    put("s0", all, 7);
    assert_ok(duet_tfjs_read(in_folder("model.json"), &w, again, &e), e);
    assert_string_not_equal(sha256, again);
    duet_weights_close(&w);
}

static void the_digest_is_of_all_files_in_order(void **state)
{
    (void)state;
    put("s0", "a", 1);
    put("s1", "bc", 2);
    char got[DUET_SHA256_TEXT], want[DUET_SHA256_TEXT];
    static const char json[] = MODEL(GROUP("['s0','s1']", "[" WEIGHT("x", "[3]", "uint8", "") "]"));
    put_model(json);
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, sizeof json - 1, (const uint8_t *)quoted(json));
    sha256_update(&context, 3, (const uint8_t *)"abc");
    duet_sha256_hex(&context, want);
    struct duet_error e;
    struct duet_weights *w;
    assert_ok(duet_tfjs_read(in_folder("model.json"), &w, got, &e), e);
    assert_string_equal(got, want);
    duet_weights_close(&w);
    sha256_update(&context, 3, (const uint8_t *)"abc"); /* a value from the standard itself */
    duet_sha256_hex(&context, got);
    assert_string_equal(got, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void quantized_weights_come_out_as_what_they_stand_for(void **state)
{
    (void)state;
    static const uint8_t data[] = {
        0,    255,  7,                                  /* a: uint8 */
        0,    0,    0xff, 0xff,                         /* b: uint16 */
        0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0xff, 0x7b, /* h: 1, -2, smallest, largest */
        0x00, 0x7c, 0x00, 0xfc, 0x01, 0x7c, 0x00, 0x80, /* inf, -inf, nan, -0 */
        10,   11,   15};                                /* i: uint8 of int32 */
    put("s0", data, sizeof data);
    put_model("{'weightsManifest':[{'paths':['s0'],'weights':["
              "{'name':'a','shape':[3],'dtype':'float32',"
              "'quantization':{'dtype':'uint8','scale':0.1,'min':-3}},"
              "{'name':'b','shape':[2],'dtype':'float32',"
              "'quantization':{'dtype':'uint16','scale':0.5,'min':1}},"
              "{'name':'h','shape':[8],'dtype':'float32','quantization':{'dtype':'float16'}},"
              "{'name':'i','shape':[3],'dtype':'int32',"
              "'quantization':{'dtype':'uint8','scale':1.5,'min':-20}}]}]}");
    struct duet_error e;
    struct duet_weights *w;
    assert_ok(read_model(&w, &e), e);
    const float *a = duet_weights_find(w, "a")->data, *b = duet_weights_find(w, "b")->data,
                *h = duet_weights_find(w, "h")->data;
    const int32_t *n = duet_weights_find(w, "i")->data;
    assert_true(a[0] == -3.0f && a[1] == (float)(255 * 0.1 - 3) && a[2] == (float)(7 * 0.1 - 3));
    assert_true(b[0] == 1.0f && b[1] == 65535 * 0.5f + 1);
    assert_true(h[0] == 1.0f && h[1] == -2.0f && h[2] == 0x1p-24f && h[3] == 65504.0f);
    assert_true(isinf(h[4]) && h[4] > 0 && isinf(h[5]) && h[5] < 0 && isnan(h[6]) && h[7] == 0 &&
                signbit(h[7]));
    assert_int_equal(n[0], -5);
    assert_int_equal(n[1], -3); /* halves round up, as Math.round does */
    assert_int_equal(n[2], 3);
    duet_weights_close(&w);
}

static void epsilons_of_the_graph_become_scalars(void **state)
{
    (void)state;
    put("s0", "", 0);
    put_model("{'modelTopology':{'node':["
              "{'op':'FusedBatchNormV3','input':['x','s/BN/gamma','b','m','v'],"
              "'attr':{'epsilon':{'f':0.25}}},"
              "{'op':'FusedBatchNorm','input':['y','s/BN/gamma'],'attr':{'epsilon':{'f':0.5}}},"
              "{'op':'FusedBatchNorm','input':['y','/gamma'],'attr':{'epsilon':{'f':0.5}}},"
              "{'op':'FusedBatchNorm','input':7,'attr':{}},{'op':3},[],null]},"
              "'weightsManifest':[]}");
    struct duet_error e;
    struct duet_weights *w;
    assert_ok(read_model(&w, &e), e);
    assert_int_equal(duet_weights_count(w), 1);
    assert_true(*(const float *)duet_weights_find(w, "s/BN/epsilon")->data == 0.25f);
    duet_weights_close(&w);
}

static void shards_of_the_wrong_size_are_named(void **state)
{
    (void)state;
    static const struct {
        size_t sizes[3];
        const char *says;
    } cases[] = {
        {{8, 8, 3}, "s2: shard has 3 bytes, expected 4"}, {{8, 8, 5}, "s2: shard has 5 bytes, expected 4"},
        {{8, 8, 0}, "s2: shard has 0 bytes, expected 4"}, {{8, 7, 4}, "s1: shard has 7 bytes, expected 8"},
        {{7, 8, 4}, "s0: shard has 7 bytes, expected 8"}, {{0, 8, 4}, "s0: shard has 0 bytes, expected 8"}};
    static const uint8_t zeros[16];
    static const char *const names[] = {"s0", "s1", "s2"};
    put_model(MODEL(GROUP("['s0','s1','s2']", "[" WEIGHT("a", "[5]", "float32", "") "]")));
    struct duet_error e;
    struct duet_weights *w;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t k = 0; k < 3; k++) put(names[k], zeros, cases[i].sizes[k]);
        assert_fails(DUET_BAD_FORMAT, read_model(&w, &e), e);
        if (!strstr(e.text, cases[i].says)) fail_msg("'%s', expected '%s'", e.text, cases[i].says);
        assert_null(w);
    }
    put("s0", zeros, 8);
    put("s1", zeros, 8);
    unlink(in_folder("s2"));
    assert_fails(DUET_NOT_FOUND, read_model(&w, &e), e);
    assert_non_null(strstr(e.text, "/s2:"));
}

static void models_that_lie_are_refused(void **state)
{
    (void)state;
#define ONE(weight)           MODEL(GROUP("['s0']", "[" weight "]"))
#define FLOATS                WEIGHT("a", "[1]", "float32", "")
#define QUANTIZED(dtype, how) ONE(WEIGHT("a", "[4]", dtype, ",'quantization':" how))
    static const struct {
        const char *json;
        enum duet_status status;
        const char *says;
    } cases[] = {
        {"", DUET_BAD_FORMAT, "JSON"},
        {"{", DUET_BAD_FORMAT, "JSON"},
        {"[]", DUET_BAD_FORMAT, "weightsManifest"},
        {"{}", DUET_BAD_FORMAT, "weightsManifest"},
        {"{'weightsManifest':{}}", DUET_BAD_FORMAT, "weightsManifest"},
        {"{'weightsManifest':[],'weightsManifest':[]}", DUET_BAD_FORMAT, "duplicate"},
        {MODEL("7"), DUET_BAD_FORMAT, "weights"},
        {MODEL(GROUP("[]", "[]")), DUET_BAD_FORMAT, "paths"},
        {MODEL(GROUP("'s0'", "[]")), DUET_BAD_FORMAT, "paths"},
        {MODEL(GROUP("[7]", "[" FLOATS "]")), DUET_BAD_FORMAT, "path"},
        {MODEL(GROUP("['']", "[" FLOATS "]")), DUET_BAD_FORMAT, "inside"},
        {MODEL(GROUP("['/etc/hostname']", "[" FLOATS "]")), DUET_BAD_FORMAT, "inside"},
        {MODEL(GROUP("['../x']", "[" FLOATS "]")), DUET_BAD_FORMAT, "inside"},
        {MODEL(GROUP("['sub/../../x']", "[" FLOATS "]")), DUET_BAD_FORMAT, "inside"},
        {MODEL(GROUP("['sub/..']", "[" FLOATS "]")), DUET_BAD_FORMAT, "inside"},
        {MODEL(GROUP("['sub']", "[" FLOATS "]")), DUET_BAD_ARGUMENT, "sub"},
        {MODEL(GROUP("['..x']", "[" FLOATS "]")), DUET_NOT_FOUND, "..x"},
        {ONE("7"), DUET_BAD_FORMAT, "name"},
        {ONE("{'name':'a','shape':[1]}"), DUET_BAD_FORMAT, "dtype"},
        {ONE("{'name':'a','dtype':'float32'}"), DUET_BAD_FORMAT, "shape"},
        {ONE(WEIGHT("", "[1]", "float32", "")), DUET_BAD_FORMAT, "name"},
        {ONE(WEIGHT("a", "[1]", "complex64", "")), DUET_UNSUPPORTED, "complex64"},
        {ONE(WEIGHT("a", "[-1]", "float32", "")), DUET_BAD_FORMAT, "dimension"},
        {ONE(WEIGHT("a", "['1']", "float32", "")), DUET_BAD_FORMAT, "dimension"},
        {ONE(WEIGHT("a", "[1,1,1,1,1,1,1,1,1]", "float32", "")), DUET_TOO_LARGE, "9 dimensions"},
        {ONE(WEIGHT("a", "[4294967296,4294967296]", "float32", "")), DUET_TOO_LARGE, "limit"},
        {ONE(WEIGHT("a", "[268435457]", "float32", "")), DUET_TOO_LARGE, "limit"},
        {ONE(WEIGHT("a", "[2]", "float32", "")), DUET_BAD_FORMAT, "has 4 bytes, expected 8"},
        {ONE(WEIGHT("a", "[0]", "float32", "") "," WEIGHT("a", "[1]", "float32", "")), DUET_EXISTS, "a"},
        {QUANTIZED("float32", "{}"), DUET_BAD_FORMAT, "dtype"},
        {QUANTIZED("float32", "{'dtype':'uint8','scale':1}"), DUET_BAD_FORMAT, "min"},
        {QUANTIZED("float32", "{'dtype':'uint8','scale':'1','min':0}"), DUET_BAD_FORMAT, "scale"},
        {QUANTIZED("float32", "{'dtype':'uint4','scale':1,'min':0}"), DUET_UNSUPPORTED, "uint4"},
        {QUANTIZED("int32", "{'dtype':'float16'}"), DUET_UNSUPPORTED, "float16"},
        {QUANTIZED("bool", "{'dtype':'uint8','scale':1,'min':0}"), DUET_UNSUPPORTED, "BOOL"},
        {QUANTIZED("float32", "{'dtype':'uint16','scale':1,'min':0}"), DUET_BAD_FORMAT, "expected 8"},
    };
    put("s0", "\0\0\0\0", 4);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct duet_error e = {0};
        struct duet_weights *w;
        put_model(cases[i].json);
        enum duet_status status = read_model(&w, &e);
        if (status != cases[i].status || !strstr(e.text, cases[i].says) || w)
            fail_msg("case %zu, %s: %s '%s', expected %s '%s'", i, cases[i].json, duet_status_name(status),
                     e.text, duet_status_name(cases[i].status), cases[i].says);
    }
}

static void a_cut_or_damaged_model_json_never_crashes(void **state)
{
    (void)state;
    static const char whole[] =
        "{'modelTopology':{'node':[{'op':'FusedBatchNorm','input':['x','s/gamma'],"
        "'attr':{'epsilon':{'f':0.5}}}]},'weightsManifest':[{'paths':['s0'],'weights':["
        "{'name':'a','shape':[2,2],'dtype':'float32',"
        "'quantization':{'dtype':'uint8','scale':1,'min':0}}]}]}";
    char copy[sizeof whole];
    struct duet_error e;
    struct duet_weights *w;
    put("s0", "\0\0\0\0", 4);
    for (size_t cut = 0; cut < sizeof whole - 1; cut++) {
        put("model.json", quoted(whole), cut);
        assert_fails(DUET_BAD_FORMAT, read_model(&w, &e), e);
    }
    for (size_t i = 0; i < sizeof whole - 1; i++)
        for (const char *with = "'9]}x\\"; *with; with++) {
            memcpy(copy, whole, sizeof copy);
            copy[i] = *with;
            put_model(copy);
            enum duet_status status = read_model(&w, &e);
            assert_true((status == DUET_OK) == (w != NULL));
            duet_weights_close(&w);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_may_straddle_shards),
        cmocka_unit_test(the_digest_is_of_all_files_in_order),
        cmocka_unit_test(quantized_weights_come_out_as_what_they_stand_for),
        cmocka_unit_test(epsilons_of_the_graph_become_scalars),
        cmocka_unit_test(shards_of_the_wrong_size_are_named),
        cmocka_unit_test(models_that_lie_are_refused),
        cmocka_unit_test(a_cut_or_damaged_model_json_never_crashes),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
