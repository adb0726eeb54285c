/* A model of three heads: each alone, together, in files of their own, by the fronts: the same bytes. */
#include "support/scratch_group.h"
#include "support/tiny_model.h"

#include "duet/duet.h"
#include "runner/sizes.h"

#include <pthread.h>

enum { BOXES, MASKS, NAMES, HEADS };

static const struct duet_label things[] = {{1, "ant"}, {2, "bee"}, {4, "cow"}, {5, "dog"}};
static const struct duet_label stuff[] = {{0, "background"}, {1, "sky"}, {2, "sea"}};
static struct duet_model *all;         /* three heads that share an input */
static struct duet_model *each[HEADS]; /* the same weights, one head each */

static void list_heads(struct duet_head heads[HEADS])
{
    static const struct duet_head made[HEADS] = {
        SSDLITE_HEAD(64, 64, 5), DEEPLABV3_HEAD(64, 64, 32, 3, 16, false), CLASSIFIER_HEAD(64, 64, 7)};
    memcpy(heads, made, sizeof made);
    heads[BOXES].labels = (struct duet_labels){things, 4};
    heads[MASKS].labels = (struct duet_labels){stuff, 3};
    heads[MASKS].input.resize = DUET_STRETCH;
}

/* Weights for `heads`, under metadata that speak of `count` of them from `first` on. */
static struct duet_model *make_model(const struct duet_head *heads, int first, int count)
{
    struct duet_error e;
    struct duet_model *made;
    const struct duet_model_config weights_of = {
        .backbone = {0.35, 8}, .heads = heads, .head_count = HEADS, .source = {.name = "three"}};
    struct duet_model_config config = weights_of;
    config.heads += first;
    config.head_count = count;
    tiny_model_write(scratch_path(&scratch, "three.safetensors"), &weights_of, &config);
    assert_ok(duet_model_open(scratch.path, &made, &e), e);
    return made;
}

static int set_up(void **state)
{
    struct duet_head heads[HEADS];
    make_scratch(state);
    list_heads(heads);
    all = make_model(heads, 0, HEADS);
    for (int i = 0; i < HEADS; i++) each[i] = make_model(heads, i, 1);
    return 0;
}

static int tear_down(void **state)
{
    duet_model_close(&all);
    for (int i = 0; i < HEADS; i++) duet_model_close(&each[i]);
    return remove_scratch(state);
}

static struct duet_detector_options eager(void)
{
    struct duet_detector_options o = DUET_DETECTOR_OPTIONS;
    o.threshold = 0.2f;
    return o;
}

static struct duet_runner *make_runner(const struct duet_model *model, const char *const *heads, int count)
{
    struct duet_error e;
    struct duet_runner *runner;
    const struct duet_detector_options detector = eager();
    struct duet_segmenter_options segmenter = DUET_SEGMENTER_OPTIONS;
    struct duet_runner_options options = DUET_RUNNER_OPTIONS;
    segmenter.confidence = segmenter.probe = true;
    options.heads = heads;
    options.head_count = count;
    options.detector = &detector;
    options.segmenter = &segmenter;
    assert_ok(duet_runner_create(model, &options, &runner, &e), e);
    return runner;
}

static struct duet_results *run(struct duet_runner *runner, const struct duet_image *image, int threads)
{
    struct duet_error e;
    struct duet_results *results;
    struct duet_pool pool = duet_pool_single();
    const struct duet_run_options options = {.struct_size = sizeof options, .pool = &pool};
    if (threads > 1) assert_ok(duet_pool_create(threads, &pool, &e), e);
    assert_ok(duet_runner_run(runner, image, &options, &results, &e), e);
    duet_pool_close(&pool);
    return results;
}

/* --- what is compared ----------------------------------------------------------------------------------- */

static void same_boxes(const struct duet_detections *a, const struct duet_detections *b)
{
    assert_true(a->count > 3);
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct duet_detection *x = duet_detections_at(a, i), *y = duet_detections_at(b, i);
        assert_true(x->category_id == y->category_id && x->score == y->score && x->anchor == y->anchor);
        assert_memory_equal(&x->box, &y->box, sizeof x->box);
        assert_string_equal(x->label, y->label);
    }
}

static void same_masks(const struct duet_segmentation *a, const struct duet_segmentation *b)
{
    size_t pixels = (size_t)a->classes.width * (size_t)a->classes.height;
    assert_true(a->classes.width == b->classes.width && a->classes.height == b->classes.height);
    assert_memory_equal(a->classes.pixels, b->classes.pixels, pixels);
    assert_memory_equal(a->confidence.pixels, b->confidence.pixels, pixels);
    assert_int_equal(a->segments.count, b->segments.count);
    for (size_t i = 0; i < a->segments.count; i++)
        assert_string_equal(a->segments.items[i].label, b->segments.items[i].label);
    for (int i = 0; i < 20; i++) {
        struct duet_class_probability p[3], q[3];
        int x = i * 7 % a->classes.width, y = i * 5 % a->classes.height;
        assert_int_equal(duet_segmentation_probe(a, x, y, p, 3), 3);
        assert_int_equal(duet_segmentation_probe(b, x, y, q, 3), 3);
        assert_int_equal(p[0].class_id, duet_image_row(&a->classes, y)[x]);
        for (int k = 0; k < 3; k++)
            assert_true(p[k].class_id == q[k].class_id && p[k].probability == q[k].probability);
    }
}

static void same_classes(const struct duet_class_probabilities *a, const struct duet_class_probabilities *b)
{
    assert_int_equal(a->count, 5);
    assert_int_equal(b->count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_true(a->items[i].class_id == b->items[i].class_id &&
                    a->items[i].probability == b->items[i].probability);
}

/* What each of `wanted` (bits) found, and nothing else. */
static void same(const struct duet_results *a, const struct duet_results *b, int wanted)
{
    assert_int_equal(duet_results_detections(a) != NULL, (wanted >> BOXES) & 1);
    assert_int_equal(duet_results_segmentation(a) != NULL, (wanted >> MASKS) & 1);
    assert_int_equal(duet_results_classes(a) != NULL, (wanted >> NAMES) & 1);
    if (wanted & 1 << BOXES) same_boxes(duet_results_detections(a), duet_results_detections(b));
    if (wanted & 1 << MASKS) same_masks(duet_results_segmentation(a), duet_results_segmentation(b));
    if (wanted & 1 << NAMES) same_classes(duet_results_classes(a), duet_results_classes(b));
}

/* --- the tests ------------------------------------------------------------------------------------------ */

static void any_of_the_heads_in_one_pass(void **state)
{
    (void)state;
    static const char *const names[HEADS] = {"ssdlite", "deeplabv3", "classifier"};
    struct duet_image image = tiny_picture(100, 70, 1);
    struct duet_runner *runner = make_runner(all, NULL, 0);
    assert_int_equal(duet_runner_pass_count(runner), 1);
    struct duet_results *want = run(runner, &image, 1);
    duet_runner_close(&runner);
    for (int wanted = 1; wanted < 1 << HEADS; wanted++) {
        const char *heads[HEADS];
        int count = 0;
        for (int i = HEADS - 1; i >= 0; i--)
            if (wanted & 1 << i) heads[count++] = names[i];
        runner = make_runner(all, heads, count);
        assert_int_equal(duet_runner_pass_count(runner), 1);
        struct duet_results *got = run(runner, &image, 1 + wanted % 4);
        same(got, want, wanted);
        duet_results_close(&got);
        duet_runner_close(&runner);
    }
    for (int i = 0; i < HEADS; i++) {
        runner = make_runner(each[i], NULL, 0);
        struct duet_results *got = run(runner, &image, 2);
        same(got, want, 1 << i);
        duet_results_close(&got);
        duet_runner_close(&runner);
    }
    duet_results_close(&want);
    duet_image_close(&image);
}

static void the_fronts_find_the_same(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_detector *detector;
    struct duet_segmenter *segmenter;
    struct duet_classifier *classifier, *clone;
    struct duet_detections boxes;
    struct duet_segmentation masks;
    struct duet_class_probabilities classes;
    struct duet_suppressions a, b;
    const struct duet_detector_options d = eager();
    struct duet_segmenter_options s = DUET_SEGMENTER_OPTIONS;
    struct duet_image image = tiny_picture(100, 70, 1);
    struct duet_runner *runner = make_runner(all, NULL, 0);
    struct duet_results *want = run(runner, &image, 1);
    s.confidence = s.probe = true;
    assert_ok(duet_detector_create(all, &d, &detector, &e), e);
    assert_ok(duet_segmenter_create(all, &s, &segmenter, &e), e);
    assert_ok(duet_classifier_create(all, NULL, &classifier, &e), e);
    assert_ok(duet_classifier_clone(classifier, &clone, &e), e);
    assert_true(duet_classifier_bytes(clone) > 0);
    duet_classifier_close(&classifier);
    assert_ok(duet_detector_run(detector, &image, NULL, &boxes, &e), e);
    assert_ok(duet_segmenter_run(segmenter, &image, NULL, &masks, &e), e);
    assert_ok(duet_classifier_run(clone, &image, NULL, &classes, &e), e);
    same_boxes(duet_results_detections(want), &boxes);
    same_masks(duet_results_segmentation_of(want, "deeplabv3"), &masks);
    same_classes(duet_results_classes_of(want, "classifier"), &classes);
    assert_ok(duet_runner_suppressed(runner, duet_results_detections(want), &a, &e), e);
    assert_ok(duet_detector_suppressed(detector, &boxes, &b, &e), e);
    assert_int_equal(a.count, b.count);
    duet_suppressions_close(&a);
    duet_suppressions_close(&b);
    duet_detections_close(&boxes);
    duet_segmentation_close(&masks);
    duet_class_probabilities_close(&classes);
    duet_detector_close(&detector);
    duet_segmenter_close(&segmenter);
    duet_classifier_close(&clone);
    duet_results_close(&want);
    duet_runner_close(&runner);
    duet_image_close(&image);
}

/* Probabilities add up over all classes, and are in order. */
static void a_classifier_tells_as_many_as_asked_for(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_classifier *classifier;
    struct duet_class_probabilities found;
    struct duet_classifier_options options = DUET_CLASSIFIER_OPTIONS;
    struct duet_image image = tiny_picture(64, 64, 3);
    options.top = 100;
    assert_ok(duet_classifier_create(all, &options, &classifier, &e), e);
    assert_ok(duet_classifier_run(classifier, &image, NULL, &found, &e), e);
    assert_true(found.count == 7 && found.owner);
    double sum = 0;
    int seen = 0;
    for (size_t i = 0; i < found.count; i++) {
        assert_true(i == 0 || found.items[i].probability <= found.items[i - 1].probability);
        assert_string_equal(found.items[i].label, "unknown");
        sum += (double)found.items[i].probability;
        seen |= 1 << found.items[i].class_id;
    }
    assert_int_equal(seen, 127);
    assert_true(fabs(sum - 1) < 1e-5);
    duet_class_probabilities_close(&found);
    duet_classifier_close(&classifier);
    duet_image_close(&image);
}

static uint64_t madds(const struct duet_head *const *heads, int count)
{
    struct duet_error e;
    struct network *network;
    struct sizes sizes = {.model = all, .heads = heads, .head_count = count, .output_stride = 32, .most = 1};
    uint64_t sum = 0;
    assert_ok(duet_sizes_find(&sizes, 64, 64, 1, 0, &network, &e), e);
    for (int i = 0; i < duet_compiled_step_count(network->compiled); i++) {
        struct duet_step_info info = {.struct_size = sizeof info};
        assert_ok(duet_compiled_step(network->compiled, i, &info, &e), e);
        sum += info.madds;
    }
    duet_sizes_close(&sizes);
    return sum;
}

/* Of the layers whose names begin so. */
static uint64_t madds_of(const char *prefix)
{
    struct duet_error e;
    struct duet_network *network;
    uint64_t sum = 0;
    assert_ok(duet_model_network(duet_model_config(all), 32, &network, &e), e);
    int layers = duet_network_layer_count(network);
    struct duet_layer_info *info = calloc((size_t)layers, sizeof *info);
    assert_non_null(info);
    assert_ok(duet_network_account(network, 64, 64, info, sizeof *info, &e), e);
    for (int i = 0; i < layers; i++)
        if (strncmp(duet_network_layer(network, i)->name, prefix, strlen(prefix)) == 0) sum += info[i].madds;
    free(info);
    duet_network_close(&network);
    return sum;
}

static void the_trunk_is_paid_for_once(void **state)
{
    (void)state;
    const struct duet_head *heads[HEADS];
    for (int i = 0; i < HEADS; i++) heads[i] = duet_model_head(all, i);
    uint64_t last = madds_of("backbone.conv_1"), trunk = madds_of("backbone.");
    uint64_t boxes = madds_of("ssdlite."), masks = madds_of("deeplabv3."), names = madds_of("classifier.");
    assert_true(last > 0 && boxes > 0 && masks > 0 && names > 0);
    assert_int_equal(madds(heads, 1), trunk + boxes);
    assert_int_equal(madds(heads + 1, 1), trunk - last + masks);
    assert_int_equal(madds(heads + 2, 1), trunk + names);
    assert_int_equal(madds(heads, 2), trunk + boxes + masks);
    assert_int_equal(madds(heads + 1, 2), trunk + masks + names);
    assert_int_equal(madds(heads, 3), trunk + boxes + masks + names);
}

/* Heads of different inputs, and a segmentation that is not the plain one, run one after the other. */
static void heads_that_cannot_share_run_alone(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_head heads[HEADS];
    struct duet_image image = tiny_picture(50, 90, 2);
    for (int way = 0; way < 4; way++) {
        list_heads(heads);
        if (way == 0) heads[MASKS].input.resize = DUET_PAD;
        if (way == 1) heads[MASKS].input.width = 97;
        if (way == 2) heads[MASKS].input.scale = 1 / 128.0;
        if (way == 3) heads[MASKS].output_stride = 16;
        struct duet_model *model = make_model(heads, 0, HEADS), *alone = make_model(heads, MASKS, 1);
        struct duet_runner *both = make_runner(model, NULL, 0), *one = make_runner(alone, NULL, 0);
        assert_int_equal(duet_runner_pass_count(both), 2);
        struct duet_results *got = run(both, &image, 1), *want = run(one, &image, 1);
        same_masks(duet_results_segmentation(got), duet_results_segmentation(want));
        duet_results_close(&want);
        duet_runner_close(&one);
        one = make_runner(each[BOXES], NULL, 0);
        want = run(one, &image, 1);
        same_boxes(duet_results_detections(got), duet_results_detections(want));
        duet_results_close(&got);
        duet_results_close(&want);
        duet_runner_close(&one);
        duet_runner_close(&both);
        duet_model_close(&model);
        duet_model_close(&alone);
    }
    static const float scales[] = {0.5f, 1};
    struct duet_segmenter_options s = DUET_SEGMENTER_OPTIONS;
    struct duet_runner_options options = DUET_RUNNER_OPTIONS;
    struct duet_runner *runner;
    s.scales = scales;
    s.scale_count = 2;
    s.flip = true;
    options.segmenter = &s;
    assert_ok(duet_runner_create(all, &options, &runner, &e), e);
    assert_int_equal(duet_runner_pass_count(runner), 5);
    duet_runner_close(&runner);
    duet_image_close(&image);
}

/* A logit map over a stretched picture: what the picture's size is, its corners are the map's. */
static void a_stretched_mask_lies_where_its_input_does(void **state)
{
    (void)state;
    struct duet_runner *runner = make_runner(each[MASKS], NULL, 0);
    struct duet_image small = tiny_picture(64, 64, 4), large;
    struct duet_error e;
    assert_ok(duet_image_create(&large, 128, 192, DUET_RGB8, &e),
              e); /* whose pixels stand twice, and thrice */
    for (int y = 0; y < 192; y++)
        for (int x = 0; x < 128; x++)
            memcpy(duet_image_row(&large, y) + 3 * x, duet_image_row(&small, y / 3) + 3 * (x / 2), 3);
    struct duet_results *a = run(runner, &small, 1), *b = run(runner, &large, 1);
    const struct duet_segmentation *s = duet_results_segmentation(a), *l = duet_results_segmentation(b);
    for (int y = 0; y < 64; y++)
        for (int x = 0; x < 64; x++)
            assert_int_equal(duet_image_row(&s->classes, y)[x], duet_image_row(&l->classes, 3 * y)[2 * x]);
    duet_results_close(&a);
    duet_results_close(&b);
    duet_image_close(&small);
    duet_image_close(&large);
    duet_runner_close(&runner);
}

/* A box of the same class from the same anchor. */
static const struct duet_detection *counterpart(const struct duet_detections *among,
                                                const struct duet_detection *of)
{
    for (size_t i = 0; i < among->count; i++)
        if (among->items[i].anchor == of->anchor && among->items[i].category_id == of->category_id)
            return &among->items[i];
    return NULL;
}

/* Boxes through a padded input lie as in the padded picture, clipped to what is the picture of it. */
static void a_padded_input_has_its_boxes_where_the_picture_is(void **state)
{
    (void)state;
    struct duet_head heads[HEADS];
    struct duet_error e;
    list_heads(heads);
    heads[BOXES].input.resize = DUET_PAD;
    struct duet_model *model = make_model(heads, BOXES, 1);
    struct duet_runner *runner = make_runner(model, NULL, 0);
    struct duet_image image = tiny_picture(60, 40, 5), padded;
    assert_ok(duet_image_create(&padded, 64, 64, DUET_RGB8, &e), e);
    memset(padded.pixels, 127, padded.stride * 64); /* next to the 0 that fills the input */
    for (int y = 0; y < 40; y++) memcpy(duet_image_row(&padded, y), duet_image_row(&image, y), 60 * 3);
    struct duet_results *a = run(runner, &image, 1), *b = run(runner, &padded, 1);
    const struct duet_detections *found = duet_results_detections(a), *all_of = duet_results_detections(b);
    int seen = 0;
    for (size_t i = 0; i < found->count; i++) {
        const struct duet_detection *want = counterpart(all_of, &found->items[i]);
        const struct duet_box *box = &found->items[i].box;
        assert_true(box->x + box->width <= 60.001f && box->y + box->height <= 40.001f);
        if (!want) continue;
        float right = fminf(want->box.x + want->box.width, 60),
              low = fminf(want->box.y + want->box.height, 40);
        assert_true(fabsf(box->x - want->box.x) < 0.5f && fabsf(box->y - want->box.y) < 0.5f);
        assert_true(fabsf(box->x + box->width - right) < 0.5f && fabsf(box->y + box->height - low) < 0.5f);
        seen++;
    }
    assert_true(seen > 10);
    duet_results_close(&a);
    duet_results_close(&b);
    duet_image_close(&image);
    duet_image_close(&padded);
    duet_runner_close(&runner);
    duet_model_close(&model);
}

static void closing_in_any_order(void **state)
{
    (void)state;
    struct duet_head heads[HEADS];
    struct duet_image image = tiny_picture(64, 64, 6);
    struct duet_error e;
    list_heads(heads);
    for (int order = 0; order < 24; order++) {
        struct duet_model *model = make_model(heads, 0, HEADS);
        struct duet_runner *runner = make_runner(model, NULL, 0), *clone;
        assert_ok(duet_runner_clone(runner, &clone, &e), e);
        struct duet_results *results = run(clone, &image, 1);
        for (int left = 4, i = order; left > 0; i /= left--) {
            static int at[4];
            if (left == 4) at[0] = 0, at[1] = 1, at[2] = 2, at[3] = 3;
            int pick = i % left, what = at[pick];
            at[pick] = at[left - 1];
            if (what == 0) duet_model_close(&model);
            if (what == 1) duet_runner_close(&runner);
            if (what == 2) duet_runner_close(&clone);
            if (what == 3) {
                struct duet_class_probability p;
                assert_non_null(strstr("ant bee cow dog unknown",
                                       duet_results_detections_of(results, "ssdlite")->items[0].label));
                assert_int_equal(duet_segmentation_probe(duet_results_segmentation(results), 1, 1, &p, 1), 1);
                assert_non_null(strstr("background sky sea", p.label));
                duet_results_close(&results);
            }
        }
    }
    duet_image_close(&image);
}

static void what_fronts_found_outlives_them_and_the_model(void **state)
{
    (void)state;
    struct duet_head heads[HEADS];
    struct duet_error e;
    struct duet_detector *detector;
    struct duet_segmenter *segmenter;
    struct duet_detections found;
    struct duet_segmentation masks;
    const struct duet_detector_options d = eager();
    struct duet_image image = tiny_picture(64, 64, 6);
    list_heads(heads);
    struct duet_model *model = make_model(heads, 0, HEADS);
    assert_ok(duet_detector_create(model, &d, &detector, &e), e);
    assert_ok(duet_segmenter_create(model, NULL, &segmenter, &e), e);
    duet_model_close(&model);
    assert_ok(duet_detector_run(detector, &image, NULL, &found, &e), e);
    assert_ok(duet_segmenter_run(segmenter, &image, NULL, &masks, &e), e);
    duet_detector_close(&detector);
    duet_segmenter_close(&segmenter);
    assert_true(found.owner && masks.segments.owner); /* else what follows reads what is free by now */
    assert_non_null(strstr("ant bee cow dog unknown", found.items[0].label));
    assert_non_null(strstr("background sky sea", masks.segments.items[0].label));
    duet_detections_close(&found);
    duet_segmentation_close(&masks);
    duet_image_close(&image);
}

/* Told by what was made, at once: what it cannot compute in is found when it is made. */
static void precisions_are_the_models_or_what_is_asked_for(void **state)
{
    (void)state;
    static const struct {
        int precision;
        enum duet_status status;
        const char *says;
    } cases[] = {
        {DUET_PRECISION_MODEL, DUET_OK, ""},
        {DUET_PRECISION_FLOAT32, DUET_OK, ""},
        {DUET_PRECISION_INT8, DUET_UNSUPPORTED, "precision int8: the model three has no ranges for it"},
        {DUET_PRECISION_BF16, DUET_UNSUPPORTED, "precision bf16: this build has float32 and int8"},
        {DUET_PRECISION_COUNT, DUET_BAD_ARGUMENT, "precision 4: expected that of float32 or int8"},
        {-1, DUET_BAD_ARGUMENT, "precision -1: expected that of float32 or int8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct duet_error e = {.text = ""};
        struct duet_detector_options d = DUET_DETECTOR_OPTIONS;
        struct duet_segmenter_options s = DUET_SEGMENTER_OPTIONS;
        struct duet_classifier_options c = DUET_CLASSIFIER_OPTIONS;
        struct duet_detector *detector, *clone = NULL;
        struct duet_segmenter *segmenter;
        struct duet_classifier *classifier;
        d.precision = s.precision = c.precision = (enum duet_precision)cases[i].precision;
        assert_int_equal(duet_classifier_create(all, &c, &classifier, &e), cases[i].status);
        assert_non_null(strstr(e.text, cases[i].says));
        assert_int_equal(duet_segmenter_create(all, &s, &segmenter, &e), cases[i].status);
        assert_non_null(strstr(e.text, cases[i].says));
        assert_int_equal(duet_detector_create(all, &d, &detector, &e), cases[i].status);
        assert_non_null(strstr(e.text, cases[i].says));
        if (detector) assert_ok(duet_detector_clone(detector, &clone, &e), e);
        enum duet_precision want = detector ? DUET_PRECISION_FLOAT32 : DUET_PRECISION_MODEL;
        assert_int_equal(duet_detector_precision(detector), want);
        assert_int_equal(duet_detector_precision(clone), want);
        assert_int_equal(duet_segmenter_precision(segmenter), want);
        assert_int_equal(duet_classifier_precision(classifier), want);
        duet_detector_close(&clone);
        duet_detector_close(&detector);
        duet_segmenter_close(&segmenter);
        duet_classifier_close(&classifier);
    }
}

static void a_run_can_be_stopped(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_cancel cancel = {0};
    struct duet_run_options options = DUET_RUN_OPTIONS;
    struct duet_results *results = (void *)1, *want;
    struct duet_suppressions none;
    struct duet_image image = tiny_picture(64, 64, 6);
    struct duet_runner *runner = make_runner(all, NULL, 0);
    want = run(runner, &image, 1);
    options.cancel = &cancel;
    duet_cancel(&cancel);
    assert_fails(DUET_INTERRUPTED, duet_runner_run(runner, &image, &options, &results, &e), e);
    assert_null(results);
    assert_fails(DUET_BAD_ARGUMENT, duet_runner_suppressed(runner, duet_results_detections(want), &none, &e),
                 e);
    cancel = (struct duet_cancel){0};
    assert_ok(duet_runner_run(runner, &image, &options, &results, &e), e);
    same(results, want, 7);
    duet_results_close(&results);
    duet_results_close(&want);
    duet_runner_close(&runner);
    duet_image_close(&image);
}

/* A pool that, in the midst of a run, asks the same runner for more. */
struct nosy {
    struct duet_runner *runner;
    const struct duet_image *image;
    enum duet_status run, clone, suppressed;
};

static void look_in(void *ctx, duet_task *task, void *arg, int count)
{
    struct nosy *n = ctx;
    struct duet_results *results;
    struct duet_runner *clone;
    struct duet_suppressions suppressed;
    n->run = duet_runner_run(n->runner, n->image, NULL, &results, NULL);
    n->clone = duet_runner_clone(n->runner, &clone, NULL);
    n->suppressed = duet_runner_suppressed(n->runner, &(struct duet_detections){0}, &suppressed, NULL);
    for (int i = 0; i < count; i++) task(arg, i, 0);
}

static void one_thread_at_a_time_is_checked(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_results *results;
    struct duet_image image = tiny_picture(64, 64, 6);
    struct nosy nosy = {make_runner(all, NULL, 0), &image, DUET_OK, DUET_OK, DUET_OK};
    const struct duet_pool pool = {&nosy, 1, look_in};
    const struct duet_run_options options = {.struct_size = sizeof options, .pool = &pool};
    assert_ok(duet_runner_run(nosy.runner, &image, &options, &results, &e), e);
    assert_int_equal(nosy.run, DUET_BUSY);
    assert_int_equal(nosy.clone, DUET_BUSY);
    assert_int_equal(nosy.suppressed, DUET_BUSY);
    duet_results_close(&results);
    duet_runner_close(&nosy.runner);
    duet_image_close(&image);
}

static void *run_clone(void *arg)
{
    struct duet_image image = tiny_picture(80, 60, 9);
    struct duet_results *results = run(arg, &image, 1);
    duet_image_close(&image);
    return results;
}

static void clones_run_side_by_side(void **state)
{
    (void)state;
    struct duet_error e;
    pthread_t threads[4];
    struct duet_runner *runner = make_runner(all, NULL, 0), *clones[4];
    for (int i = 0; i < 4; i++) assert_ok(duet_runner_clone(runner, &clones[i], &e), e);
    struct duet_results *want = run_clone(runner);
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, run_clone, clones[i]), 0);
    for (int i = 0; i < 4; i++) {
        void *got;
        pthread_join(threads[i], &got);
        struct duet_results *results = got;
        same(results, want, 7);
        duet_results_close(&results);
        duet_runner_close(&clones[i]);
    }
    duet_results_close(&want);
    duet_runner_close(&runner);
}

static void heads_are_wanted_by_name(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_head heads[HEADS];
    list_heads(heads);
    heads[NAMES] = heads[MASKS]; /* a second one of its kind */
    heads[NAMES].name = "other";
    heads[NAMES].input.resize = DUET_PAD;
    struct duet_model *model = make_model(heads, 0, HEADS);
    struct duet_image image = tiny_picture(64, 64, 6);
    struct duet_runner *runner = make_runner(model, NULL, 0);
    struct duet_results *results = run(runner, &image, 1);
    const struct duet_segmentation *first = duet_results_segmentation(results);
    assert_ptr_equal(first, duet_results_segmentation_of(results, "deeplabv3"));
    assert_non_null(duet_results_segmentation_of(results, "other"));
    assert_ptr_not_equal(first, duet_results_segmentation_of(results, "other"));
    assert_null(duet_results_segmentation_of(results, "third"));
    struct duet_segmenter *segmenter = NULL;
    struct duet_segmenter_options options = DUET_SEGMENTER_OPTIONS;
    struct duet_segmentation got;
    options.head = "other";
    options.confidence = options.probe = true;
    assert_ok(duet_segmenter_create(model, &options, &segmenter, &e), e);
    assert_ok(duet_segmenter_run(segmenter, &image, NULL, &got, &e), e);
    same_masks(&got, duet_results_segmentation_of(results, "other"));
    duet_segmentation_close(&got);
    duet_segmenter_close(&segmenter);
    options.head = "third";
    assert_fails(DUET_NOT_FOUND, duet_segmenter_create(model, &options, &segmenter, &e), e);
    assert_non_null(strstr(e.text, "'third': the model has ssdlite, deeplabv3, other"));
    options.head = "ssdlite";
    assert_fails(DUET_UNSUPPORTED, duet_segmenter_create(model, &options, &segmenter, &e), e);
    const bool flags[3] = {true};
    struct duet_runner_options all_heads = DUET_RUNNER_OPTIONS;
    options.classes = flags; /* whose? */
    all_heads.segmenter = &options;
    struct duet_runner *none = NULL;
    assert_fails(DUET_BAD_ARGUMENT, duet_runner_create(model, &all_heads, &none, &e), e);
    assert_null(none);
    duet_results_close(&results);
    duet_runner_close(&runner);
    duet_image_close(&image);
    duet_model_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_of_the_heads_in_one_pass),
        cmocka_unit_test(the_fronts_find_the_same),
        cmocka_unit_test(a_classifier_tells_as_many_as_asked_for),
        cmocka_unit_test(the_trunk_is_paid_for_once),
        cmocka_unit_test(heads_that_cannot_share_run_alone),
        cmocka_unit_test(a_stretched_mask_lies_where_its_input_does),
        cmocka_unit_test(a_padded_input_has_its_boxes_where_the_picture_is),
        cmocka_unit_test(closing_in_any_order),
        cmocka_unit_test(what_fronts_found_outlives_them_and_the_model),
        cmocka_unit_test(precisions_are_the_models_or_what_is_asked_for),
        cmocka_unit_test(a_run_can_be_stopped),
        cmocka_unit_test(one_thread_at_a_time_is_checked),
        cmocka_unit_test(clones_run_side_by_side),
        cmocka_unit_test(heads_are_wanted_by_name),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
