/* Which part of which ground truth is scored, and how. */
#include "evaluate/scope.h"

#include "cli/words.h"
#include "core/grow.h"
#include "core/os.h"
#include "data/labels/labels.h"
#include "evaluate/image_ids.h"
#include "evaluate/output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const evaluate_scope_types[] = {"bbox", "segm", NULL};

/* --- lists -------------------------------------------------------------------------------------------- */

/* Calls `add` with each word of "a,b,c", which it may change; false when one of them was refused, or there is
 * none. */
static bool each_word(const char *text, char separator, bool (*add)(void *ctx, char *word), void *ctx)
{
    char *copy = duet_text("%s", text), *at = copy;
    bool good = copy != NULL;
    while (good && at) {
        char *end = strchr(at, separator), *next = end ? end + 1 : NULL;
        if (end) *end = '\0';
        good = add(ctx, at);
        at = next;
    }
    free(copy);
    return good;
}

static bool add_number(void *ctx, char *word)
{
    struct evaluate_scope *scope = ctx;
    return scope->options.threshold_count < DUET_COCO_MAX_THRESHOLDS &&
           duet_parse_float(word, &scope->thresholds[scope->options.threshold_count++]);
}

/* FROM:TO:STEP, spread evenly as numpy's linspace spreads it. */
static bool spread(struct evaluate_scope *scope)
{
    double from = scope->thresholds[0], to = scope->thresholds[1], step = scope->thresholds[2];
    if (scope->options.threshold_count != 3 || !(step > 0) || !(to > from)) return false;
    double steps = round((to - from) / step);
    if (!(steps >= 1 && steps < DUET_COCO_MAX_THRESHOLDS)) return false;
    for (int i = 0; i < (int)steps; i++) scope->thresholds[i] = i * ((to - from) / steps) + from;
    scope->thresholds[(int)steps] = to;
    scope->options.threshold_count = (size_t)steps + 1;
    return true;
}

static int read_thresholds(struct evaluate_scope *scope)
{
    const char *text = scope->settings->thresholds;
    if (!text) return DUET_GO_ON;
    bool range = strchr(text, ':') != NULL;
    bool good = each_word(text, range ? ':' : ',', add_number, scope) && (!range || spread(scope));
    for (size_t i = 0; good && i < scope->options.threshold_count; i++)
        good = scope->thresholds[i] > 0 && scope->thresholds[i] <= 1 &&
               (i == 0 || scope->thresholds[i] > scope->thresholds[i - 1]);
    scope->options.thresholds = scope->thresholds;
    if (good) return DUET_GO_ON;
    return duet_usage_error(scope->program,
                            "--iou: '%s': expected up to %d numbers above 0, at most 1, ascending, between "
                            "commas; or FROM:TO:STEP",
                            text, DUET_COCO_MAX_THRESHOLDS);
}

static bool add_limit(void *ctx, char *word)
{
    struct evaluate_scope *scope = ctx;
    size_t count = scope->options.limit_count++;
    long long limit;
    if (count == DUET_COCO_MAX_LIMITS || !duet_parse_int(word, &limit) || limit < 1 || limit > 1000000 ||
        (count > 0 && limit <= scope->limits[count - 1]))
        return false;
    scope->limits[count] = (int)limit;
    return true;
}

static int read_limits(struct evaluate_scope *scope)
{
    const char *text = scope->settings->limits;
    if (!text) return DUET_GO_ON;
    scope->options.limits = scope->limits;
    if (each_word(text, ',', add_limit, scope)) return DUET_GO_ON;
    return duet_usage_error(scope->program,
                            "--max-detections: '%s': expected up to %d numbers from 1 to 1000000, ascending, "
                            "between commas",
                            text, DUET_COCO_MAX_LIMITS);
}

static bool add_area(void *ctx, char *word)
{
    struct evaluate_scope *scope = ctx;
    size_t count = scope->options.area_count++;
    char *from = strchr(word, ':'), *to = from ? strchr(from + 1, ':') : NULL;
    if (count == DUET_COCO_MAX_AREAS || !to || from == word || from - word > 31) return false;
    *from++ = *to++ = '\0';
    struct duet_coco_area *area = &scope->areas[count];
    area->name = memcpy(scope->area_names[count], word, strlen(word) + 1);
    return duet_parse_float(from, &area->least) && duet_parse_float(to, &area->most) &&
           area->least <= area->most;
}

static int read_areas(struct evaluate_scope *scope)
{
    const char *text = scope->settings->areas;
    if (!text) return DUET_GO_ON;
    scope->options.areas = scope->areas;
    if (each_word(text, ',', add_area, scope)) return DUET_GO_ON;
    return duet_usage_error(scope->program,
                            "--areas: '%s': expected up to %d ranges NAME:FROM:TO between commas", text,
                            DUET_COCO_MAX_AREAS);
}

int evaluate_scope_check(struct evaluate_scope *scope)
{
    scope->options = (struct duet_coco_options){.type = (enum duet_coco_type)scope->settings->type};
    if (!scope->settings->gt) return duet_usage_error(scope->program, "no --gt given");
    int code = read_thresholds(scope);
    if (code == DUET_GO_ON) code = read_limits(scope);
    if (code == DUET_GO_ON) code = read_areas(scope);
    return code;
}

/* --- the part of the ground truth --------------------------------------------------------------------- */

static int find_images(struct evaluate_scope *scope)
{
    const struct evaluate_scope_settings *settings = scope->settings;
    const struct duet_coco_truth *truth = &scope->truth;
    struct duet_error error;
    size_t count = truth->image_count;
    if (!settings->image_ids && settings->limit == 0) return DUET_GO_ON;
    if (settings->image_ids) {
        if (evaluate_read_ids(settings->image_ids, truth, &scope->image_ids, &count, &error) != DUET_OK)
            return evaluate_failed(scope->console, &error);
    } else {
        scope->image_ids = calloc(count + 1, sizeof *scope->image_ids);
        if (!scope->image_ids) return evaluate_no_memory(scope->console);
        for (size_t i = 0; i < count; i++) scope->image_ids[i] = truth->images[truth->images_by_id[i]].id;
    }
    if (settings->limit > 0 && count > (size_t)settings->limit) count = (size_t)settings->limit;
    scope->options.image_ids = scope->image_ids;
    scope->options.image_count = count;
    return DUET_GO_ON;
}

static int select_categories(struct evaluate_scope *scope, const struct duet_labels *labels, bool *selected)
{
    struct duet_error error;
    enum duet_status status = duet_labels_select(labels, scope->settings->classes, selected, &error);
    if (status == DUET_OUT_OF_MEMORY) return evaluate_failed(scope->console, &error);
    if (status != DUET_OK) return duet_usage_error(scope->program, "--classes: %s", error.text);
    for (size_t i = 0; i < labels->count; i++)
        if (selected[i]) scope->category_ids[scope->options.category_count++] = scope->truth.categories[i].id;
    scope->options.category_ids = scope->category_ids;
    return DUET_GO_ON;
}

static int find_categories(struct evaluate_scope *scope)
{
    size_t count = scope->truth.category_count;
    if (!scope->settings->classes) return DUET_GO_ON;
    struct duet_label *items = calloc(count + 1, sizeof *items);
    bool *selected = calloc(count + 1, sizeof *selected);
    scope->category_ids = calloc(count + 1, sizeof *scope->category_ids);
    int code = items && selected && scope->category_ids ? DUET_GO_ON : evaluate_no_memory(scope->console);
    for (size_t i = 0; code == DUET_GO_ON && i < count; i++)
        items[i] = (struct duet_label){(int)scope->truth.categories[i].id, scope->truth.categories[i].name};
    const struct duet_labels labels = {items, count};
    if (code == DUET_GO_ON) code = select_categories(scope, &labels, selected);
    free(items);
    free(selected);
    return code;
}

/* --- warnings ----------------------------------------------------------------------------------------- */

void evaluate_scope_warn(struct evaluate_scope *scope, char *text)
{
    if (!text || !DUET_GROW(scope->warnings, scope->warning_capacity, scope->warning_count + 1)) {
        scope->warning_lost = true;
        free(text);
        return;
    }
    scope->warnings[scope->warning_count++] = text;
    duet_console_warning(scope->console, "%s", text);
}

static void warn_of_truth(struct evaluate_scope *scope)
{
    for (int i = 0; i < DUET_COCO_ODDITIES; i++) {
        const struct duet_coco_odd *odd = &scope->truth.odd[i];
        if (odd->count == 0) continue;
        char room[DUET_COCO_ID_ROOM];
        const char *subject = duet_coco_oddity_subject((enum duet_coco_oddity)i);
        evaluate_scope_warn(scope,
                            duet_text("%s: %s that %s: %zu (%s[%zu], id %s%s)", scope->settings->gt, subject,
                                      duet_coco_oddity_words((enum duet_coco_oddity)i), odd->count, subject,
                                      odd->index, duet_coco_id_text(scope->truth.ids, odd->first, room),
                                      odd->count > 1 ? " ..." : ""));
    }
}

int evaluate_scope_open(struct evaluate_scope *scope)
{
    struct duet_error error;
    bool masks = scope->settings->type == DUET_COCO_MASKS;
    if (duet_coco_truth_open(scope->settings->gt, masks, &scope->truth, &error) != DUET_OK)
        return evaluate_failed(scope->console, &error);
    warn_of_truth(scope);
    int code = scope->warning_lost ? evaluate_no_memory(scope->console) : find_images(scope);
    if (code == DUET_GO_ON) code = find_categories(scope);
    return code;
}

void evaluate_scope_close(struct evaluate_scope *scope)
{
    duet_coco_truth_close(&scope->truth);
    for (size_t i = 0; i < scope->warning_count; i++) free(scope->warnings[i]);
    free(scope->warnings);
    free(scope->image_ids);
    free(scope->category_ids);
}

/* --- scoring ------------------------------------------------------------------------------------------ */

static void warn_of_results(void *ctx, const char *text)
{
    struct evaluate_scope *scope = ctx;
    evaluate_scope_warn(scope, duet_text("%s%s%s", scope->scored, scope->scored[0] ? ": " : "", text));
}

int evaluate_scope_score(struct evaluate_scope *scope, const char *path, const char *name,
                         struct duet_coco_results *results, struct duet_coco_eval **eval)
{
    struct duet_error error;
    bool masks = scope->settings->type == DUET_COCO_MASKS;
    enum duet_status status = duet_coco_results_open(path, masks, results, &error);
    if (status == DUET_OK && !masks && results->without_box > 0) { /* boxes are made from masks */
        duet_coco_results_close(results);
        status = duet_coco_results_open(path, true, results, &error);
    }
    if (status != DUET_OK) return evaluate_failed(scope->console, &error);
    scope->options.warn = warn_of_results;
    scope->options.warn_ctx = scope;
    scope->scored = name;
    if (duet_coco_eval_open(&scope->truth, results, &scope->options, eval, &error) != DUET_OK) {
        duet_console_error(scope->console, "%s", error.text);
        return DUET_EXIT_FATAL; /* not the command line's fault */
    }
    return scope->warning_lost ? evaluate_no_memory(scope->console) : DUET_GO_ON;
}

/* --- conditions --------------------------------------------------------------------------------------- */

static void put_thresholds(const struct evaluate_scope *scope, const struct duet_coco_scope *what,
                           struct duet_conditions *conditions)
{
    const struct evaluate_scope_settings *settings = scope->settings;
    duet_conditions_text(conditions, "iou", settings->thresholds ? settings->thresholds : "0.5:0.95:0.05");
    char limits[DUET_COCO_MAX_LIMITS * 12];
    int used = 0;
    for (size_t i = 0; i < what->limit_count; i++)
        used += snprintf(limits + used, sizeof limits - (size_t)used, "%s%d", i ? "," : "", what->limits[i]);
    duet_conditions_text(conditions, "max_detections", limits);
    duet_conditions_text(conditions, "areas",
                         settings->areas ? settings->areas
                                         : "all:0:1e10,small:0:1024,medium:1024:9216,large:9216:1e10");
}

void evaluate_scope_conditions(const struct evaluate_scope *scope, const struct duet_coco_eval *eval,
                               struct duet_conditions *conditions)
{
    const struct duet_coco_scope what = duet_coco_eval_scope(eval);
    char hash[DUET_LIST_HASH];
    duet_conditions_text(conditions, "ground_truth", scope->settings->gt);
    duet_conditions_text(conditions, "type", evaluate_scope_types[scope->settings->type]);
    duet_conditions_number(conditions, "images", (double)what.image_count);
    duet_conditions_number(conditions, "images_left_out",
                           (double)(scope->truth.image_count - what.image_count));
    evaluate_hash_ids(what.ids, what.image_ids, what.image_count, hash);
    duet_conditions_text(conditions, "images_sha256", hash);
    duet_conditions_number(conditions, "annotations", (double)what.truth_count);
    duet_conditions_number(conditions, "classes", (double)what.category_count);
    if (scope->settings->classes)
        duet_conditions_text(conditions, "classes_chosen", scope->settings->classes);
    put_thresholds(scope, &what, conditions);
}
