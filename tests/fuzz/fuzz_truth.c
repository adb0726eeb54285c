/* A libFuzzer target: the bytes up to the first NUL as a COCO ground truth, those after it as results, with
 * boxes and with masks. What can be read is scored, drawn anew, broken down, and copied in part. */
#include "data/coco/subset.h"
#include "eval/coco/bootstrap.h"
#include "eval/coco/errors.h"

#include "fuzz_file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
    if (!right) abort();
}

static void look_up(const struct duet_coco_truth *truth)
{
    for (size_t i = 0; i < truth->image_count; i++)
        check(duet_coco_truth_image(truth, truth->images[i].id) == &truth->images[i]);
    for (size_t i = 0; i < truth->category_count; i++)
        check(duet_coco_truth_category(truth, truth->categories[i].id) == &truth->categories[i]);
}

/* A copy of some images is a ground truth of those images. */
static void copy(const char *path, const struct duet_coco_truth *truth, bool masks)
{
    struct duet_error error = {.text = ""};
    struct duet_coco_truth part;
    size_t count = (truth->image_count + 1) / 2, length;
    int64_t *ids;
    char *text = NULL;
    if (count == 0) return;
    check(duet_coco_choose_images(truth, count, 1, true, &ids, &error) == DUET_OK);
    FILE *out = open_memstream(&text, &length);
    check(out && duet_coco_copy_subset(path, truth->ids, ids, count, out, "part", &error) == DUET_OK && fclose(out) == 0);
    check(duet_coco_truth_open(fuzz_file(1, (uint8_t *)text, length), masks, &part, &error) == DUET_OK);
    check(part.image_count == count && part.category_count == truth->category_count);
    duet_coco_truth_close(&part);
    free(text);
    free(ids);
}

static void score(const struct duet_coco_truth *truth, const struct duet_coco_results *results, bool masks)
{
    const struct duet_coco_options options = {.type = masks ? DUET_COCO_MASKS : DUET_COCO_BOXES};
    struct duet_error error = {.text = ""};
    struct duet_coco_eval *eval;
    struct duet_coco_line lines[DUET_COCO_MAX_LINES];
    struct duet_coco_replicates replicates;
    struct duet_coco_tide tide;
    struct duet_coco_confusion confusion;
    if (duet_coco_eval_open(truth, results, &options, &eval, &error) != DUET_OK) {
        check(error.text[0]);
        return;
    }
    size_t count = duet_coco_eval_lines(eval, lines);
    for (size_t i = 0; i < count; i++)
        check(lines[i].value == -1 || (lines[i].value >= 0 && lines[i].value <= 1));
    if (duet_coco_bootstrap(eval, 3, 1, NULL, &replicates, &error) == DUET_OK)
        duet_coco_replicates_close(&replicates);
    check(duet_coco_confusion_count(eval, .1, .5, &confusion, &error) == DUET_OK);
    duet_coco_confusion_close(&confusion);
    check(duet_coco_tide_measure(eval, .5, .1, &tide, &error) == DUET_OK);
    duet_coco_eval_close(&eval);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
    const size_t length = end ? (size_t)(end - data) : size;
    for (int masks = 0; masks < 2; masks++) {
        struct duet_error error = {.text = ""};
        struct duet_coco_truth truth;
        struct duet_coco_results results;
        const char *path = fuzz_file(0, data, length);
        if (duet_coco_truth_open(path, masks, &truth, &error) != DUET_OK) {
            check(error.text[0]);
            continue;
        }
        look_up(&truth);
        copy(path, &truth, masks);
        path = end ? fuzz_file(1, end + 1, size - length - 1) : fuzz_file(1, (const uint8_t *)"[]", 2);
        enum duet_status status = duet_coco_results_open(path, masks, &results, &error);
        if (status == DUET_OK) score(&truth, &results, masks);
        check(status == DUET_OK || error.text[0]);
        duet_coco_results_close(&results);
        duet_coco_truth_close(&truth);
    }
    return 0;
}
