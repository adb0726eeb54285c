/* PASCAL VOC's readers and scores with each allocation failing in turn: an error, nothing left behind. */
#include "support/memory.h"
#include "support/testing.h"

#include "eval/voc/map_write.h"
#include "eval/voc/write.h"
#include "support/scratch_group.h"

static char list_path[512], xml_path[512], found_path[512], coco_path[512];

static void write_named(char path[512], const char *name, const char *text)
{
    snprintf(path, 512, "%s", scratch_write(&scratch, name, text, strlen(text)));
}

static int make_files(void **state)
{
    make_scratch(state);
    write_named(list_path, "list.txt", "a_1\nb_2\n");
    write_named(xml_path, "a.xml",
                "<annotation><object><name>dog</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax>"
                "<ymax>9</ymax></bndbox></object></annotation>");
    write_named(coco_path, "r.json",
                "[{\"image_id\":2,\"category_id\":18,\"score\":0.9,\"bbox\":[0,0,9,9]}]");
    assert_int_equal(mkdir(scratch_path(&scratch, "found"), 0777), 0);
    write_named(found_path, "found/comp4_det_val_dog.txt", "a_1 0.9 1 1 9 9\nb_2 0.8 1 1 9 9\n");
    *strrchr(found_path, '/') = '\0';
    return 0;
}

/* --- what is tried -------------------------------------------------------------------------------------- */

static enum duet_status read_list(struct duet_error *error)
{
    struct duet_voc_list *list;
    enum duet_status status = duet_voc_list_open("", DUET_VOC_MAIN, list_path, &list, error);
    duet_voc_list_close(&list);
    return status;
}

static enum duet_status read_xml(struct duet_error *error)
{
    struct duet_voc_annotation annotation;
    enum duet_status status = duet_voc_annotation_open(xml_path, &annotation, error);
    duet_voc_annotation_close(&annotation);
    return status;
}

static enum duet_status read_found(const char *path, struct duet_error *error)
{
    struct duet_voc_list *list;
    struct duet_voc_results results = {0};
    enum duet_status status = duet_voc_list_open("", DUET_VOC_MAIN, list_path, &list, error);
    if (status == DUET_OK) status = duet_voc_results_open(path, list, &results, error);
    duet_voc_results_close(&results);
    duet_voc_list_close(&list);
    return status;
}

static enum duet_status read_folder(struct duet_error *error)
{
    return read_found(found_path, error);
}

static enum duet_status read_coco(struct duet_error *error)
{
    return read_found(coco_path, error);
}

/* Texts come last: without them, memory was refused. */
static enum duet_status free_texts(char *a, char *b, char *c, struct duet_error *error)
{
    bool all = a && b && c;
    free(a);
    free(b);
    free(c);
    if (all) return DUET_OK;
    snprintf(error->text, sizeof error->text, "no text");
    return DUET_OUT_OF_MEMORY;
}

static void put_conditions(struct duet_conditions *conditions)
{
    duet_conditions_text(conditions, "model", "x");
    duet_conditions_number(conditions, "images", 3);
    duet_conditions_flag(conditions, "flip", true);
}

static enum duet_status score_masks(struct duet_error *error)
{
    uint8_t pixels[64] = {0}, other[64] = {0};
    memset(other + 10, 1, 20);
    struct duet_image truth = {8, 8, DUET_GRAY8, 8, pixels}, found = {8, 8, DUET_GRAY8, 8, other};
    const struct duet_voc_pair pair = {&truth, &found, "t", "f"};
    static const int bands[] = {1, 3};
    static struct duet_voc_summary summary;
    struct duet_voc_counts counts = {0};
    struct duet_voc_miou *miou;
    struct duet_conditions conditions = {0};
    put_conditions(&conditions);
    enum duet_status status = duet_voc_miou_create((struct duet_voc_classes){.count = 3}, &miou, error);
    if (status == DUET_OK) status = duet_voc_count(&pair, 3, bands, 2, &counts, error);
    if (status == DUET_OK) status = duet_voc_miou_add(miou, "a", &counts, error);
    const struct duet_voc_outcome outcome = {miou, bands, 2, 5, 1, &conditions};
    if (status == DUET_OK) status = duet_voc_summarize(&outcome, &summary, error);
    if (status == DUET_OK)
        status = free_texts(duet_voc_table(&summary), duet_voc_json(&summary), duet_voc_csv(&summary), error);
    if (status == DUET_OK && conditions.failed) status = free_texts(NULL, NULL, NULL, error);
    duet_conditions_close(&conditions);
    duet_voc_counts_close(&counts);
    duet_voc_miou_close(&miou);
    return status;
}

static enum duet_status score_boxes(struct duet_error *error)
{
    static const struct duet_voc_truth truths[] = {{0, 1, 1, 1, 9, 9, false}};
    static const struct duet_voc_detection found[] = {{0, 1, 0.5, 1, 1, 9, 9}};
    struct duet_voc_map *map;
    struct duet_voc_map_intervals intervals;
    struct duet_conditions conditions = {0};
    put_conditions(&conditions);
    enum duet_status status = duet_voc_map_open(truths, 1, found, 1, 1, DUET_VOC_MAP_OVERLAP, &map, error);
    if (status == DUET_OK) status = duet_voc_map_bootstrap(map, 3, 1, &intervals, error);
    const struct duet_voc_map_outcome outcome = {map, &intervals, 3, 1, &conditions};
    if (status == DUET_OK)
        status = free_texts(duet_voc_map_table(&outcome), duet_voc_map_json(&outcome),
                            duet_voc_map_csv(&outcome), error);
    if (status == DUET_OK && conditions.failed) status = free_texts(NULL, NULL, NULL, error);
    duet_conditions_close(&conditions);
    duet_voc_map_close(&map);
    return status;
}

/* --- trying --------------------------------------------------------------------------------------------- */

static void fail_each(const char *name, enum duet_status (*attempt)(struct duet_error *))
{
    for (long fail_at = 1;; fail_at++) {
        struct duet_error e = {.text = ""};
        memory_watch(fail_at);
        enum duet_status status = attempt(&e);
        struct memory_report report = memory_unwatch();
        if (report.blocks != 0) fail_msg("%s: allocation %ld fails: %ld leaks", name, fail_at, report.blocks);
        if (status != DUET_OK && (status != DUET_OUT_OF_MEMORY || !e.text[0]))
            fail_msg("%s: allocation %ld fails: %s, '%s'", name, fail_at, duet_status_name(status), e.text);
        if (report.calls >= fail_at) continue;
        if (status != DUET_OK) fail_msg("%s: %s", name, e.text);
        if (fail_at < 4) fail_msg("%s: only %ld allocations were seen", name, fail_at);
        break;
    }
}

static void any_refusal_is_survived(void **state)
{
    (void)state;
    fail_each("list", read_list);
    fail_each("annotation", read_xml);
    fail_each("comp4 files", read_folder);
    fail_each("COCO results", read_coco);
    fail_each("masks", score_masks);
    fail_each("boxes", score_boxes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_refusal_is_survived)};
    return cmocka_run_group_tests(tests, make_files, remove_scratch);
}
