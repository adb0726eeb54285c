/* Every public function of the library, called with nothing, with zeros and with what makes no sense: an
 * error or an empty answer, never a crash (tests/headers/test_contracts.sh sees to it that none is missing
 * here). */
#include "support/tiny_group.h"

#include "duet/duet.h"
#include "duet/import.h"
#include "duet/nms.h"
#include "duet/quantize.h"
#include "duet/runner.h"
#include "duet/ssdlite_decode.h"

static struct duet_error e;

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
    duet_class_probabilities_close(NULL);
    struct duet_detections detections = {0};
    struct duet_segments segments = {0};
    struct duet_suppressions suppressions = {0};
    struct duet_class_probabilities probabilities = {0};
    assert_true(!duet_detections_at(NULL, 0) && !duet_detections_at(&detections, 0));
    assert_true(!duet_segments_at(NULL, 0) && !duet_segments_at(&segments, SIZE_MAX));
    assert_true(!duet_suppressions_at(NULL, 0) && !duet_suppressions_at(&suppressions, 0));
    assert_true(!duet_class_probabilities_at(NULL, 0) && !duet_class_probabilities_at(&probabilities, 0));
    duet_detections_close(&detections);
    duet_class_probabilities_close(&probabilities);
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
    struct duet_view view = duet_view_dense((enum duet_dtype)99, &scalar, pixel);
    assert_false(view.data || duet_view_dense(DUET_U8, &deep, pixel).data);
    assert_false(duet_view_dense(DUET_U8, NULL, pixel).data || duet_view_is_dense(NULL));
    view.shape = deep;
    assert_false(duet_view_is_dense(&view));
    duet_cancel(NULL);
    assert_false(duet_cancelled(NULL));
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
    assert_null(duet_weights_retain(NULL));
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
    struct duet_memory memory = DUET_MEMORY;
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
    assert_int_equal(duet_network_upsample(NULL, "u", 0, 0), -1);
    assert_int_equal(duet_network_subsample(NULL, "s", 0), -1);
    assert_int_equal(duet_network_side_input(NULL, "h", 1, 0, (struct duet_input_type){DUET_U8, 1, 0}), -1);
    duet_network_output(NULL, "o", 0);
    duet_network_set_numbers(NULL, 0, (struct duet_numbers){false, 0, 0});
    assert_null(duet_precision_name(DUET_PRECISION_COUNT));
    assert_string_equal(duet_precision_name(DUET_PRECISION_INT8), "int8");
    BAD(duet_network_check(NULL, &e));
    assert_int_equal(duet_network_layer_count(NULL), 0);
    assert_null(duet_network_layer(NULL, 0));
    assert_int_equal(duet_network_find(NULL, "x"), -1);
    assert_int_equal(duet_network_output_count(NULL), 0);
    assert_int_equal(duet_network_output_at(NULL, 0, NULL), -1);
    assert_int_equal(duet_network_input_channels(NULL, 0), -1);
    assert_int_equal(duet_network_weight_shape(NULL, 0).rank, 0);
    BAD(duet_network_account(NULL, 8, 8, &info, sizeof(struct duet_layer_info), &e));
    BAD(duet_network_memory(NULL, &options, &memory, &e));
    BAD(duet_compile(NULL, NULL, &options, &compiled, &e));
    assert_ok(duet_network_create(&n, &e), e);
    BAD(duet_network_memory(n, &options, &memory, &e)); /* no layers */
    BAD(duet_network_memory(n, &options, NULL, &e));
    assert_int_equal(duet_network_find(n, NULL), -1);
    assert_int_equal(duet_network_weight_shape(n, 99).rank, 0);
    duet_network_output(n, "o", duet_network_input(n, "i", 3));
    BAD(duet_network_account(n, 8, 8, NULL, sizeof(struct duet_layer_info), &e));
    BAD(duet_network_account(n, -8, 8, &info, sizeof(struct duet_layer_info), &e));
    BAD(duet_compile(n, NULL, &options, &compiled, &e));
    BAD(duet_compile(n, NULL, NULL, &compiled, &e));
    BAD(duet_compile(n, NULL, &options, NULL, &e));
    duet_network_close(&n);
    assert_null(duet_compiled_retain(NULL));
    duet_compiled_close(NULL);
    duet_compiled_close(&compiled);
    assert_int_equal(duet_compiled_step_count(NULL), 0);
    assert_int_equal(duet_compiled_stage_count(NULL), 0);
    struct duet_step_info step = DUET_STEP_INFO;
    BAD(duet_compiled_step(NULL, 0, &step, &e));
    BAD(duet_compiled_step(NULL, 0, NULL, &e));
    assert_null(duet_compiled_level(NULL));
    assert_int_equal(duet_compiled_arena_bytes(NULL), 0);
    assert_int_equal(duet_compiled_scratch_bytes(NULL), 0);
    assert_int_equal(duet_compiled_weight_bytes(NULL), 0);
    BAD(duet_session_create(NULL, 1, &session, &e));
    BAD(duet_session_create(NULL, 1, NULL, &e));
    duet_session_close(NULL);
    duet_session_close(&session);
    struct duet_view view;
    BAD(duet_session_input(NULL, NULL, &view, &e));
    BAD(duet_session_input(NULL, NULL, NULL, &e));
    BAD(duet_session_run(NULL, NULL, &e));
    BAD(duet_session_run_stage(NULL, 0, NULL, &e));
    BAD(duet_session_run_step(NULL, 0, NULL, &e));
    BAD(duet_session_output(NULL, "x", &view, &e));
    BAD(duet_session_output(NULL, "x", NULL, &e));
}

static void heads_survive_nothing(void **state)
{
    (void)state;
    struct duet_network *n;
    struct duet_mobilenet_v2 layers = {0};
    struct duet_mobilenet_v2_config config = {1, 8, 32, true}, odd = {1, 0, 12, true};
    const struct duet_head ssdlite = duet_head_usual(DUET_SSDLITE),
                           deeplabv3 = duet_head_usual(DUET_DEEPLABV3),
                           classifier = duet_head_usual(DUET_CLASSIFIER),
                           guided = duet_head_usual(DUET_GUIDED);
    duet_node nodes[2];
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
    BAD(duet_deeplabv3_build(NULL, &layers, &deeplabv3, &e));
    BAD(duet_deeplabv3_build(n, NULL, &deeplabv3, &e));
    BAD(duet_deeplabv3_build(n, &layers, NULL, &e));
    BAD(duet_guided_build(NULL, &layers, &guided, &e));
    BAD(duet_guided_build(n, NULL, &guided, &e));
    BAD(duet_guided_build(n, &layers, NULL, &e));
    BAD(duet_head_taps(NULL, &layers, &ssdlite, nodes, 2, &e));
    BAD(duet_head_taps(n, NULL, &ssdlite, nodes, 2, &e));
    BAD(duet_head_taps(n, &layers, NULL, nodes, 2, &e));
    BAD(duet_head_taps(n, &layers, &ssdlite, NULL, 2, &e));
    BAD(duet_head_taps(n, &layers, &ssdlite, nodes, 1, &e));
    BAD(duet_head_taps(n, &layers, &ssdlite, nodes, 2, &e)); /* no such layers */
    assert_null(duet_head_kind_name(DUET_HEAD_KINDS));
    assert_null(duet_resize_name((enum duet_resize)2));
    assert_int_equal(duet_head_task(DUET_HEAD_KINDS), DUET_DETECTION);
    assert_null(duet_head_usual(DUET_HEAD_KINDS).name);
    assert_int_equal(duet_head_classes(NULL), 0);
    BAD(duet_classifier_build(NULL, &layers, &classifier, &e));
    BAD(duet_classifier_build(n, NULL, &classifier, &e));
    BAD(duet_classifier_build(n, &layers, NULL, &e));
    assert_int_equal(duet_network_layer_count(n), 0);
    BAD(duet_deeplabv3_build(n, &layers, &deeplabv3, &e)); /* layers of no network: a fault, which stays */
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
    struct duet_memory memory = DUET_MEMORY;
    BAD(duet_model_open(NULL, &model, &e));
    BAD(duet_model_open("x", NULL, &e));
    duet_model_close(NULL);
    duet_model_close(&model);
    assert_null(duet_model_config(NULL));
    assert_null(duet_model_weights(NULL));
    assert_null(duet_model_retain(NULL));
    assert_int_equal(duet_model_head_count(NULL), 0);
    assert_null(duet_model_head(NULL, 0));
    assert_null(duet_model_find_head(NULL, "ssdlite"));
    assert_null(duet_model_task_head(NULL, DUET_DETECTION));
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
    struct duet_pool no_pool = {0};
    const struct duet_run_options none = {.struct_size = sizeof none, .pool = &no_pool};
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
    assert_int_equal(duet_detector_bytes(NULL), 0);
    assert_int_equal(duet_segmenter_precision(NULL), DUET_PRECISION_MODEL);
    assert_int_equal(duet_detector_precision(NULL), DUET_PRECISION_MODEL);
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

static void runners_survive_nothing(void **state)
{
    (void)state;
    struct duet_model *model;
    struct duet_runner *r = NULL, *other = NULL;
    struct duet_results *results = NULL;
    struct duet_detections found = {0};
    struct duet_suppressions suppressed;
    struct duet_image picture = tiny_picture(20, 10, 1), gray = picture;
    struct duet_pool no_pool = {0};
    const struct duet_run_options none = {.struct_size = sizeof none, .pool = &no_pool};
    struct duet_runner_options bad[] = {DUET_RUNNER_OPTIONS, DUET_RUNNER_OPTIONS, DUET_RUNNER_OPTIONS,
                                        DUET_RUNNER_OPTIONS, DUET_RUNNER_OPTIONS, DUET_RUNNER_OPTIONS};
    gray.format = DUET_GRAY8;
    assert_ok(duet_model_open(tiny, &model, &e), e);
    BAD(duet_runner_create(NULL, NULL, &r, &e));
    BAD(duet_runner_create(model, NULL, NULL, &e));
    bad[0].width = -1;
    bad[1].height = 8193;
    bad[2].top = 0;
    bad[3].output_stride = 7;
    bad[4].heads = (const char *const[]){"ssdlite"}; /* none of them */
    bad[5].heads = (const char *const[]){NULL};
    bad[5].head_count = 1;
    for (int i = 0; i < 6; i++) BAD(duet_runner_create(model, &bad[i], &r, &e));
    BAD(duet_runner_clone(NULL, &r, &e));
    assert_null(r);
    assert_ok(duet_runner_create(model, NULL, &r, &e), e);
    BAD(duet_runner_clone(r, NULL, &e));
    BAD(duet_runner_run(NULL, &picture, NULL, &results, &e));
    BAD(duet_runner_run(r, NULL, NULL, &results, &e));
    BAD(duet_runner_run(r, &gray, NULL, &results, &e));
    BAD(duet_runner_run(r, &picture, &none, &results, &e));
    BAD(duet_runner_run(r, &picture, NULL, NULL, &e));
    BAD(duet_runner_suppressed(r, &found, &suppressed, &e)); /* has not run */
    BAD(duet_runner_suppressed(NULL, &found, &suppressed, &e));
    BAD(duet_runner_suppressed(r, NULL, &suppressed, &e));
    BAD(duet_runner_suppressed(r, &found, NULL, &e));
    assert_null(results);
    assert_true(duet_runner_bytes(NULL) == 0 && duet_runner_bytes(r) > 0);
    assert_int_equal(duet_runner_precision(NULL), DUET_PRECISION_MODEL);
    assert_true(duet_runner_pass_count(NULL) == 0 && duet_runner_pass_count(r) > 0);
    assert_null(duet_results_detections(NULL));
    assert_null(duet_results_segmentation(NULL));
    assert_null(duet_results_classes(NULL));
    assert_null(duet_results_detections_of(NULL, "ssdlite"));
    assert_ok(duet_runner_run(r, &picture, NULL, &results, &e), e);
    assert_null(duet_results_detections_of(results, NULL));
    assert_null(duet_results_segmentation_of(results, "ssdlite"));
    assert_null(duet_results_classes_of(results, "deeplabv3"));
    const uint8_t *pixels = duet_results_segmentation(results)->classes.pixels;
    struct duet_segmentation taken = duet_results_take_segmentation(results);
    assert_true(pixels && taken.classes.pixels == pixels);
    assert_null(duet_results_segmentation(results)->classes.pixels);
    assert_null(duet_results_take_segmentation(results).classes.pixels); /* is gone */
    assert_true(duet_results_take_detections(NULL).count == 0 && !duet_results_take_classes(results).items);
    assert_ok(duet_runner_clone(r, &other, &e), e);
    struct duet_classifier *c = NULL;
    struct duet_class_probabilities classes;
    BAD(duet_classifier_create(NULL, NULL, &c, &e));
    BAD(duet_classifier_create(model, NULL, NULL, &e));
    assert_fails(DUET_UNSUPPORTED, duet_classifier_create(model, NULL, &c, &e), e);
    BAD(duet_classifier_clone(NULL, &c, &e));
    BAD(duet_classifier_run(c, &picture, NULL, &classes, &e));
    BAD(duet_classifier_run(c, &picture, NULL, NULL, &e));
    assert_int_equal(duet_classifier_bytes(c), 0);
    assert_int_equal(duet_classifier_precision(c), DUET_PRECISION_MODEL);
    duet_classifier_close(NULL);
    duet_classifier_close(&c);
    duet_results_close(NULL);
    duet_results_close(&results);
    assert_true(taken.classes.pixels[0] < 255);
    duet_segmentation_close(&taken);
    duet_results_close(&results);
    duet_results_close(&results);
    duet_runner_close(NULL);
    duet_runner_close(&r);
    duet_runner_close(&r);
    duet_runner_close(&other);
    duet_image_close(&picture);
    duet_model_close(&model);
}

static void quantizer_survives_nothing(void **state)
{
    (void)state;
    struct duet_quantizer *q = NULL;
    struct duet_weights *weights;
    struct duet_image image = {0};
    struct duet_quantized_layer layer = {.struct_size = sizeof layer};
    BAD(duet_quantizer_create(NULL, NULL, &q, &e));
    BAD(duet_quantizer_create(NULL, NULL, NULL, &e));
    BAD(duet_quantizer_measure(NULL, &image, NULL, &e));
    BAD(duet_quantizer_compare(NULL, &image, NULL, &e));
    BAD(duet_quantizer_weights(NULL, &weights, &e));
    BAD(duet_quantizer_weights(q, NULL, &e));
    BAD(duet_quantizer_layer(NULL, 0, &layer, &e));
    BAD(duet_quantizer_layer(NULL, 0, NULL, &e));
    assert_int_equal(duet_quantizer_layer_count(NULL), 0);
    duet_quantizer_close(NULL);
    duet_quantizer_close(&q);
    struct duet_model *model;
    assert_ok(duet_model_open(tiny, &model, &e), e);
    assert_ok(duet_quantizer_create(model, NULL, &q, &e), e);
    BAD(duet_quantizer_measure(q, NULL, NULL, &e));
    BAD(duet_quantizer_measure(q, &image, NULL, &e));
    BAD(duet_quantizer_layer(q, 0, &layer, &e));
    duet_quantizer_close(&q);
    assert_null(q);
    duet_model_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantizer_survives_nothing), cmocka_unit_test(base_survives_nothing),
        cmocka_unit_test(pools_survive_nothing),      cmocka_unit_test(weights_survive_nothing),
        cmocka_unit_test(networks_survive_nothing),   cmocka_unit_test(heads_survive_nothing),
        cmocka_unit_test(decoders_survive_nothing),   cmocka_unit_test(models_survive_nothing),
        cmocka_unit_test(facades_survive_nothing),    cmocka_unit_test(runners_survive_nothing),
    };
    return cmocka_run_group_tests(tests, make_tiny, remove_scratch);
}
