#include "live/deadline.h"

#include "core/fail.h"
#include "core/order.h"
#include "core/os.h"
#include "heads/kinds.h"
#include "live/deadline_control.h"
#include "live/model_scores.h"

#include <stdlib.h>
#include <string.h>

/* Each is better and dearer than the one before it: measured with deeplabv3-voc (live/model_scores.h).
 * Measured too, and left out since another choice is both better and cheaper: mIOU 0.291 at 129/8, 0.514 at
 * 193/8, 0.610 at 257/8, 0.664 at 321/8, 0.702 at 385/8, 0.618 at 385/32, 0.649 at 513/32. */
static const struct {
    int size, output_stride;
} choices_by_cost[] = {{129, 16}, {193, 16}, {257, 32}, {257, 16}, {321, 16},
                       {385, 16}, {449, 16}, {513, 16}, {513, 8}};

enum {
    ROWS = sizeof choices_by_cost / sizeof choices_by_cost[0],
    RUNS = 3, /* timed, after one that is not */
};

/* Times the budget beyond which a choice is not worth timing in open. */
#define FAR_OVER 1.5

struct duet_deadline {
    const struct duet_model *model;
    struct duet_segmenter_options options; /* without size, output stride and classes */
    bool *classes;
    char *cpu;
    struct duet_pool pool;
    struct duet_deadline_row rows[ROWS]; /* cheapest first */
    struct duet_segmenter *segmenters[ROWS];
    double madds[ROWS];
    struct duet_control control;
};

double duet_deadline_budget(const struct duet_deadline_settings *settings)
{
    double of_rate = settings->target_fps > 0 ? 1000 / settings->target_fps : 0;
    if (of_rate <= 0 || (settings->deadline > 0 && settings->deadline < of_rate)) return settings->deadline;
    return of_rate;
}

/* --- segmenters ----------------------------------------------------------------------------------------- */

static enum duet_status make_segmenter(struct duet_deadline *d, int row, struct duet_error *error)
{
    if (d->segmenters[row]) return DUET_OK;
    struct duet_segmenter_options options = d->options;
    options.size = d->rows[row].size;
    options.output_stride = d->rows[row].output_stride;
    enum duet_status status = duet_segmenter_create(d->model, &options, &d->segmenters[row], error);
    if (status == DUET_OK) d->rows[row].bytes = duet_segmenter_bytes(d->segmenters[row]);
    return status;
}

/* Milliseconds of one run over `picture`. */
static enum duet_status time_run(struct duet_deadline *d, int row, const struct duet_image *picture,
                                 double *ms, struct duet_error *error)
{
    const struct duet_run_options options = {.struct_size = sizeof options, .pool = &d->pool};
    struct duet_segmentation segmentation = {0};
    double start = duet_seconds();
    enum duet_status status = duet_segmenter_run(d->segmenters[row], picture, &options, &segmentation, error);
    *ms = (duet_seconds() - start) * 1e3;
    duet_segmentation_close(&segmentation);
    return status;
}

static enum duet_status measure_row(struct duet_deadline *d, int row, const struct duet_image *picture,
                                    struct duet_error *error)
{
    double ms[1 + RUNS];
    enum duet_status status = make_segmenter(d, row, error);
    for (int i = 0; i <= RUNS && status == DUET_OK; i++) status = time_run(d, row, picture, &ms[i], error);
    if (status != DUET_OK) return status;
    qsort(ms + 1, RUNS, sizeof *ms, duet_by_double);
    d->rows[row].cost_ms = ms[1 + RUNS / 2] > 1e-3 ? ms[1 + RUNS / 2] : 1e-3;
    d->rows[row].measured = true;
    return DUET_OK;
}

/* The cost of a row from the dearest measured one below it. */
static double estimate(const struct duet_deadline *d, int row)
{
    int from = row - 1;
    while (from > 0 && !d->rows[from].measured) from--;
    return d->rows[from].cost_ms * d->madds[row] / d->madds[from];
}

/* The first row is measured in any case: the others' estimates start from it. */
static enum duet_status measure_rows(struct duet_deadline *d, const struct duet_deadline_options *o,
                                     struct duet_error *error)
{
    double start = duet_seconds(), seconds = o->measure_seconds > 0 ? o->measure_seconds : 1;
    enum duet_status status = measure_row(d, 0, o->picture, error);
    for (int row = 1; row < ROWS && status == DUET_OK; row++) {
        double cost = estimate(d, row), spent = duet_seconds() - start;
        d->rows[row].cost_ms = cost;
        if (cost <= FAR_OVER * o->budget_ms && spent + cost * 1e-3 * (1 + RUNS) < seconds)
            status = measure_row(d, row, o->picture, error);
    }
    return status;
}

/* --- opening -------------------------------------------------------------------------------------------- */

/* Of the head that makes masks, on its trunk. */
static enum duet_status count_madds(const struct duet_model *model, int size, int output_stride,
                                    double *madds, struct duet_error *error)
{
    struct duet_network *network = NULL;
    struct duet_model_config config = *duet_model_config(model);
    const struct duet_head *head = duet_model_task_head(model, DUET_SEGMENTATION);
    if (head->kind != DUET_GUIDED) { /* which runs another head, too */
        config.heads = head;
        config.head_count = 1;
    }
    enum duet_status status = duet_model_network(&config, output_stride, &network, error);
    if (status != DUET_OK) return status;
    int layers = duet_network_layer_count(network);
    struct duet_layer_info *info = calloc((size_t)layers, sizeof *info);
    status = info ? duet_network_account(network, size, size, info, sizeof(struct duet_layer_info), error)
                  : duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %d layers", layers);
    *madds = 1;
    for (int i = 0; status == DUET_OK && i < layers; i++) *madds += (double)info[i].madds;
    free(info);
    duet_network_close(&network);
    return status;
}

/* What the file says that the model scores was measured in float32. */
static bool scores_hold(const struct duet_deadline *d)
{
    enum duet_precision asked = d->options.precision, own = duet_model_config(d->model)->precision;
    return (asked != DUET_PRECISION_MODEL ? asked : own) == DUET_PRECISION_FLOAT32;
}

static enum duet_status fill_rows(struct duet_deadline *d, struct duet_error *error)
{
    struct duet_model_score scores[DUET_MODEL_SCORES];
    size_t count = scores_hold(d) ? duet_model_scores_read(duet_model_weights(d->model), scores) : 0;
    enum duet_status status = DUET_OK;
    for (int i = 0; i < ROWS && status == DUET_OK; i++) {
        struct duet_deadline_row *row = &d->rows[i];
        row->size = choices_by_cost[i].size;
        row->output_stride = choices_by_cost[i].output_stride;
        for (size_t k = 0; k < count; k++)
            if (scores[k].size == row->size && scores[k].output_stride == row->output_stride)
                row->quality = scores[k].miou;
        status = count_madds(d->model, row->size, row->output_stride, &d->madds[i], error);
    }
    return status;
}

/* The rows' order stands for their quality, whether or not the model's own is known. */
static void open_control(struct duet_deadline *d, double budget_ms)
{
    struct duet_control_choice choices[ROWS];
    for (int i = 0; i < ROWS; i++) {
        const struct duet_deadline_row *row = &d->rows[i];
        choices[i] = (struct duet_control_choice){
            .id = i, .cost_ms = row->cost_ms, .quality = i, .estimated = !row->measured};
    }
    duet_control_open(&d->control, choices, ROWS, budget_ms);
}

/* What the options point to, for segmenters that are made later. */
static enum duet_status keep_options(struct duet_deadline *d, const struct duet_segmenter_options *given,
                                     struct duet_error *error)
{
    d->options = *given;
    d->options.struct_size = sizeof d->options;
    size_t labels = duet_model_task_head(d->model, DUET_SEGMENTATION)->labels.count;
    if (given->classes) {
        d->classes = malloc((labels + 1) * sizeof *d->classes);
        if (d->classes) memcpy(d->classes, given->classes, labels * sizeof *d->classes);
    }
    if (given->cpu) d->cpu = strdup(given->cpu);
    d->options.classes = d->classes;
    d->options.cpu = d->cpu;
    if ((given->classes && !d->classes) || (given->cpu && !d->cpu))
        return duet_no_memory(error, NULL, "for segmenters");
    return DUET_OK;
}

static enum duet_status check_options(const struct duet_model *model, const struct duet_deadline_options *o,
                                      struct duet_error *error)
{
    if (!o->picture) return duet_fail(error, DUET_BAD_ARGUMENT, "no picture to measure with");
    if (!(o->budget_ms > 0))
        return duet_fail(error, DUET_BAD_ARGUMENT, "budget_ms %g: expected more than 0", o->budget_ms);
    if (o->segmenter.size != 0 || o->segmenter.output_stride != 0 || o->segmenter.scales)
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         "size, output stride and scales are chosen by the deadline, not given");
    const struct duet_head *head;
    return duet_model_need_head(model, DUET_SEGMENTATION, &head, error);
}

enum duet_status duet_deadline_open(const struct duet_model *model, const struct duet_deadline_options *o,
                                    struct duet_deadline **out, struct duet_error *error)
{
    *out = NULL;
    enum duet_status status = check_options(model, o, error);
    if (status != DUET_OK) return status;
    struct duet_deadline *d = calloc(1, sizeof *d);
    if (!d) return duet_no_memory(error, NULL, "for segmenters");
    d->model = model;
    d->pool = o->pool ? *o->pool : duet_pool_single();
    status = keep_options(d, &o->segmenter, error);
    if (status == DUET_OK) status = fill_rows(d, error);
    if (status == DUET_OK) status = measure_rows(d, o, error);
    if (status == DUET_OK) {
        open_control(d, o->budget_ms);
        *out = d;
    } else {
        duet_deadline_close(&d);
    }
    return status;
}

void duet_deadline_close(struct duet_deadline **deadline)
{
    if (!deadline || !*deadline) return;
    struct duet_deadline *d = *deadline;
    for (int i = 0; i < ROWS; i++) duet_segmenter_close(&d->segmenters[i]);
    free(d->classes);
    free(d->cpu);
    free(d);
    *deadline = NULL;
}

/* --- while it runs -------------------------------------------------------------------------------------- */

enum duet_status duet_deadline_choose(struct duet_deadline *d, struct duet_segmenter **segmenter,
                                      struct duet_error *error)
{
    int row = duet_control_choice(&d->control)->id;
    enum duet_status status = make_segmenter(d, row, error);
    if (status != DUET_OK) duet_control_drop(&d->control, row);
    *segmenter = status == DUET_OK ? d->segmenters[row] : NULL;
    return status;
}

void duet_deadline_report(struct duet_deadline *d, double ms, double other_ms)
{
    duet_control_report(&d->control, ms, other_ms);
    for (int i = 0; i < d->control.count; i++) {
        const struct duet_control_choice *choice = &d->control.choices[i];
        d->rows[choice->id].cost_ms = choice->cost_ms;
        d->rows[choice->id].measured = !choice->estimated;
    }
}

const struct duet_deadline_row *duet_deadline_row(const struct duet_deadline *d, int index)
{
    return index >= 0 && index < ROWS ? &d->rows[index] : NULL;
}

void duet_deadline_text(const struct duet_deadline *d, char text[DUET_DEADLINE_TEXT])
{
    const struct duet_deadline_row *row = &d->rows[duet_control_choice(&d->control)->id];
    char quality[32] = "";
    if (row->quality > 0) snprintf(quality, sizeof quality, ", mIOU %.2f", row->quality);
    snprintf(text, DUET_DEADLINE_TEXT, "%d/%d%s, %.0f of %.0f ms", row->size, row->output_stride, quality,
             duet_control_expected_ms(&d->control), d->control.budget_ms);
}
