/* Which part of which ground truth is scored, and how. */
#include "evaluate/coco.h"

#include "batch/batch.h"
#include "cli/words.h"
#include "core/bom.h"
#include "core/fail.h"
#include "core/grow.h"
#include "core/os.h"
#include "data/labels/labels.h"
#include "evaluate/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const evaluate_coco_types[] = {"bbox", "segm", NULL};

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
    struct evaluate_coco_scope *scope = ctx;
    return scope->options.threshold_count < DUET_COCO_MAX_THRESHOLDS &&
           duet_parse_float(word, &scope->thresholds[scope->options.threshold_count++]);
}

/* FROM:TO:STEP, spread evenly as numpy's linspace spreads it. */
static bool spread(struct evaluate_coco_scope *scope)
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

static int read_thresholds(struct evaluate_coco_scope *scope)
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
    struct evaluate_coco_scope *scope = ctx;
    size_t count = scope->options.limit_count++;
    long long limit;
    if (count == DUET_COCO_MAX_LIMITS || !duet_parse_int(word, &limit) || limit < 1 || limit > 1000000 ||
        (count > 0 && limit <= scope->limits[count - 1]))
        return false;
    scope->limits[count] = (int)limit;
    return true;
}

static int read_limits(struct evaluate_coco_scope *scope)
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
    struct evaluate_coco_scope *scope = ctx;
    size_t count = scope->options.area_count++;
    char *from = strchr(word, ':'), *to = from ? strchr(from + 1, ':') : NULL;
    if (count == DUET_COCO_MAX_AREAS || !to || from == word || from - word > 31) return false;
    *from++ = *to++ = '\0';
    struct duet_coco_area *area = &scope->areas[count];
    char *name = scope->area_names + 32 * count;
    snprintf(name, 32, "%s", word);
    area->name = name;
    return duet_parse_float(from, &area->least) && duet_parse_float(to, &area->most) &&
           area->least <= area->most;
}

static int read_areas(struct evaluate_coco_scope *scope)
{
    const char *text = scope->settings->areas;
    if (!text) return DUET_GO_ON;
    scope->area_names = calloc(DUET_COCO_MAX_AREAS, 32);
    scope->options.areas = scope->areas;
    if (scope->area_names && each_word(text, ',', add_area, scope)) return DUET_GO_ON;
    return duet_usage_error(scope->program,
                            "--areas: '%s': expected up to %d ranges NAME:FROM:TO between commas", text,
                            DUET_COCO_MAX_AREAS);
}

int evaluate_coco_check(struct evaluate_coco_scope *scope)
{
    scope->options = (struct duet_coco_options){.struct_size = sizeof scope->options,
                                                .type = (enum duet_coco_type)scope->settings->type};
    if (!scope->settings->gt) return duet_usage_error(scope->program, "no --gt given");
    int code = read_thresholds(scope);
    if (code == DUET_GO_ON) code = read_limits(scope);
    if (code == DUET_GO_ON) code = read_areas(scope);
    return code;
}

/* --- ids in files --------------------------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The image that a line of `length` bytes means, by number or else by string; NULL: none. */
static const struct duet_coco_image *listed_image(const struct duet_coco_truth *truth, const char *line,
                                                  size_t length)
{
    const struct duet_coco_id_words ids = duet_coco_id_of_word(truth->ids, line, length);
    const struct duet_coco_image *image = duet_coco_truth_image(truth, ids.number);
    return image ? image : duet_coco_truth_image(truth, ids.string);
}

static enum duet_status add_ids(const char *path, const char *at, const char *end,
                                const struct duet_coco_truth *truth, int64_t **ids, size_t *count,
                                struct duet_error *error)
{
    size_t capacity = 0;
    for (size_t line = 1; at < end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline : end;
        size_t length = (size_t)(stop - at);
        if (length > 0 && at[length - 1] == '\r') length--;
        const struct duet_coco_image *image = length ? listed_image(truth, at, length) : NULL;
        if (length > 0 && !image)
            return duet_fail(error, DUET_BAD_FORMAT, "%s: line %zu: '%.*s': %s does not list that image",
                             path, line, length < 60 ? (int)length : 60, at, truth->path);
        int64_t *grown = duet_grow(*ids, &capacity, *count + 1, sizeof *grown);
        if (!grown) return duet_no_memory(error, path, "for the ids");
        *ids = grown;
        if (image) grown[(*count)++] = image->id;
        at = newline ? newline + 1 : end;
    }
    return *count ? DUET_OK : duet_fail(error, DUET_BAD_FORMAT, "%s: no image ids in it", path);
}

enum duet_status evaluate_read_ids(const char *path, const struct duet_coco_truth *truth, int64_t **ids,
                                   size_t *count, struct duet_error *error)
{
    struct duet_bytes bytes;
    size_t begin, read = 0;
    *ids = NULL;
    *count = 0;
    enum duet_status status = duet_read_file(path, (size_t)1 << 28, &bytes, error);
    if (status != DUET_OK) return status;
    const char *text = (const char *)bytes.data;
    status = duet_bom_check(path, text, bytes.size, &begin, error);
    if (status == DUET_OK) status = add_ids(path, text + begin, text + bytes.size, truth, ids, &read, error);
    duet_bytes_close(&bytes);
    if (status != DUET_OK) {
        free(*ids);
        *ids = NULL;
        return status;
    }
    qsort(*ids, read, sizeof **ids, compare_ids);
    for (size_t i = 0; i < read; i++)
        if (i == 0 || (*ids)[i] != (*ids)[i - 1]) (*ids)[(*count)++] = (*ids)[i];
    return DUET_OK;
}

/* --- the part of the ground truth ----------------------------------------------------------------------- */

static int no_memory(struct evaluate_coco_scope *scope)
{
    duet_console_error(scope->console, "no memory");
    return DUET_EXIT_FATAL;
}

static int find_images(struct evaluate_coco_scope *scope)
{
    const struct evaluate_coco_settings *settings = scope->settings;
    const struct duet_coco_truth *truth = &scope->truth;
    struct duet_error error;
    size_t count = truth->image_count;
    if (!settings->image_ids && settings->limit == 0) return DUET_GO_ON;
    if (settings->image_ids) {
        if (evaluate_read_ids(settings->image_ids, truth, &scope->image_ids, &count, &error) != DUET_OK)
            return evaluate_failed(scope->console, &error);
    } else {
        scope->image_ids = calloc(count + 1, sizeof *scope->image_ids);
        if (!scope->image_ids) return no_memory(scope);
        for (size_t i = 0; i < count; i++) scope->image_ids[i] = truth->images[truth->images_by_id[i]].id;
    }
    if (settings->limit > 0 && count > (size_t)settings->limit) count = (size_t)settings->limit;
    scope->options.image_ids = scope->image_ids;
    scope->options.image_count = count;
    return DUET_GO_ON;
}

static int select_categories(struct evaluate_coco_scope *scope, const struct duet_labels *labels,
                             bool *selected)
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

static int find_categories(struct evaluate_coco_scope *scope)
{
    size_t count = scope->truth.category_count;
    if (!scope->settings->classes) return DUET_GO_ON;
    struct duet_label *items = calloc(count + 1, sizeof *items);
    bool *selected = calloc(count + 1, sizeof *selected);
    scope->category_ids = calloc(count + 1, sizeof *scope->category_ids);
    int code = items && selected && scope->category_ids ? DUET_GO_ON : no_memory(scope);
    for (size_t i = 0; code == DUET_GO_ON && i < count; i++)
        items[i] = (struct duet_label){(int)scope->truth.categories[i].id, scope->truth.categories[i].name};
    const struct duet_labels labels = {items, count};
    if (code == DUET_GO_ON) code = select_categories(scope, &labels, selected);
    free(items);
    free(selected);
    return code;
}

/* --- warnings ------------------------------------------------------------------------------------------- */

/* Told at once, and kept for the JSON. One that cannot be kept is a reason to stop, later. */
static void warn(struct evaluate_coco_scope *scope, const char *name, const char *text)
{
    char *line = duet_text("%s%s%s", name, name[0] ? ": " : "", text);
    char **warnings =
        duet_grow(scope->warnings, &scope->warning_capacity, scope->warning_count + 1, sizeof *warnings);
    if (warnings) scope->warnings = warnings;
    if (!line || !warnings) {
        scope->warning_lost = true;
        free(line);
        return;
    }
    warnings[scope->warning_count++] = line;
    duet_console_warning(scope->console, "%s", line);
}

void evaluate_coco_warn(struct evaluate_coco_scope *scope, const char *text)
{
    if (text)
        warn(scope, "", text);
    else
        scope->warning_lost = true;
}

static void warn_of_truth(struct evaluate_coco_scope *scope)
{
    for (int i = 0; i < DUET_COCO_ODDITIES; i++) {
        const struct duet_coco_odd *odd = &scope->truth.odd[i];
        if (odd->count == 0) continue;
        char room[DUET_COCO_ID_ROOM];
        const char *subject = duet_coco_oddity_subject((enum duet_coco_oddity)i);
        char *text =
            duet_text("%s that %s: %zu (%s[%zu], id %s%s)", subject,
                      duet_coco_oddity_words((enum duet_coco_oddity)i), odd->count, subject, odd->index,
                      duet_coco_id_text(scope->truth.ids, odd->first, room), odd->count > 1 ? " ..." : "");
        if (text)
            warn(scope, scope->settings->gt, text);
        else
            scope->warning_lost = true;
        free(text);
    }
}

int evaluate_coco_open(struct evaluate_coco_scope *scope)
{
    struct duet_error error;
    bool masks = scope->settings->type == DUET_COCO_MASKS;
    if (duet_coco_truth_open(scope->settings->gt, masks, &scope->truth, &error) != DUET_OK)
        return evaluate_failed(scope->console, &error);
    warn_of_truth(scope);
    int code = scope->warning_lost ? no_memory(scope) : find_images(scope);
    if (code == DUET_GO_ON) code = find_categories(scope);
    return code;
}

void evaluate_coco_close(struct evaluate_coco_scope *scope)
{
    duet_coco_truth_close(&scope->truth);
    for (size_t i = 0; i < scope->warning_count; i++) free(scope->warnings[i]);
    free(scope->warnings);
    free(scope->area_names);
    free(scope->image_ids);
    free(scope->category_ids);
}

/* --- scoring -------------------------------------------------------------------------------------------- */

static void warn_of_results(void *ctx, const char *text)
{
    struct evaluate_coco_scope *scope = ctx;
    warn(scope, scope->scored, text);
}

int evaluate_coco_score(struct evaluate_coco_scope *scope, const char *path, const char *name,
                        struct duet_coco_results *results, struct duet_coco_eval **eval)
{
    struct duet_error error;
    bool masks = scope->settings->type == DUET_COCO_MASKS;
    enum duet_status status = masks ? duet_coco_results_open_masks(path, results, &error)
                                    : duet_coco_results_open(path, results, &error);
    if (status == DUET_OK && !masks && results->without_box > 0) { /* boxes are made from masks */
        duet_coco_results_close(results);
        status = duet_coco_results_open_masks(path, results, &error);
    }
    scope->options.warn = warn_of_results;
    scope->options.warn_ctx = scope;
    scope->scored = name;
    if (status == DUET_OK) {
        status = duet_coco_eval_open(&scope->truth, results, &scope->options, eval, &error);
        if (status != DUET_OK) { /* not the command line's fault */
            duet_console_error(scope->console, "%s", error.text);
            return DUET_EXIT_FATAL;
        }
    }
    if (status == DUET_OK && scope->warning_lost) return no_memory(scope);
    return status == DUET_OK ? DUET_GO_ON : evaluate_failed(scope->console, &error);
}

/* --- conditions ----------------------------------------------------------------------------------------- */

static const char *scored_id(const void *ctx, size_t index)
{
    static _Thread_local char room[DUET_COCO_ID_ROOM];
    const struct duet_coco_scope *scope = ctx;
    return duet_coco_id_text(scope->ids, scope->image_ids[index], room);
}

static void put_thresholds(const struct evaluate_coco_scope *scope, const struct duet_coco_scope *what,
                           struct duet_conditions *conditions)
{
    if (scope->settings->thresholds)
        duet_conditions_text(conditions, "iou", scope->settings->thresholds);
    else
        duet_conditions_text(conditions, "iou", "0.5:0.95:0.05");
    char limits[DUET_COCO_MAX_LIMITS * 12];
    int used = 0;
    for (size_t i = 0; i < what->limit_count; i++)
        used += snprintf(limits + used, sizeof limits - (size_t)used, "%s%d", i ? "," : "", what->limits[i]);
    duet_conditions_text(conditions, "max_detections", limits);
    duet_conditions_text(conditions, "areas",
                         scope->settings->areas ? scope->settings->areas
                                                : "all:0:1e10,small:0:1024,medium:1024:9216,large:9216:1e10");
}

void evaluate_coco_conditions(const struct evaluate_coco_scope *scope, const struct duet_coco_eval *eval,
                              struct duet_conditions *conditions)
{
    const struct duet_coco_scope what = duet_coco_eval_scope(eval);
    char hash[DUET_LIST_HASH];
    duet_conditions_text(conditions, "ground_truth", scope->settings->gt);
    duet_conditions_text(conditions, "type", evaluate_coco_types[scope->settings->type]);
    duet_conditions_number(conditions, "images", (double)what.image_count);
    duet_conditions_number(conditions, "images_left_out",
                           (double)(scope->truth.image_count - what.image_count));
    duet_list_hash(what.image_count, scored_id, &what, hash);
    duet_conditions_text(conditions, "images_sha256", hash);
    duet_conditions_number(conditions, "annotations", (double)what.truth_count);
    duet_conditions_number(conditions, "classes", (double)what.category_count);
    if (scope->settings->classes)
        duet_conditions_text(conditions, "classes_chosen", scope->settings->classes);
    put_thresholds(scope, &what, conditions);
}
