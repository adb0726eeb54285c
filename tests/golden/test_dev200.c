/* The detect program over 200 COCO photographs against the reference detections: decoder, resize, network,
 * post-processing, writer, image ids, all in one. */
#include "golden/golden.h"

#include "data/coco/results.h"
#include "data/coco/rle.h"

#include <jansson.h>
#include <math.h>
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

static double overlap_of(const struct duet_coco_result *a, const struct duet_coco_result *b)
{
    const double one[4] = {a->x, a->y, a->width, a->height}, other[4] = {b->x, b->y, b->width, b->height};
    return duet_coco_overlap(one, other, false);
}

/* The nearest detection that is not used yet and says the same as the reference: picture, class, a score
 * within .003, a box that overlaps by more than .97. SIZE_MAX: there is none. */
static size_t find_same(const struct duet_coco_result *want, const struct duet_coco_results *got,
                        const bool *used)
{
    double best = 0.97;
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < got->count; i++) {
        const struct duet_coco_result *one = &got->items[i];
        if (used[i] || one->image_id != want->image_id || one->category_id != want->category_id) continue;
        double overlap = overlap_of(one, want);
        if (fabs(one->score - want->score) > 0.003 || overlap <= best) continue;
        best = overlap;
        found = i;
    }
    return found;
}

/* Each detection serves one of the references with a score of .05 or more. Returns how many are found. */
static size_t count_found(const struct duet_coco_results *want, const struct duet_coco_results *got,
                          size_t *looked_for)
{
    size_t found = 0;
    bool *used = calloc(got->count + 1, sizeof *used);
    assert_non_null(used);
    *looked_for = 0;
    for (size_t i = 0; i < want->count; i++) {
        if (want->items[i].score < 0.05) continue;
        size_t same = find_same(&want->items[i], got, used);
        ++*looked_for;
        if (same == SIZE_MAX) continue;
        used[same] = true;
        found++;
    }
    free(used);
    return found;
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
    size_t looked_for;
    snprintf(path, sizeof path, "%s/data/coco/reference_detections_dev200.json", shared);
    assert_ok(duet_coco_results_open(path, false, &want, &e), e);
    assert_ok(duet_coco_results_open(output, false, &got, &e), e);
    unlink(output);
    size_t found = count_found(&want, &want, &looked_for);
    assert_int_equal(found, looked_for);
    found = count_found(&want, &got, &looked_for);
    printf("# %zu of %zu reference detections found\n", found, looked_for);
    assert_true(looked_for > 10000);
    assert_true((double)found >= 0.995 * (double)looked_for);
    duet_coco_results_close(&want);
    duet_coco_results_close(&got);
}

/* 0.2935, where float32 has 0.2917: what int8 may cost is 0.003. */
static void int8_scores_as_well(void **state)
{
    (void)state;
    testing_need_shared(shared);
    const char *bin = getenv("DUET_BIN");
    char output[64], command[14000];
    struct duet_model *model = golden_model("ssdlite-coco-int8");
    if (!model) skip();
    duet_model_close(&model);
    snprintf(output, sizeof output, "dev200_int8_%ld.json", (long)getpid());
    snprintf(
        command, sizeof command,
        "'%s/evaluate' coco -q -g '%s/data/coco/instances_val2017_dev200.json' -i '%s/data/coco/val2017' "
        "-m ssdlite-coco-int8 --json '%s' --force >/dev/null",
        bin ? bin : "build/bin", shared, shared, output);
    assert_int_equal(system(command), 0);
    json_t *got = json_load_file(output, 0, NULL);
    unlink(output);
    assert_non_null(got);
    const double ap = json_number_value(json_array_get(json_object_get(got, "stats"), 0));
    printf("# int8: AP %.4f\n", ap);
    assert_true(ap >= 0.2917 - 0.003);
    json_decref(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(detections_agree_with_the_reference),
                                       cmocka_unit_test(int8_scores_as_well)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
