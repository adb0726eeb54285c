/* Every public function of the library, called with nothing, with zeros and with what makes no sense: an
 * error or an empty answer, never a crash (tests/headers/test_contracts.sh sees to it that none is missing
 * here). And faults of a network's description are remembered and told. */
#include "support/scratch.h"
#include "support/tiny_model.h"

#include "duet/duet.h"
#include "duet/import.h"
#include "duet/nms.h"
#include "duet/ssdlite_decode.h"

#include <unistd.h>

static struct duet_error e;
static struct scratch scratch;
static char tiny[512]; /* a model file */

#define BAD(call) assert_fails(DUET_BAD_ARGUMENT, call, e)

/* --- with nothing --------------------------------------------------------------------------------------- */

static void base_survives_nothing(void **state)
{
    (void)state;
    struct duet_image image = {0};
    uint8_t pixel[3];
    size_t elements = 7;
    char text[8];
    struct duet_shape deep = {DUET_MAX_RANK + 1, {1}}, negative = {-1, {1}}, scalar = {0};
    BAD(duet_image_create(NULL, 1, 1, DUET_RGB8, &e));
    BAD(duet_image_create(&image, 1, 1, (enum duet_pixel_format)7, &e));
    BAD(duet_image_create(&image, -1, 1, DUET_RGB8, &e));
    BAD(duet_image_create(&image, 1, 65536, DUET_RGB8, &e));
    assert_null(image.pixels);
    BAD(duet_image_check(NULL, DUET_RGB8, &e));
    BAD(duet_image_check(&image, DUET_RGB8, &e));
    image = (struct duet_image){1, 1, DUET_RGB8, 2, pixel}; /* rows of two bytes */
    BAD(duet_image_check(&image, DUET_RGB8, &e));
    image = (struct duet_image){1, 3, DUET_RGB8, SIZE_MAX / 2, pixel};
    BAD(duet_image_check(&image, DUET_RGB8, &e));
    image = (struct duet_image){1, 1, (enum duet_pixel_format)9, 3, pixel};
    BAD(duet_image_check(&image, (enum duet_pixel_format)9, &e));
    assert_int_equal(duet_pixel_size((enum duet_pixel_format)0), 0);
    duet_image_close(NULL);
    duet_detections_close(NULL);
    duet_suppressions_close(NULL);
    duet_segments_close(NULL);
    assert_string_equal(duet_status_name((enum duet_status)99), "unknown");
    assert_int_equal(duet_dtype_size((enum duet_dtype)99), 0);
    assert_string_equal(duet_dtype_name((enum duet_dtype) - 1), "?");
    assert_false(duet_shape_elements(NULL, &elements));
    assert_false(duet_shape_elements(&deep, &elements) || duet_shape_elements(&negative, &elements));
    assert_false(duet_shape_elements(&scalar, NULL));
    assert_int_equal(elements, 7);
    assert_false(duet_shape_equal(NULL, NULL) || duet_shape_equal(&deep, &deep));
    assert_string_equal(duet_shape_text(NULL, text, sizeof text), "[?]");
    assert_string_equal(duet_shape_text(&scalar, NULL, 0), "");
    assert_string_equal(duet_shape_text(&scalar, text, 2), "[");
}

static void some_task(void *arg, int index, int worker)
{
    (void)worker;
    *(int *)arg += index;
}

static void pools_survive_nothing(void **state)
{
    (void)state;
    struct duet_pool pool, bad = {0};
    int sum = 0;
    BAD(duet_pool_create(2, NULL, &e));
    BAD(duet_pool_create(0, &pool, &e));
    BAD(duet_pool_create(DUET_MAX_THREADS + 1, &pool, &e));
    pool.run(pool.ctx, some_task, &sum, 3); /* the single-thread pool */
    assert_int_equal(sum, 3);
    BAD(duet_pool_check(&bad, 1, &e));
    bad = duet_pool_single();
    bad.threads = 0;
    BAD(duet_pool_check(&bad, 1, &e));
    bad.threads = 5;
    BAD(duet_pool_check(&bad, 4, &e));
    assert_ok(duet_pool_check(NULL, 1, &e), e);
    duet_pool_close(NULL);
    assert_true(duet_cpu_count() >= 1);
    assert_non_null(duet_version());
}

static void weights_survive_nothing(void **state)
{
    (void)state;
    struct duet_weights *w = NULL, *other = NULL;
    struct duet_shape one = {1, {1}}, negative = {-1, {1}};
    uint8_t byte = 7;
    BAD(duet_weights_create(NULL, &e));
    BAD(duet_weights_open(NULL, &w, &e));
    BAD(duet_weights_open("x", NULL, &e));
    assert_null(w);
    duet_weights_close(NULL);
    duet_weights_close(&w);
    assert_int_equal(duet_weights_count(NULL), 0);
    assert_null(duet_weights_at(NULL, 0));
    assert_null(duet_weights_find(NULL, "x"));
    assert_null(duet_weights_metadata(NULL));
    BAD(duet_weights_add(NULL, "x", DUET_U8, &one, &byte, &e));
    BAD(duet_weights_set_metadata(NULL, "{}", &e));
    BAD(duet_weights_save(NULL, "x", &e));
    BAD(duet_weights_verify(NULL, NULL, &e));
    BAD(duet_weights_read(NULL, NULL, 0, 1, &byte, &e));
    assert_ok(duet_weights_create(&w, &e), e);
    assert_null(duet_weights_find(w, NULL));
    BAD(duet_weights_add(w, NULL, DUET_U8, &one, &byte, &e));
    BAD(duet_weights_add(w, "x", DUET_U8, NULL, &byte, &e));
    BAD(duet_weights_add(w, "x", DUET_U8, &negative, &byte, &e));
    BAD(duet_weights_add(w, "x", DUET_U8, &one, NULL, &e));
    BAD(duet_weights_set_metadata(w, NULL, &e));
    BAD(duet_weights_save(w, NULL, &e));
    assert_ok(duet_weights_add(w, "x", DUET_U8, &one, &byte, &e), e);
    const struct duet_tensor *x = duet_weights_find(w, "x");
    BAD(duet_weights_read(w, NULL, 0, 1, &byte, &e));
    BAD(duet_weights_read(w, x, 0, 1, NULL, &e));
    BAD(duet_weights_read(w, x, 1, 1, &byte, &e));
    BAD(duet_weights_read(w, x, SIZE_MAX, 2, &byte, &e));
    assert_ok(duet_weights_create(&other, &e), e);
    BAD(duet_weights_read(other, x, 0, 1, &byte, &e));
    byte = 0;
    assert_ok(duet_weights_read(w, x, 0, 1, &byte, &e), e);
    assert_int_equal(byte, 7);
    duet_weights_close(&other);
    duet_weights_close(&w);
}

static void networks_survive_nothing(void **state)
{
    (void)state;
    struct duet_network *n = NULL;
    struct duet_conv conv = {.name = "c", .channels = 1};
    struct duet_layer_info info;
    struct duet_memory memory;
    struct duet_compiled *compiled = NULL;
    struct duet_session *session = NULL;
    struct duet_compile_options options = {.struct_size = sizeof options, .height = 8, .width = 8};
    BAD(duet_network_create(NULL, &e));
    duet_network_close(NULL);
    duet_network_close(&n);
    assert_int_equal(duet_network_input(NULL, "i", 3), -1);
    assert_int_equal(duet_network_conv(NULL, 0, conv), -1);
    assert_int_equal(duet_network_depthwise(NULL, 0, conv), -1);
    assert_int_equal(duet_network_add(NULL, "a", 0, 0), -1);
    assert_int_equal(duet_network_concat(NULL, "c", NULL, 1), -1);
    assert_int_equal(duet_network_global_mean(NULL, "m", 0), -1);
    assert_int_equal(duet_network_broadcast(NULL, "b", 0, 0), -1);
    duet_network_output(NULL, "o", 0);
    BAD(duet_network_check(NULL, &e));
    assert_int_equal(duet_network_layer_count(NULL), 0);
    assert_null(duet_network_layer(NULL, 0));
    assert_int_equal(duet_network_find(NULL, "x"), -1);
    assert_int_equal(duet_network_output_count(NULL), 0);
    assert_int_equal(duet_network_output_at(NULL, 0, NULL), -1);
    assert_int_equal(duet_network_input_channels(NULL, 0), -1);
    assert_int_equal(duet_network_weight_shape(NULL, 0).rank, 0);
    BAD(duet_network_account(NULL, 8, 8, &info, &e));
    BAD(duet_network_memory(NULL, &options, &memory, &e));
    BAD(duet_compile(NULL, NULL, &options, &compiled, &e));
    assert_ok(duet_network_create(&n, &e), e);
    BAD(duet_network_memory(n, &options, &memory, &e)); /* no layers */
    BAD(duet_network_memory(n, &options, NULL, &e));
    assert_int_equal(duet_network_find(n, NULL), -1);
    assert_int_equal(duet_network_weight_shape(n, 99).rank, 0);
    duet_network_output(n, "o", duet_network_input(n, "i", 3));
    BAD(duet_network_account(n, 8, 8, NULL, &e));
    BAD(duet_network_account(n, -8, 8, &info, &e));
    BAD(duet_compile(n, NULL, &options, &compiled, &e));
    BAD(duet_compile(n, NULL, NULL, &compiled, &e));
    BAD(duet_compile(n, NULL, &options, NULL, &e));
    duet_network_close(&n);
    assert_null(duet_compiled_retain(NULL));
    duet_compiled_close(NULL);
    duet_compiled_close(&compiled);
    assert_int_equal(duet_compiled_step_count(NULL), 0);
    assert_null(duet_compiled_step(NULL, 0).name);
    assert_null(duet_compiled_level(NULL));
    assert_int_equal(duet_compiled_arena_bytes(NULL), 0);
    assert_int_equal(duet_compiled_scratch_bytes(NULL), 0);
    assert_int_equal(duet_compiled_weight_bytes(NULL), 0);
    BAD(duet_session_create(NULL, 1, &session, &e));
    BAD(duet_session_create(NULL, 1, NULL, &e));
    duet_session_close(NULL);
    duet_session_close(&session);
    assert_null(duet_session_input(NULL));
    BAD(duet_session_run(NULL, NULL, &e));
    BAD(duet_session_run_step(NULL, NULL, 0, &e));
    assert_null(duet_session_output(NULL, "x", NULL));
}

static void heads_survive_nothing(void **state)
{
    (void)state;
    struct duet_network *n;
    struct duet_mobilenet_v2 layers = {0};
    struct duet_mobilenet_v2_config config = {1, 8, 32, true}, odd = {1, 0, 12, true};
    const struct duet_ssdlite_config ssdlite = {5};
    const struct duet_deeplabv3_config deeplabv3 = {3, 16, false};
    const struct duet_classifier_config classifier = {10};
    struct duet_anchor anchor = {0};
    struct duet_candidate candidate = {0};
    int keeper;
    assert_ok(duet_network_create(&n, &e), e);
    BAD(duet_mobilenet_v2_build(NULL, &config, &layers, &e));
    BAD(duet_mobilenet_v2_build(n, NULL, &layers, &e));
    BAD(duet_mobilenet_v2_build(n, &config, NULL, &e));
    BAD(duet_mobilenet_v2_build(n, &odd, &layers, &e));
    BAD(duet_ssdlite_build(NULL, &layers, &ssdlite, &e));
    BAD(duet_ssdlite_build(n, NULL, &ssdlite, &e));
    BAD(duet_ssdlite_build(n, &layers, NULL, &e));
    BAD(duet_deeplabv3_build(NULL, &layers, 16, &deeplabv3, &e));
    BAD(duet_deeplabv3_build(n, NULL, 16, &deeplabv3, &e));
    BAD(duet_deeplabv3_build(n, &layers, 16, NULL, &e));
    BAD(duet_deeplabv3_build(n, &layers, 0, &deeplabv3, &e));
    BAD(duet_classifier_build(NULL, &layers, &classifier, &e));
    BAD(duet_classifier_build(n, NULL, &classifier, &e));
    BAD(duet_classifier_build(n, &layers, NULL, &e));
    assert_int_equal(duet_network_layer_count(n), 0);
    BAD(duet_ssdlite_build(n, &layers, &ssdlite, &e)); /* layers of no network: a fault, which stays */
    BAD(duet_mobilenet_v2_build(n, &config, &layers, &e));
    duet_network_close(&n);
    assert_int_equal(duet_mobilenet_v2_channels(32, 1, 0), 0);
    assert_int_equal(duet_mobilenet_v2_channels(32, 1e300, 8), 0);
    assert_int_equal(duet_ssdlite_anchors_per_cell(0), 3);
    duet_anchors_fill(0, 1, 1, 1, 1, NULL);
    duet_anchors_fill(-1, 1, 1, 1, 1, &anchor);
    duet_anchors_fill(6, 1, 1, 1, 1, &anchor);
    duet_anchors_fill(0, 1, 1, 0, 1, &anchor);
    assert_true(anchor.height == 0);
    assert_true(duet_box_decode(NULL, anchor).xmax == 0);
    assert_true(duet_iou(candidate.box, candidate.box) == 0);
    assert_int_equal(duet_nms(NULL, 5, 0.5f, 5), 0);
    assert_int_equal(duet_nms(&candidate, -5, 0.5f, 5), 0);
    assert_int_equal(duet_nms_trace(NULL, 5, 0.5f, 5, &keeper), 0);
    assert_int_equal(duet_nms_trace(&candidate, 1, 0.5f, 5, NULL), 0);
}

static void decoders_survive_nothing(void **state)
{
    (void)state;
    struct duet_ssdlite_decoder *d = NULL;
    struct duet_ssdlite_decoder_options o = {.classes = 1, .threshold = -1, .max_per_class = -3};
    const struct duet_affine to = {1, 1, 0, 0, 1, 1};
    struct duet_detections found;
    struct duet_suppressions suppressed;
    static const float numbers[12];
    struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS] = {{1, 1, numbers, numbers}};
    BAD(duet_ssdlite_decoder_create(NULL, maps, 8, 8, &d, &e));
    BAD(duet_ssdlite_decoder_create(&o, NULL, 8, 8, &d, &e));
    BAD(duet_ssdlite_decoder_create(&o, maps, 8, 0, &d, &e));
    BAD(duet_ssdlite_decoder_create(&o, maps, 8, 8, NULL, &e));
    maps[1].height = -1;
    BAD(duet_ssdlite_decoder_create(&o, maps, 8, 8, &d, &e));
    maps[1].height = 0;
    assert_null(d);
    duet_ssdlite_decoder_close(NULL);
    duet_ssdlite_decoder_close(&d);
    assert_int_equal(duet_ssdlite_decoder_anchor_count(NULL), 0);
    assert_ok(duet_ssdlite_decoder_create(&o, maps, 8, 8, &d, &e), e); /* which keeps nothing */
    assert_ok(duet_ssdlite_decode(d, maps, to, &found, &e), e);
    assert_int_equal(found.count, 0);
    BAD(duet_ssdlite_decode(NULL, maps, to, &found, &e));
    BAD(duet_ssdlite_decode(d, NULL, to, &found, &e));
    BAD(duet_ssdlite_decode(d, maps, to, NULL, &e));
    BAD(duet_ssdlite_suppressed(NULL, maps, to, &found, &suppressed, &e));
    BAD(duet_ssdlite_suppressed(d, maps, to, NULL, &suppressed, &e));
    BAD(duet_ssdlite_suppressed(d, maps, to, &found, NULL, &e));
    maps[0].logits = NULL;
    BAD(duet_ssdlite_decode(d, maps, to, &found, &e));
    maps[0] = (struct duet_ssdlite_map){2, 1, numbers, numbers}; /* of another size */
    BAD(duet_ssdlite_decode(d, maps, to, &found, &e));
    BAD(duet_ssdlite_suppressed(d, maps, to, &found, &suppressed, &e));
    duet_ssdlite_decoder_close(&d);
}

static void models_survive_nothing(void **state)
{
    (void)state;
    struct duet_model *model = NULL;
    struct duet_model_config zero = {0};
    struct duet_network *network = NULL;
    struct duet_weights *weights = NULL;
    struct duet_memory memory;
    BAD(duet_model_open(NULL, &model, &e));
    BAD(duet_model_open("x", NULL, &e));
    duet_model_close(NULL);
    duet_model_close(&model);
    assert_null(duet_model_config(NULL));
    assert_null(duet_model_weights(NULL));
    assert_null(duet_model_config_json(NULL));
    assert_int_equal(duet_model_output_stride(NULL), 32);
    BAD(duet_model_network(NULL, 16, &network, &e));
    BAD(duet_model_network(&zero, 16, &network, &e));
    BAD(duet_model_network(&zero, 16, NULL, &e));
    assert_null(network);
    BAD(duet_model_memory(NULL, 0, 8, 8, &memory, &e));
    BAD(duet_model_memory(&zero, 0, 8, 8, NULL, &e));
    BAD(duet_model_import(NULL, NULL, &weights, &e));
    BAD(duet_model_import("x", NULL, NULL, &e));
    assert_null(weights);
}

static void facades_survive_nothing(void **state)
{
    (void)state;
    struct duet_model *model;
    struct duet_detector *d = NULL, *d2;
    struct duet_segmenter *s = NULL, *s2;
    struct duet_detections found;
    struct duet_suppressions suppressed;
    struct duet_segmentation map = {0};
    struct duet_image picture = tiny_picture(20, 10, 1), gray = picture;
    struct duet_class_probability top;
    struct duet_pool none = {0};
    gray.format = DUET_GRAY8;
    assert_ok(duet_model_open(tiny, &model, &e), e);
    BAD(duet_detector_create(NULL, NULL, &d, &e));
    BAD(duet_detector_create(model, NULL, NULL, &e));
    BAD(duet_detector_clone(NULL, &d, &e));
    BAD(duet_segmenter_create(NULL, NULL, &s, &e));
    BAD(duet_segmenter_create(model, NULL, NULL, &e));
    BAD(duet_segmenter_clone(NULL, &s, &e));
    assert_true(!d && !s);
    assert_ok(duet_detector_create(model, NULL, &d, &e), e);
    assert_ok(duet_segmenter_create(model, NULL, &s, &e), e);
    BAD(duet_detector_clone(d, NULL, &e));
    BAD(duet_segmenter_clone(s, NULL, &e));
    BAD(duet_detector_run(NULL, &picture, NULL, &found, &e));
    BAD(duet_detector_run(d, NULL, NULL, &found, &e));
    BAD(duet_detector_run(d, &gray, NULL, &found, &e));
    BAD(duet_detector_run(d, &picture, &none, &found, &e));
    BAD(duet_detector_run(d, &picture, NULL, NULL, &e));
    BAD(duet_detector_suppressed(d, &found, &suppressed, &e)); /* has not run */
    BAD(duet_detector_suppressed(NULL, &found, &suppressed, &e));
    BAD(duet_detector_suppressed(d, NULL, &suppressed, &e));
    BAD(duet_detector_suppressed(d, &found, NULL, &e));
    BAD(duet_segmenter_run(NULL, &picture, NULL, &map, &e));
    BAD(duet_segmenter_run(s, NULL, NULL, &map, &e));
    BAD(duet_segmenter_run(s, &gray, NULL, &map, &e));
    BAD(duet_segmenter_run(s, &picture, &none, &map, &e));
    BAD(duet_segmenter_run(s, &picture, NULL, NULL, &e));
    assert_int_equal(duet_segmentation_probe(NULL, 0, 0, &top, 1), 0);
    assert_int_equal(duet_segmentation_probe(&map, 0, 0, &top, 1), 0);
    assert_int_equal(duet_segmenter_bytes(NULL), 0);
    assert_ok(duet_detector_clone(d, &d2, &e), e);
    assert_ok(duet_segmenter_clone(s, &s2, &e), e);
    duet_detector_close(NULL);
    duet_segmenter_close(NULL);
    duet_segmentation_close(NULL);
    duet_detector_close(&d);
    duet_detector_close(&d);
    duet_detector_close(&d2);
    duet_segmenter_close(&s);
    duet_segmenter_close(&s2);
    duet_image_close(&picture);
    duet_model_close(&model);
}

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
    {second_input, "a second input"},
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
        BAD(duet_network_account(b.network, 8, 8, info, &e));
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
    assert_ok(duet_network_account(b.network, 1, 1, info, &e), e);
    BAD(duet_network_account(b.network, 9, 9, info, &e));
    assert_non_null(strstr(e.text, "layer sum: joins 5x5 and 9x9"));
    duet_network_close(&b.network);
    b = begin();
    duet_network_broadcast(b.network, "repeat", b.deep, b.input);
    assert_ok(duet_network_account(b.network, 1, 1, info, &e), e);
    BAD(duet_network_account(b.network, 9, 9, info, &e));
    assert_non_null(strstr(e.text, "layer repeat: repeats 9x9, expected 1x1"));
    duet_network_close(&b.network);
}

/* --- what would compute wrong numbers, or write past memory ----------------------------------------------
 */

/* A separable chain whose depthwise layer has the activation given. */
static struct duet_network *separable(enum duet_activation activation, bool extra_output)
{
    struct builder b = begin();
    duet_node node = duet_network_conv(
        b.network, b.deep, (struct duet_conv){.name = "wide", .channels = 32, .activation = DUET_RELU6});
    node =
        duet_network_depthwise(b.network, node, (struct duet_conv){.name = "dw", .activation = activation});
    if (extra_output) duet_network_output(b.network, "inside", node);
    node = duet_network_conv(b.network, node, (struct duet_conv){.name = "narrow", .channels = 8});
    duet_network_output(b.network, "end", node);
    return b.network;
}

static void weights_are_not_shared_by_networks_that_differ(void **state)
{
    (void)state;
    struct duet_network *lender = separable(DUET_RELU6, false), *same = separable(DUET_RELU6, false);
    struct duet_network *others[2] = {separable(DUET_LINEAR, false), separable(DUET_RELU6, true)};
    struct duet_weights *weights = random_weights(lender, 1);
    struct duet_compiled *compiled, *shared;
    struct duet_compile_options options = {.struct_size = sizeof options, .height = 8, .width = 8};
    assert_ok(duet_compile(lender, weights, &options, &compiled, &e), e);
    options.weights_of = compiled;
    options.height = 17;
    assert_ok(duet_compile(same, NULL, &options, &shared, &e), e);
    duet_compiled_close(&shared);
    for (int i = 0; i < 2; i++) {
        assert_fails(DUET_MISMATCH, duet_compile(others[i], NULL, &options, &shared, &e), e);
        assert_null(shared);
        duet_network_close(&others[i]);
    }
    options.unfused = true;
    assert_fails(DUET_MISMATCH, duet_compile(same, NULL, &options, &shared, &e), e);
    duet_compiled_close(&compiled);
    duet_weights_close(&weights);
    duet_network_close(&lender);
    duet_network_close(&same);
}

static void segmenters_share_weights_of_one_model_only(void **state)
{
    (void)state;
    struct duet_model *a, *b;
    struct duet_segmenter *lender, *s;
    struct duet_segmenter_options options = {.struct_size = sizeof options, .size = 65};
    assert_ok(duet_model_open(tiny, &a, &e), e);
    assert_ok(duet_model_open(tiny, &b, &e), e);
    assert_ok(duet_segmenter_create(a, &options, &lender, &e), e);
    options.weights_of = lender;
    options.size = 33;
    assert_fails(DUET_MISMATCH, duet_segmenter_create(b, &options, &s, &e), e);
    assert_ok(duet_segmenter_create(a, &options, &s, &e), e);
    duet_segmenter_close(&s);
    duet_segmenter_close(&lender);
    duet_model_close(&a);
    duet_model_close(&b);
}

static void a_session_is_not_run_on_more_threads_than_it_has_memory_for(void **state)
{
    (void)state;
    struct duet_network *network = separable(DUET_RELU6, false);
    struct duet_weights *weights = random_weights(network, 1);
    struct duet_compiled *compiled;
    struct duet_session *session;
    struct duet_pool pool;
    struct duet_compile_options options = {.struct_size = sizeof options, .height = 40, .width = 40};
    assert_ok(duet_compile(network, weights, &options, &compiled, &e), e);
    assert_null(duet_compiled_step(compiled, 99).name);
    BAD(duet_session_create(compiled, 0, &session, &e));
    assert_ok(duet_session_create(compiled, 2, &session, &e), e);
    assert_ok(duet_pool_create(3, &pool, &e), e);
    BAD(duet_session_run(session, &pool, &e));
    assert_non_null(strstr(e.text, "3 threads: expected 1 to 2"));
    BAD(duet_session_run_step(session, &pool, 0, &e));
    BAD(duet_session_run_step(session, NULL, -1, &e));
    BAD(duet_session_run_step(session, NULL, duet_compiled_step_count(compiled), &e));
    assert_null(duet_session_output(session, NULL, NULL));
    duet_pool_close(&pool);
    assert_ok(duet_pool_create(2, &pool, &e), e);
    assert_ok(duet_session_run(session, &pool, &e), e);
    duet_pool_close(&pool);
    duet_session_close(&session);
    duet_compiled_close(&compiled);
    duet_weights_close(&weights);
    duet_network_close(&network);
}

/* --- memory that a model file asks for -------------------------------------------------------------------
 */

static void a_network_over_the_budget_is_refused_before_it_takes_memory(void **state)
{
    (void)state;
    struct duet_model *model;
    struct duet_detector *detector;
    struct duet_segmenter *segmenter;
    struct duet_memory small, large;
    assert_ok(duet_model_open(tiny, &model, &e), e);
    const struct duet_model_config *config = duet_model_config(model);
    assert_ok(duet_model_memory(config, 0, 64, 64, &small, &e), e);
    assert_ok(duet_model_memory(config, 0, 4096, 4096, &large, &e), e);
    assert_true(small.session_bytes > 0 && small.session_bytes < (1 << 20));
    assert_true(large.session_bytes > (100 << 20) && large.thread_bytes >= small.thread_bytes);
    struct duet_detector_options d = {.struct_size = sizeof d, .input_width = 4096, .input_height = 4096};
    d.max_memory = 50 << 20;
    assert_fails(DUET_TOO_LARGE, duet_detector_create(model, &d, &detector, &e), e);
    assert_non_null(strstr(e.text, "4096x4096 needs"));
    assert_non_null(strstr(e.text, "52428800 are allowed"));
    d.input_width = d.input_height = 64;
    d.max_memory = small.session_bytes + small.thread_bytes;
    assert_ok(duet_detector_create(model, &d, &detector, &e), e);
    struct duet_image picture = tiny_picture(20, 10, 1);
    struct duet_detections found;
    struct duet_pool pool;
    assert_ok(duet_pool_create(2, &pool, &e), e); /* a second thread is over it */
    assert_fails(DUET_TOO_LARGE, duet_detector_run(detector, &picture, &pool, &found, &e), e);
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
    s.max_memory = large.session_bytes + large.thread_bytes;
    assert_ok(duet_segmenter_create(model, &s, &segmenter, &e), e);
    assert_fails(DUET_TOO_LARGE, duet_segmenter_run(segmenter, &picture, NULL, &map, &e), e);
    duet_segmenter_close(&segmenter);
    s.max_memory += small.session_bytes;
    assert_ok(duet_segmenter_create(model, &s, &segmenter, &e), e);
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
    config.width_multiplier = 1; /* tensors that stay in the file */
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

static int set_up(void **state)
{
    struct duet_model_config config = tiny_model_config(true, true);
    (void)state;
    scratch_make(&scratch);
    snprintf(tiny, sizeof tiny, "%s", scratch_path(&scratch, "tiny.safetensors"));
    tiny_model_write(tiny, &config, &config);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base_survives_nothing),
        cmocka_unit_test(pools_survive_nothing),
        cmocka_unit_test(weights_survive_nothing),
        cmocka_unit_test(networks_survive_nothing),
        cmocka_unit_test(heads_survive_nothing),
        cmocka_unit_test(decoders_survive_nothing),
        cmocka_unit_test(models_survive_nothing),
        cmocka_unit_test(facades_survive_nothing),
        cmocka_unit_test(a_fault_is_remembered_and_told),
        cmocka_unit_test(shapes_that_do_not_fit_are_told_with_the_size),
        cmocka_unit_test(weights_are_not_shared_by_networks_that_differ),
        cmocka_unit_test(segmenters_share_weights_of_one_model_only),
        cmocka_unit_test(a_session_is_not_run_on_more_threads_than_it_has_memory_for),
        cmocka_unit_test(a_network_over_the_budget_is_refused_before_it_takes_memory),
        cmocka_unit_test(a_model_that_is_cut_short_or_changed_is_an_error),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
