/* A head that reads a detector's boxes, of random weights: alone and beside the detector, at several sizes.
 */
#include "support/masks_of.h"
#include "support/scratch_group.h"
#include "support/tiny_model.h"

#include "duet/runner.h"
#include "duet/segmenter.h"
#include "guided/cells.h"

#define CLASSES 4

static const struct duet_label stuff[] = {{0, "background"}, {1, "ant"}, {2, "cow"}, {3, "sky"}};
static const int categories[CLASSES - 1] = {1, 4, 0};

/* `threshold`: of the boxes that it reads; 1: none. */
static struct duet_model *make_model(float threshold)
{
    struct duet_error e;
    struct duet_model *model;
    struct duet_head heads[2] = {SSDLITE_HEAD(64, 64, 5), duet_head_usual(DUET_GUIDED)};
    heads[1].input = heads[0].input;
    heads[1].labels = (struct duet_labels){stuff, CLASSES};
    heads[1].config.guided =
        (struct duet_guided_config){CLASSES, 16, 12, 10, 8, "ssdlite", threshold, categories};
    const struct duet_model_config config = {
        .backbone = {0.35, 8}, .heads = heads, .head_count = 2, .source = {.name = "two"}};
    tiny_model_write(scratch_path(&scratch, "two.safetensors"), &config, &config);
    assert_ok(duet_model_open(scratch.path, &model, &e), e);
    return model;
}

static struct duet_runner *make_runner(const struct duet_model *model, bool alone, int height, int width)
{
    struct duet_error e;
    struct duet_runner *runner;
    struct duet_runner_options options = DUET_RUNNER_OPTIONS;
    struct duet_segmenter_options masks = DUET_SEGMENTER_OPTIONS;
    masks.confidence = true;
    options.segmenter = &masks;
    options.height = height;
    options.width = width;
    options.heads = alone ? (const char *const[]){"guided"} : NULL;
    options.head_count = alone;
    assert_ok(duet_runner_create(model, &options, &runner, &e), e);
    assert_int_equal(duet_runner_pass_count(runner), 1);
    return runner;
}

static bool same_bytes(const struct duet_image *a, const struct duet_image *b)
{
    assert_true(a->width == b->width && a->height == b->height);
    for (int y = 0; y < a->height; y++)
        if (memcmp(duet_image_row(a, y), duet_image_row(b, y), (size_t)a->width) != 0) return false;
    return true;
}

static void alone_and_beside_the_detector_it_finds_the_same(void **state)
{
    (void)state;
    static const int sides[][2] = {{64, 64}, {65, 97}, {33, 130}};
    struct duet_model *model = make_model(0.05f);
    struct duet_image image = tiny_picture(75, 50, 3);
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        struct duet_runner *both = make_runner(model, false, sides[i][0], sides[i][1]),
                           *alone = make_runner(model, true, sides[i][0], sides[i][1]);
        struct duet_segmentation first = masks_of(both, &image, 1);
        for (int threads = 1; threads <= 3; threads++) {
            struct duet_segmentation again = masks_of(alone, &image, threads);
            assert_true(same_bytes(&first.classes, &again.classes));
            assert_true(same_bytes(&first.confidence, &again.confidence));
            duet_segmentation_close(&again);
        }
        duet_segmentation_close(&first);
        duet_runner_close(&both);
        duet_runner_close(&alone);
    }
    duet_image_close(&image);
    duet_model_close(&model);
}

static void boxes_decide(void **state)
{
    (void)state;
    struct duet_image image = tiny_picture(75, 50, 3);
    struct duet_segmentation found[2];
    for (int i = 0; i < 2; i++) {
        struct duet_model *model = make_model(i ? 1 : 0.05f);
        struct duet_runner *runner = make_runner(model, true, 64, 64);
        found[i] = masks_of(runner, &image, 1);
        duet_runner_close(&runner);
        duet_model_close(&model);
    }
    assert_false(same_bytes(&found[0].confidence, &found[1].confidence));
    for (int i = 0; i < 2; i++) duet_segmentation_close(&found[i]);
    duet_image_close(&image);
}

/* Over several scales and mirrored every pass has boxes of its own. */
static void it_runs_at_several_scales(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_segmenter *segmenter;
    struct duet_model *model = make_model(0.05f);
    struct duet_image image = tiny_picture(75, 50, 3);
    struct duet_segmenter_options options = DUET_SEGMENTER_OPTIONS;
    struct duet_segmentation found;
    options.scales = (const float[]){0.75f, 1, 1.5f};
    options.scale_count = 3;
    options.flip = true;
    assert_ok(duet_segmenter_create(model, &options, &segmenter, &e), e);
    assert_ok(duet_segmenter_run(segmenter, &image, NULL, &found, &e), e);
    assert_int_equal(found.classes.width, 75);
    duet_segmentation_close(&found);
    duet_segmenter_close(&segmenter);
    duet_image_close(&image);
    duet_model_close(&model);
}

/* A chain of layers of stride 2, each pixel of the last one followed back to where it is centred. */
static void cells_lie_where_layers_are_centred(void **state)
{
    (void)state;
    for (int pixels = 1; pixels < 700; pixels++)
        for (int layers = 0; layers < 6; layers++) {
            int sides[7] = {pixels}, at = 0, next = 1;
            for (int i = 0; i < layers; i++) sides[i + 1] = (sides[i] + 1) / 2;
            if (sides[layers] < 2) continue;
            for (int i = layers; i-- > 0;) {
                at = 2 * at + (sides[i] % 2 == 0);
                next = 2 * next + (sides[i] % 2 == 0);
            }
            struct duet_cells cells = duet_cells_of(pixels, sides[layers]);
            assert_int_equal(cells.origin, at);
            assert_int_equal(cells.pitch, next - at);
        }
}

static void configs_out_of_range_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_network *network;
    struct duet_head head = duet_head_usual(DUET_GUIDED);
    head.config.guided.classes = 256;
    const struct duet_model_config config = {.backbone = {0.35, 8}, .heads = &head, .head_count = 1};
    assert_fails(DUET_BAD_ARGUMENT, duet_model_network(&config, 0, &network, &e), e);
    assert_non_null(strstr(e.text, "classes is 256, expected 2 to 255"));
}

/* Three heads: boxes, masks that read them, and another one. */
static void list_three(struct duet_head heads[3])
{
    const struct duet_head made[2] = {SSDLITE_HEAD(64, 64, 5), DEEPLABV3_HEAD(64, 64, 16, 3, 16, false)};
    heads[0] = made[0];
    heads[1] = duet_head_usual(DUET_GUIDED);
    heads[1].input = heads[0].input;
    heads[1].config.guided =
        (struct duet_guided_config){CLASSES, 16, 12, 10, 8, "ssdlite", 0.05f, categories};
    heads[2] = made[1];
}

/* What is made of boxes there is after them only, and only where somebody finds them. */
static void no_head_takes_what_is_made_of_boxes(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_network *network;
    struct duet_head heads[3];
    const struct duet_model_config config = {.backbone = {0.35, 8}, .heads = heads, .head_count = 3};
    static const char *const late[] = {"guided.boxes", "guided.boxes_half", "guided.decoder1.add"};
    for (int i = 0; i < 3; i++) {
        list_three(heads);
        heads[2].taps[0] = (struct duet_tap){late[i], 0};
        assert_fails(DUET_BAD_ARGUMENT, duet_model_network(&config, 32, &network, &e), e);
        assert_non_null(strstr(e.text, "heads[2]: taps[0]: expected a layer that needs no other head's"));
        heads[2] = heads[0]; /* the head itself that is read */
        heads[0].name = "first";
        heads[2].taps[1] = (struct duet_tap){late[i], 0};
        assert_fails(DUET_BAD_ARGUMENT, duet_model_network(&config, 32, &network, &e), e);
    }
    list_three(heads);
    heads[2].taps[0].layer = "guided.deep"; /* the trunk's alone */
    assert_ok(duet_model_network(&config, 32, &network, &e), e);
    duet_network_close(&network);
}

/* At output stride 16 its maps do not fit together: that concerns nobody who does not want it. */
static void another_head_runs_where_it_cannot(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_model *model;
    struct duet_runner *runner;
    struct duet_segmenter *segmenter;
    struct duet_segmentation found;
    struct duet_segmenter_options options = DUET_SEGMENTER_OPTIONS;
    struct duet_image image = tiny_picture(75, 50, 3);
    struct duet_head heads[3];
    const struct duet_model_config config = {.backbone = {0.35, 8}, .heads = heads, .head_count = 3};
    list_three(heads);
    tiny_model_write(scratch_path(&scratch, "three.safetensors"), &config, &config);
    assert_ok(duet_model_open(scratch.path, &model, &e), e);
    options.head = "deeplabv3"; /* made for 16 */
    assert_ok(duet_segmenter_create(model, &options, &segmenter, &e), e);
    assert_ok(duet_segmenter_run(segmenter, &image, NULL, &found, &e), e);
    duet_segmentation_close(&found);
    duet_segmenter_close(&segmenter);
    options.head = "guided";
    for (options.output_stride = 8; options.output_stride < 32; options.output_stride *= 2) {
        assert_fails(DUET_BAD_ARGUMENT, duet_segmenter_create(model, &options, &segmenter, &e), e);
        assert_non_null(strstr(e.text, "layer guided.deep_features: makes "));
    }
    assert_ok(duet_runner_create(model, NULL, &runner, &e), e); /* each at its own */
    assert_int_equal(duet_runner_pass_count(runner), 2);
    found = masks_of(runner, &image, 2);
    duet_segmentation_close(&found);
    duet_runner_close(&runner);
    duet_image_close(&image);
    duet_model_close(&model);
}

/* Down to maps of one cell. */
static void any_size_of_input_will_do(void **state)
{
    (void)state;
    struct duet_model *model = make_model(0.05f);
    struct duet_image image = tiny_picture(9, 14, 3);
    for (int side = 1; side <= 35; side++) {
        struct duet_runner *runner = make_runner(model, false, side, 36 - side);
        struct duet_segmentation found = masks_of(runner, &image, 2);
        assert_true(found.classes.width == 9 && found.classes.height == 14);
        duet_segmentation_close(&found);
        duet_runner_close(&runner);
    }
    duet_image_close(&image);
    duet_model_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone_and_beside_the_detector_it_finds_the_same),
        cmocka_unit_test(boxes_decide),
        cmocka_unit_test(it_runs_at_several_scales),
        cmocka_unit_test(cells_lie_where_layers_are_centred),
        cmocka_unit_test(configs_out_of_range_are_refused),
        cmocka_unit_test(no_head_takes_what_is_made_of_boxes),
        cmocka_unit_test(another_head_runs_where_it_cannot),
        cmocka_unit_test(any_size_of_input_will_do),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
