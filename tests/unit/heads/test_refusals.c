/* What would compute wrong numbers, write past memory or take all of it is refused: faults of a network's
 * description, weights of another network, pools that are too large, budgets, files that change, promises
 * that a kernel's caller breaks. */
#include "support/tiny_group.h"

#include "duet/duet.h"
#include "kernels/kernels.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct duet_error e;

#define BAD(call) assert_fails(DUET_BAD_ARGUMENT, call, e)

/* --- faults of a description ---------------------------------------------------------------------------- */

struct builder {
    struct duet_network *network;
    duet_node input, deep; /* of 3 and 8 channels */
    duet_node made;        /* by the faulty call; -1 */
    char longest[300];
};

static void unknown_input(struct builder *b)
{
    b->made = duet_network_depthwise(b->network, 999, (struct duet_conv){.name = "x"});
}
static void no_input(struct builder *b)
{
    b->made = duet_network_conv(b->network, -1, (struct duet_conv){.name = "x", .channels = 1});
}
static void itself(struct builder *b)
{
    b->made = duet_network_add(b->network, "x", b->deep + 1, b->deep);
}
static void second_input(struct builder *b)
{
    b->made = duet_network_input(b->network, "x", 3);
}
static void other_channels(struct builder *b)
{
    b->made = duet_network_add(b->network, "x", b->input, b->deep);
}
static void taken_name(struct builder *b)
{
    b->made = duet_network_global_mean(b->network, "deep", b->deep);
}
static void no_name(struct builder *b)
{
    b->made = duet_network_global_mean(b->network, NULL, b->deep);
}
static void long_name(struct builder *b)
{
    b->made = duet_network_global_mean(b->network, b->longest, b->deep);
}
static void negative_stride(struct builder *b)
{
    b->made =
        duet_network_conv(b->network, b->deep, (struct duet_conv){.name = "x", .stride = -1, .channels = 1});
}
static void even_kernel(struct builder *b)
{
    b->made =
        duet_network_conv(b->network, b->deep, (struct duet_conv){.name = "x", .kernel = 2, .channels = 1});
}
static void large_depthwise(struct builder *b)
{
    b->made = duet_network_depthwise(b->network, b->deep, (struct duet_conv){.name = "x", .kernel = 5});
}
static void large_rate(struct builder *b)
{
    b->made = duet_network_depthwise(b->network, b->deep, (struct duet_conv){.name = "x", .rate = 65});
}
static void strange_activation(struct builder *b)
{
    b->made = duet_network_conv(
        b->network, b->deep,
        (struct duet_conv){.name = "x", .channels = 1, .activation = (enum duet_activation)3});
}
static void no_channels(struct builder *b)
{
    b->made = duet_network_conv(b->network, b->deep, (struct duet_conv){.name = "x"});
}
static void empty_concat(struct builder *b)
{
    b->made = duet_network_concat(b->network, "x", &b->deep, 0);
}
static void unknown_like(struct builder *b)
{
    b->made = duet_network_broadcast(b->network, "x", b->deep, 77);
}
static void like_nothing(struct builder *b)
{
    b->made = duet_network_side_input(b->network, "x", 1, 77, (struct duet_input_type){DUET_U8, 1, 0});
}
static void side_input_of_halves(struct builder *b)
{
    b->made = duet_network_side_input(b->network, "x", 1, b->deep, (struct duet_input_type){DUET_F16, 1, 0});
}
static void scaled_floats(struct builder *b)
{
    b->made = duet_network_side_input(b->network, "x", 1, b->deep, (struct duet_input_type){DUET_F32, 2, 0});
}
static void endless_scale(struct builder *b)
{
    b->made =
        duet_network_side_input(b->network, "x", 1, b->deep, (struct duet_input_type){DUET_U8, INFINITY, 0});
}
static void upsampled_like_nothing(struct builder *b)
{
    b->made = duet_network_upsample(b->network, "x", b->deep, -2);
}
static void nothing_subsampled(struct builder *b)
{
    b->made = duet_network_subsample(b->network, "x", 77);
}
static void second_output(struct builder *b)
{
    duet_network_output(b->network, "out", b->input);
}
static void output_of_nothing(struct builder *b)
{
    duet_network_output(b->network, "x", 999);
}
static void output_without_name(struct builder *b)
{
    duet_network_output(b->network, "", b->deep);
}

static const struct {
    void (*build)(struct builder *b);
    const char *says; /* part of the text */
} faults[] = {
    {unknown_input, "layer x: its input 0 is 999"},
    {no_input, "layer x: its input 0 is -1"},
    {itself, "layer x: its input 0 is 2"},
    {second_input, "a second picture"},
    {other_channels, "adds 3 to 8 channels"},
    {taken_name, "'deep': empty, taken"},
    {no_name, "'': empty"},
    {long_name, "longer than 200 bytes"},
    {negative_stride, "stride -1"},
    {even_kernel, "kernel 2"},
    {large_depthwise, "kernel 5"},
    {large_rate, "atrous rate 65"},
    {strange_activation, "activation 3"},
    {no_channels, "0 channels"},
    {empty_concat, "joins 0 inputs"},
    {unknown_like, "its input 1 is 77"},
    {like_nothing, "its input 0 is 77"},
    {side_input_of_halves, "numbers in F16"},
    {scaled_floats, "numbers in F32 with scale 2"},
    {endless_scale, "scale inf"},
    {upsampled_like_nothing, "its input 1 is -2"},
    {nothing_subsampled, "its input 0 is 77"},
    {second_output, "output name 'out'"},
    {output_of_nothing, "output x: 999"},
    {output_without_name, "output name ''"},
};

static struct builder begin(void)
{
    struct builder b = {.made = -1};
    memset(b.longest, 'x', sizeof b.longest - 1);
    assert_ok(duet_network_create(&b.network, &e), e);
    b.input = duet_network_input(b.network, "in", 3);
    b.deep = duet_network_conv(b.network, b.input, (struct duet_conv){.name = "deep", .channels = 8});
    duet_network_output(b.network, "out", b.deep);
    assert_ok(duet_network_check(b.network, &e), e);
    return b;
}

static void a_fault_is_remembered_and_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct builder b = begin();
        struct duet_layer_info info[8];
        struct duet_compiled *compiled;
        struct duet_weights *weights = random_weights(b.network, 1);
        struct duet_compile_options options = {.struct_size = sizeof options, .height = 8, .width = 8};
        faults[i].build(&b);
        assert_int_equal(b.made, -1);
        /* What comes later does nothing, and does not hide the first fault. */
        assert_int_equal(duet_network_global_mean(b.network, "later", b.deep), -1);
        duet_network_output(b.network, "later", b.input);
        assert_int_equal(duet_network_layer_count(b.network), 2);
        assert_int_equal(duet_network_output_count(b.network), 1);
        BAD(duet_network_check(b.network, &e));
        if (!strstr(e.text, faults[i].says))
            fail_msg("fault %zu: '%s', expected '%s'", i, e.text, faults[i].says);
        BAD(duet_network_account(b.network, 8, 8, info, sizeof(struct duet_layer_info), &e));
        BAD(duet_compile(b.network, weights, &options, &compiled, &e));
        if (!strstr(e.text, faults[i].says))
            fail_msg("fault %zu: '%s', expected '%s'", i, e.text, faults[i].says);
        duet_weights_close(&weights);
        duet_network_close(&b.network);
    }
}

static void shapes_that_do_not_fit_are_told_with_the_size(void **state)
{
    (void)state;
    struct duet_layer_info info[8];
    struct builder b = begin();
    duet_node half =
        duet_network_depthwise(b.network, b.deep, (struct duet_conv){.name = "half", .stride = 2});
    duet_network_add(b.network, "sum", half, b.deep);
    assert_ok(duet_network_check(b.network, &e), e);
    assert_ok(duet_network_account(b.network, 1, 1, info, sizeof(struct duet_layer_info), &e), e);
    BAD(duet_network_account(b.network, 9, 9, info, sizeof(struct duet_layer_info), &e));
    assert_non_null(strstr(e.text, "layer sum: joins 5x5 and 9x9"));
    duet_network_close(&b.network);
    b = begin();
    duet_network_broadcast(b.network, "repeat", b.deep, b.input);
    assert_ok(duet_network_account(b.network, 1, 1, info, sizeof(struct duet_layer_info), &e), e);
    BAD(duet_network_account(b.network, 9, 9, info, sizeof(struct duet_layer_info), &e));
    assert_non_null(strstr(e.text, "layer repeat: repeats 9x9, expected 1x1"));
    duet_network_close(&b.network);
    b = begin();
    duet_network_upsample(b.network, "double", b.deep, b.input);
    assert_ok(duet_network_account(b.network, 1, 1, info, sizeof(struct duet_layer_info), &e), e);
    BAD(duet_network_account(b.network, 9, 1, info, sizeof(struct duet_layer_info), &e));
    assert_non_null(strstr(e.text, "layer double: makes 9x1 of 9x1, expected sides of 2 n - 1 or 2 n"));
    duet_network_close(&b.network);
}

/* --- what would compute wrong numbers, or write past memory ----------------------------------------------
 */

static struct duet_network *separable(void)
{
    struct builder b = begin();
    duet_node node = duet_network_conv(
        b.network, b.deep, (struct duet_conv){.name = "wide", .channels = 32, .activation = DUET_RELU6});
    node = duet_network_depthwise(b.network, node, (struct duet_conv){.name = "dw"});
    node = duet_network_conv(b.network, node, (struct duet_conv){.name = "narrow", .channels = 8});
    duet_network_output(b.network, "end", node);
    return b.network;
}

static void a_session_is_not_run_on_more_threads_than_it_has_memory_for(void **state)
{
    (void)state;
    struct duet_network *network = separable();
    struct duet_weights *weights = random_weights(network, 1);
    struct duet_compiled *compiled;
    struct duet_session *session;
    struct duet_pool pool;
    struct duet_compile_options options = {.struct_size = sizeof options, .height = 40, .width = 40};
    assert_ok(duet_compile(network, weights, &options, &compiled, &e), e);
    struct duet_step_info info = DUET_STEP_INFO;
    BAD(duet_compiled_step(compiled, 99, &info, &e));
    BAD(duet_compiled_step(compiled, -1, &info, &e));
    BAD(duet_session_create(compiled, 0, &session, &e));
    assert_ok(duet_session_create(compiled, 2, &session, &e), e);
    assert_ok(duet_pool_create(3, &pool, &e), e);
    struct duet_run_options run = {.struct_size = sizeof run, .pool = &pool};
    BAD(duet_session_run(session, &run, &e));
    assert_non_null(strstr(e.text, "3 threads: expected 1 to 2"));
    BAD(duet_session_run_step(session, 0, &run, &e));
    BAD(duet_session_run_step(session, -1, NULL, &e));
    BAD(duet_session_run_step(session, duet_compiled_step_count(compiled), NULL, &e));
    BAD(duet_session_output(session, NULL, &(struct duet_view){0}, &e));
    duet_pool_close(&pool);
    assert_ok(duet_pool_create(2, &pool, &e), e);
    assert_ok(duet_session_run(session, &run, &e), e);
    duet_pool_close(&pool);
    duet_session_close(&session);
    duet_compiled_close(&compiled);
    duet_weights_close(&weights);
    duet_network_close(&network);
}

/* --- what a kernel's caller promises
 * ------------------------------------------------------------------------ */

#ifndef NDEBUG
static float numbers[64];

static void conv1x1_in_place(const struct duet_kernels *k)
{
    k->of[DUET_F32].conv1x1.run(
        &(struct duet_conv1x1_args){.pixels = 1,
                                    .in_channels = 1,
                                    .out_channels = 1,
                                    .input = numbers,
                                    .input_stride = 1,
                                    .weights = numbers,
                                    .panel_stride = k->of[DUET_F32].conv1x1.packing.panel,
                                    .bias = numbers,
                                    .output = numbers,
                                    .output_stride = 1,
                                    .epilogue.high = 1});
}
static void conv3x3_of_stride_3(const struct duet_kernels *k)
{
    k->of[DUET_F32].conv3x3.run(&(struct duet_conv3x3_args){.in_width = 1,
                                                            .out_width = 1,
                                                            .in_channels = 1,
                                                            .out_channels = 1,
                                                            .stride = 3,
                                                            .rate = 1,
                                                            .weights = numbers,
                                                            .bias = numbers,
                                                            .output = numbers,
                                                            .epilogue.high = 1});
}
static void depthwise_in_place(const struct duet_kernels *k)
{
    k->of[DUET_F32].depthwise3x3.run(&(struct duet_depthwise3x3_args){.input = numbers,
                                                                      .ring_rows = 1,
                                                                      .row_stride = 1,
                                                                      .pixel_stride = 1,
                                                                      .in_height = 1,
                                                                      .in_width = 1,
                                                                      .out_width = 1,
                                                                      .channels = 1,
                                                                      .stride = 1,
                                                                      .rate = 1,
                                                                      .pad_top = 1,
                                                                      .pad_left = 1,
                                                                      .weights = numbers,
                                                                      .weight_stride = 1,
                                                                      .bias = numbers,
                                                                      .y_end = 1,
                                                                      .output = numbers,
                                                                      .output_stride = 1,
                                                                      .epilogue.high = 1});
}
static void resize_past_the_row_below(const struct duet_kernels *k)
{
    static const uint8_t row[6];
    k->resize(&(struct duet_resize_args){.top = row, .bottom = row, .fraction = 2, .output = numbers});
}
static void upsample_of_no_classes(const struct duet_kernels *k)
{
    k->upsample(&(struct duet_upsample_args){.left = numbers, .right = numbers});
}
#endif

static void a_broken_promise_stops_every_kernel(void **state)
{
    (void)state;
#ifdef NDEBUG
    fputs("# skipped: built without assertions\n", stderr);
    skip();
#else
    static void (*const broken[])(const struct duet_kernels *) = {
        conv1x1_in_place, conv3x3_of_stride_3, depthwise_in_place, resize_past_the_row_below,
        upsample_of_no_classes};
    for (int level = 0; duet_kernels_level(level); level++) {
        struct duet_kernels kernels;
        if (!duet_kernels_runs(duet_kernels_level(level))) continue;
        assert_ok(duet_kernels_select(duet_kernels_level(level), &kernels, &e), e);
        for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
            fflush(NULL);
            pid_t child = fork();
            assert_true(child >= 0);
            if (child == 0) {
                signal(SIGABRT, SIG_DFL);
                if (!freopen("/dev/null", "w", stderr)) _exit(1);
                broken[i](&kernels);
                _exit(0);
            }
            int ended = 0;
            assert_int_equal(waitpid(child, &ended, 0), child);
            if (!WIFSIGNALED(ended) || WTERMSIG(ended) != SIGABRT)
                fail_msg("%s, case %zu: not stopped (%d)", kernels.level, i, ended);
        }
    }
#endif
}

/* --- memory that a model file asks for -------------------------------------------------------------------
 */

static void a_network_over_the_budget_is_refused_before_it_takes_memory(void **state)
{
    (void)state;
    struct duet_model *model;
    struct duet_detector *detector;
    struct duet_segmenter *segmenter;
    struct duet_memory small = DUET_MEMORY, large = DUET_MEMORY;
    assert_ok(duet_model_open(tiny, &model, &e), e);
    const struct duet_model_config *config = duet_model_config(model);
    assert_ok(duet_model_memory(config, 0, 64, 64, &small, &e), e);
    assert_ok(duet_model_memory(config, 0, 4096, 4096, &large, &e), e);
    assert_true(small.session_bytes > 0 && small.session_bytes < (1 << 20));
    assert_true(large.session_bytes > (100 << 20) && large.thread_bytes >= small.thread_bytes);
    struct duet_detector_options d = DUET_DETECTOR_OPTIONS;
    d.input_width = d.input_height = 4096;
    d.max_memory = 50 << 20;
    assert_fails(DUET_TOO_LARGE, duet_detector_create(model, &d, &detector, &e), e);
    assert_non_null(strstr(e.text, "4096x4096 needs"));
    assert_non_null(strstr(e.text, "52428800 are allowed"));
    d.input_width = d.input_height = 64;
    d.max_memory = 0;
    assert_ok(duet_detector_create(model, &d, &detector, &e), e);
    d.max_memory = duet_detector_bytes(detector); /* with one thread, without the other head */
    assert_true(d.max_memory <= small.session_bytes + small.thread_bytes);
    duet_detector_close(&detector);
    assert_ok(duet_detector_create(model, &d, &detector, &e), e);
    struct duet_image picture = tiny_picture(20, 10, 1);
    struct duet_detections found;
    struct duet_pool pool;
    const struct duet_run_options two = {.struct_size = sizeof two, .pool = &pool};
    assert_ok(duet_pool_create(2, &pool, &e), e); /* a second thread is over it */
    assert_fails(DUET_TOO_LARGE, duet_detector_run(detector, &picture, &two, &found, &e), e);
    assert_ok(duet_detector_run(detector, &picture, NULL, &found, &e), e);
    duet_detections_close(&found);
    duet_detector_close(&detector);
    d.max_memory--;
    assert_fails(DUET_TOO_LARGE, duet_detector_create(model, &d, &detector, &e), e);

    /* A segmenter's second scale is over what the first has left. */
    struct duet_segmentation map;
    static const float scales[] = {1, 2};
    struct duet_segmenter_options s = {
        .struct_size = sizeof s, .size = 65, .scales = scales, .scale_count = 2, .output_stride = 32};
    assert_ok(duet_model_memory(config, 32, 65, 65, &small, &e), e);
    assert_ok(duet_model_memory(config, 32, 129, 129, &large, &e), e);
    assert_ok(duet_segmenter_create(model, &s, &segmenter, &e), e);
    s.max_memory = duet_segmenter_bytes(segmenter);
    assert_true(s.max_memory <= small.session_bytes + small.thread_bytes + large.session_bytes + large.thread_bytes);
    duet_segmenter_close(&segmenter);
    s.max_memory--;
    assert_fails(DUET_TOO_LARGE, duet_segmenter_create(model, &s, &segmenter, &e), e);
    s.max_memory++;
    assert_ok(duet_segmenter_create(model, &s, &segmenter, &e), e);
    assert_ok(duet_segmenter_run(segmenter, &picture, NULL, &map, &e), e);
    duet_segmentation_close(&map);
    assert_fails(DUET_TOO_LARGE, duet_segmenter_run(segmenter, &picture, &two, &map, &e), e); /* together */
    assert_true(duet_segmenter_bytes(segmenter) <= s.max_memory);
    assert_ok(duet_segmenter_run(segmenter, &picture, NULL, &map, &e), e);
    duet_segmentation_close(&map);
    duet_segmenter_close(&segmenter);
    duet_pool_close(&pool);
    duet_image_close(&picture);
    duet_model_close(&model);
}

/* --- a model file that changes while it is open ------------------------------------------------------------
 */

static void a_model_that_is_cut_short_or_changed_is_an_error(void **state)
{
    (void)state;
    struct duet_model_config config = tiny_model_config(true, true);
    config.backbone.width_multiplier = 1; /* tensors that stay in the file */
    for (int change = 0; change < 3; change++) {
        struct duet_model *model;
        struct duet_detector *detector;
        struct duet_segmenter *segmenter;
        char hex[65];
        const char *copy = scratch_path(&scratch, "changing.safetensors");
        tiny_model_write(copy, &config, &config);
        assert_ok(duet_model_open(copy, &model, &e), e);
        if (change < 2) {
            assert_int_equal(truncate(copy, change ? 5000 : 0), 0);
        } else {
            FILE *f = fopen(copy, "r+b");
            assert_non_null(f);
            assert_int_equal(fseek(f, 0, SEEK_END), 0);
            assert_int_equal(putc('x', f), 'x');
            assert_int_equal(fclose(f), 0);
        }
        assert_fails(DUET_IO_ERROR, duet_detector_create(model, NULL, &detector, &e), e);
        assert_non_null(strstr(e.text, "changing.safetensors: changed while it was in use"));
        assert_fails(DUET_IO_ERROR, duet_segmenter_create(model, NULL, &segmenter, &e), e);
        assert_fails(DUET_IO_ERROR, duet_weights_verify(duet_model_weights(model), hex, &e), e);
        assert_fails(DUET_IO_ERROR, duet_weights_save(duet_model_weights(model), tiny, &e), e);
        duet_model_close(&model);
        assert_int_equal(unlink(copy), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_is_remembered_and_told),
        cmocka_unit_test(shapes_that_do_not_fit_are_told_with_the_size),
        cmocka_unit_test(a_session_is_not_run_on_more_threads_than_it_has_memory_for),
        cmocka_unit_test(a_broken_promise_stops_every_kernel),
        cmocka_unit_test(a_network_over_the_budget_is_refused_before_it_takes_memory),
        cmocka_unit_test(a_model_that_is_cut_short_or_changed_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_tiny, remove_scratch);
}
