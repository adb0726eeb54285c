/* The TFLite files that were published, as they are and damaged. */
#include "support/import_damage.h"

struct published {
    const char *name;
    struct duet_model_config config;
    enum duet_dtype weight;
    size_t first; /* channels of the first convolution */
    int output_stride;
};

static const struct published files[] = {
    {"deeplabv3_mnv2_pascal_quant.tflite",
     {.backbone = {1, 8}, ONE_HEAD(DEEPLABV3_HEAD(513, 513, 16, 21, 256, false))},
     DUET_U8,
     32,
     16},
    {"deeplabv3_mnv2_dm05_pascal_quant.tflite",
     {.backbone = {0.5, 1}, ONE_HEAD(DEEPLABV3_HEAD(513, 513, 16, 21, 256, false))},
     DUET_U8,
     16,
     16},
    {"deeplabv3_257_mv_gpu.tflite",
     {.backbone = {0.5, 1}, ONE_HEAD(DEEPLABV3_HEAD(257, 257, 8, 21, 256, false))},
     DUET_F32,
     16,
     8},
    {"mobilenet_v2_1.0_224_quant.tflite",
     {.backbone = {1, 8}, ONE_HEAD(CLASSIFIER_HEAD(224, 224, 1001))},
     DUET_U8,
     32,
     32},
};

static void the_published_files_are_read(void **state)
{
    (void)state;
    testing_need_shared(shared);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct duet_error e;
        struct duet_weights *weights;
        char path[5000];
        snprintf(path, sizeof path, "%s/models/%s", shared, files[i].name);
        assert_ok(duet_model_import(path, NULL, &weights, &e), e);
        assert_config(weights, &files[i].config, files[i].output_stride);
        const struct duet_tensor *t = duet_weights_find(weights, "backbone.conv.weight");
        assert_non_null(t);
        assert_int_equal(t->dtype, files[i].weight);
        assert_int_equal(t->shape.dims[3], files[i].first);
        struct duet_metadata metadata;
        assert_ok(duet_metadata_read("x", duet_weights_metadata(weights), &metadata, &e), e);
        const struct duet_model_range *range = range_of(&metadata.config, "backbone.conv");
        assert_int_equal(range != NULL, files[i].weight == DUET_U8);
        if (range) { /* ReLU6 in 255 steps */
            assert_in_range(range->scale * 255 * 1000, 5990, 6010);
            assert_int_equal(range->zero_point, 0);
            assert_non_null(range_of(&metadata.config, "input"));
            assert_non_null(range_of(&metadata.config, "backbone.block2.add"));
            assert_null(range_of(&metadata.config, "deeplabv3.logits"));
        }
        duet_metadata_close(&metadata);
        duet_weights_close(&weights);
    }
}

/* Structure is imported with each byte wrong in turn, in steps; the reader's test takes every one. */
static void published_files_may_be_damaged(void **state)
{
    (void)state;
    testing_need_shared(shared);
    struct duet_error e;
    struct duet_bytes file;
    uint64_t seed = 6;
    char path[5000];
    snprintf(path, sizeof path, "%s/models/%s", shared, files[1].name);
    assert_ok(duet_read_file(path, (size_t)1 << 24, &file, &e), e);
    uint8_t *bad = malloc(file.size);
    assert_non_null(bad);
    memcpy(bad, file.data, file.size);
    for (size_t at = 0; at < 512; at++) {
        bad[at] = (uint8_t)(file.data[at] ^ (1 + mutation_random(&seed) % 255));
        import_damaged(bad, file.size, "byte", at);
        bad[at] = file.data[at];
    }
    for (size_t round = 0; round < 150; round++) {
        mutate(bad, file.size, &seed);
        import_damaged(bad, file.size, "round", round);
        memcpy(bad, file.data, file.size);
    }
    free(bad);
    duet_bytes_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_files_are_read),
        cmocka_unit_test(published_files_may_be_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
