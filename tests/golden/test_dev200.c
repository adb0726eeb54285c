/* The detect program over 200 COCO photographs against the reference detections: decoder, resize, network,
 * post-processing, writer, image ids, all in one. */
#include "golden/golden.h"

#include "eval/agreement.h"

#include <unistd.h>

/* Runs `detect --eval --format coco`; false when there is no model. */
static bool run_detect(const char *shared, const char *output)
{
    const char *bin = getenv("DUET_BIN");
    char command[9000];
    struct duet_model *model = golden_model("ssdlite-coco");
    if (!model) return false;
    duet_model_close(&model);
    snprintf(command, sizeof command,
             "'%s/detect' --eval --format coco --force -q -o '%s' '%s/data/coco/val2017'",
             bin ? bin : "build/bin", output, shared);
    assert_int_equal(system(command), 0);
    return true;
}

static void detections_agree_with_the_reference(void **state)
{
    (void)state;
    testing_need_shared(shared);
    char output[64], path[4500];
    struct duet_error e;
    snprintf(output, sizeof output, "dev200_%ld.json", (long)getpid());
    if (!run_detect(shared, output)) skip();
    struct duet_coco_results want, got;
    struct duet_agreement agreement;
    snprintf(path, sizeof path, "%s/data/coco/reference_detections_dev200.json", shared);
    assert_ok(duet_coco_results_open(path, &want, &e), e);
    assert_ok(duet_coco_results_open(output, &got, &e), e);
    unlink(output);
    struct duet_agreement_options options = {
        .struct_size = sizeof options, .min_score = 0.05, .min_iou = 0.97, .max_distance = 0.003};
    assert_ok(duet_agreement_measure(&want, &got, &options, &agreement, &e), e);
    printf("# %zu of %zu reference detections found\n", agreement.found, agreement.looked_for);
    assert_true(agreement.looked_for > 10000);
    assert_true((double)agreement.found >= 0.995 * (double)agreement.looked_for);
    duet_agreement_close(&agreement);
    duet_coco_results_close(&want);
    duet_coco_results_close(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(detections_agree_with_the_reference)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
