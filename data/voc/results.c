#include "data/voc/results.h"

#include "core/fail.h"
#include "core/grow.h"
#include "core/order.h"
#include "core/os.h"
#include "data/coco/images.h"
#include "data/coco/results.h"
#include "data/labels/labels.h"
#include "json/plain_number.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define MAX_BYTES ((size_t)4 << 30)
#define CLASSES   21

struct reading {
    const struct duet_voc_list *list;
    struct duet_labels labels;
    struct duet_voc_results *results;
    size_t capacity;
    struct duet_error *error;
};

void duet_voc_results_close(struct duet_voc_results *results)
{
    if (!results) return;
    free(results->items);
    *results = (struct duet_voc_results){0};
}

static enum duet_status add(struct reading *r, const char *path, const struct duet_voc_detection *detection)
{
    struct duet_voc_results *results = r->results;
    if (!DUET_GROW(results->items, r->capacity, results->count + 1))
        return duet_no_memory(r->error, path, "for the detections");
    results->items[results->count++] = *detection;
    results->empty += !(detection->xmax - detection->xmin > -1 && detection->ymax - detection->ymin > -1);
    return DUET_OK;
}

static void add_stranger(struct reading *r, const char *id, size_t length)
{
    if (r->results->strangers++ == 0)
        snprintf(r->results->stranger, sizeof r->results->stranger, "%.*s", length > 63 ? 63 : (int)length,
                 id);
}

/* --- a folder of comp4_det_SET_CLASS.txt ------------------------------------------------------------- */

enum { FIELDS = 6 };

/* The next field before `end`: where it begins and how long it is. */
static size_t next_field(const char **at, const char *end)
{
    while (*at < end && (**at == ' ' || **at == '\t')) ++*at;
    size_t length = 0;
    while (*at + length < end && (*at)[length] != ' ' && (*at)[length] != '\t') length++;
    return length;
}

/* The last fields are the numbers; before them stands the id, which may be in quotes and have spaces in it.
 */
static enum duet_status read_line(struct reading *r, const char *path, size_t line, int class_id,
                                  const char *text, const char *end)
{
    const char *fields[FIELDS] = {NULL}; /* of the last ones, where each begins */
    double numbers[FIELDS];
    size_t lengths[FIELDS] = {0}, count = 0, length;
    for (const char *at = text; (length = next_field(&at, end)) > 0; at += length, count++) {
        if (count == 0) text = at;
        memmove(fields, fields + 1, sizeof fields - sizeof fields[0]);
        memmove(lengths, lengths + 1, sizeof lengths - sizeof lengths[0]);
        fields[FIELDS - 1] = at;
        lengths[FIELDS - 1] = length;
    }
    if (count == 0) return DUET_OK;
    bool quoted = *text == '"' || *text == '\'';
    if (count < FIELDS || (count > FIELDS && !quoted))
        return duet_fail(r->error, DUET_BAD_FORMAT,
                         "%s: line %zu: %zu fields: expected 'id score xmin ymin xmax ymax'", path, line,
                         count);
    for (int i = 1; i < FIELDS; i++)
        if (!duet_plain_number(fields[i], lengths[i], &numbers[i]))
            return duet_fail(r->error, DUET_BAD_FORMAT, "%s: line %zu: '%.*s': expected a number", path, line,
                             lengths[i] > 40 ? 40 : (int)lengths[i], fields[i]);
    const char *stop = fields[0] + lengths[0];
    if (quoted && stop - text > 1 && stop[-1] == *text) {
        text++;
        stop--;
    }
    size_t image = duet_voc_list_find(r->list, text, (size_t)(stop - text));
    if (image == SIZE_MAX) {
        add_stranger(r, text, (size_t)(stop - text));
        return DUET_OK;
    }
    const struct duet_voc_detection detection = {image,      class_id,   numbers[1], numbers[2],
                                                 numbers[3], numbers[4], numbers[5]};
    return add(r, path, &detection);
}

static enum duet_status read_class(struct reading *r, const char *path, int class_id)
{
    struct duet_bytes bytes;
    enum duet_status status = duet_read_file(path, MAX_BYTES, &bytes, r->error);
    if (status != DUET_OK) return status;
    const char *text = (const char *)bytes.data, *end = text + bytes.size;
    size_t begin;
    status = duet_bom_check(path, text, bytes.size, &begin, r->error);
    text += begin;
    for (size_t line = 1; status == DUET_OK && text < end; line++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline ? newline : end;
        const char *last = stop > text && stop[-1] == '\r' ? stop - 1 : stop;
        status = read_line(r, path, line, class_id, text, last);
        text = newline ? newline + 1 : end;
    }
    duet_bytes_close(&bytes);
    return status;
}

/* The class that a file's name ends in: comp4_det_SET_CLASS.txt, where CLASS may have '_' for spaces. False
 * when it is no such name; *label NULL: a class that VOC does not have. */
static bool class_of_name(const struct reading *r, const char *name, const struct duet_label **label)
{
    const char *at = name, *dot = strrchr(name, '.');
    char word[DUET_VOC_NAME];
    if (strncmp(name, "comp", 4) != 0 || !dot || strcmp(dot, ".txt") != 0) return false;
    for (int i = 0; i < 3; i++) {
        at = strchr(at, '_');
        if (!at) return false;
        at++;
        if (i == 0 && strncmp(at, "det_", 4) != 0) return false;
    }
    if (at >= dot) return false;
    size_t length = (size_t)(dot - at);
    snprintf(word, sizeof word, "%.*s", (int)length, at);
    *label = length < sizeof word ? duet_labels_find(&r->labels, word) : NULL;
    if (*label && (*label)->id == 0) *label = NULL;
    return true;
}

static enum duet_status list_files(struct reading *r, const char *folder, char *files[CLASSES])
{
    DIR *dir = opendir(folder);
    if (!dir) return duet_fail_errno(r->error, errno, "%s: cannot read the folder", folder);
    enum duet_status status = DUET_OK;
    for (struct dirent *entry; status == DUET_OK && (entry = readdir(dir));) {
        const struct duet_label *label;
        if (!class_of_name(r, entry->d_name, &label) || !label) continue;
        if (files[label->id])
            status = duet_fail(r->error, DUET_MISMATCH, "%s/%s: a second file of the class %s, besides %s",
                               folder, entry->d_name, label->name, files[label->id]);
        else if (!(files[label->id] = duet_path_join(folder, entry->d_name)))
            status = duet_no_memory(r->error, folder, "for the detections");
        else
            r->results->files++;
    }
    closedir(dir);
    return status;
}

static enum duet_status read_folder(struct reading *r, const char *folder)
{
    char *files[CLASSES] = {NULL};
    enum duet_status status = list_files(r, folder, files);
    if (status == DUET_OK && r->results->files == 0)
        status =
            duet_fail(r->error, DUET_NOT_FOUND,
                      "%s: no files of detections: expected comp4_det_SET_CLASS.txt, as 'detect --format "
                      "voc' writes them",
                      folder);
    for (int i = 0; i < CLASSES; i++) {
        if (status == DUET_OK && files[i]) status = read_class(r, files[i], i);
        free(files[i]);
    }
    return status;
}

/* --- a COCO results file ------------------------------------------------------------------------------ */

/* A picture's number, as COCO results name it; first, for duet_by_int64. */
struct number {
    int64_t value;
    size_t image;
};

/* Numbers of all ids that have one, ascending. */
static enum duet_status number_images(const struct reading *r, const char *path, struct number **numbers,
                                      size_t *count)
{
    size_t images = duet_voc_list_count(r->list);
    *count = 0;
    *numbers = calloc(images, sizeof **numbers);
    if (!*numbers) return duet_no_memory(r->error, path, "for the detections");
    for (size_t i = 0; i < images; i++) {
        int64_t value;
        if (duet_coco_id_from_stem(duet_voc_list_id(r->list, i), &value))
            (*numbers)[(*count)++] = (struct number){value, i};
    }
    qsort(*numbers, *count, sizeof **numbers, duet_by_int64);
    for (size_t i = 1; i < *count; i++)
        if ((*numbers)[i].value == (*numbers)[i - 1].value)
            return duet_fail(r->error, DUET_MISMATCH,
                             "%s: the image id %" PRId64
                             " stands for both %s and %s; use 'detect --format voc'",
                             path, (*numbers)[i].value, duet_voc_list_id(r->list, (*numbers)[i - 1].image),
                             duet_voc_list_id(r->list, (*numbers)[i].image));
    return DUET_OK;
}

/* VOC's class for each of COCO's ids, 0: none. */
static void map_classes(const struct reading *r, int classes[91])
{
    const struct duet_labels coco = duet_labels_coco();
    memset(classes, 0, 91 * sizeof *classes);
    for (size_t i = 0; i < coco.count; i++) {
        const struct duet_label *label = duet_labels_find(&r->labels, coco.items[i].name);
        if (label) classes[coco.items[i].id] = label->id;
    }
}

static enum duet_status convert(struct reading *r, const char *path, const struct duet_coco_results *coco,
                                const struct number *numbers, size_t count)
{
    int classes[91];
    enum duet_status status = DUET_OK;
    map_classes(r, classes);
    for (size_t i = 0; i < coco->count && status == DUET_OK; i++) {
        const struct duet_coco_result *c = &coco->items[i];
        const struct number *number =
            count ? bsearch(&c->image_id, numbers, count, sizeof *numbers, duet_by_int64) : NULL;
        int class_id = c->category_id >= 0 && c->category_id <= 90 ? classes[c->category_id] : 0;
        if (class_id == 0) continue;
        if (!number) {
            char room[DUET_COCO_ID_ROOM];
            const char *id = duet_coco_id_text(coco->ids, c->image_id, room);
            add_stranger(r, id, strlen(id));
        } else {
            const struct duet_voc_detection detection = {
                number->image, class_id, c->score, c->x + 1, c->y + 1, c->x + c->width, c->y + c->height};
            status = add(r, path, &detection);
        }
    }
    return status;
}

static enum duet_status read_coco(struct reading *r, const char *path)
{
    struct duet_coco_results coco;
    struct number *numbers = NULL;
    size_t count;
    enum duet_status status = duet_coco_results_open(path, false, &coco, r->error);
    if (status != DUET_OK) return status;
    if (coco.not_finite > 0 || coco.without_box > 0)
        status = duet_fail(r->error, DUET_BAD_FORMAT,
                           "%s: %zu detections have no box, %zu a number that is not finite", path,
                           coco.without_box, coco.not_finite);
    if (status == DUET_OK) status = number_images(r, path, &numbers, &count);
    if (status == DUET_OK) status = convert(r, path, &coco, numbers, count);
    free(numbers);
    duet_coco_results_close(&coco);
    return status;
}

enum duet_status duet_voc_results_open(const char *path, const struct duet_voc_list *list,
                                       struct duet_voc_results *results, struct duet_error *error)
{
    *results = (struct duet_voc_results){0};
    struct reading reading = {.list = list, .labels = duet_labels_voc(), .results = results, .error = error};
    enum duet_status status =
        duet_path_is_folder(path) ? read_folder(&reading, path) : read_coco(&reading, path);
    if (status != DUET_OK) duet_voc_results_close(results);
    return status;
}
