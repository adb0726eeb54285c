/* Side inputs and stages, and the layers that bring maps of one size to another: against plain loops. */
#include "support/run_network.h"

static struct duet_error e;

static struct duet_network *network_of(void (*build)(struct duet_network *network))
{
    struct duet_network *network;
    assert_ok(duet_network_create(&network, &e), e);
    build(network);
    assert_ok(duet_network_check(network, &e), e);
    return network;
}

static struct duet_view input_of(struct duet_session *session, const char *name)
{
    struct duet_view view;
    assert_ok(duet_session_input(session, name, &view, &e), e);
    return view;
}

static struct duet_view output_of(struct duet_session *session, const char *name)
{
    struct duet_view view;
    assert_ok(duet_session_output(session, name, &view, &e), e);
    return view;
}

/* --- sizes ---------------------------------------------------------------------------------------------- */

enum { CHANNELS = 3, MOST = 7 };

/* Halves the picture, by a convolution and by leaving pixels out, and doubles it again. */
static void halve_and_double(struct duet_network *network)
{
    duet_node picture = duet_network_input(network, "picture", CHANNELS);
    duet_node half =
        duet_network_depthwise(network, picture, (struct duet_conv){.name = "half", .stride = 2});
    duet_network_output(network, "half", half);
    duet_network_output(network, "every", duet_network_subsample(network, "every", picture));
    duet_network_output(network, "double", duet_network_upsample(network, "double", half, picture));
}

/* Every line `from` of n vectors becomes one of 2n - 1: itself and the means; of 2n: the first one twice. */
static void double_line(const float *from, size_t n, float *to, size_t doubled, size_t vector)
{
    if (doubled == 2 * n) {
        memcpy(to, from, vector * sizeof *to);
        to += vector;
    }
    for (size_t i = 0; i < n; i++, to += vector) {
        memcpy(to, from + i * vector, vector * sizeof *to);
        if (i + 1 == n) break;
        to += vector;
        for (size_t c = 0; c < vector; c++) to[c] = (from[i * vector + c] + from[(i + 1) * vector + c]) / 2;
    }
}

static void assert_doubled(const struct duet_view *low, const struct duet_view *high)
{
    static float wide[MOST * MOST * CHANNELS], want[MOST * MOST * CHANNELS];
    const size_t *from = low->shape.dims, *to = high->shape.dims, row = to[2] * CHANNELS;
    for (size_t y = 0; y < from[1]; y++)
        double_line((const float *)low->data + y * from[2] * CHANNELS, from[2], wide + y * row, to[2],
                    CHANNELS);
    double_line(wide, from[1], want, to[1], row);
    assert_memory_equal(high->data, want, to[1] * row * sizeof *want);
}

/* A depthwise convolution of stride 2 whose middle tap alone is 1 leaves what SUBSAMPLE does. */
static struct duet_weights *middle_taps(void)
{
    static const float bias[CHANNELS];
    float taps[9][CHANNELS] = {{0}};
    struct duet_weights *weights;
    for (int c = 0; c < CHANNELS; c++) taps[4][c] = 1;
    assert_ok(duet_weights_create(&weights, &e), e);
    assert_ok(duet_weights_add(weights, "half.weight", DUET_F32, &(struct duet_shape){3, {3, 3, CHANNELS}},
                               taps, &e),
              e);
    assert_ok(duet_weights_add(weights, "half.bias", DUET_F32, &(struct duet_shape){1, {CHANNELS}}, bias, &e),
              e);
    return weights;
}

static void maps_are_halved_and_doubled(void **state)
{
    (void)state;
    struct duet_network *network = network_of(halve_and_double);
    struct duet_weights *weights = middle_taps();
    for (int height = 1; height <= MOST; height++)
        for (int width = 1; width <= MOST; width++) {
            struct duet_compiled *compiled = compile_network(network, weights, height, width, false, NULL);
            struct duet_session *session = filled_session(compiled, 1);
            assert_ok(duet_session_run(session, NULL, &e), e);
            struct duet_view half = output_of(session, "half"), every = output_of(session, "every");
            struct duet_view doubled = output_of(session, "double");
            assert_true(duet_shape_equal(&half.shape, &every.shape));
            assert_int_equal(every.shape.dims[1], (height + 1) / 2);
            assert_memory_equal(half.data, every.data,
                                half.shape.dims[1] * half.shape.dims[2] * CHANNELS * sizeof(float));
            assert_int_equal(doubled.shape.dims[2], width);
            assert_doubled(&half, &doubled);
            duet_session_close(&session);
            duet_compiled_close(&compiled);
        }
    duet_weights_close(&weights);
    duet_network_close(&network);
}

/* --- stages --------------------------------------------------------------------------------------------- */

enum { HEAT = 5 };

static duet_node pointwise(struct duet_network *network, duet_node input, const char *name, int channels)
{
    return duet_network_conv(
        network, input, (struct duet_conv){.name = name, .channels = channels, .activation = DUET_RELU6});
}

/* What a head needs that is fed what another has found: two sizes of the trunk, and a map beside them that is
 * read at both. */
static void guide(struct duet_network *network, struct duet_input_type type)
{
    duet_node fine = duet_network_conv(
        network, duet_network_input(network, "picture", 3),
        (struct duet_conv){
            .name = "conv", .kernel = 3, .stride = 2, .channels = 16, .activation = DUET_RELU6});
    duet_node node = pointwise(network, fine, "expand", 96);
    node = duet_network_depthwise(network, node,
                                  (struct duet_conv){.name = "depthwise", .activation = DUET_RELU6});
    node = duet_network_conv(network, node, (struct duet_conv){.name = "project", .channels = 16});
    fine = duet_network_add(network, "add", node, fine);
    duet_node heat = duet_network_side_input(network, "heat", HEAT, fine, type);
    node = duet_network_depthwise(
        network, fine, (struct duet_conv){.name = "stride", .stride = 2, .activation = DUET_RELU6});
    duet_node coarse = pointwise(network, node, "coarse", 24), late = pointwise(network, fine, "late", 8);
    duet_network_output(network, "warm", pointwise(network, heat, "warm", 4)); /* reads no step's result */
    node = duet_network_concat(network, "join",
                               (duet_node[]){coarse, duet_network_subsample(network, "half", heat)}, 2);
    node = duet_network_depthwise(network, node, (struct duet_conv){.name = "mix", .activation = DUET_RELU});
    node = pointwise(network, node, "mixed", 40);
    node = duet_network_upsample(network, "double", node, fine);
    node = duet_network_concat(network, "all", (duet_node[]){node, late, heat}, 3);
    node = duet_network_conv(network, node, (struct duet_conv){.name = "logits", .channels = 7});
    duet_network_output(network, "logits", node);
    duet_node boxes =
        duet_network_depthwise(network, coarse, (struct duet_conv){.name = "seen", .activation = DUET_RELU6});
    duet_network_output(network, "boxes", pointwise(network, boxes, "boxes", 9));
}

static const struct duet_input_type bytes = {DUET_U8, 4.0f / 255, -0.25f}, floats = {DUET_F32, 1, 0};

static void guide_by_bytes(struct duet_network *network)
{
    guide(network, bytes);
}

static void guide_by_floats(struct duet_network *network)
{
    guide(network, floats);
}

static void fill_heat(struct duet_session *session)
{
    struct duet_view heat = input_of(session, "heat");
    size_t count = 0;
    assert_true(duet_view_is_dense(&heat) && duet_shape_elements(&heat.shape, &count));
    assert_int_equal(heat.shape.dims[3], HEAT);
    for (size_t i = 0; i < count; i++) {
        uint8_t q = (uint8_t)(i * 37 % 256);
        if (heat.dtype == DUET_U8)
            ((uint8_t *)heat.data)[i] = q;
        else
            ((float *)heat.data)[i] = (float)q * bytes.scale + bytes.shift;
    }
}

/* All outputs of a run in one go, or of one whose side input is filled between its stages. Owned: free. */
static float *run_guided(struct duet_compiled *compiled, const struct duet_network *network, int threads,
                         bool staged, size_t *count)
{
    struct duet_pool pool;
    assert_ok(duet_pool_create(threads, &pool, &e), e);
    struct duet_session *session = filled_session(compiled, threads);
    struct duet_run_options run = {.struct_size = sizeof run, .pool = &pool};
    if (staged) {
        assert_ok(duet_session_run_stage(session, 0, &run, &e), e);
        fill_heat(session);
        assert_ok(duet_session_run_stage(session, 1, &run, &e), e);
    } else {
        fill_heat(session);
        assert_ok(duet_session_run(session, &run, &e), e);
    }
    float *all = session_outputs(session, network, count);
    duet_session_close(&session);
    duet_pool_close(&pool);
    return all;
}

static void assert_same_bytes(const struct duet_network *network, const struct duet_weights *weights,
                              const int size[2], bool unfused, const float *want, size_t count)
{
    struct duet_compiled *compiled = compile_network(network, weights, size[0], size[1], unfused, NULL);
    assert_int_equal(duet_compiled_stage_count(compiled), 2);
    for (int threads = 1; threads <= 4; threads++)
        for (int staged = 0; staged < 2; staged++) {
            size_t here;
            float *got = run_guided(compiled, network, threads, staged, &here);
            assert_int_equal(here, count);
            assert_memory_equal(got, want, count * sizeof *got);
            free(got);
        }
    duet_compiled_close(&compiled);
}

/* Bytes or floats beside the picture, in one go or in stages, fused or not, on any number of threads. */
static void every_way_to_feed_a_side_input_gives_the_same_bytes(void **state)
{
    (void)state;
    static const int sizes[][2] = {{64, 48}, {61, 90}, {7, 5}, {2, 3}, {1, 1}};
    struct duet_network *plain = network_of(guide_by_floats), *typed = network_of(guide_by_bytes);
    struct duet_weights *weights = random_weights(plain, 5);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t count;
        struct duet_compiled *compiled =
            compile_network(plain, weights, sizes[i][0], sizes[i][1], true, NULL);
        float *want = run_guided(compiled, plain, 1, false, &count);
        assert_same_bytes(plain, weights, sizes[i], false, want, count);
        assert_same_bytes(typed, weights, sizes[i], true, want, count);
        assert_same_bytes(typed, weights, sizes[i], false, want, count);
        free(want);
        duet_compiled_close(&compiled);
    }
    duet_weights_close(&weights);
    duet_network_close(&plain);
    duet_network_close(&typed);
}

static int steps_on(const struct duet_compiled *compiled, const char *kernel)
{
    int count = 0;
    for (int i = 0; i < duet_compiled_step_count(compiled); i++)
        count += strncmp(step_info(compiled, i).kernel, kernel, strlen(kernel)) == 0;
    return count;
}

static void bytes_are_converted_once_and_floats_never(void **state)
{
    (void)state;
    struct duet_network *plain = network_of(guide_by_floats), *typed = network_of(guide_by_bytes);
    struct duet_weights *weights = random_weights(plain, 5);
    for (int unfused = 0; unfused < 2; unfused++) {
        struct duet_compiled *a = compile_network(plain, weights, 64, 48, unfused, NULL);
        struct duet_compiled *b = compile_network(typed, weights, 64, 48, unfused, NULL);
        assert_int_equal(steps_on(a, "convert"), 0);
        assert_int_equal(steps_on(b, "convert_u8_f32"), 1);
        assert_int_equal(duet_compiled_step_count(b), duet_compiled_step_count(a) + 1);
        duet_compiled_close(&a);
        duet_compiled_close(&b);
    }
    duet_weights_close(&weights);
    duet_network_close(&plain);
    duet_network_close(&typed);
}

/* What the first stage leaves can be read before the second one, which needs the first. */
static void stages_follow_one_another(void **state)
{
    (void)state;
    struct duet_network *network = network_of(guide_by_bytes);
    struct duet_weights *weights = random_weights(network, 5);
    struct duet_compiled *compiled = compile_network(network, weights, 64, 48, false, NULL);
    struct duet_session *session = filled_session(compiled, 1), *whole = filled_session(compiled, 1);
    fill_heat(whole);
    assert_ok(duet_session_run(whole, NULL, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_session_run_stage(session, 1, NULL, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_session_run_stage(session, 2, NULL, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_session_run_stage(session, -1, NULL, &e), e);
    assert_ok(duet_session_run_stage(session, 0, NULL, &e), e);
    struct duet_view early = output_of(session, "boxes"), want = output_of(whole, "boxes");
    size_t count;
    assert_true(duet_shape_elements(&early.shape, &count));
    assert_memory_equal(early.data, want.data, count * sizeof(float));
    fill_heat(session);
    assert_ok(duet_session_run_stage(session, 1, NULL, &e), e);
    /* Its memory has other results now. */
    assert_fails(DUET_BAD_ARGUMENT, duet_session_run_stage(session, 1, NULL, &e), e);
    duet_session_close(&session);
    duet_session_close(&whole);
    duet_compiled_close(&compiled);
    duet_weights_close(&weights);
    duet_network_close(&network);
}

static void a_side_input_that_nothing_needs_is_not_there(void **state)
{
    (void)state;
    struct duet_network *network = network_of(guide_by_bytes);
    struct duet_weights *weights = random_weights(network, 5);
    struct duet_compile_options options = {.struct_size = sizeof options,
                                           .height = 64,
                                           .width = 48,
                                           .outputs = (const char *[]){"boxes"},
                                           .output_count = 1};
    struct duet_compiled *compiled;
    struct duet_session *session;
    struct duet_view view;
    assert_ok(duet_compile(network, weights, &options, &compiled, &e), e);
    assert_int_equal(duet_compiled_stage_count(compiled), 1);
    assert_ok(duet_session_create(compiled, 1, &session, &e), e);
    assert_fails(DUET_NOT_FOUND, duet_session_input(session, "heat", &view, &e), e);
    assert_ok(duet_session_run(session, NULL, &e), e);
    duet_session_close(&session);
    duet_compiled_close(&compiled);
    duet_weights_close(&weights);
    duet_network_close(&network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_are_halved_and_doubled),
        cmocka_unit_test(every_way_to_feed_a_side_input_gives_the_same_bytes),
        cmocka_unit_test(bytes_are_converted_once_and_floats_never),
        cmocka_unit_test(stages_follow_one_another),
        cmocka_unit_test(a_side_input_that_nothing_needs_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
