/* evaluate voc over 160 photographs of PASCAL VOC against the reference: decoder, network, upsampling,
 * counting, all in one. */
#include "golden/golden.h"

#include "eval/voc/miou.h"

#include <jansson.h>
#include <unistd.h>

/* Runs `evaluate voc`; false when there is no model. */
static bool run_evaluate(const char *shared, const char *precision, const char *output)
{
    const char *bin = getenv("DUET_BIN");
    char command[9000];
    struct duet_model *model = golden_model("deeplabv3-voc");
    if (!model) return false;
    duet_model_close(&model);
    snprintf(command, sizeof command,
             "'%s/evaluate' voc -q -r '%s/data/voc/VOC2012' -l val_dev160 -m deeplabv3-voc --precision %s "
             "--json '%s' --force >/dev/null",
             bin ? bin : "build/bin", shared, precision, output);
    assert_int_equal(system(command), 0);
    return true;
}

enum { CLASSES = 21 };

/* The matrix of a file. */
struct confusion {
    uint64_t cells[CLASSES][CLASSES]; /* [truth][predicted] */
};

static struct confusion read_confusion(const json_t *root)
{
    struct confusion c;
    const json_t *rows = json_object_get(root, "confusion");
    assert_int_equal(json_array_size(rows), CLASSES);
    for (size_t i = 0; i < CLASSES; i++) {
        assert_int_equal(json_array_size(json_array_get(rows, i)), CLASSES);
        for (size_t j = 0; j < CLASSES; j++)
            c.cells[i][j] = (uint64_t)json_integer_value(json_array_get(json_array_get(rows, i), j));
    }
    return c;
}

static void scores_are_the_references(void **state)
{
    (void)state;
    testing_need_shared(shared);
    char output[64], path[4500];
    snprintf(output, sizeof output, "val_dev160_%ld.json", (long)getpid());
    if (!run_evaluate(shared, "float32", output)) skip();
    snprintf(path, sizeof path, "%s/golden/deeplabv3/reference_val_dev160.json", shared);
    json_t *got = json_load_file(output, 0, NULL), *want = json_load_file(path, 0, NULL);
    unlink(output);
    assert_true(got && want);
    const struct confusion a = read_confusion(got), b = read_confusion(want);
    double difference = fabs(json_number_value(json_object_get(got, "miou")) -
                             json_number_value(json_object_get(want, "miou")));
    uint64_t moved = 0, pixels = 0;
    struct duet_voc_pixels sums = {.classes = CLASSES};
    for (size_t i = 0; i < CLASSES; i++)
        for (size_t j = 0; j < CLASSES; j++) {
            moved += a.cells[i][j] > b.cells[i][j] ? a.cells[i][j] - b.cells[i][j] : 0;
            pixels += b.cells[i][j];
            sums.truth[i] += a.cells[i][j];
            sums.predicted[j] += a.cells[i][j];
            if (i == j) sums.both[i] = a.cells[i][j];
        }
    printf("# mIOU differs by %.2g; %llu of %llu pixels fall into other cells\n", difference,
           (unsigned long long)moved, (unsigned long long)pixels);
    assert_true(difference < 5e-4);
    assert_true((double)moved < 1e-5 * (double)pixels);

    struct duet_voc_scores s;
    duet_voc_score(&sums, &s);
    assert_true(s.miou == json_number_value(json_object_get(got, "miou")));
    assert_int_equal(s.pixels, pixels);
    assert_int_equal(json_array_size(json_object_get(got, "images")), 160);
    json_decref(got);
    json_decref(want);
}

/* The weights were trained for bytes: 0.7153, where float32 has 0.7060. */
static void int8_scores_as_well(void **state)
{
    (void)state;
    testing_need_shared(shared);
    char output[64];
    snprintf(output, sizeof output, "val_dev160_int8_%ld.json", (long)getpid());
    if (!run_evaluate(shared, "int8", output)) skip();
    json_t *got = json_load_file(output, 0, NULL);
    unlink(output);
    assert_non_null(got);
    const double miou = json_number_value(json_object_get(got, "miou"));
    printf("# int8: mIOU %.4f\n", miou);
    assert_true(miou >= 0.706);
    json_decref(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(scores_are_the_references),
                                       cmocka_unit_test(int8_scores_as_well)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
