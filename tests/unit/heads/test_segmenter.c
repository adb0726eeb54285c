#include "support/heads.h"
#include "support/random_weights.h"

#include "duet/segmenter.h"
#include "heads/metadata.h"

#include <unistd.h>

#define CLASSES 5

/* A small model in a file of its own, opened. */
static struct duet_model *make_model(void)
{
    static const struct duet_label labels[CLASSES] = {
        {0, "background"}, {1, "a"}, {2, "b"}, {3, "c"}, {4, "d"}};
    struct duet_error e;
    struct duet_network *network;
    struct duet_model *model;
    char path[] = "segmenter_test_XXXXXX";
    struct duet_head head = DEEPLABV3_HEAD(65, 65, 16, CLASSES, 16, false);
    head.labels = (struct duet_labels){labels, CLASSES};
    const struct duet_model_config config = {.backbone = {0.35, 8}, .heads = &head, .head_count = 1};
    assert_ok(duet_model_network(&config, 0, &network, &e), e);
    struct duet_weights *weights = random_weights(network, 5);
    char *json = duet_metadata_write(&config, NULL);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_ok(duet_weights_set_metadata(weights, json, &e), e);
    assert_ok(duet_weights_save(weights, path, &e), e);
    assert_ok(duet_model_open(path, &model, &e), e);
    unlink(path);
    free(json);
    duet_weights_close(&weights);
    duet_network_close(&network);
    return model;
}

static struct duet_image make_picture(int width, int height)
{
    struct duet_error e;
    struct duet_image image;
    uint64_t seed = 11;
    assert_ok(duet_image_create(&image, width, height, DUET_RGB8, &e), e);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width * 3; x++)
            duet_image_row(&image, y)[x] =
                (uint8_t)(128 + 60 * sinf((float)(x / 9 + y)) + 50 * random_weight(&seed));
    return image;
}

static void check_segments(const struct duet_image *image, const struct duet_segmentation *s, bool confidence)
{
    uint64_t pixels = 0;
    double share = 0;
    assert_int_equal(s->classes.width, image->width);
    assert_int_equal(s->classes.height, image->height);
    assert_true((s->confidence.pixels != NULL) == confidence);
    for (size_t i = 0; i < s->segments.count; i++) {
        const struct duet_segment *g = &s->segments.items[i];
        assert_true(i == 0 || g->class_id > g[-1].class_id);
        assert_true(g->pixels > 0 && g->box.x + g->box.width <= (float)image->width);
        assert_true(confidence ? g->confidence > 1.0f / CLASSES - 0.01f && g->confidence <= 1
                               : g->confidence == 0);
        pixels += g->pixels;
        share += g->share;
    }
    assert_int_equal(pixels, (uint64_t)image->width * (uint64_t)image->height);
    assert_true(fabs(share - 1) < 1e-9);
}

static void run_all_ways(const struct duet_model *model, struct duet_segmenter_options options, int width,
                         int height)
{
    struct duet_error e;
    struct duet_segmenter *segmenter, *clone;
    struct duet_image image = make_picture(width, height);
    struct duet_segmentation first, again;
    options.struct_size = sizeof options;
    assert_ok(duet_segmenter_create(model, &options, &segmenter, &e), e);
    assert_ok(duet_segmenter_clone(segmenter, &clone, &e), e);
    assert_ok(duet_segmenter_run(segmenter, &image, NULL, &first, &e), e);
    check_segments(&image, &first, options.confidence);
    for (int threads = 1; threads <= 3; threads++) {
        struct duet_pool pool;
        const struct duet_run_options run = {.struct_size = sizeof run, .pool = &pool};
        assert_ok(duet_pool_create(threads, &pool, &e), e);
        assert_ok(duet_segmenter_run(threads == 2 ? segmenter : clone, &image, &run, &again, &e), e);
        size_t bytes = (size_t)width * (size_t)height;
        assert_memory_equal(first.classes.pixels, again.classes.pixels, bytes);
        if (options.confidence) assert_memory_equal(first.confidence.pixels, again.confidence.pixels, bytes);
        duet_segmentation_close(&again);
        duet_pool_close(&pool);
    }
    duet_segmentation_close(&first);
    duet_image_close(&image);
    duet_segmenter_close(&segmenter);
    duet_segmenter_close(&clone);
}

static void all_sizes_scales_and_threads(void **state)
{
    (void)state;
    struct duet_model *model = make_model();
    static const float scales[] = {0.5f, 1.0f, 1.75f};
    run_all_ways(model, (struct duet_segmenter_options){0}, 65, 65);
    run_all_ways(model, (struct duet_segmenter_options){.confidence = true}, 1, 1);
    run_all_ways(model, (struct duet_segmenter_options){.confidence = true, .output_stride = 8}, 300, 41);
    run_all_ways(model, (struct duet_segmenter_options){.no_resize = true}, 150, 67);
    run_all_ways(model, (struct duet_segmenter_options){.size = 97, .confidence = true, .flip = true}, 90,
                 140);
    run_all_ways(
        model,
        (struct duet_segmenter_options){.scales = scales, .scale_count = 3, .flip = true, .confidence = true},
        70, 50);
    duet_model_close(&model);
}

/* The mean over one scale, 1, is the picture itself; over a mirrored copy of a symmetric picture too. */
static void a_mean_over_one_scale_is_the_plain_result(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_model *model = make_model();
    struct duet_segmenter *plain, *mean;
    struct duet_segmentation a, b;
    static const float scales[] = {1.0f, 1.0f};
    struct duet_segmenter_options options = {.struct_size = sizeof options, .confidence = true};
    struct duet_image image = make_picture(65, 60);
    assert_ok(duet_segmenter_create(model, &options, &plain, &e), e);
    options.scales = scales;
    options.scale_count = 2;
    assert_ok(duet_segmenter_create(model, &options, &mean, &e), e);
    assert_ok(duet_segmenter_run(plain, &image, NULL, &a, &e), e);
    assert_ok(duet_segmenter_run(mean, &image, NULL, &b, &e), e);
    int different = 0;
    for (int i = 0; i < 65 * 60; i++) {
        different += a.classes.pixels[i] != b.classes.pixels[i];
        assert_true(abs(a.confidence.pixels[i] - b.confidence.pixels[i]) <= 1);
    }
    assert_true(different < 4);
    duet_segmentation_close(&a);
    duet_segmentation_close(&b);
    duet_image_close(&image);
    duet_segmenter_close(&plain);
    duet_segmenter_close(&mean);
    duet_model_close(&model);
}

static void unwanted_classes_become_background(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_model *model = make_model();
    struct duet_segmenter *segmenter;
    struct duet_segmentation got;
    bool flags[CLASSES] = {false, false, true, false, false};
    struct duet_segmenter_options options = {.struct_size = sizeof options, .classes = flags};
    struct duet_image image = make_picture(64, 64);
    assert_ok(duet_segmenter_create(model, &options, &segmenter, &e), e);
    assert_ok(duet_segmenter_run(segmenter, &image, NULL, &got, &e), e);
    for (int i = 0; i < 64 * 64; i++) assert_true(got.classes.pixels[i] == 0 || got.classes.pixels[i] == 2);
    duet_segmentation_close(&got);
    duet_image_close(&image);
    duet_segmenter_close(&segmenter);
    duet_model_close(&model);
}

static void bad_requests_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_model *model = make_model();
    struct duet_segmenter *segmenter;
    struct duet_segmentation got;
    static const float scales[] = {9.0f};
    struct duet_segmenter_options bad[] = {{.output_stride = 4},
                                           {.size = 7},
                                           {.scales = scales, .scale_count = 1},
                                           {.scales = scales, .scale_count = 99},
                                           {.cpu = "abacus"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bad[i].struct_size = sizeof bad[i];
        assert_fails(DUET_BAD_ARGUMENT, duet_segmenter_create(model, &bad[i], &segmenter, &e), e);
        assert_null(segmenter);
    }
    struct duet_segmenter_options options = {.struct_size = sizeof options, .no_resize = true};
    assert_ok(duet_segmenter_create(model, &options, &segmenter, &e), e);
    struct duet_image grey, wide;
    assert_ok(duet_image_create(&grey, 4, 4, DUET_GRAY8, &e), e);
    assert_ok(duet_image_create(&wide, 9000, 1, DUET_RGB8, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_segmenter_run(segmenter, &grey, NULL, &got, &e), e);
    assert_fails(DUET_TOO_LARGE, duet_segmenter_run(segmenter, &wide, NULL, &got, &e), e);
    duet_image_close(&grey);
    duet_image_close(&wide);
    duet_segmenter_close(&segmenter);
    duet_model_close(&model);
}

/* With no_resize, networks for other sizes make room for each other: what fits alone fits after any other. */
static void sizes_that_come_and_go_share_the_memory_allowed(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_model *model = make_model();
    struct duet_segmenter *s;
    struct duet_segmenter_options options = DUET_SEGMENTER_OPTIONS;
    struct duet_segmentation got;
    options.no_resize = true;
    assert_ok(duet_segmenter_create(model, &options, &s, &e), e);
    size_t base = duet_segmenter_bytes(s), largest = 0;
    for (int i = 0; i < 30; i++) { /* more than are remembered */
        struct duet_image image = make_picture(70 + 16 * (i % 15), 60);
        assert_ok(duet_segmenter_run(s, &image, NULL, &got, &e), e);
        duet_segmentation_close(&got);
        duet_image_close(&image);
    }
    size_t many = duet_segmenter_bytes(s);
    duet_segmenter_close(&s);
    struct duet_image image = make_picture(70 + 16 * 14, 60);
    assert_ok(duet_segmenter_create(model, &options, &s, &e), e);
    assert_ok(duet_segmenter_run(s, &image, NULL, &got, &e), e);
    largest = duet_segmenter_bytes(s);
    assert_true(largest > base && many > largest && many < base + 9 * (largest - base));
    duet_segmentation_close(&got);
    duet_image_close(&image);
    duet_segmenter_close(&s);
    options.max_memory = largest;
    assert_ok(duet_segmenter_create(model, &options, &s, &e), e);
    for (int i = 0; i < 15; i++) {
        image = make_picture(70 + 16 * (i * 4 % 15), 60);
        assert_ok(duet_segmenter_run(s, &image, NULL, &got, &e), e);
        assert_true(duet_segmenter_bytes(s) <= largest);
        duet_segmentation_close(&got);
        duet_image_close(&image);
    }
    image = make_picture(70 + 16 * 30, 60);
    assert_fails(DUET_TOO_LARGE, duet_segmenter_run(s, &image, NULL, &got, &e), e);
    duet_image_close(&image);
    image = make_picture(50, 60); /* the segmenter's own size is still there */
    assert_ok(duet_segmenter_run(s, &image, NULL, &got, &e), e);
    assert_true(duet_segmenter_bytes(s) <= largest);
    duet_segmentation_close(&got);
    duet_image_close(&image);
    duet_segmenter_close(&s);
    duet_model_close(&model);
}

/* However many scales: a network each, and no more on the second picture. */
static void any_number_of_scales_is_compiled_once(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_model *model = make_model();
    struct duet_segmenter *s;
    struct duet_segmenter_options options = DUET_SEGMENTER_OPTIONS;
    float scales[DUET_SEGMENTER_MAX_SCALES];
    size_t sum = 0;
    for (int i = 0; i < DUET_SEGMENTER_MAX_SCALES; i++) {
        scales[i] = 0.5f + 0.25f * (float)i;
        if (scales[i] > 4) scales[i] = 0.3f;
        options.scales = &scales[i];
        options.scale_count = 1;
        assert_ok(duet_segmenter_create(model, &options, &s, &e), e);
        sum += duet_segmenter_bytes(s);
        duet_segmenter_close(&s);
    }
    options.scales = scales;
    options.scale_count = DUET_SEGMENTER_MAX_SCALES;
    assert_ok(duet_segmenter_create(model, &options, &s, &e), e);
    assert_int_equal(duet_segmenter_bytes(s), sum);
    struct duet_image image = make_picture(65, 60);
    for (int i = 0; i < 2; i++) {
        struct duet_segmentation got;
        assert_ok(duet_segmenter_run(s, &image, NULL, &got, &e), e);
        assert_int_equal(duet_segmenter_bytes(s), sum);
        duet_segmentation_close(&got);
    }
    duet_image_close(&image);
    duet_segmenter_close(&s);
    duet_model_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_sizes_scales_and_threads),
        cmocka_unit_test(a_mean_over_one_scale_is_the_plain_result),
        cmocka_unit_test(unwanted_classes_become_background),
        cmocka_unit_test(bad_requests_are_refused),
        cmocka_unit_test(sizes_that_come_and_go_share_the_memory_allowed),
        cmocka_unit_test(any_number_of_scales_is_compiled_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
