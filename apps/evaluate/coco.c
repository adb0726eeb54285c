/* evaluate coco: detections, or a model, against COCO's ground truth. */
#include "evaluate/coco.h"

#include "core/fail.h"
#include "core/os.h"
#include "evaluate/evaluate.h"
#include "evaluate/output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct evaluate_coco_settings settings_t;

static const struct duet_option options[] = {
    DUET_GROUP("What to score"),
    DUET_STRING('d', "detections", "FILE", settings_t, detections, "score these: a COCO results file"),
    DUET_STRING('i', "images", "DIR", settings_t, images,
                "score a model: run it on the pictures in DIR that the ground truth lists"),
    DUET_STRING('m', "model", "NAME", settings_t, detect.model,
                "which model: a name ('models list') or a path"),
    EVALUATE_SCOPE_OPTIONS(settings_t, scope),
    DUET_GROUP("By which rules"),
    EVALUATE_SCOPE_RULES(settings_t, scope),
    DUET_GROUP("Scores besides"),
    DUET_FLAG('p', "per-class", settings_t, per_class, "a table of the classes"),
    DUET_FLAG('e', "errors", settings_t, tide,
              "TIDE: what it would gain to mend wrong classes, wrong places, duplicates ..."),
    EVALUATE_BOOTSTRAP_OPTIONS(settings_t),
    DUET_OUTPUT(0, "confusion", "FILE", settings_t, confusion,
                "which class was taken for which, as CSV (and in --json)"),
    DUET_FLOAT(0, "confusion-threshold", "X", settings_t, confusion_score, 0, 1,
               "of the detections that score X or more"),
    DUET_OUTPUT(0, "curves", "FILE", settings_t, curves,
                "precision and score at 101 recalls, for every class and overlap, as CSV"),
    DUET_OUTPUT(0, "thresholds-out", "FILE", settings_t, thresholds_out,
                "for each class the threshold with the best F1, as JSON"),
    DUET_FLOAT(0, "at-precision", "X", settings_t, at_precision, 0, 1,
               "there: the threshold with the most recall at precision X or more instead",
               .shown = "best F1"),
    DUET_FLOAT(0, "at-iou", "X", settings_t, at_iou, 0.01, 1,
               "the overlap that makes a hit in --errors, --confusion and --thresholds-out"),
    DUET_GROUP("Results"),
    EVALUATE_RESULT_OPTIONS(settings_t),
    DUET_OUTPUT('k', "keep", "FILE", settings_t, keep, "with --images: keep the detections"),
    EVALUATE_REPORT_OPTIONS(settings_t),
    DUET_STRING(0, "pictures", "DIR", settings_t, pictures,
                "for the report: where the pictures are, when it is --detections that are scored"),
    EVALUATE_FORCE_OPTION(settings_t),
    DUET_GROUP("Running"),
    EVALUATE_THREADS_OPTION(settings_t),
    DUET_PICTURE_OPTIONS(settings_t, reading),
    DUET_COMPUTE_OPTIONS(settings_t, compute),
    DUET_FLAG('q', "quiet", settings_t, quiet, "no progress and no notes; warnings are always told"),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "evaluate coco",
    .synopsis = "--gt FILE --detections FILE [OPTION]...\n"
                "--gt FILE --images DIR [--model NAME] [OPTION]...",
    .summary = "Compare detections with COCO's ground truth: average precision and recall, the twelve "
               "numbers of pycocotools, to the digit.",
    .options = options,
    .max_operands = 0,
    .details = "A model is run to be measured: all that scores above 1e-8, 100 detections an\n"
               "image, orientation notes in the pictures ignored. Pictures that cannot be read,\n"
               "or lie outside DIR, are named and left out of the score. Detections of images\n"
               "or classes that the ground truth does not list are named and left out.\n"
               "-1 stands for: no ground truth of that kind. Of a few hundred images AP comes\n"
               "out too high, and --bootstrap's intervals with it.\n" DUET_TEXT_DETAILS,
    .examples = "  evaluate coco --gt instances_val2017.json --detections results.json\n"
                "  evaluate coco -g instances_val2017.json -i val2017/ -m ssdlite-coco -n 500\n"
                "  evaluate coco -g instances.json -d results.json --per-class --errors -b 1000\n"
                "  evaluate coco -g instances.json -d masks.json --type segm --json scores.json\n"
                "  evaluate coco -g instances.json -d results.json --thresholds-out points.json\n",
    .exit_status = "  0    done\n"
                   "  1    nothing was scored (a file that cannot be read, no model)\n"
                   "  2    the command line makes no sense, or would overwrite something\n"
                   "  3    scored, but some pictures could not be read; each is named\n"
                   "  130, 143, 129  stopped by SIGINT, SIGTERM or SIGHUP; nothing was scored\n"};

/* --- the command line --------------------------------------------------------------------------------- */

static int check_settings(const settings_t *s, const struct duet_arguments *arguments)
{
    static const char *const of_model[] = {"model", "keep", "precision", "cpu"};
    if (!s->detections == !s->images)
        return duet_usage_error(&program, "expected one of --detections and --images");
    for (size_t i = 0; s->detections && i < sizeof of_model / sizeof of_model[0]; i++)
        if (duet_option_given(&program, arguments, of_model[i]))
            return duet_usage_error(
                &program, "--%s: is about running a model; --detections are there already", of_model[i]);
    if (s->images && s->scope.type == DUET_COCO_MASKS)
        return duet_usage_error(&program, "--type segm: the models find boxes, expected --detections");
    if (s->keep && strcmp(s->keep, "-") == 0) return duet_usage_error(&program, "--keep: '-' is no file");
    if (duet_option_given(&program, arguments, "at-precision") && s->at_precision <= 0)
        return duet_usage_error(&program, "--at-precision: expected a number above 0");
    if (s->pictures && (s->images || !s->report))
        return duet_usage_error(&program, "--pictures: are for the --report of --detections");
    return evaluate_may_report(&program, s->report, s->force);
}

/* --- scores besides ----------------------------------------------------------------------------------- */

/* All that there is to tell, and what it is made of. */
struct report {
    const settings_t *settings;
    struct evaluate_scope *scope;
    struct duet_coco_eval *eval;
    struct duet_conditions conditions;
    struct duet_coco_replicates replicates;
    struct duet_coco_confusion confusion;
    struct duet_coco_tide tide;
    struct duet_coco_point *point_items; /* NULL: there are no points */
    struct duet_coco_points points;
};

static void report_close(struct report *report)
{
    duet_conditions_close(&report->conditions);
    duet_coco_replicates_close(&report->replicates);
    duet_coco_confusion_close(&report->confusion);
    free(report->point_items);
}

static enum duet_status bootstrap(struct report *report, struct duet_error *error)
{
    const settings_t *s = report->settings;
    struct duet_pool pool;
    enum duet_status status = duet_pool_create(s->threads > 0 ? s->threads : duet_cpu_count(), &pool, error);
    if (status != DUET_OK) return status;
    status = duet_coco_bootstrap(report->eval, (size_t)s->bootstrap, (uint64_t)s->seed, &pool,
                                 &report->replicates, error);
    duet_pool_close(&pool);
    return status;
}

/* Operating points at the overlap --at-iou; none for a report when that is not in the list. */
static enum duet_status find_points(struct report *report, struct duet_error *error)
{
    const settings_t *s = report->settings;
    const struct duet_coco_scope scope = duet_coco_eval_scope(report->eval);
    int threshold = 0;
    while (threshold < (int)scope.threshold_count && fabs(scope.thresholds[threshold] - s->at_iou) > 1e-9)
        threshold++;
    if (threshold == (int)scope.threshold_count)
        return s->thresholds_out ? duet_fail(error, DUET_BAD_ARGUMENT,
                                             "--thresholds-out: --at-iou is none of the overlaps of --iou")
                                 : DUET_OK;
    report->point_items = calloc(scope.category_count + 1, sizeof *report->point_items);
    if (!report->point_items) return duet_no_memory(error, NULL, "for the thresholds");
    report->points = (struct duet_coco_points){report->point_items, s->at_iou,
                                               s->at_precision > 0 ? DUET_COCO_PRECISION : DUET_COCO_BEST_F1,
                                               s->at_precision};
    return duet_coco_find_points(report->eval, threshold, report->points.goal, s->at_precision,
                                 report->point_items, error);
}

static enum duet_status compute(struct report *report, struct duet_error *error)
{
    const settings_t *s = report->settings;
    enum duet_status status =
        report->conditions.failed ? duet_no_memory(error, NULL, "for the scores") : DUET_OK;
    if (status == DUET_OK && s->bootstrap > 0) status = bootstrap(report, error);
    if (status == DUET_OK && (s->confusion || s->report))
        status =
            duet_coco_confusion_count(report->eval, s->confusion_score, s->at_iou, &report->confusion, error);
    if (status == DUET_OK && (s->tide || s->report))
        status =
            duet_coco_tide_measure(report->eval, s->at_iou, fmin(.1, s->at_iou / 2), &report->tide, error);
    if (status == DUET_OK && (s->thresholds_out || s->report)) status = find_points(report, error);
    return status;
}

/* --- writing ------------------------------------------------------------------------------------------ */

/* In the report all is shown, whether it was asked for elsewhere or not. */
static int write_report(const struct report *report, const struct duet_coco_outcome *outcome)
{
    struct duet_coco_outcome whole = *outcome;
    whole.confusion = &report->confusion;
    whole.tide = &report->tide;
    return evaluate_coco_report(report->settings, report->scope, &whole,
                                report->point_items ? &report->points : NULL);
}

static int write_all(const struct report *report)
{
    const settings_t *s = report->settings;
    struct duet_console *console = report->scope->console;
    const struct duet_coco_eval *eval = report->eval;
    const struct duet_coco_outcome outcome = {.eval = eval,
                                              .replicates = s->bootstrap > 0 ? &report->replicates : NULL,
                                              .confusion = s->confusion ? &report->confusion : NULL,
                                              .tide = s->tide ? &report->tide : NULL,
                                              .per_class = s->per_class,
                                              .warnings = (const char *const *)report->scope->warnings,
                                              .warning_count = report->scope->warning_count,
                                              .conditions = &report->conditions};
    const struct evaluate_text texts[] = {
        {s->json, s->json ? duet_coco_json(&outcome) : NULL},
        {s->csv, s->csv ? duet_coco_csv(&outcome) : NULL},
        {s->confusion, s->confusion ? duet_coco_confusion_csv(eval, &report->confusion) : NULL},
        {s->curves, s->curves ? duet_coco_curves_csv(eval) : NULL},
        {s->thresholds_out,
         s->thresholds_out ? duet_coco_points_json(eval, &report->points, &report->conditions) : NULL},
    };
    bool taken;
    int code = evaluate_write_texts(console, texts, sizeof texts / sizeof texts[0], s->force, &taken);
    if (code == DUET_GO_ON && s->report) code = write_report(report, &outcome);
    if (code == DUET_GO_ON && !taken) code = evaluate_write(console, "-", duet_coco_table(&outcome), false);
    return code;
}

/* --- running ------------------------------------------------------------------------------------------ */

static void fill_conditions(struct report *report, const struct evaluate_coco_run *run)
{
    const settings_t *s = report->settings;
    struct duet_conditions *c = &report->conditions;
    evaluate_scope_conditions(report->scope, report->eval, c);
    duet_conditions_number(c, "detections", (double)duet_coco_eval_scope(report->eval).detection_count);
    if (s->images)
        evaluate_coco_run_conditions(run, c);
    else
        duet_conditions_text(c, "detections_file", s->detections);
    if (s->confusion || s->report) duet_conditions_number(c, "confusion_threshold", s->confusion_score);
    if (s->confusion || s->tide || s->thresholds_out || s->report)
        duet_conditions_number(c, "at_iou", s->at_iou);
    duet_conditions_text(c, "version", DUET_VERSION);
}

static int score(struct report *report, struct evaluate_coco_run *run)
{
    const settings_t *s = report->settings;
    struct duet_coco_results results = {0};
    struct duet_error error;
    int code = evaluate_scope_score(report->scope, s->images ? run->results : s->detections, "", &results,
                                    &report->eval);
    if (code == DUET_GO_ON && s->images) code = evaluate_coco_run_done(run);
    if (code == DUET_GO_ON) {
        fill_conditions(report, run);
        code = compute(report, &error) == DUET_OK ? write_all(report)
                                                  : evaluate_failed(report->scope->console, &error);
    }
    report_close(report);
    duet_coco_eval_close(&report->eval);
    duet_coco_results_close(&results);
    return code;
}

int evaluate_coco(int argc, char **argv)
{
    settings_t settings = {.detect = DUET_DETECT_DEFAULTS, .confusion_score = .5, .at_iou = .5, .shown = 6};
    struct duet_arguments arguments;
    struct duet_console console;
    settings.detect.threshold = 1e-8;
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code != DUET_GO_ON) return code;
    struct evaluate_scope scope = {.program = &program, .console = &console, .settings = &settings.scope};
    struct evaluate_coco_run run = {.settings = &settings, .scope = &scope};
    struct report report = {.settings = &settings, .scope = &scope};
    duet_console_open(&console, program.name, settings.quiet, false);
    code = check_settings(&settings, &arguments);
    if (code == DUET_GO_ON) code = evaluate_scope_check(&scope);
    if (code == DUET_GO_ON) code = evaluate_scope_open(&scope);
    if (code == DUET_GO_ON && settings.images) code = evaluate_coco_run(&run);
    if (code == DUET_GO_ON) code = score(&report, &run);
    evaluate_coco_run_close(&run);
    evaluate_scope_close(&scope);
    if (code != DUET_GO_ON) return code;
    return run.failed ? DUET_EXIT_SOME_FAILED : DUET_EXIT_OK;
}
