/* The real segmentation network against an independent float32 implementation on four VOC photographs:
 * backbone features, logits at output stride 16 and 8, masks. */
#include "golden/golden.h"
#include "support/sessions.h"

#include "duet/segmenter.h"
#include "heads/preprocess.h"

#include <png.h>

#define SIDE 513

static const char *const photographs[] = {"2007_000129", "2007_000332", "2007_000346", "2007_000491"};
enum { PHOTOGRAPHS = sizeof photographs / sizeof photographs[0] };

static struct duet_model *model;

static int open_model(void **state)
{
    (void)state;
    model = golden_model("deeplabv3-voc");
    return 0;
}

static int close_model(void **state)
{
    (void)state;
    duet_model_close(&model);
    return 0;
}

/* The model's network with the backbone's features as one more output. */
static struct duet_session *make_session(int output_stride, const char *cpu)
{
    struct duet_error e;
    struct duet_network *network;
    struct duet_compiled *compiled;
    struct duet_session *session;
    assert_ok(duet_model_network(duet_model_config(model), output_stride, &network, &e), e);
    duet_network_output(network, "features", duet_network_find(network, "backbone.block16.project"));
    struct duet_compile_options options = {
        .struct_size = sizeof options, .height = SIDE, .width = SIDE, .cpu = cpu};
    assert_ok(duet_compile(network, duet_model_weights(model), &options, &compiled, &e), e);
    assert_ok(duet_session_create(compiled, 1, &session, &e), e);
    duet_compiled_close(&compiled);
    duet_network_close(&network);
    return session;
}

static double difference(const struct duet_session *session, const char *output, const char *shared,
                         const char *name, const char *extension)
{
    size_t count;
    const float *got = session_output(session, output, &count);
    struct duet_bytes want = golden_floats(shared, "deeplabv3", name, extension, count);
    double d = golden_difference(got, (const float *)(const void *)want.data, count);
    duet_bytes_close(&want);
    return d;
}

static void run_photograph(struct duet_session *session, const char *shared, const char *name)
{
    struct duet_pool pool = duet_pool_single();
    struct duet_image image = golden_image(shared, "deeplabv3", name, "ppm");
    struct duet_error e;
    struct preprocess preprocess;
    assert_ok(duet_preprocess_create(&duet_model_head(model, 0)->input, &preprocess, &e), e);
    duet_preprocess_run(&preprocess, NULL, &image, &pool, session_input(session));
    duet_preprocess_close(&preprocess);
    assert_int_equal(duet_session_run(session, NULL, NULL), DUET_OK);
    duet_image_close(&image);
}

static void features_and_logits_agree(void **state)
{
    (void)state;
    testing_need_shared(shared);
    if (!model) skip();
    for (int level = 0; duet_kernels_level(level); level++) {
        const char *cpu = duet_kernels_level(level);
        if (!duet_kernels_runs(cpu)) continue;
        struct duet_session *session = make_session(16, cpu);
        double features = 0, logits = 0;
        for (int p = 0; p < PHOTOGRAPHS; p++) {
            run_photograph(session, shared, photographs[p]);
            features =
                fmax(features, difference(session, "features", shared, photographs[p], "backbone.bin"));
            logits =
                fmax(logits, difference(session, "deeplabv3.logits", shared, photographs[p], "logits.bin"));
        }
        printf("# %s: features within %.2g, logits within %.2g\n", cpu, features, logits);
        assert_true(features <= 2e-3 && logits <= 2e-3);
        duet_session_close(&session);
    }
}

static void logits_agree_at_output_stride_8(void **state)
{
    (void)state;
    testing_need_shared(shared);
    if (!model) skip();
    static const char *const at_8[] = {"2007_000129", "2007_000346"};
    struct duet_session *session = make_session(8, NULL);
    double logits = 0;
    for (int p = 0; p < 2; p++) {
        run_photograph(session, shared, at_8[p]);
        logits = fmax(logits, difference(session, "deeplabv3.logits", shared, at_8[p], "os8.logits.bin"));
    }
    printf("# output stride 8: logits within %.2g\n", logits);
    assert_true(logits <= 2e-3);
    duet_session_close(&session);
}

/* The palette indices of an 8-bit PNG. Owned: free. */
static uint8_t *read_indices(const char *path, const struct duet_image *like)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    png_structp reader = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(reader);
    png_init_io(reader, file);
    png_read_info(reader, info);
    assert_int_equal(png_get_image_width(reader, info), like->width);
    assert_int_equal(png_get_image_height(reader, info), like->height);
    assert_int_equal(png_get_bit_depth(reader, info), 8);
    uint8_t *all = malloc((size_t)like->width * (size_t)like->height);
    assert_non_null(all);
    for (int y = 0; y < like->height; y++) png_read_row(reader, all + (size_t)y * (size_t)like->width, NULL);
    png_destroy_read_struct(&reader, &info, NULL);
    fclose(file);
    return all;
}

static void masks_agree(void **state)
{
    (void)state;
    testing_need_shared(shared);
    if (!model) skip();
    struct duet_error e;
    struct duet_segmenter *segmenter;
    struct duet_segmenter_options options = {.struct_size = sizeof options, .confidence = true};
    assert_ok(duet_segmenter_create(model, &options, &segmenter, &e), e);
    size_t pixels = 0, wrong = 0;
    for (int p = 0; p < PHOTOGRAPHS; p++) {
        char path[4500];
        struct duet_segmentation got;
        struct duet_image image = golden_image(shared, "deeplabv3", photographs[p], "ppm");
        snprintf(path, sizeof path, "%s/golden/deeplabv3/%s.mask.png", shared, photographs[p]);
        assert_ok(duet_segmenter_run(segmenter, &image, NULL, &got, &e), e);
        uint8_t *want = read_indices(path, &got.classes);
        for (int y = 0; y < image.height; y++)
            for (int x = 0; x < image.width; x++)
                wrong +=
                    duet_image_row(&got.classes, y)[x] != want[(size_t)y * (size_t)image.width + (size_t)x];
        pixels += (size_t)image.width * (size_t)image.height;
        free(want);
        duet_segmentation_close(&got);
        duet_image_close(&image);
    }
    printf("# masks: %zu of %zu pixels differ\n", wrong, pixels);
    assert_true((double)wrong < 0.001 * (double)pixels);
    duet_segmenter_close(&segmenter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_and_logits_agree),
        cmocka_unit_test(logits_agree_at_output_stride_8),
        cmocka_unit_test(masks_agree),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
