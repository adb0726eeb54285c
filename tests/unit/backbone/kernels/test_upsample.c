#include "support/kernel_testing.h"

/* Random logits that end at an unreadable page; a few far away, equal or not numbers. */
static struct testing_input random_cell(size_t classes, const struct testing_input *like)
{
    struct testing_input in = testing_bytes_input(classes * sizeof(float));
    float *logits = in.data;
    for (size_t c = 0; c < classes; c++) {
        logits[c] = testing_float() * 12;
        size_t kind = testing_between(0, 40);
        if (kind == 0) logits[c] = NAN;
        if (kind == 1) logits[c] = testing_float() < 0 ? -INFINITY : 1e30f;
        if (kind == 2) logits[c] = logits[c / 2];
        if (kind > 35 && like) logits[c] = ((const float *)like->data)[c];
    }
    return in;
}

struct outputs {
    struct testing_buffer total, sums;
    uint8_t *classes; /* one more than pixels: a guard */
};

static struct outputs run(duet_upsample_fn *kernel, struct duet_upsample_args args, bool sums)
{
    struct outputs out = {.total = testing_buffer(args.pixels, testing_between(0, 15)),
                          .sums = testing_buffer(args.classes * args.pixels, testing_between(0, 15)),
                          .classes = malloc(args.pixels + 1)};
    assert_non_null(out.classes);
    memset(out.classes, 0xee, args.pixels + 1);
    for (size_t i = 0; i < args.classes * args.pixels; i++) out.sums.data[i] = (float)i / 64;
    args.output = out.classes;
    args.total = out.total.data;
    args.sums = sums ? out.sums.data : NULL;
    args.sums_stride = args.pixels;
    kernel(&args);
    assert_int_equal(out.classes[args.pixels], 0xee);
    uint8_t *again = calloc(args.pixels, 1);
    assert_non_null(again);
    args.output = again;
    args.total = args.sums = NULL;
    kernel(&args); /* classes alone */
    assert_memory_equal(again, out.classes, args.pixels);
    free(again);
    return out;
}

static void outputs_close(struct outputs *out)
{
    testing_buffer_close(&out->total);
    testing_buffer_close(&out->sums);
    free(out->classes);
}

static bool same(const struct testing_buffer *a, const struct testing_buffer *b)
{
    return memcmp(a->data, b->data, a->count * sizeof(float)) == 0;
}

static void compare_levels(size_t classes, size_t pixels, const struct testing_levels *levels)
{
    struct testing_input left = random_cell(classes, NULL), right = random_cell(classes, &left);
    struct testing_input fractions = testing_bytes_input(pixels * sizeof(float));
    for (size_t i = 0; i < pixels; i++) ((float *)fractions.data)[i] = fabsf(testing_float());
    bool one_cell = testing_between(0, 7) == 0, sums = testing_between(0, 1) > 0;
    struct duet_upsample_args args = {.left = left.data,
                                      .right = one_cell ? left.data : right.data,
                                      .classes = classes,
                                      .fractions = fractions.data,
                                      .pixels = pixels};
    struct outputs first = run(duet_upsample_scalar, args, sums);
    testing_sum_add(&first.total);
    uint64_t next = testing_random_state;
    for (int i = 0; i < levels->count; i++) {
        struct outputs out = run(levels->items[i].upsample, args, sums);
        if (memcmp(first.classes, out.classes, pixels) != 0 || !same(&first.total, &out.total) ||
            !same(&first.sums, &out.sums))
            fail_msg("%s: %zu classes, %zu pixels: not the scalar kernel's bytes", levels->items[i].level,
                     classes, pixels);
        outputs_close(&out);
    }
    testing_random_state = next; /* the same for any number of levels */
    outputs_close(&first);
    testing_input_close(&left);
    testing_input_close(&right);
    testing_input_close(&fractions);
}

static void every_level_gives_the_same_bytes(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_begin("upsample");
    for (size_t pixels = 1; pixels <= 70; pixels++) compare_levels(21, pixels, &levels);
    for (int i = 0; i < 300; i++) {
        size_t classes = testing_between(1, 256), pixels = testing_between(1, 40);
        compare_levels(classes, pixels, &levels);
    }
}

/* By hand: two classes, halfway between cells that contradict each other, and a quarter of the way. */
static void a_small_one_by_hand(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_begin("upsample by hand");
    static const float left[] = {0, 2}, right[] = {2, 0}, fractions[] = {0.5f, 0.25f, 1};
    for (int i = 0; i < levels.count; i++) {
        uint8_t classes[3];
        float total[3], sums[2][3] = {{0}};
        levels.items[i].upsample(
            &(struct duet_upsample_args){left, right, 2, fractions, 3, classes, total, sums[0], 3});
        assert_memory_equal(classes, ((uint8_t[]){0, 1, 0}), 3); /* equal: the lower */
        assert_true(total[0] == 2 && sums[0][0] == 0.5f && sums[1][0] == 0.5f);
        assert_true(fabs((double)total[1] - (1 + exp(-1))) < 1e-6 &&
                    fabs((double)total[2] - (1 + exp(-2))) < 1e-6);
        assert_true(fabs((double)sums[1][1] - 1 / (1 + exp(-1))) < 1e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_gives_the_same_bytes),
        cmocka_unit_test(a_small_one_by_hand),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    testing_sum_say();
    return failed;
}
