#include "support/kernel_testing.h"

/* Random RGB8 pixels that end at an unreadable page. */
static struct testing_input random_row(size_t width)
{
    struct testing_input in = testing_bytes_input(width * 3);
    uint8_t *bytes = in.data;
    for (size_t i = 0; i < width * 3; i++) bytes[i] = (uint8_t)testing_random();
    return in;
}

static void compare_levels(size_t in_width, size_t out_width, const struct testing_levels *levels)
{
    struct testing_input top = random_row(in_width), bottom = random_row(in_width);
    struct testing_input columns = testing_bytes_input(out_width * sizeof(struct duet_resize_tap));
    duet_resize_taps(in_width, out_width, columns.data);
    bool two_rows = testing_between(0, 3) > 0;
    float fraction = fabsf(testing_float());
    struct duet_resize_args args = {.top = top.data,
                                    .bottom = two_rows ? bottom.data : top.data,
                                    .fraction = fraction,
                                    .columns = columns.data,
                                    .out_width = out_width,
                                    .scale = 2.0f / 255.0f,
                                    .shift = -1.0f};
    struct testing_buffer first = testing_buffer(out_width * 3, testing_between(0, 15));
    args.output = first.data;
    duet_resize_scalar(&args);
    testing_sum_add(&first);
    uint64_t next = testing_random_state;
    for (int i = 0; i < levels->count; i++) {
        struct testing_buffer out = testing_buffer(out_width * 3, testing_between(0, 15));
        args.output = out.data;
        levels->items[i].resize(&args);
        if (memcmp(first.data, out.data, out.count * sizeof(float)) != 0)
            fail_msg("%s: %zu -> %zu pixels: not the scalar kernel's bytes", levels->items[i].level, in_width,
                     out_width);
        testing_buffer_close(&out);
    }
    testing_random_state = next; /* the same for any number of levels */
    testing_buffer_close(&first);
    testing_input_close(&top);
    testing_input_close(&bottom);
    testing_input_close(&columns);
}

static void every_level_gives_the_same_bytes(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_begin("resize");
    for (size_t width = 1; width <= 70; width++) compare_levels(width, width, &levels);
    for (int i = 0; i < 400; i++) {
        size_t in = testing_between(1, 200), out = testing_between(1, 200);
        compare_levels(in, out, &levels);
    }
    compare_levels(640, 300, &levels);
    compare_levels(100, 513, &levels);
}

/* By hand: 2 pixels to 4, without half-pixel centres: the last column repeats the last pixel. */
static void a_small_one_by_hand(void **state)
{
    (void)state;
    const struct testing_levels levels = testing_begin("resize by hand");
    struct duet_resize_tap columns[4];
    duet_resize_taps(2, 4, columns);
    const uint8_t top[] = {0, 10, 20, 100, 110, 120}, bottom[] = {200, 200, 200, 0, 0, 0};
    static const float expected[4][3] = {{100, 105, 110}, {75, 80, 85}, {50, 55, 60}, {50, 55, 60}};
    for (int i = 0; i < levels.count; i++) {
        float output[12];
        struct duet_resize_args args = {top, bottom, 0.5f, columns, 4, output, 1, 0};
        levels.items[i].resize(&args);
        assert_memory_equal(output, expected, sizeof expected);
    }
}

/* Taps stay inside however the sizes round. */
static void taps_stay_inside(void **state)
{
    (void)state;
    static struct duet_resize_tap taps[9000];
    testing_seed("resize taps");
    for (int i = 0; i < 500; i++) {
        size_t in = testing_between(1, 100000), out = testing_between(1, 9000);
        duet_resize_taps(in, out, taps);
        for (size_t k = 0; k < out; k++)
            if (taps[k].low >= in || taps[k].high >= in || taps[k].high < taps[k].low)
                fail_msg("%zu -> %zu: target %zu takes from %u and %u", in, out, k, taps[k].low,
                         taps[k].high);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_gives_the_same_bytes),
        cmocka_unit_test(a_small_one_by_hand),
        cmocka_unit_test(taps_stay_inside),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    testing_sum_say();
    return failed;
}
