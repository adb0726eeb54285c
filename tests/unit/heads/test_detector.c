/* The life of a detector, on a small model of random weights: what it finds means nothing, that it finds the
 * same whichever way it is asked means a lot. */
#include "support/scratch.h"
#include "support/tiny_model.h"

#include "duet/duet.h"

#include <math.h>
#include <pthread.h>

static struct scratch scratch;
static struct duet_model *model;

static struct duet_model *write_and_open(const char *name, struct duet_model_config weights_of,
                                         struct duet_model_config metadata_of)
{
    struct duet_error e;
    struct duet_model *opened;
    tiny_model_write(scratch_path(&scratch, name), &weights_of, &metadata_of);
    assert_ok(duet_model_open(scratch.path, &opened, &e), e);
    return opened;
}

static int set_up(void **state)
{
    (void)state;
    scratch_make(&scratch);
    struct duet_model_config config = tiny_model_config(true, false);
    model = write_and_open("tiny.safetensors", config, config);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    duet_model_close(&model);
    scratch_remove(&scratch);
    return 0;
}

/* Low enough that random weights find much. */
static const struct duet_detector_options eager = {.struct_size = sizeof eager,
                                                   .threshold = 0.2f,
                                                   .nms_iou = 0.6f,
                                                   .max_per_class = 100,
                                                   .max_detections = 100};

static struct duet_detector *make(const struct duet_detector_options *options)
{
    struct duet_error e;
    struct duet_detector *detector;
    assert_ok(duet_detector_create(model, options, &detector, &e), e);
    return detector;
}

static struct duet_detections run(struct duet_detector *detector, const struct duet_image *image,
                                  const struct duet_pool *pool)
{
    struct duet_error e;
    struct duet_detections found;
    const struct duet_run_options options = {.struct_size = sizeof options, .pool = pool};
    assert_ok(duet_detector_run(detector, image, &options, &found, &e), e);
    return found;
}

static bool same(const struct duet_detection *a, const struct duet_detection *b)
{
    return a->category_id == b->category_id && a->score == b->score && a->anchor == b->anchor &&
           strcmp(a->label, b->label) == 0 && memcmp(&a->box, &b->box, sizeof a->box) == 0;
}

/* Ends `found`. */
static void expect(struct duet_detections found, const struct duet_detections *want, const char *what)
{
    if (found.count != want->count) fail_msg("%s: %zu objects, not %zu", what, found.count, want->count);
    for (size_t i = 0; i < found.count; i++)
        if (!same(&found.items[i], &want->items[i])) fail_msg("%s: object %zu differs", what, i);
    duet_detections_close(&found);
    assert_true(!found.items && found.count == 0);
}

/* --- what is found ------------------------------------------------------------------------------------- */

static void objects_lie_within_the_picture(void **state)
{
    (void)state;
    static const int sizes[][2] = {{64, 64}, {1, 1}, {1, 300}, {333, 17}, {65535, 1}, {640, 480}};
    struct duet_detector *detector = make(&eager);
    size_t total = 0;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int width = sizes[s][0], height = sizes[s][1];
        struct duet_image image = tiny_picture(width, height, s);
        struct duet_detections found = run(detector, &image, NULL);
        for (size_t i = 0; i < found.count; i++) {
            const struct duet_detection *d = &found.items[i];
            assert_true(d->score > eager.threshold && d->score <= 1);
            assert_true(i == 0 || d->score <= d[-1].score);
            assert_true(d->box.x >= 0 && d->box.y >= 0 && d->box.width > 0 && d->box.height > 0);
            assert_true(d->box.x + d->box.width <= (float)width * 1.000001f);
            assert_true(d->box.y + d->box.height <= (float)height * 1.000001f);
            static const char *const names[] = {"ant", "bee", "unknown", "cow", "dog"};
            assert_in_range(d->category_id, 1, 5);
            assert_string_equal(d->label, names[d->category_id - 1]);
            assert_in_range(d->anchor, 0, 4 * 4 * 3 + (2 * 2 + 4) * 6 - 1);
        }
        assert_true(found.count <= 100);
        total += found.count;
        duet_detections_close(&found);
        duet_image_close(&image);
    }
    assert_true(total > 20);
    duet_detector_close(&detector);
    assert_null(detector);
    duet_detector_close(&detector);
    duet_detector_close(NULL);
}

static void rows_may_lie_apart(void **state)
{
    (void)state;
    struct duet_detector *detector = make(&eager);
    struct duet_image tight = tiny_picture(50, 40, 1), loose = tight;
    loose.stride = 50 * 3 + 13;
    loose.pixels = malloc(loose.stride * 40);
    assert_non_null(loose.pixels);
    memset(loose.pixels, 0xee, loose.stride * 40);
    for (int y = 0; y < 40; y++) memcpy(duet_image_row(&loose, y), duet_image_row(&tight, y), 50 * 3);
    struct duet_detections want = run(detector, &tight, NULL);
    expect(run(detector, &loose, NULL), &want, "loose rows");
    duet_detections_close(&want);
    free(loose.pixels);
    duet_image_close(&tight);
    duet_detector_close(&detector);
}

static void threads_and_clones_change_nothing(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_detector *detector = make(&eager), *clone;
    struct duet_image image = tiny_picture(100, 80, 2), other = tiny_picture(30, 90, 3);
    struct duet_detections want = run(detector, &image, NULL);
    assert_true(want.count > 3);
    for (int threads = 1; threads <= 3; threads++) {
        struct duet_pool pool;
        assert_ok(duet_pool_create(threads, &pool, &e), e);
        assert_ok(duet_detector_clone(detector, &clone, &e), e);
        expect(run(detector, &image, &pool), &want, "with a pool");
        struct duet_detections between = run(clone, &other, &pool);
        duet_detections_close(&between);
        expect(run(clone, &image, &pool), &want, "a clone");
        duet_detector_close(&clone);
        duet_pool_close(&pool);
    }
    expect(run(detector, &image, NULL), &want, "one thread after many");
    assert_ok(duet_detector_clone(detector, &clone, &e), e);
    duet_detector_close(&detector);
    expect(run(clone, &image, NULL), &want, "a clone that outlives its original");
    duet_detector_close(&clone);
    duet_detections_close(&want);
    duet_image_close(&image);
    duet_image_close(&other);
}

struct worker {
    pthread_t thread;
    struct duet_detector *detector;
    struct duet_image image;
    struct duet_detections want;
    int differing;
};

static void *work(void *arg)
{
    struct worker *me = arg;
    for (int round = 0; round < 3; round++) {
        struct duet_detections found = {0};
        if (duet_detector_run(me->detector, &me->image, NULL, &found, NULL) != DUET_OK ||
            found.count != me->want.count)
            me->differing++;
        else
            for (size_t i = 0; i < found.count; i++)
                me->differing += !same(&found.items[i], &me->want.items[i]);
        duet_detections_close(&found);
    }
    return NULL;
}

static void clones_work_side_by_side(void **state)
{
    (void)state;
    struct duet_error e;
    struct worker workers[3];
    struct duet_detector *detector = make(&eager);
    for (int i = 0; i < 3; i++) {
        workers[i] = (struct worker){.image = tiny_picture(60 + i, 60, (uint64_t)i)};
        workers[i].want = run(detector, &workers[i].image, NULL);
        assert_ok(duet_detector_clone(detector, &workers[i].detector, &e), e);
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    for (int i = 0; i < 3; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].differing, 0);
        duet_detector_close(&workers[i].detector);
        duet_detections_close(&workers[i].want);
        duet_image_close(&workers[i].image);
    }
    duet_detector_close(&detector);
}

/* --- options ------------------------------------------------------------------------------------------- */

static void options_out_of_range_are_refused_by_name(void **state)
{
    (void)state;
#define WITH(...)                                                                                            \
    {                                                                                                        \
        .struct_size = sizeof(struct duet_detector_options), __VA_ARGS__                                     \
    }
    static const struct {
        const char *name;
        struct duet_detector_options options;
    } cases[] = {
        {"threshold", WITH(.threshold = -0.1f)},
        {"threshold", WITH(.threshold = 1.5f)},
        {"threshold", WITH(.threshold = NAN)},
        {"nms_iou", WITH(.nms_iou = 2)},
        {"nms_iou", WITH(.nms_iou = -INFINITY)},
        {"max_per_class", WITH(.max_per_class = -1)},
        {"max_per_class 0",
         WITH(.max_detections = 100)}, /* as it was when fields left 0 meant the defaults */
        {"max_detections 0", WITH(.max_per_class = 100)},
        {"max_detections", WITH(.max_per_class = 100, .max_detections = 2000000000)},
        {"input_width", WITH(.input_width = 8193)},
        {"input_height", WITH(.input_height = -300)},
        {"abacus", WITH(.max_per_class = 1, .max_detections = 1, .cpu = "abacus")},
        {"struct_size", {.struct_size = 0}},
        {"struct_size", {.struct_size = 4}},
        {"struct_size", {.struct_size = 1 << 20}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct duet_error e;
        struct duet_detector *detector = (void *)1;
        assert_fails(DUET_BAD_ARGUMENT, duet_detector_create(model, &cases[i].options, &detector, &e), e);
        assert_null(detector);
        if (!strstr(e.text, cases[i].name)) fail_msg("'%s' does not name %s", e.text, cases[i].name);
        assert_int_equal(e.status, DUET_BAD_ARGUMENT);
    }
}

static void null_and_old_options_mean_the_defaults(void **state)
{
    (void)state;
    struct duet_image image = tiny_picture(64, 64, 4);
    struct duet_detector *detector = make(&(struct duet_detector_options){.struct_size = sizeof eager,
                                                                          .threshold = 0.5f,
                                                                          .nms_iou = 0.6f,
                                                                          .max_per_class = 100,
                                                                          .max_detections = 100,
                                                                          .input_width = TINY_MODEL_SIDE,
                                                                          .input_height = TINY_MODEL_SIDE});
    struct duet_detections want = run(detector, &image, NULL);
    duet_detector_close(&detector);
    assert_true(want.count > 0);
    /* A program built when the struct ended behind `threshold`: whatever lies there is not looked at. */
    struct duet_detector_options old;
    memset(&old, 0xff, sizeof old);
    old.struct_size = offsetof(struct duet_detector_options, nms_iou);
    old.threshold = 0.5f;
    const struct duet_detector_options defaults = DUET_DETECTOR_OPTIONS;
    const struct duet_detector_options *const same_as[] = {NULL, &defaults, &old};
    for (int i = 0; i < 3; i++) {
        detector = make(same_as[i]);
        expect(run(detector, &image, NULL), &want, "default options");
        duet_detector_close(&detector);
    }
    duet_detections_close(&want);
    duet_image_close(&image);
}

static void only_the_classes_asked_for(void **state)
{
    (void)state;
    struct duet_error e;
    bool cow[4] = {false, false, true, false}; /* one flag a label: class 4 */
    struct duet_detector_options options = eager;
    options.max_detections = 1000;
    struct duet_image image = tiny_picture(64, 64, 5);
    struct duet_detector *detector = make(&options), *filtered, *clone;
    options.classes = cow;
    filtered = make(&options);
    cow[0] = true; /* copied: too late */
    assert_ok(duet_detector_clone(filtered, &clone, &e), e);
    struct duet_detections all = run(detector, &image, NULL), want = {.items = all.items};
    for (size_t i = 0; i < all.count; i++)
        if (all.items[i].category_id == 4) want.items[want.count++] = all.items[i];
    assert_true(want.count > 0 && want.count < all.count);
    expect(run(filtered, &image, NULL), &want, "one class");
    expect(run(clone, &image, NULL), &want, "a clone for one class");
    duet_detector_close(&filtered);
    duet_detector_close(&clone);
    options.classes = (const bool[4]){false};
    filtered = make(&options);
    expect(run(filtered, &image, NULL), &(struct duet_detections){0}, "no class at all");
    duet_detector_close(&filtered);
    duet_detections_close(&all);
    duet_image_close(&image);
    duet_detector_close(&detector);
}

static void no_more_than_asked_for(void **state)
{
    (void)state;
    struct duet_image image = tiny_picture(64, 64, 6);
    struct duet_detector *detector = make(&eager);
    struct duet_detections all = run(detector, &image, NULL);
    duet_detector_close(&detector);
    for (int most = 1; most < 6; most++) {
        struct duet_detector_options options = eager;
        options.max_detections = most;
        detector = make(&options);
        assert_true(all.count >= (size_t)most);
        expect(run(detector, &image, NULL),
               &(struct duet_detections){.items = all.items, .count = (size_t)most}, "the first few");
        duet_detector_close(&detector);
    }
    duet_detections_close(&all);
    duet_image_close(&image);
}

static void any_input_size_works(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {97, 33}, {128, 320}};
    struct duet_image image = tiny_picture(64, 64, 6);
    for (int i = 0; i < 3; i++) {
        struct duet_detector_options options = eager;
        options.input_width = sizes[i][0];
        options.input_height = sizes[i][1];
        struct duet_detector *detector = make(&options);
        struct duet_detections found = run(detector, &image, NULL);
        assert_true(found.count > 0);
        duet_detections_close(&found);
        duet_detector_close(&detector);
    }
    duet_image_close(&image);
}

/* --- refusals ------------------------------------------------------------------------------------------ */

static void images_of_another_kind_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_detector *detector = make(NULL);
    struct duet_image good = tiny_picture(8, 8, 1), bad[6] = {good, good, good, good, good, good};
    bad[0].format = DUET_GRAY8;
    bad[1].pixels = NULL;
    bad[2].width = 0;
    bad[3].height = -1;
    bad[4].stride = 8 * 3 - 1;
    bad[5].width = DUET_IMAGE_MAX_SIDE + 1;
    for (int i = 0; i < 6; i++) {
        struct duet_detections found = {.items = (void *)1, .count = 1};
        assert_fails(DUET_BAD_ARGUMENT, duet_detector_run(detector, &bad[i], NULL, &found, &e), e);
        assert_true(!found.items && found.count == 0);
    }
    duet_image_close(&good);
    duet_detector_close(&detector);
}

static void a_model_without_the_head_is_refused(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_detector *detector = (void *)1;
    struct duet_model_config config = tiny_model_config(false, true);
    struct duet_model *other = write_and_open("stuff.safetensors", config, config);
    assert_fails(DUET_UNSUPPORTED, duet_detector_create(other, NULL, &detector, &e), e);
    assert_null(detector);
    assert_non_null(strstr(e.text, "the model tiny (deeplabv3) has no head that detects"));
    duet_model_close(&other);
}

static void a_model_that_lies_is_refused(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_detector *detector = (void *)1;
    struct duet_model_config truth = tiny_model_config(true, false), lie = truth;
    struct duet_head six = truth.heads[0];
    six.config.ssdlite.classes = 6;
    lie.heads = &six;
    struct duet_model *other = write_and_open("lie.safetensors", truth, lie);
    assert_fails(DUET_MISMATCH, duet_detector_create(other, NULL, &detector, &e), e);
    assert_non_null(strstr(e.text, "ssdlite.map0.class.predict"));
    duet_model_close(&other);
    truth.head_count = 0;
    other = write_and_open("headless.safetensors", truth, lie);
    assert_fails(DUET_NOT_FOUND, duet_detector_create(other, NULL, &detector, &e), e);
    assert_null(detector);
    duet_model_close(&other);
}

/* A model with both heads detects what one with the detection head alone does, weights being equal. */
static void another_head_does_not_disturb(void **state)
{
    (void)state;
    struct duet_model_config config = tiny_model_config(true, true);
    struct duet_model *both = write_and_open("both.safetensors", config, config), *alone = model;
    struct duet_image image = tiny_picture(64, 64, 7);
    struct duet_detector *detector = make(&eager);
    struct duet_detections want = run(detector, &image, NULL);
    duet_detector_close(&detector);
    model = both;
    detector = make(&eager);
    model = alone;
    expect(run(detector, &image, NULL), &want, "with two heads");
    duet_detector_close(&detector);
    duet_detections_close(&want);
    duet_image_close(&image);
    duet_model_close(&both);
}

static void versions_agree(void **state)
{
    (void)state;
    char text[64];
    snprintf(text, sizeof text, "%d.%d.%d", DUET_VERSION_MAJOR, DUET_VERSION_MINOR, DUET_VERSION_PATCH);
    assert_string_equal(duet_version(), text);
}

/* What the network needs is known, and refused, before it is taken: a model may declare an input of any size.
 */
static void memory_is_limited(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_detector_options options = eager;
    struct duet_detector *detector = make(&options);
    options.max_memory = duet_detector_bytes(detector);
    duet_detector_close(&detector);
    assert_true(options.max_memory > 1000);
    detector = make(&options); /* exactly so much */
    duet_detector_close(&detector);
    options.max_memory--;
    assert_fails(DUET_TOO_LARGE, duet_detector_create(model, &options, &detector, &e), e);
    assert_null(detector);
    options.max_memory = 100 << 20;
    options.input_width = options.input_height = 8192;
    assert_fails(DUET_TOO_LARGE, duet_detector_create(model, &options, &detector, &e), e);
    assert_non_null(strstr(e.text, "for an input of 8192x8192 needs"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_limited),
        cmocka_unit_test(objects_lie_within_the_picture),
        cmocka_unit_test(rows_may_lie_apart),
        cmocka_unit_test(threads_and_clones_change_nothing),
        cmocka_unit_test(clones_work_side_by_side),
        cmocka_unit_test(options_out_of_range_are_refused_by_name),
        cmocka_unit_test(null_and_old_options_mean_the_defaults),
        cmocka_unit_test(only_the_classes_asked_for),
        cmocka_unit_test(no_more_than_asked_for),
        cmocka_unit_test(any_input_size_works),
        cmocka_unit_test(images_of_another_kind_are_refused),
        cmocka_unit_test(a_model_without_the_head_is_refused),
        cmocka_unit_test(a_model_that_lies_is_refused),
        cmocka_unit_test(another_head_does_not_disturb),
        cmocka_unit_test(versions_agree),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
