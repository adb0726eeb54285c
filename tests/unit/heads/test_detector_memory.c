/* Opening a model, making a detector, a clone, detecting: with every single allocation refused in turn. */
#include "support/memory.h"
#include "support/scratch.h"
#include "support/tiny_model.h"

#include "duet/duet.h"

#include <jansson.h>

static struct scratch scratch;
static struct duet_image image;

/* jansson 2.14 cannot be refused: its scanner drops the characters it has no room for, and when one of them
 * follows a backslash, an assertion of its own ends the program. */
static void *never_refused(size_t size)
{
    memory_spare(true);
    void *memory = malloc(size);
    memory_spare(false);
    return memory;
}

static int set_up(void **state)
{
    json_set_alloc_funcs(never_refused, free);
    (void)state;
    scratch_make(&scratch);
    struct duet_model_config config = tiny_model_config(true, true);
    config.backbone.width_multiplier = 0.1;
    tiny_model_write(scratch_path(&scratch, "tiny.safetensors"), &config, &config);
    image = tiny_picture(40, 30, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    duet_image_close(&image);
    scratch_remove(&scratch);
    return 0;
}

static enum duet_status detect(const struct duet_model *model, struct duet_error *error)
{
    static const bool classes[4] = {true, true, false, true};
    struct duet_detector *detector = NULL, *clone = NULL;
    struct duet_detections found = {0};
    struct duet_suppressions suppressed = {0};
    enum duet_status status = duet_detector_create(
        model,
        &(struct duet_detector_options){.struct_size = sizeof(struct duet_detector_options),
                                        .threshold = 0.2f,
                                        .nms_iou = 0.6f,
                                        .max_per_class = 100,
                                        .max_detections = 100,
                                        .input_width = 32,
                                        .input_height = 32,
                                        .classes = classes},
        &detector, error);
    if (status == DUET_OK) status = duet_detector_clone(detector, &clone, error);
    duet_detector_close(&detector);
    if (status == DUET_OK) status = duet_detector_run(clone, &image, NULL, &found, error);
    if (status == DUET_OK) status = duet_detector_suppressed(clone, &found, &suppressed, error);
    duet_suppressions_close(&suppressed);
    duet_detections_close(&found);
    duet_detector_close(&clone);
    return status;
}

static enum duet_status segment(const struct duet_model *model, struct duet_error *error)
{
    struct duet_segmenter *segmenter = NULL, *clone = NULL;
    struct duet_segmentation found = {0};
    static const float scales[] = {1, 0.5f};
    enum duet_status status = duet_segmenter_create(
        model,
        &(struct duet_segmenter_options){.struct_size = sizeof(struct duet_segmenter_options),
                                         .size = 33,
                                         .scales = scales,
                                         .scale_count = 2,
                                         .confidence = true,
                                         .cpu = "scalar",
                                         .probe = true},
        &segmenter, error);
    if (status == DUET_OK) status = duet_segmenter_clone(segmenter, &clone, error);
    duet_segmenter_close(&segmenter);
    if (status == DUET_OK) status = duet_segmenter_run(clone, &image, NULL, &found, error);
    duet_segmentation_close(&found);
    duet_segmenter_close(&clone);
    return status;
}

static enum duet_status run_all(const struct duet_model *model, struct duet_error *error)
{
    struct duet_runner_options options = DUET_RUNNER_OPTIONS;
    struct duet_segmenter_options segmenter = DUET_SEGMENTER_OPTIONS;
    struct duet_runner *runner = NULL, *clone = NULL;
    struct duet_results *results = NULL;
    segmenter.no_resize = segmenter.probe = true;
    options.segmenter = &segmenter;
    options.width = options.height = 33;
    enum duet_status status = duet_runner_create(model, &options, &runner, error);
    if (status == DUET_OK) status = duet_runner_clone(runner, &clone, error);
    duet_runner_close(&runner);
    if (status == DUET_OK) status = duet_runner_run(clone, &image, NULL, &results, error);
    duet_runner_close(&clone);
    duet_results_close(&results);
    return status;
}

typedef enum duet_status user(const struct duet_model *model, struct duet_error *error);

/* False when there were fewer than fail_at allocations: everything has failed once. */
static bool fails_cleanly(user *use, long fail_at, int *refused)
{
    struct duet_error e = {.text = ""};
    struct duet_model *model = NULL;
    memory_watch(fail_at);
    enum duet_status status = duet_model_open(scratch.path, &model, &e);
    if (status == DUET_OK) status = use(model, &e);
    duet_model_close(&model);
    struct memory_report report = memory_unwatch();
    if (report.blocks != 0) fail_msg("allocation %ld fails: %ld leaks", fail_at, report.blocks);
    if (status != DUET_OK && (status != DUET_OUT_OF_MEMORY || !e.text[0]))
        fail_msg("allocation %ld fails: %s, %s", fail_at, duet_status_name(status), e.text);
    *refused += status != DUET_OK;
    if (report.calls < fail_at) assert_int_equal(status, DUET_OK);
    return report.calls >= fail_at;
}

/* glibc's qsort does without the memory it asks for; everything else must say that there is none. */
static void torture(user *use, const char *name)
{
    long fail_at = 1;
    int refused = 0;
    while (fails_cleanly(use, fail_at, &refused)) fail_at++;
    fprintf(stderr, "# %s: %ld allocations, %d of them needed\n", name, fail_at - 1, refused);
    assert_true(fail_at > 100 && refused > (fail_at - 1) / 10 * 9);
}

static void a_detector_survives_every_refusal(void **state)
{
    (void)state;
    torture(detect, "detector");
}

static void a_segmenter_survives_every_refusal(void **state)
{
    (void)state;
    torture(segment, "segmenter");
}

static void a_runner_survives_every_refusal(void **state)
{
    (void)state;
    torture(run_all, "runner");
}

/* With a head that reads the detector's boxes. The last test: the model is another one from here on. */
static void a_runner_that_feeds_a_head_survives_too(void **state)
{
    (void)state;
    static const int categories[] = {1, 4};
    struct duet_head heads[2] = {SSDLITE_HEAD(33, 33, 5), duet_head_usual(DUET_GUIDED)};
    heads[1].input = heads[0].input;
    heads[1].config.guided = (struct duet_guided_config){3, 8, 8, 8, 8, "ssdlite", 0.3f, categories};
    const struct duet_model_config config = {
        .backbone = {0.1, 8}, .heads = heads, .head_count = 2, .source = {.name = "two"}};
    tiny_model_write(scratch_path(&scratch, "two.safetensors"), &config, &config);
    torture(run_all, "runner of a guided head");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_detector_survives_every_refusal),
        cmocka_unit_test(a_segmenter_survives_every_refusal),
        cmocka_unit_test(a_runner_survives_every_refusal),
        cmocka_unit_test(a_runner_that_feeds_a_head_survives_too),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
