/* evaluate subset: a part of a COCO data set that anybody can name and draw again. */
#include "data/coco/subset.h"
#include "cli/process.h"
#include "core/fail.h"
#include "core/order.h"
#include "core/os.h"
#include "data/json/text.h"
#include "evaluate/evaluate.h"
#include "evaluate/image_ids.h"
#include "evaluate/output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    const char *gt, *ids, *list, *output;
    int count, seed;
    bool stratify, force, quiet;
};

static const struct duet_option options[] = {
    DUET_GROUP("Which images"),
    DUET_STRING('g', "gt", "FILE", struct settings, gt, "the ground truth, a COCO instances file"),
    DUET_INT('n', "count", "N", struct settings, count, 1, 1000000000, "choose N images at random",
             .shown = ""),
    DUET_INT(0, "seed", "N", struct settings, seed, 0, 2147483647, "another number, other images"),
    DUET_FLAG('s', "stratify", struct settings, stratify,
              "so that every class keeps its share of images, the rare ones first"),
    DUET_STRING(0, "image-ids", "FILE", struct settings, ids, "or take these: ids, one a line"),
    DUET_GROUP("Results"),
    DUET_OUTPUT('l', "list", "FILE", struct settings, list,
                "write the ids, one a line, lowest first: for 'evaluate coco --image-ids'"),
    DUET_OUTPUT('o', "output", "FILE", struct settings, output,
                "write the ground truth of these images alone: all else in it stays as it is"),
    EVALUATE_FORCE_OPTION(struct settings),
    DUET_FLAG('q', "quiet", struct settings, quiet, "do not say what was chosen"),
    DUET_OPTIONS_END};

static const struct duet_program program = {
    .name = "evaluate subset",
    .synopsis = "--gt FILE --count N [OPTION]... [-l FILE] [-o FILE]\n"
                "--gt FILE --image-ids FILE [OPTION]... -o FILE",
    .summary = "Choose a part of a COCO data set. The same file, number and seed give the same images "
               "everywhere; their hash is what 'evaluate coco' prints beside its scores.",
    .options = options,
    .max_operands = 0,
    .examples = "  evaluate subset --gt instances_val2017.json -n 500 -l val500.txt\n"
                "  evaluate subset -g instances_val2017.json -n 500 --stratify -o val500.json\n"};

/* The images that were chosen. */
struct subset {
    const struct settings *settings;
    struct duet_console *console;
    struct duet_coco_truth truth;
    int64_t *ids;
    size_t count;
};

static int check_settings(const struct settings *s)
{
    if (!s->gt) return duet_usage_error(&program, "no --gt given");
    if (!s->count == !s->ids) return duet_usage_error(&program, "expected one of --count and --image-ids");
    if (s->ids && s->stratify)
        return duet_usage_error(&program, "--stratify: --image-ids are chosen already");
    return DUET_GO_ON;
}

static int find_ids(struct subset *subset)
{
    const struct settings *s = subset->settings;
    struct duet_error error;
    enum duet_status status = duet_coco_truth_open(s->gt, false, &subset->truth, &error);
    if (status == DUET_OK && s->ids) {
        status = evaluate_read_ids(s->ids, &subset->truth, &subset->ids, &subset->count, &error);
    } else if (status == DUET_OK) {
        subset->count = (size_t)s->count;
        if (subset->count > subset->truth.image_count)
            status = duet_fail(&error, DUET_BAD_ARGUMENT, "--count: %d images out of %zu", s->count,
                               subset->truth.image_count);
        else
            status = duet_coco_choose_images(&subset->truth, subset->count, (uint64_t)s->seed, s->stratify,
                                             &subset->ids, &error);
    }
    return status == DUET_OK ? DUET_GO_ON : evaluate_failed(subset->console, &error);
}

static char *list_text(const struct subset *subset)
{
    struct duet_buffer b = {0};
    char room[DUET_COCO_ID_ROOM];
    for (size_t i = 0; i < subset->count; i++)
        duet_putf(&b, "%s\n", duet_coco_id_text(subset->truth.ids, subset->ids[i], room));
    return duet_buffer_text(&b);
}

static int write_part(const struct subset *subset)
{
    const char *path = subset->settings->output;
    struct duet_error error;
    struct duet_output output;
    if (strcmp(path, "-") == 0) {
        enum duet_status status = duet_coco_copy_subset(subset->settings->gt, subset->truth.ids, subset->ids,
                                                        subset->count, stdout, "standard output", &error);
        return status == DUET_OK ? evaluate_write(subset->console, "-", duet_text("%s", ""), false)
                                 : evaluate_failed(subset->console, &error);
    }
    duet_process_catch_signals();
    enum duet_status status =
        duet_output_open(&output, path, subset->settings->force ? DUET_OUTPUT_FORCE : 0, &error);
    if (status == DUET_OK) {
        status = duet_coco_copy_subset(subset->settings->gt, subset->truth.ids, subset->ids, subset->count,
                                       output.stream, path, &error);
        if (status == DUET_OK)
            status = duet_output_commit(&output, &error);
        else
            duet_output_discard(&output);
    }
    return status == DUET_OK ? DUET_GO_ON : evaluate_failed(subset->console, &error);
}

static void tell(const struct subset *subset)
{
    char hash[DUET_LIST_HASH];
    size_t annotations = 0;
    for (size_t i = 0; i < subset->truth.annotation_count; i++) {
        int64_t id = subset->truth.annotations[i].image_id;
        annotations += bsearch(&id, subset->ids, subset->count, sizeof id, duet_by_int64) != NULL;
    }
    evaluate_hash_ids(subset->truth.ids, subset->ids, subset->count, hash);
    duet_console_note(subset->console, "%zu of %zu images, %zu of %zu annotations; images sha256 %s",
                      subset->count, subset->truth.image_count, annotations, subset->truth.annotation_count,
                      hash);
}

int evaluate_subset(int argc, char **argv)
{
    struct settings settings = {0};
    struct duet_arguments arguments;
    struct duet_console console;
    struct subset subset = {.settings = &settings, .console = &console};
    int code = duet_options_parse(&program, argc, argv, &settings, &arguments);
    if (code != DUET_GO_ON) return code;
    duet_console_open(&console, program.name, settings.quiet, false);
    code = check_settings(&settings);
    if (code == DUET_GO_ON) code = find_ids(&subset);
    const char *list = settings.list ? settings.list : settings.output ? NULL : "-";
    if (code == DUET_GO_ON && list) code = evaluate_write(&console, list, list_text(&subset), settings.force);
    if (code == DUET_GO_ON && settings.output) code = write_part(&subset);
    if (code == DUET_GO_ON) tell(&subset);
    duet_coco_truth_close(&subset.truth);
    free(subset.ids);
    return code == DUET_GO_ON ? DUET_EXIT_OK : code;
}
