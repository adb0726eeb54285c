/* The real network against the real TensorFlow graph's outputs on six photographs: preprocessed input, raw
 * outputs, final detections. */
#include "golden/golden.h"
#include "support/sessions.h"

#include "duet/detector.h"
#include "heads/preprocess.h"

#include <jansson.h>

#define ANCHORS 1917
#define COLUMNS 91
#define SIDE    300

static const char *const photographs[] = {"dog", "person", "horses", "giraffe", "eagle", "kite"};
enum { PHOTOGRAPHS = sizeof photographs / sizeof photographs[0] };

static struct duet_model *model;

static int open_model(void **state)
{
    (void)state;
    model = golden_model("ssdlite-coco");
    return 0;
}

static int close_model(void **state)
{
    (void)state;
    duet_model_close(&model);
    return 0;
}

static struct duet_session *make_session(struct duet_compiled **compiled, const char *cpu)
{
    struct duet_error e;
    struct duet_network *network;
    struct duet_session *session;
    assert_ok(duet_model_network(duet_model_config(model), 0, &network, &e), e);
    assert_ok(duet_compile(network, duet_model_weights(model),
                           &(struct duet_compile_options){.struct_size = sizeof(struct duet_compile_options),
                                                          .height = SIDE,
                                                          .width = SIDE,
                                                          .cpu = cpu},
                           compiled, &e),
              e);
    assert_ok(duet_session_create(*compiled, 1, &session, &e), e);
    duet_network_close(&network);
    return session;
}

static void preprocessed_input_is_the_graphs(void **state)
{
    (void)state;
    testing_need_shared(shared);
    struct duet_error e;
    struct duet_kernels kernels;
    struct preprocess preprocess;
    struct duet_pool pool = duet_pool_single();
    static float input[SIDE * SIDE * 3];
    assert_ok(duet_preprocess_create(&duet_model_head(model, 0)->input, &preprocess, &e), e);
    for (int level = 0; duet_kernels_level(level); level++) {
        if (!duet_kernels_runs(duet_kernels_level(level))) continue;
        assert_ok(duet_kernels_select(duet_kernels_level(level), &kernels, &e), e);
        for (int p = 0; p < PHOTOGRAPHS; p++) {
            struct duet_image image = golden_image(shared, "ssdlite", photographs[p], "jpg");
            struct duet_bytes want =
                golden_floats(shared, "ssdlite", photographs[p], "pre.bin", SIDE * SIDE * 3);
            duet_preprocess_run(&preprocess, &kernels, &image, &pool, input);
            double d = golden_difference(input, (const float *)(const void *)want.data, SIDE * SIDE * 3);
            if (!(d <= 1e-6)) fail_msg("%s: preprocessed input differs by %g", photographs[p], d);
            duet_bytes_close(&want);
            duet_image_close(&image);
        }
    }
    duet_preprocess_close(&preprocess);
}

/* Box encodings and logits of all maps after one another, as the graph concatenates them. */
static double compare_outputs(const struct duet_session *session, const char *what, size_t columns,
                              const struct duet_bytes *want)
{
    double most = 0;
    size_t at = 0;
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++) {
        char name[32];
        size_t count;
        snprintf(name, sizeof name, "ssdlite.%s%d", what, m);
        const float *got = session_output(session, name, &count);
        double d = golden_difference(got, (const float *)(const void *)want->data + at, count);
        if (!(d <= most)) most = d;
        at += count;
    }
    assert_int_equal(at, ANCHORS * columns);
    return most;
}

static void raw_outputs_are_the_graphs(void **state)
{
    (void)state;
    testing_need_shared(shared);
    if (!model) skip();
    for (int level = 0; duet_kernels_level(level); level++) {
        if (!duet_kernels_runs(duet_kernels_level(level))) continue;
        struct duet_compiled *compiled;
        struct duet_session *session = make_session(&compiled, duet_kernels_level(level));
        double box = 0, logit = 0;
        for (int p = 0; p < PHOTOGRAPHS; p++) {
            struct duet_bytes input =
                golden_floats(shared, "ssdlite", photographs[p], "pre.bin", SIDE * SIDE * 3);
            struct duet_bytes boxes =
                golden_floats(shared, "ssdlite", photographs[p], "box_enc.bin", ANCHORS * 4);
            struct duet_bytes logits =
                golden_floats(shared, "ssdlite", photographs[p], "logits.bin", ANCHORS * COLUMNS);
            memcpy(session_input(session), input.data, input.size);
            assert_int_equal(duet_session_run(session, NULL, NULL), DUET_OK);
            box = fmax(box, compare_outputs(session, "box", 4, &boxes));
            logit = fmax(logit, compare_outputs(session, "class", COLUMNS, &logits));
            duet_bytes_close(&input);
            duet_bytes_close(&boxes);
            duet_bytes_close(&logits);
        }
        printf("# %s: box encodings within %.2g, logits within %.2g\n", duet_kernels_level(level), box,
               logit);
        assert_true(box <= 2e-4 && logit <= 2e-4);
        duet_session_close(&session);
        duet_compiled_close(&compiled);
    }
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static void check_detections(const char *name, const json_t *want, const struct duet_detections *got)
{
    assert_int_equal(json_array_size(want), got->count);
    for (size_t i = 0; i < got->count; i++) {
        const json_t *w = json_array_get(want, i);
        const struct duet_detection *g = &got->items[i];
        double score = number(w, "score");
        if (!(fabs(score - (double)g->score) <= 1e-5))
            fail_msg("%s: detection %zu scores %.8g, expected %.8g", name, i, (double)g->score, score);
        if (number(w, "anchor") == g->anchor && number(w, "class_id") == g->category_id) continue;
        /* Another box may stand here only if it ties with its neighbour. */
        bool tie = (i > 0 && fabs(number(json_array_get(want, i - 1), "score") - score) <= 2e-6) ||
                   (i + 1 < got->count && fabs(number(json_array_get(want, i + 1), "score") - score) <= 2e-6);
        if (!tie)
            fail_msg("%s: detection %zu is anchor %d class %d, expected anchor %g class %g", name, i,
                     g->anchor, g->category_id, number(w, "anchor"), number(w, "class_id"));
        printf("# %s: detection %zu: a tie, taken the other way\n", name, i);
    }
}

static void detections_are_the_graphs(void **state)
{
    (void)state;
    testing_need_shared(shared);
    if (!model) skip();
    struct duet_error e;
    struct duet_detector *detector;
    struct duet_detector_options options = DUET_DETECTOR_OPTIONS;
    options.threshold = 1e-8f;
    assert_ok(duet_detector_create(model, &options, &detector, &e), e);
    for (int p = 0; p < PHOTOGRAPHS; p++) {
        char path[4500];
        json_error_t json_error;
        struct duet_detections got;
        snprintf(path, sizeof path, "%s/golden/ssdlite/%s.json", shared, photographs[p]);
        json_t *root = json_load_file(path, 0, &json_error);
        assert_non_null(root);
        struct duet_image image = golden_image(shared, "ssdlite", photographs[p], "jpg");
        assert_ok(duet_detector_run(detector, &image, NULL, &got, &e), e);
        check_detections(photographs[p], json_object_get(root, "tf_detections"), &got);
        duet_detections_close(&got);
        duet_image_close(&image);
        json_decref(root);
    }
    duet_detector_close(&detector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(preprocessed_input_is_the_graphs),
        cmocka_unit_test(raw_outputs_are_the_graphs),
        cmocka_unit_test(detections_are_the_graphs),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
