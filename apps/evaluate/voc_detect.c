/* evaluate voc-detect: boxes against PASCAL VOC's annotations. */
#include "cli/process.h"
#include "evaluate/evaluate.h"
#include "evaluate/output.h"

#include "core/fail.h"
#include "core/grow.h"
#include "core/os.h"
#include "data/labels/labels.h"
#include "eval/voc/report.h"

#include <stdlib.h>
#include <string.h>

struct settings {
    const char *root, *list, *detections, *json, *csv, *report;
    double overlap;
    int limit, bootstrap, seed;
    bool force, quiet;
};

static const struct duet_option options[] = {
    DUET_GROUP("What to score"),
    DUET_STRING('r', "root", "DIR", struct settings, root,
                "the folder with ImageSets and Annotations (VOCdevkit/VOC2012)"),
    DUET_STRING('l', "list", "NAME", struct settings, list,
                "the images: ImageSets/Main/NAME.txt, else ImageSets/Segmentation/NAME.txt, or with a '/' in "
                "it the path of such a file"),
    DUET_STRING('d', "detections", "PATH", struct settings, detections,
                "a folder with comp4_det_SET_CLASS.txt as 'detect --format voc' writes them, or a COCO "
                "results file"),
    DUET_INT('n', "limit", "N", struct settings, limit, 1, 100000000, "only the first N images of the list",
             .shown = "all"),
    DUET_GROUP("By which rules"),
    DUET_FLOAT(0, "iou", "X", struct settings, overlap, 0.01, 1, "a box fits when it overlaps by X or more"),
    EVALUATE_BOOTSTRAP_OPTIONS(struct settings),
    DUET_GROUP("Results"),
    EVALUATE_RESULT_OPTIONS(struct settings),
    DUET_OUTPUT_FOLDER('R', "report", "DIR", struct settings, report,
                       "write DIR/index.html: tables and curves, for a browser or for print"),
    EVALUATE_FORCE_OPTION(struct settings),
    DUET_FLAG('q', "quiet", struct settings, quiet, "no notes; warnings are always told"),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "evaluate voc-detect",
    .synopsis = "--root DIR --list NAME --detections PATH [OPTION]...",
    .summary =
        "Average precision of boxes by PASCAL VOC's rules: overlap of 0.5, difficult objects left out, "
        "duplicates false; the rule of 2007 (11 points) and the one since 2010 (all points).",
    .options = options,
    .max_operands = 0,
    .details = "A COCO results file says which image a box is in by the digits at the end of the\n"
               "image's id: where two ids of the list end alike, use 'detect --format voc'.\n"
               "Classes that VOC does not have are left out, and so are boxes in other images,\n"
               "which are counted and the first is named.\n",
    .examples = "  detect --eval -f voc -o found VOC2012/JPEGImages/\n"
                "  evaluate voc-detect --root VOC2012 --list val --detections found\n",
    .exit_status = "  0    done\n"
                   "  1    nothing was scored; the reason is on standard error\n"
                   "  2    the command line makes no sense, or would overwrite something\n"
                   "  3    scored, but some annotations could not be read; each is named\n"};

/* Everything that is read, and its scores. */
struct run {
    const struct settings *settings;
    struct duet_console console;
    struct duet_voc_list *list;
    struct duet_voc_results results;
    struct duet_voc_truth *truths;
    size_t truth_count, truth_capacity;
    size_t *places;   /* [ids of the list] an image's number among those that are scored, or SIZE_MAX */
    const char **ids; /* [scored] */
    size_t scored, failed, outside, reversed, unclear, others;
    char other[DUET_VOC_NAME]; /* the first class that VOC does not have */
    struct duet_voc_map *map;
};

/* --- truth -------------------------------------------------------------------------------------------- */

static enum duet_status add_objects(struct run *run, const char *path,
                                    const struct duet_voc_annotation *annotation, struct duet_error *error)
{
    const struct duet_labels labels = duet_labels_voc();
    for (size_t i = 0; i < annotation->count; i++) {
        const struct duet_voc_object *o = &annotation->objects[i];
        const struct duet_label *label = duet_labels_find(&labels, o->name);
        if (!label || label->id == 0) {
            if (run->others++ == 0) memcpy(run->other, o->name, sizeof run->other);
            continue;
        }
        if (!DUET_GROW(run->truths, run->truth_capacity, run->truth_count + 1))
            return duet_no_memory(error, path, "for its objects");
        run->truths[run->truth_count++] =
            (struct duet_voc_truth){run->scored, label->id, o->xmin, o->ymin, o->xmax, o->ymax, o->difficult};
    }
    run->outside += annotation->outside;
    run->reversed += annotation->reversed;
    run->unclear += annotation->unclear;
    if (annotation->left_out > 0)
        duet_console_warning(&run->console, "%s: %s (%zu object%s left out)", path, annotation->why,
                             annotation->left_out, annotation->left_out == 1 ? "" : "s");
    return DUET_OK;
}

/* Read an image's annotation, and number the image; one that cannot be read is named and left out. */
static enum duet_status add_image(struct run *run, size_t index, struct duet_error *error)
{
    const char *id = duet_voc_list_id(run->list, index);
    struct duet_voc_annotation annotation = {0};
    size_t before = run->truth_count;
    char *path = duet_voc_annotation_path(run->settings->root, id);
    enum duet_status status = path ? duet_voc_id_check(id, error) : duet_no_memory(error, id, NULL);
    if (status == DUET_OK) status = duet_voc_annotation_open(path, &annotation, error);
    if (status == DUET_OK) status = add_objects(run, path, &annotation, error);
    if (status == DUET_OK) {
        run->ids[run->scored] = id;
        run->places[index] = run->scored++;
    } else {
        duet_console_error(&run->console, "%s", error->text);
        run->truth_count = before;
        run->failed++;
    }
    duet_voc_annotation_close(&annotation);
    free(path);
    return status == DUET_OUT_OF_MEMORY ? status : DUET_OK;
}

static enum duet_status read_truth(struct run *run, struct duet_error *error)
{
    const struct settings *s = run->settings;
    enum duet_status status = duet_voc_list_open(s->root, DUET_VOC_MAIN, s->list, &run->list, error);
    if (status != DUET_OK) return status;
    size_t count = duet_voc_list_count(run->list);
    run->places = calloc(count, sizeof *run->places);
    run->ids = calloc(count, sizeof *run->ids);
    if (!run->places || !run->ids)
        return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %zu images", count);
    for (size_t i = 0; i < count; i++) run->places[i] = SIZE_MAX;
    if (s->limit > 0 && count > (size_t)s->limit) count = (size_t)s->limit;
    for (size_t i = 0; i < count && status == DUET_OK; i++) status = add_image(run, i, error);
    if (status == DUET_OK && run->scored == 0)
        status = duet_fail(error, DUET_NOT_FOUND, "nothing was scored: none of %zu annotations could be read",
                           count);
    return status;
}

/* --- detections --------------------------------------------------------------------------------------- */

/* Those in images that are scored, under the images' numbers. */
static void keep_scored(struct run *run)
{
    struct duet_voc_results *r = &run->results;
    size_t kept = 0;
    for (size_t i = 0; i < r->count; i++) {
        r->items[kept] = r->items[i];
        r->items[kept].image = run->places[r->items[i].image];
        kept += r->items[kept].image != SIZE_MAX;
    }
    r->count = kept;
}

static void warn_of(struct run *run, size_t count, const char *what)
{
    if (count > 0) duet_console_warning(&run->console, "%zu %s", count, what);
}

static void warn(struct run *run)
{
    const struct duet_voc_results *r = &run->results;
    if (r->strangers > 0)
        duet_console_warning(&run->console, "%zu detections are in images that the list lacks (%s): left out",
                             r->strangers, r->stranger);
    warn_of(run, r->empty, "detections have no pixel in them and match nothing");
    if (r->files > 0 && r->files < 20)
        warn_of(run, 20 - r->files, "of 20 classes have no file of detections: nothing was found of them");
    warn_of(run, run->outside,
            "annotated boxes reach over their picture's edge; they are taken as they stand");
    warn_of(run, run->reversed,
            "annotated boxes have a corner beyond the opposite one: they count, and match nothing");
    warn_of(run, run->unclear,
            "annotated objects have a <difficult> that is neither 0 nor 1: taken for not difficult");
    if (run->others > 0)
        duet_console_warning(&run->console,
                             "%zu annotated objects are of classes that VOC does not have (%s): left out",
                             run->others, run->other);
}

static enum duet_status score(struct run *run, struct duet_error *error)
{
    enum duet_status status =
        duet_voc_results_open(run->settings->detections, run->list, &run->results, error);
    if (status != DUET_OK) return status;
    keep_scored(run);
    warn(run);
    return duet_voc_map_open(run->truths, run->truth_count, run->results.items, run->results.count,
                             run->scored, run->settings->overlap, &run->map, error);
}

/* --- writing ------------------------------------------------------------------------------------------ */

static const char *scored_id(const void *ctx, size_t index)
{
    return ((const struct run *)ctx)->ids[index];
}

static void fill_conditions(struct duet_conditions *c, const struct run *run)
{
    const struct settings *s = run->settings;
    char hash[DUET_LIST_HASH];
    duet_conditions_text(c, "data", s->root);
    duet_conditions_text(c, "list", s->list);
    duet_conditions_number(c, "images", (double)run->scored);
    duet_conditions_number(c, "images_left_out", (double)(duet_voc_list_count(run->list) - run->scored));
    duet_conditions_number(c, "images_failed", (double)run->failed);
    duet_list_hash(run->scored, scored_id, run, hash);
    duet_conditions_text(c, "images_sha256", hash);
    duet_conditions_text(c, "detections", s->detections);
    duet_conditions_number(c, "detections_scored", (double)run->results.count);
    duet_conditions_number(c, "iou", s->overlap);
    duet_conditions_text(c, "version", DUET_VERSION);
}

static int write_report(struct run *run, const struct duet_voc_map_outcome *outcome)
{
    const struct settings *s = run->settings;
    struct duet_error error;
    struct duet_report *report = NULL;
    enum duet_status status =
        evaluate_report_open(s->report, duet_text("PASCAL VOC boxes: %s", s->detections),
                             duet_text("%zu pictures of the list %s", run->scored, s->list), &report, &error);
    if (status == DUET_OK) {
        duet_voc_report_detections(report, outcome);
        status = duet_report_commit(&report, &error);
    }
    return status == DUET_OK ? DUET_GO_ON : evaluate_failed(&run->console, &error);
}

static int write_all(struct run *run)
{
    const struct settings *s = run->settings;
    struct duet_conditions conditions = {0};
    struct duet_voc_map_intervals intervals;
    struct duet_error error;
    fill_conditions(&conditions, run);
    const struct duet_voc_map_outcome outcome = {.map = run->map,
                                                 .intervals = s->bootstrap > 0 ? &intervals : NULL,
                                                 .replicates = (size_t)s->bootstrap,
                                                 .seed = (uint64_t)s->seed,
                                                 .conditions = &conditions};
    bool taken;
    enum duet_status status = conditions.failed ? duet_no_memory(&error, NULL, "for the scores") : DUET_OK;
    if (status == DUET_OK && s->bootstrap > 0)
        status = duet_voc_map_bootstrap(run->map, outcome.replicates, outcome.seed, &intervals, &error);
    int code = status == DUET_OK ? DUET_GO_ON : evaluate_failed(&run->console, &error);
    if (code == DUET_GO_ON) {
        const struct evaluate_text texts[] = {{s->json, s->json ? duet_voc_map_json(&outcome) : NULL},
                                              {s->csv, s->csv ? duet_voc_map_csv(&outcome) : NULL}};
        code = evaluate_write_texts(&run->console, texts, 2, s->force, &taken);
    }
    if (code == DUET_GO_ON && s->report) code = write_report(run, &outcome);
    if (code == DUET_GO_ON && !taken)
        code = evaluate_write(&run->console, "-", duet_voc_map_table(&outcome), false);
    duet_conditions_close(&conditions);
    return code;
}

/* --- the whole ---------------------------------------------------------------------------------------- */

static int check_settings(const struct settings *s)
{
    if (!s->root) return duet_usage_error(&program, "no --root given");
    if (!s->list) return duet_usage_error(&program, "no --list given");
    if (!s->detections) return duet_usage_error(&program, "no --detections given");
    return evaluate_may_report(&program, s->report, s->force);
}

static int run_all(struct run *run)
{
    struct duet_error error;
    enum duet_status status = read_truth(run, &error);
    if (status == DUET_OK) status = score(run, &error);
    if (status != DUET_OK) return evaluate_failed(&run->console, &error);
    int code = write_all(run);
    if (code != DUET_GO_ON) return code;
    if (run->failed == 0) return DUET_EXIT_OK;
    duet_console_error(&run->console,
                       "%zu annotations could not be read: the scores are of the other %zu images",
                       run->failed, run->scored);
    return DUET_EXIT_SOME_FAILED;
}

int evaluate_voc_detect(int argc, char **argv)
{
    struct settings settings = {.overlap = DUET_VOC_MAP_OVERLAP};
    struct duet_arguments arguments;
    struct run run = {.settings = &settings};
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code == DUET_GO_ON) code = check_settings(&settings);
    if (code != DUET_GO_ON) return code;
    duet_console_open(&run.console, program.name, settings.quiet, true);
    code = run_all(&run);
    duet_voc_map_close(&run.map);
    duet_voc_results_close(&run.results);
    duet_voc_list_close(&run.list);
    free(run.truths);
    free(run.places);
    free(run.ids);
    return code;
}
