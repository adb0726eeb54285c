/* Reading and writing results with each allocation failing in turn: an error, nothing left behind. */
#include "support/memory.h"
#include "support/testing.h"

#include "data/coco/images.h"
#include "data/coco/results.h"
#include "data/labels/labels.h"
#include "data/results/record.h"
#include "support/scratch_group.h"

static char images_path[512], results_path[512], output_path[512];

static const char images_json[] =
    "{\"images\":[{\"id\":1,\"file_name\":\"a/\\u00e9.jpg\"},{\"id\":2,\"file_name\":\"b.jpg\"}]}";
static const char results_json[] = "[{\"image_id\":1,\"category_id\":2,\"score\":0.5,\"bbox\":[1,2,3,4]},\n"
                                   " {\"image_id\":1,\"category_id\":2,\"score\":0.5,\"bbox\":[1,2,3,4]}]";

static int make_files(void **state)
{
    make_scratch(state);
    snprintf(images_path, sizeof images_path, "%s",
             scratch_write(&scratch, "images.json", images_json, sizeof images_json - 1));
    snprintf(results_path, sizeof results_path, "%s",
             scratch_write(&scratch, "results.json", results_json, sizeof results_json - 1));
    snprintf(output_path, sizeof output_path, "%s", scratch_path(&scratch, "out"));
    return 0;
}

/* --- what is tried -------------------------------------------------------------------------------------- */

static enum duet_status read_images(int which, struct duet_error *error)
{
    (void)which;
    struct duet_coco_images *images;
    enum duet_status status = duet_coco_images_open(images_path, &images, error);
    duet_coco_images_close(&images);
    return status;
}

static enum duet_status read_results(int which, struct duet_error *error)
{
    (void)which;
    struct duet_coco_results results;
    enum duet_status status = duet_coco_results_open(results_path, false, &results, error);
    duet_coco_results_close(&results);
    return status;
}

/* All of a writer's life, with a record of each kind. */
static enum duet_status write_format(int format, struct duet_error *error)
{
    struct duet_detection items[] = {{18, "dog", 0.93f, {10.5f, 20, 100, 50}, 7}};
    struct duet_detections detections = {.items = items, .count = 1};
    struct duet_segment parts[] = {{12, "dog", 7230, 0.02, {10, 20, 100, 80}, 0.5f}};
    struct duet_segments segments = {.items = parts, .count = 1};
    struct duet_record record = {
        .source = "x/1.jpg", .width = 640, .height = 480, .detections = &detections, .segments = &segments};
    const struct duet_labels coco = duet_labels_coco();
    /* A dog's and two more: voc makes a file for each, and every one of them is synced. */
    const struct duet_labels labels = {duet_labels_by_id(&coco, 18), 3};
    struct duet_writer_options options = {
        .format = (enum duet_format)format, .output = output_path, .force = true, .labels = &labels};
    struct duet_writer *writer;
    enum duet_status status = duet_writer_open(&options, &writer, error);
    if (status == DUET_OK) status = duet_writer_check(writer, "x/1.jpg", NULL, error);
    if (status == DUET_OK) status = duet_writer_write(writer, &record, error);
    if (status == DUET_OK) return duet_writer_commit(&writer, error);
    duet_writer_discard(&writer);
    return status;
}

/* --- trying --------------------------------------------------------------------------------------------- */

static void fail_each(const char *name, enum duet_status (*attempt)(int, struct duet_error *), int which)
{
    long allocations = 0;
    for (long fail_at = 1;; fail_at++) {
        struct duet_error e = {.text = ""};
        memory_watch(fail_at);
        enum duet_status status = attempt(which, &e);
        struct memory_report report = memory_unwatch();
        if (report.blocks != 0) fail_msg("%s: allocation %ld fails: %ld leaks", name, fail_at, report.blocks);
        /* The C library does without the buffer of a stream. */
        if (status != DUET_OK && (status != DUET_OUT_OF_MEMORY || !e.text[0]))
            fail_msg("%s: allocation %ld fails: %s, '%s'", name, fail_at, duet_status_name(status), e.text);
        if (status != DUET_OK) {
            int left = scratch_count(&scratch, "out");
            if (left > 0) fail_msg("%s: allocation %ld fails: %d files are left", name, fail_at, left);
            assert_int_equal(scratch_count(&scratch, ""), left == 0 ? 3 : 2);
        }
        scratch_delete(output_path);
        if (report.calls < fail_at) break;
        allocations = fail_at;
    }
    if (allocations < 4) fail_msg("%s: only %ld allocations were seen", name, allocations);
}

static void reading_survives_any_refusal(void **state)
{
    (void)state;
    fail_each("coco_images", read_images, 0);
    fail_each("coco_results", read_results, 0);
}

static void writing_survives_any_refusal(void **state)
{
    (void)state;
    for (int format = 0; format < DUET_FORMAT_COUNT; format++)
        fail_each(duet_format_name((enum duet_format)format), write_format, format);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_survives_any_refusal),
        cmocka_unit_test(writing_survives_any_refusal),
    };
    return cmocka_run_group_tests(tests, make_files, remove_scratch);
}
