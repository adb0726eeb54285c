/* evaluate compare: is one set of detections better than another, or just luckier? */
#include "core/fail.h"
#include "eval/coco/write.h"
#include "evaluate/evaluate.h"
#include "evaluate/output.h"
#include "evaluate/scope.h"

#include <stdlib.h>

struct settings {
    struct evaluate_scope_settings scope;
    int bootstrap, seed, threads, shown;
    const char *json;
    bool force, quiet;
};

static const struct duet_option options[] = {
    DUET_GROUP("What to compare"),
    EVALUATE_SCOPE_OPTIONS(struct settings, scope),
    DUET_GROUP("By which rules"),
    EVALUATE_SCOPE_RULES(struct settings, scope),
    DUET_INT('b', "bootstrap", "N", struct settings, bootstrap, 1, 1000000,
             "draw the images anew N times, the same ones for A and B; 1000 is usual"),
    DUET_INT(0, "seed", "N", struct settings, seed, 0, 2147483647, "which draws those are"),
    DUET_GROUP("Results"),
    DUET_INT(0, "shown", "N", struct settings, shown, 0, 1000000,
             "list the N classes that differ most, and N images each way"),
    DUET_OUTPUT(0, "json", "FILE", struct settings, json,
                "write everything to FILE; '-': to standard output, instead of the table"),
    EVALUATE_FORCE_OPTION(struct settings),
    DUET_GROUP("Running"),
    EVALUATE_THREADS_OPTION(struct settings),
    DUET_FLAG('q', "quiet", struct settings, quiet, "no notes; warnings are always told"),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "evaluate compare",
    .synopsis = "--gt FILE A B [OPTION]...",
    .summary = "Compare two COCO results files, A and B, over the same ground truth: the difference of every "
               "score with a 95 % interval and how likely it is to be luck (p); which classes and images got "
               "better or worse.",
    .options = options,
    .min_operands = 2,
    .max_operands = 2,
    .operand = "results file",
    .details = "The paired bootstrap: A and B are scored on the same images, drawn anew many\n"
               "times. p is how often the choice of images alone would make a difference of\n"
               "that size; below 0.05 people call it significant. Of 80 classes, 4 are so by\n"
               "chance. An image's score is the mean AP of the classes that are in it.\n",
    .examples = "  evaluate compare --gt instances_val2017.json before.json after.json\n"
                "  evaluate compare -g instances.json float.json int8.json --json delta.json\n"};

/* Both sides. */
struct side {
    const char *path;
    struct duet_coco_results results;
    struct duet_coco_eval *eval;
    struct duet_coco_replicates replicates;
    double *images;
};

static void side_close(struct side *side)
{
    duet_coco_replicates_close(&side->replicates);
    duet_coco_eval_close(&side->eval);
    duet_coco_results_close(&side->results);
    free(side->images);
}

static enum duet_status bootstrap_side(struct side *side, const struct settings *s,
                                       const struct duet_pool *pool, struct duet_error *error)
{
    size_t count = duet_coco_eval_scope(side->eval).image_count;
    side->images = calloc(count + 1, sizeof *side->images);
    if (!side->images) return duet_no_memory(error, NULL, "for the images' scores");
    enum duet_status status = duet_coco_image_scores(side->eval, side->images, error);
    if (status != DUET_OK) return status;
    return duet_coco_bootstrap(side->eval, (size_t)s->bootstrap, (uint64_t)s->seed, pool, &side->replicates,
                               error);
}

static enum duet_status bootstrap(struct side sides[2], const struct settings *s, struct duet_error *error)
{
    struct duet_pool pool;
    enum duet_status status = duet_coco_comparable(sides[0].eval, sides[1].eval, error);
    if (status == DUET_OK)
        status = duet_pool_create(s->threads > 0 ? s->threads : duet_cpu_count(), &pool, error);
    if (status != DUET_OK) return status;
    for (int i = 0; status == DUET_OK && i < 2; i++) status = bootstrap_side(&sides[i], s, &pool, error);
    duet_pool_close(&pool);
    return status;
}

static int write_all(const struct evaluate_scope *scope, const struct settings *s, const struct side sides[2])
{
    struct duet_conditions conditions = {0};
    evaluate_scope_conditions(scope, sides[0].eval, &conditions);
    duet_conditions_text(&conditions, "a", sides[0].path);
    duet_conditions_text(&conditions, "b", sides[1].path);
    duet_conditions_number(&conditions, "a_detections",
                           (double)duet_coco_eval_scope(sides[0].eval).detection_count);
    duet_conditions_number(&conditions, "b_detections",
                           (double)duet_coco_eval_scope(sides[1].eval).detection_count);
    duet_conditions_number(&conditions, "bootstrap", s->bootstrap);
    duet_conditions_number(&conditions, "seed", s->seed);
    duet_conditions_text(&conditions, "version", DUET_VERSION);
    const struct duet_coco_comparison comparison = {.a = sides[0].eval,
                                                    .b = sides[1].eval,
                                                    .a_name = sides[0].path,
                                                    .b_name = sides[1].path,
                                                    .a_replicates = &sides[0].replicates,
                                                    .b_replicates = &sides[1].replicates,
                                                    .a_images = sides[0].images,
                                                    .b_images = sides[1].images,
                                                    .shown = (size_t)s->shown,
                                                    .warnings = (const char *const *)scope->warnings,
                                                    .warning_count = scope->warning_count,
                                                    .conditions = &conditions};
    bool failed = conditions.failed, taken;
    const struct evaluate_text json = {s->json,
                                       s->json && !failed ? duet_coco_comparison_json(&comparison) : NULL};
    int code = evaluate_write_texts(scope->console, &json, 1, s->force, &taken);
    if (code == DUET_GO_ON && !taken)
        code = evaluate_write(scope->console, "-", failed ? NULL : duet_coco_comparison_table(&comparison),
                              false);
    duet_conditions_close(&conditions);
    return code;
}

static int compare(struct evaluate_scope *scope, const struct settings *s, char **operands)
{
    struct side sides[2] = {{.path = operands[0]}, {.path = operands[1]}};
    struct duet_error error;
    int code = DUET_GO_ON;
    for (int i = 0; code == DUET_GO_ON && i < 2; i++)
        code = evaluate_scope_score(scope, sides[i].path, sides[i].path, &sides[i].results, &sides[i].eval);
    if (code == DUET_GO_ON && bootstrap(sides, s, &error) != DUET_OK)
        code = evaluate_failed(scope->console, &error);
    if (code == DUET_GO_ON) code = write_all(scope, s, sides);
    side_close(&sides[0]);
    side_close(&sides[1]);
    return code;
}

int evaluate_compare(int argc, char **argv)
{
    struct settings settings = {.bootstrap = 1000, .shown = 10};
    struct duet_arguments arguments;
    struct duet_console console;
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code != DUET_GO_ON) return code;
    struct evaluate_scope scope = {.program = &program, .console = &console, .settings = &settings.scope};
    duet_console_open(&console, program.name, settings.quiet, false);
    code = evaluate_scope_check(&scope);
    if (code == DUET_GO_ON) code = evaluate_scope_open(&scope);
    if (code == DUET_GO_ON) code = compare(&scope, &settings, arguments.operands);
    evaluate_scope_close(&scope);
    return code == DUET_GO_ON ? DUET_EXIT_OK : code;
}
