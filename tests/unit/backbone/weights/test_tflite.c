/* The reader of TFLite files: what it finds, and what it does when a file lies. */
#include "support/memory.h"
#include "support/mutation.h"
#include "support/testing.h"
#include "support/tflite_spec.h"

#include "core/os.h"
#include "weights/tflite.h"

#include <math.h>

/* What reading may take beside the file, whatever that says: the limits on counts, and a little. */
#define MOST_MEMORY ((ptrdiff_t)16 << 20)

/* --- a small graph: input -> CONV_2D 3x3 -> DEPTHWISE_CONV_2D ------------------------------------------ */

enum { INPUT, WEIGHTS, BIAS, MIDDLE, FILTER, OUTPUT };
enum { CONV, DEPTHWISE };

static struct spec *small_spec(void)
{
    static uint8_t weights[2 * 9 * 3], filter[9 * 2];
    static const int32_t bias[2] = {5, -7};
    struct spec *s = spec_create();
    for (size_t i = 0; i < sizeof weights; i++) weights[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < sizeof filter; i++) filter[i] = (uint8_t)(i * 11);
    spec_tensor(s, "input", SPEC_U8, 4, (const int32_t[4]){1, 8, 6, 3}, NULL, 0);
    spec_tensor(s, "weights", SPEC_I8, 4, (const int32_t[4]){2, 3, 3, 3}, weights, sizeof weights);
    spec_tensor(s, "bias", SPEC_I32, 1, (const int32_t[1]){2}, bias, sizeof bias);
    spec_tensor(s, "middle", SPEC_U8, 4, (const int32_t[4]){1, 4, 3, 2}, NULL, 0);
    spec_tensor(s, "filter", SPEC_U8, 4, (const int32_t[4]){1, 3, 3, 2}, filter, sizeof filter);
    spec_tensor(s, "output", SPEC_U8, 4, (const int32_t[4]){1, 4, 3, 2}, NULL, 0);
    spec_quantize(s, INPUT, 1, (const float[1]){0.0078125f}, (const int64_t[1]){128}, 0);
    spec_quantize(s, WEIGHTS, 2, (const float[2]){0.5f, 0.25f}, (const int64_t[2]){3, -4}, 0);
    spec_quantize(s, BIAS, 1, (const float[1]){0.125f}, NULL, 0);
    spec_quantize(s, FILTER, 1, (const float[1]){2}, (const int64_t[1]){255}, 3);
    spec_operator(s, DUET_TFLITE_CONV_2D, (const int[4]){INPUT, WEIGHTS, BIAS, -2},
                  (const int[2]){MIDDLE, -2});
    spec_option(s, CONV, 1, 0, 1, 0);
    spec_option(s, CONV, 1, 1, 4, 2);
    spec_option(s, CONV, 1, 2, 4, 3);
    spec_option(s, CONV, 1, 3, 1, 3);
    spec_operator(s, DUET_TFLITE_DEPTHWISE_CONV_2D, (const int[4]){MIDDLE, FILTER, -1, -2},
                  (const int[2]){OUTPUT, -2});
    spec_option(s, DEPTHWISE, 2, 0, 1, 1);
    spec_option(s, DEPTHWISE, 2, 3, 4, 1);
    spec_option(s, DEPTHWISE, 2, 5, 4, 4);
    spec_option(s, DEPTHWISE, 2, 6, 4, 5);
    s->inputs[s->input_count++] = INPUT;
    s->outputs[s->output_count++] = OUTPUT;
    return s;
}

static uint8_t *small_file(size_t *size, size_t *data_begin)
{
    struct spec *s = small_spec();
    uint8_t *data = spec_write(s, size, data_begin);
    spec_free(s);
    return data;
}

/* --- reading ------------------------------------------------------------------------------------------- */

static void a_small_graph_is_read(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_tflite m;
    size_t size;
    uint8_t *file = small_file(&size, NULL);
    assert_ok(duet_tflite_read("x", file, size, &m, &e), e);
    assert_int_equal(m.tensor_count, 6);
    assert_int_equal(m.operator_count, 2);
    assert_int_equal(m.inputs[0], INPUT);
    assert_int_equal(m.outputs[0], OUTPUT);
    const struct duet_tflite_tensor *t = &m.tensors[WEIGHTS];
    assert_int_equal(t->name.length, 7);
    assert_memory_equal(t->name.at, "weights", 7);
    assert_int_equal(t->dtype, DUET_I8);
    assert_int_equal(t->rank, 4);
    assert_int_equal(t->dims[0], 2);
    assert_int_equal(t->bytes, 54);
    assert_int_equal(t->data[53], (uint8_t)(53 * 7));
    assert_int_equal(t->scale_count, 2);
    assert_true(duet_tflite_scale(t, 1) == 0.25f);
    assert_int_equal(duet_tflite_zero_point(t, 1), -4);
    assert_int_equal(t->producer, -1);
    assert_int_equal(duet_tflite_int(&m.tensors[BIAS], 1), -7);
    assert_int_equal(duet_tflite_zero_point(&m.tensors[BIAS], 0), 0);
    assert_int_equal(m.tensors[MIDDLE].producer, CONV);
    assert_null(m.tensors[MIDDLE].data);
    const struct duet_tflite_operator *op = &m.operators[DEPTHWISE];
    assert_int_equal(m.operators[CONV].code, DUET_TFLITE_CONV_2D);
    assert_int_equal(m.operators[CONV].options[DUET_TFLITE_STRIDE_WIDTH], 2);
    assert_int_equal(m.operators[CONV].options[DUET_TFLITE_STRIDE_HEIGHT], 3);
    assert_int_equal(m.operators[CONV].options[DUET_TFLITE_DILATION_WIDTH], 1); /* the default */
    assert_int_equal(m.operators[CONV].options[DUET_TFLITE_ACTIVATION], DUET_TFLITE_RELU6);
    assert_int_equal(op->options[DUET_TFLITE_PADDING], DUET_TFLITE_VALID);
    assert_int_equal(op->options[DUET_TFLITE_DILATION_WIDTH], 4);
    assert_int_equal(op->options[DUET_TFLITE_DILATION_HEIGHT], 5);
    assert_int_equal(op->inputs[2], -1);
    duet_tflite_close(&m);
    assert_null(m.tensors);
    free(file);
}

static void codes_have_names(void **state)
{
    (void)state;
    char text[24];
    assert_string_equal(duet_tflite_code_name(DUET_TFLITE_QUANTIZE, text), "QUANTIZE");
    assert_string_equal(duet_tflite_code_name(99999, text), "operator 99999");
    assert_string_equal(duet_tflite_code_name(INT32_MIN, text), "operator -2147483648");
    for (int o = 0; o < DUET_TFLITE_OPTION_COUNT; o++)
        assert_non_null(duet_tflite_option_name((enum duet_tflite_option)o));
}

static void newer_codes_are_read(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_tflite m;
    struct spec *s = small_spec();
    size_t size;
    s->operators[CONV].code = 300;
    uint8_t *file = spec_write(s, &size, NULL);
    assert_ok(duet_tflite_read("x", file, size, &m, &e), e);
    assert_int_equal(m.operators[CONV].code, 300);
    duet_tflite_close(&m);
    free(file);
    spec_free(s);
}

/* --- lies ---------------------------------------------------------------------------------------------- */

static void version_2(struct spec *s)
{
    s->version = 2;
}
static void no_subgraph(struct spec *s)
{
    s->subgraphs = 0;
}
static void two_subgraphs(struct spec *s)
{
    s->subgraphs = 2;
}
static void seven_dimensions(struct spec *s)
{
    s->tensors[INPUT].rank = 7;
}
static void negative_dimension(struct spec *s)
{
    s->tensors[MIDDLE].dims[1] = -4;
}
static void endless_shape(struct spec *s)
{
    for (int i = 0; i < 4; i++) s->tensors[MIDDLE].dims[i] = INT32_MAX;
}
static void data_too_short(struct spec *s)
{
    s->tensors[WEIGHTS].bytes--;
}
static void data_too_long(struct spec *s)
{
    s->tensors[BIAS].dims[0] = 1;
}
static void scale_nan(struct spec *s)
{
    s->tensors[WEIGHTS].scales[1] = NAN;
}
static void scale_zero(struct spec *s)
{
    s->tensors[FILTER].scales[0] = 0;
}
static void scale_infinite(struct spec *s)
{
    s->tensors[FILTER].scales[0] = INFINITY;
}
static void zero_point_256(struct spec *s)
{
    s->tensors[INPUT].zeros[0] = 256;
}
static void zero_point_of_64_bits(struct spec *s)
{
    s->tensors[WEIGHTS].zeros[1] = INT64_MIN;
}
static void one_scale_too_many(struct spec *s)
{
    spec_quantize(s, WEIGHTS, 3, (const float[3]){1, 1, 1}, (const int64_t[3]){0, 0, 0}, 0);
}
static void fewer_zeros_than_scales(struct spec *s)
{
    s->tensors[WEIGHTS].zero_count = 1;
}
static void dimension_4_of_4(struct spec *s)
{
    s->tensors[WEIGHTS].dimension = 4;
}
static void dimension_negative(struct spec *s)
{
    s->tensors[WEIGHTS].dimension = -1;
}
static void sparse(struct spec *s)
{
    s->tensors[WEIGHTS].sparse = true;
}
static void input_tensor_99(struct spec *s)
{
    s->operators[CONV].inputs[0] = 99;
}
static void input_tensor_minus_2(struct spec *s)
{
    s->operators[CONV].inputs[0] = -2;
}
static void output_left_out(struct spec *s)
{
    s->operators[CONV].outputs[0] = -1;
}
static void seventeen_inputs(struct spec *s)
{
    s->operators[CONV].input_count = 17;
}
static void graph_input_99(struct spec *s)
{
    s->inputs[0] = 99;
}
static void reads_what_comes_later(struct spec *s)
{
    s->operators[CONV].inputs[0] = OUTPUT;
}
static void reads_itself(struct spec *s)
{
    s->operators[CONV].inputs[0] = MIDDLE;
}
static void writes_twice(struct spec *s)
{
    s->operators[DEPTHWISE].outputs[0] = MIDDLE;
}
static void writes_the_input(struct spec *s)
{
    s->operators[DEPTHWISE].outputs[0] = INPUT;
}
static void writes_weights(struct spec *s)
{
    s->operators[DEPTHWISE].outputs[0] = WEIGHTS;
}
static void other_options(struct spec *s)
{
    s->operators[CONV].option_kind = 2;
}

static const struct {
    void (*bend)(struct spec *spec);
    enum duet_status status;
    const char *text;
} lies[] = {
    {version_2, DUET_UNSUPPORTED, "x: model: schema version 2, this build reads 3"},
    {no_subgraph, DUET_BAD_FORMAT, "model: 0 subgraphs, expected 1"},
    {two_subgraphs, DUET_UNSUPPORTED, "model: 2 subgraphs, expected 1"},
    {seven_dimensions, DUET_TOO_LARGE, "tensor 0: shape: 7 dimensions, at most 6"},
    {negative_dimension, DUET_BAD_FORMAT, "tensor 3: shape: dimension 1 is -4"},
    {endless_shape, DUET_TOO_LARGE, "tensor 3: shape: more elements"},
    {data_too_short, DUET_BAD_FORMAT, "tensor 1: 53 bytes of data, expected 54 elements of 1 bytes"},
    {data_too_long, DUET_BAD_FORMAT, "tensor 2: 8 bytes of data, expected 1 elements of 4 bytes"},
    {scale_nan, DUET_BAD_FORMAT, "tensor 1: scale 1 is nan"},
    {scale_zero, DUET_BAD_FORMAT, "tensor 4: scale 0 is 0, expected a finite number above 0"},
    {scale_infinite, DUET_BAD_FORMAT, "tensor 4: scale 0 is inf"},
    {zero_point_256, DUET_BAD_FORMAT, "tensor 0: zero point 0 is 256, expected 0 to 255"},
    {zero_point_of_64_bits, DUET_BAD_FORMAT, "zero point 1 is -9223372036854775808, expected -128 to 127"},
    {one_scale_too_many, DUET_BAD_FORMAT, "tensor 1: 3 scales, expected 1 or one for each of the 2"},
    {fewer_zeros_than_scales, DUET_BAD_FORMAT, "tensor 1: 2 scales and 1 zero points"},
    {dimension_4_of_4, DUET_BAD_FORMAT, "tensor 1: quantized along dimension 4 of 4"},
    {dimension_negative, DUET_BAD_FORMAT, "tensor 1: quantized along dimension -1 of 4"},
    {sparse, DUET_UNSUPPORTED, "tensor 1: a sparse tensor"},
    {input_tensor_99, DUET_BAD_FORMAT, "operator 0: inputs: tensor 99, the file has 6"},
    {input_tensor_minus_2, DUET_BAD_FORMAT, "operator 0: inputs: tensor -2"},
    {output_left_out, DUET_BAD_FORMAT, "operator 0: outputs: tensor -1"},
    {seventeen_inputs, DUET_TOO_LARGE, "operator 0: inputs: 17 tensors, at most 16"},
    {graph_input_99, DUET_BAD_FORMAT, "subgraph: inputs: tensor 99"},
    {reads_what_comes_later, DUET_BAD_FORMAT, "operator 0: reads tensor 5 (output), which nothing before it"},
    {reads_itself, DUET_BAD_FORMAT, "operator 0: reads tensor 3 (middle)"},
    {writes_twice, DUET_BAD_FORMAT, "operator 1: writes tensor 3 (middle), which has a value"},
    {writes_the_input, DUET_BAD_FORMAT, "operator 1: writes tensor 0 (input)"},
    {writes_weights, DUET_BAD_FORMAT, "operator 1: writes tensor 1 (weights)"},
    {other_options, DUET_BAD_FORMAT, "operator 0: options of kind 2, expected 1"},
};

static void lies_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct spec *s = small_spec();
        struct duet_error e = {.text = ""};
        struct duet_tflite m;
        size_t size;
        lies[i].bend(s);
        uint8_t *file = spec_write(s, &size, NULL);
        enum duet_status status = duet_tflite_read("x", file, size, &m, &e);
        if (status != lies[i].status || !strstr(e.text, lies[i].text))
            fail_msg("lie %zu: %s, '%s'; expected %s, '%s'", i, duet_status_name(status), e.text,
                     duet_status_name(lies[i].status), lies[i].text);
        assert_null(m.tensors);
        free(file);
        spec_free(s);
    }
}

static void a_variable_may_be_read_first(void **state)
{
    (void)state;
    struct spec *s = small_spec();
    struct duet_error e;
    struct duet_tflite m;
    size_t size;
    spec_tensor(s, "state", SPEC_F32, 1, (const int32_t[1]){2}, NULL, 0);
    s->tensors[6].variable = true;
    s->operators[CONV].inputs[2] = 6;
    uint8_t *file = spec_write(s, &size, NULL);
    assert_ok(duet_tflite_read("x", file, size, &m, &e), e);
    duet_tflite_close(&m);
    free(file);
    spec_free(s);
}

static void other_files_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_tflite m;
    assert_fails(DUET_BAD_FORMAT, duet_tflite_read("x", (const uint8_t *)"", 0, &m, &e), e);
    assert_fails(DUET_BAD_FORMAT, duet_tflite_read("x", (const uint8_t *)"\4\0\0\0TFL3", 8, &m, &e), e);
    assert_fails(DUET_BAD_FORMAT, duet_tflite_read("x", (const uint8_t *)"\4\0\0\0TFL2____", 12, &m, &e), e);
    assert_non_null(strstr(e.text, "TFL3"));
    duet_tflite_close(&m);
    duet_tflite_close(NULL);
}

/* --- damage -------------------------------------------------------------------------------------------- */

/* Touch what the reader hands out; of long data every 97th byte and the last. */
static unsigned int look_at(const struct duet_tflite *m)
{
    unsigned int sum = 0;
    for (int i = 0; i < m->tensor_count; i++) {
        const struct duet_tflite_tensor *t = &m->tensors[i];
        for (int k = 0; k < t->name.length; k++) sum += (unsigned char)t->name.at[k];
        for (size_t k = 0; t->data && k < t->bytes; k += 97) sum += t->data[k];
        if (t->data) sum += t->data[t->bytes - 1];
        for (uint32_t k = 0; k < t->scale_count; k++)
            sum += (unsigned int)(duet_tflite_scale(t, k) > 0) + (unsigned int)duet_tflite_zero_point(t, k);
    }
    return sum;
}

static volatile unsigned int sink;

/* Read a damaged file: a result or an error with a text, little memory, none of it kept. */
static enum duet_status read_damaged(const uint8_t *file, size_t size, const char *what, size_t at)
{
    struct duet_error e = {.text = ""};
    struct duet_tflite m;
    memory_watch(0);
    enum duet_status status = duet_tflite_read("x", file, size, &m, &e);
    if (status == DUET_OK) sink = look_at(&m);
    duet_tflite_close(&m);
    struct memory_report report = memory_unwatch();
    if (status != DUET_OK && strncmp(e.text, "x: ", 3) != 0) fail_msg("%s %zu: text '%s'", what, at, e.text);
    if (report.blocks != 0) fail_msg("%s %zu: %ld leaks", what, at, report.blocks);
    if (report.peak_size > MOST_MEMORY) fail_msg("%s %zu: %td bytes taken", what, at, report.peak_size);
    return status;
}

static void a_file_cut_short_is_refused(void **state)
{
    (void)state;
    size_t size;
    uint8_t *file = small_file(&size, NULL);
    for (size_t n = 0; n < size; n++) {
        uint8_t *cut = malloc(n ? n : 1); /* so that sanitizers see every byte too far */
        assert_non_null(cut);
        memcpy(cut, file, n);
        assert_int_equal(read_damaged(cut, n, "cut after", n), DUET_BAD_FORMAT);
        free(cut);
    }
    free(file);
}

static void any_byte_may_be_wrong(void **state)
{
    (void)state;
    size_t size, structure;
    uint8_t *file = small_file(&size, &structure);
    for (size_t at = 0; at < size; at++) {
        uint8_t right = file[at];
        for (unsigned int value = 0; value < 256; value += at < structure ? 1 : 51) {
            file[at] = (uint8_t)value;
            read_damaged(file, size, "byte", at);
        }
        file[at] = right;
    }
    assert_int_equal(read_damaged(file, size, "restored", 0), DUET_OK);
    free(file);
}

static void random_damage(void **state)
{
    (void)state;
    uint64_t seed = 20241103;
    size_t size;
    uint8_t *file = small_file(&size, NULL), *bad = malloc(size);
    assert_non_null(bad);
    printf("# seed %llu\n", (unsigned long long)seed);
    for (size_t round = 0; round < 100000; round++) {
        memcpy(bad, file, size);
        mutate(bad, size, &seed);
        read_damaged(bad, size, "round", round);
    }
    free(bad);
    free(file);
}

/* The real files: every byte that is not a tensor's data once with a random value, then random damage. */
static void check_real_file(const char *path, uint64_t seed)
{
    struct duet_error e;
    struct duet_bytes file;
    struct duet_tflite m;
    assert_ok(duet_read_file(path, (size_t)1 << 24, &file, &e), e);
    uint8_t *bad = malloc(file.size);
    bool *data = calloc(file.size, sizeof *data);
    assert_non_null(bad);
    assert_non_null(data);
    memcpy(bad, file.data, file.size);
    assert_ok(duet_tflite_read(path, bad, file.size, &m, &e), e);
    for (int i = 0; i < m.tensor_count; i++)
        if (m.tensors[i].data) memset(data + (m.tensors[i].data - bad), 1, m.tensors[i].bytes);
    duet_tflite_close(&m);
    size_t tried = 0, refused = 0;
    for (size_t at = 0; at < file.size; at++) {
        if (data[at]) continue;
        bad[at] = (uint8_t)(file.data[at] ^ (1 + mutation_random(&seed) % 255));
        refused += read_damaged(bad, file.size, path, at) != DUET_OK;
        bad[at] = file.data[at];
        tried++;
    }
    for (size_t round = 0; round < 200; round++) {
        mutate(bad, file.size, &seed);
        read_damaged(bad, file.size, path, round);
        memcpy(bad, file.data, file.size);
    }
    printf("# %s: %zu bytes of structure, %zu refused\n", duet_path_name(path), tried, refused);
    free(bad);
    free(data);
    duet_bytes_close(&file);
}

static void real_files_may_be_damaged(void **state)
{
    (void)state;
    testing_need_shared(shared);
    static const char *const names[] = {"deeplabv3_257_mv_gpu.tflite",
                                        "deeplabv3_mnv2_dm05_pascal_quant.tflite"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[5000];
        snprintf(path, sizeof path, "%s/models/%s", shared, names[i]);
        check_real_file(path, 7 + i);
    }
}

/* --- limits -------------------------------------------------------------------------------------------- */

static void every_allocation_may_fail(void **state)
{
    (void)state;
    size_t size;
    uint8_t *file = small_file(&size, NULL);
    for (long n = 1; n <= 2; n++) {
        struct duet_error e;
        struct duet_tflite m;
        memory_watch(n);
        enum duet_status status = duet_tflite_read("x", file, size, &m, &e);
        assert_int_equal(memory_unwatch().blocks, 0);
        assert_int_equal(status, DUET_OUT_OF_MEMORY);
    }
    free(file);
}

/* A few bytes that would like to be many: tensors that are one and the same table. */
static void counts_have_limits(void **state)
{
    (void)state;
    struct duet_error e = {.text = ""};
    struct duet_tflite m;
    size_t size;
    struct spec *s = small_spec();
    s->repeats = DUET_TFLITE_MAX_TENSORS - s->tensor_count;
    uint8_t *file = spec_write(s, &size, NULL);
    memory_watch(0);
    assert_ok(duet_tflite_read("x", file, size, &m, &e), e);
    ptrdiff_t taken = memory_unwatch().peak_size;
    printf("# %d tensors: %td bytes\n", m.tensor_count, taken);
    assert_in_range(taken, 0, 8 << 20);
    duet_tflite_close(&m);
    free(file);
    s->repeats++;
    file = spec_write(s, &size, NULL);
    assert_int_equal(read_damaged(file, size, "one more", 0), DUET_TOO_LARGE);
    free(file);
    spec_free(s);
}

/* Thousands of tensors that share one long vector of scales would keep a reader busy for minutes. */
static void shared_scales_are_counted(void **state)
{
    (void)state;
    enum { SCALES = 50000 };
    struct spec *s = small_spec();
    float *scales = malloc(SCALES * sizeof *scales);
    assert_non_null(scales);
    for (int i = 0; i < SCALES; i++) scales[i] = 1;
    int t = spec_tensor(s, "x", SPEC_F32, 1, (const int32_t[1]){SCALES}, NULL, 0);
    spec_quantize(s, t, SCALES, scales, NULL, 0);
    for (int i = 0; i < 2; i++) {
        size_t size;
        s->repeats = i ? 9000 : 0;
        uint8_t *file = spec_write(s, &size, NULL);
        assert_int_equal(read_damaged(file, size, "scales", 0), i ? DUET_TOO_LARGE : DUET_OK);
        free(file);
    }
    free(scales);
    spec_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_graph_is_read),
        cmocka_unit_test(codes_have_names),
        cmocka_unit_test(newer_codes_are_read),
        cmocka_unit_test(lies_are_refused),
        cmocka_unit_test(a_variable_may_be_read_first),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(a_file_cut_short_is_refused),
        cmocka_unit_test(any_byte_may_be_wrong),
        cmocka_unit_test(random_damage),
        cmocka_unit_test(real_files_may_be_damaged),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(counts_have_limits),
        cmocka_unit_test(shared_scales_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
