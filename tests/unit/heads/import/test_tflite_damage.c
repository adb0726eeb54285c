/* TFLite files that are damaged, cut, made to take memory, or come when there is none. */
#include "support/import_damage.h"

/* The reader alone is tested with every byte wrong, and cut at every byte, in test_tflite.c. */
static void the_structure_may_be_wrong(void **state)
{
    (void)state;
    uint64_t seed = 4;
    struct fixture f = make(tiny, 16, DUET_U8);
    size_t size, structure, tried = 0, accepted = 0;
    uint8_t *file = spec_write(f.spec, &size, &structure);
    for (size_t at = 0; at < structure; at += at < 2048 ? 1 : 1 + mutation_random(&seed) % 10) {
        uint8_t right = file[at];
        file[at] = (uint8_t)(right ^ (1 + mutation_random(&seed) % 255));
        accepted += import_damaged(file, size, "byte", at);
        file[at] = right;
        tried++;
    }
    printf("# %zu bytes of structure, %zu tried, %zu of the damaged files are accepted\n", structure, tried,
           accepted);
    assert_true(accepted < tried / 2);
    assert_true(import_damaged(file, size, "restored", 0));
    free(file);
    unmake(&f);
}

static void random_damage(void **state)
{
    (void)state;
    uint64_t seed = 5;
    struct fixture f = make(tiny, 8, DUET_I8);
    size_t size, structure;
    uint8_t *file = spec_write(f.spec, &size, &structure), *bad = malloc(size);
    assert_non_null(bad);
    printf("# seed %llu\n", (unsigned long long)seed);
    for (size_t round = 0; round < 2000; round++) {
        memcpy(bad, file, size);
        mutate(bad, round % 2 ? structure : size, &seed);
        import_damaged(bad, size, "round", round);
    }
    free(bad);
    free(file);
    unmake(&f);
}

static void truncation_is_refused(void **state)
{
    (void)state;
    struct fixture f = make(tiny, 16, DUET_F16);
    size_t size, structure;
    uint8_t *file = spec_write(f.spec, &size, &structure);
    for (size_t n = 0; n < size; n += n < structure ? 17 : 101) {
        uint8_t *cut = malloc(n ? n : 1);
        assert_non_null(cut);
        memcpy(cut, file, n);
        assert_false(import_damaged(cut, n, "cut after", n));
        free(cut);
    }
    free(file);
    unmake(&f);
}

/* A width at which every layer asks for much, and all tensors of one size share their bytes. */
static void shared_bytes_are_counted_once(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_weights *weights;
    struct duet_model_config config = lite;
    config.backbone.width_multiplier = 2;
    config.backbone.channel_divisor = 8;
    struct fixture f = make(config, 16, DUET_F32);
    for (uint32_t i = 0; i < f.spec->tensor_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (f.spec->tensors[i].data && f.spec->tensors[k].bytes == f.spec->tensors[i].bytes) {
                free(f.spec->tensors[i].data);
                f.spec->tensors[i].data = NULL;
                f.spec->tensors[i].same_data = (int)k + 1;
            }
    size_t size;
    uint8_t *file = spec_write(f.spec, &size, NULL);
    memory_watch(0);
    enum duet_status status = import_bytes(file, size, NULL, &weights, &e);
    struct memory_report report = memory_unwatch();
    assert_int_equal(status, DUET_TOO_LARGE);
    assert_non_null(strstr(e.text, "more bytes of weights"));
    assert_in_range(report.peak_size, 0, MOST_MEMORY + 2 * (ptrdiff_t)size);
    free(file);
    unmake(&f);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct fixture f = make(lite, 16, DUET_U8);
    size_t size;
    uint8_t *file = spec_write(f.spec, &size, NULL);
    long calls = 1;
    for (long n = 1; n <= calls; n += 1 + n / 50) {
        struct duet_error e = {.text = ""};
        struct duet_weights *weights;
        memory_watch(n);
        enum duet_status status = import_bytes(file, size, NULL, &weights, &e);
        duet_weights_close(&weights);
        struct memory_report report = memory_unwatch();
        if (report.blocks != 0) fail_msg("allocation %ld fails: %ld leaks", n, report.blocks);
        if (status != DUET_OK && !e.text[0]) fail_msg("allocation %ld fails: no text", n);
        if (n == 1) {
            memory_watch(0);
            assert_ok(import_bytes(file, size, NULL, &weights, &e), e);
            duet_weights_close(&weights);
            calls = memory_unwatch().calls;
        }
    }
    printf("# %ld allocations\n", calls);
    free(file);
    unmake(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_structure_may_be_wrong), cmocka_unit_test(random_damage),
        cmocka_unit_test(truncation_is_refused),      cmocka_unit_test(shared_bytes_are_counted_once),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
