/* Detections and ground truths, sorted into cells: one a class and picture. */
#include "coco/evaluation.h"

#include "core/checked.h"
#include "core/fail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOWHERE UINT32_MAX

/* Items (results or annotations) on their way into cells. */
struct sorter {
    uint32_t *images, *categories; /* [count] places; NOWHERE: left out */
    uint32_t *order, *spare;       /* [kept] item numbers by category, image, number */
    size_t count, kept;
};

static void sorter_close(struct sorter *sorter)
{
    free(sorter->images);
    free(sorter->categories);
    free(sorter->order);
    free(sorter->spare);
}

static bool sorter_open(struct sorter *sorter, size_t count)
{
    *sorter = (struct sorter){.count = count};
    if (count >= NOWHERE) return false;
    sorter->images = calloc(count + 1, sizeof *sorter->images);
    sorter->categories = calloc(count + 1, sizeof *sorter->categories);
    sorter->order = calloc(count + 1, sizeof *sorter->order);
    sorter->spare = calloc(count + 1, sizeof *sorter->spare);
    return sorter->images && sorter->categories && sorter->order && sorter->spare;
}

/* One pass of a counting sort: order -> spare by keys[item] < key_count, keeping the order of equals. */
static bool sort_pass(struct sorter *sorter, const uint32_t *keys, size_t key_count)
{
    size_t *starts = calloc(key_count + 1, sizeof *starts);
    if (!starts) return false;
    for (size_t i = 0; i < sorter->kept; i++) starts[keys[sorter->order[i]] + 1]++;
    for (size_t i = 0; i < key_count; i++) starts[i + 1] += starts[i];
    for (size_t i = 0; i < sorter->kept; i++)
        sorter->spare[starts[keys[sorter->order[i]]]++] = sorter->order[i];
    free(starts);
    uint32_t *order = sorter->order;
    sorter->order = sorter->spare;
    sorter->spare = order;
    return true;
}

static bool sorter_run(struct sorter *sorter, size_t image_count, size_t category_count)
{
    sorter->kept = 0;
    for (size_t i = 0; i < sorter->count; i++)
        if (sorter->images[i] != NOWHERE && sorter->categories[i] != NOWHERE)
            sorter->order[sorter->kept++] = (uint32_t)i;
    return sort_pass(sorter, sorter->images, image_count) &&
           sort_pass(sorter, sorter->categories, category_count);
}

/* --- where an item belongs ---------------------------------------------------------------------------- */

/* Places of ids, the last one looked for at hand: files have an image's items together. */
struct finder {
    const struct duet_coco_eval *eval;
    int64_t image_id, category_id;
    uint32_t image, category;
    bool begun;
};

static void find_place(struct finder *finder, int64_t image_id, int64_t category_id)
{
    if (!finder->begun || finder->image_id != image_id) {
        size_t place = duet_coco_find_image(finder->eval, image_id);
        finder->image = place == SIZE_MAX ? NOWHERE : (uint32_t)place;
        finder->image_id = image_id;
    }
    if (!finder->begun || finder->category_id != category_id) {
        size_t place = duet_coco_find_category(finder->eval, category_id);
        finder->category = place == SIZE_MAX ? NOWHERE : (uint32_t)place;
        finder->category_id = category_id;
    }
    finder->begun = true;
}

/* --- what is odd about results ------------------------------------------------------------------------ */

/* Distinct ids that the ground truth does not know, the first few by name. */
struct strangers {
    enum { NAMED = 5 } named;
    int64_t ids[NAMED];
    size_t ids_known;
    bool more;
    size_t results;
};

static void meet(struct strangers *strangers, int64_t id)
{
    strangers->results++;
    for (size_t i = 0; i < strangers->ids_known; i++)
        if (strangers->ids[i] == id) return;
    if (strangers->ids_known < NAMED)
        strangers->ids[strangers->ids_known++] = id;
    else
        strangers->more = true;
}

static void tell(const struct duet_coco_eval *eval, const struct strangers *strangers, const char *what)
{
    char text[NAMED * 40] = "", room[DUET_COCO_ID_ROOM];
    size_t used = 0;
    if (strangers->results == 0) return;
    for (size_t i = 0; i < strangers->ids_known; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%.36s", i ? ", " : "",
                                 duet_coco_id_text(eval->results->ids, strangers->ids[i], room));
    bool one = strangers->results == 1, one_id = strangers->ids_known == 1;
    duet_coco_warn(eval, "%zu result%s with %s id%s that the ground truth does not list (%s%s): left out",
                   strangers->results, one ? "" : "s", what, one_id ? "" : "s", text,
                   strangers->more ? ", ..." : "");
}

struct oddities {
    struct strangers images, categories;
    size_t negative, first_negative, outside, first_outside;
};

static void look_at(struct oddities *odd, const struct duet_coco_eval *eval, size_t number,
                    const struct finder *finder)
{
    const struct duet_coco_result *one = &eval->results->items[number];
    if (finder->image == NOWHERE && !duet_coco_truth_image(eval->truth, finder->image_id))
        meet(&odd->images, one->image_id);
    if (finder->category == NOWHERE && !duet_coco_truth_category(eval->truth, finder->category_id))
        meet(&odd->categories, one->category_id);
    if ((one->width < 0 || one->height < 0) && odd->negative++ == 0) odd->first_negative = number;
}

/* Reaches out of its image by more than a pixel. */
static void look_outside(struct oddities *odd, const struct duet_coco_eval *eval, size_t number,
                         const struct duet_coco_image *image)
{
    const struct duet_coco_result *one = &eval->results->items[number];
    if (image->width <= 0 || image->height <= 0) return;
    if (one->x < -1 || one->y < -1 || one->x + one->width > image->width + 1 ||
        one->y + one->height > image->height + 1)
        if (odd->outside++ == 0) odd->first_outside = number;
}

static void tell_all(const struct duet_coco_eval *eval, const struct oddities *odd)
{
    tell(eval, &odd->images, "image");
    tell(eval, &odd->categories, "category");
    if (odd->negative)
        duet_coco_warn(eval, "%zu result%s with a negative width or height (the first: results[%zu])",
                       odd->negative, odd->negative == 1 ? "" : "s", odd->first_negative);
    if (odd->outside)
        duet_coco_warn(eval, "%zu result%s out of the image by more than a pixel (the first: results[%zu])",
                       odd->outside, odd->outside == 1 ? " reaches" : "s reach", odd->first_outside);
}

/* --- results and annotations -------------------------------------------------------------------------- */

static void place_results(struct sorter *sorter, const struct duet_coco_eval *eval)
{
    struct finder finder = {.eval = eval};
    struct oddities odd = {0};
    const struct duet_coco_image *image = NULL;
    for (size_t i = 0; i < sorter->count; i++) {
        const struct duet_coco_result *one = &eval->results->items[i];
        find_place(&finder, duet_coco_id_in(eval->truth->ids, eval->results->ids, one->image_id),
                   duet_coco_id_in(eval->truth->ids, eval->results->ids, one->category_id));
        sorter->images[i] = finder.image;
        sorter->categories[i] = finder.category;
        look_at(&odd, eval, i, &finder);
        if (finder.image == NOWHERE || !one->has_box) continue;
        if (!image || image->id != finder.image_id)
            image = duet_coco_truth_image(eval->truth, finder.image_id);
        look_outside(&odd, eval, i, image);
    }
    tell_all(eval, &odd);
}

static void place_annotations(struct sorter *sorter, const struct duet_coco_eval *eval)
{
    struct finder finder = {.eval = eval};
    size_t zero = 0;
    for (size_t i = 0; i < sorter->count; i++) {
        const struct duet_coco_annotation *one = &eval->truth->annotations[i];
        find_place(&finder, one->image_id, one->category_id);
        sorter->images[i] = finder.image;
        sorter->categories[i] = finder.category;
        zero += one->id == 0 && finder.image != NOWHERE && finder.category != NOWHERE;
    }
    if (zero)
        duet_coco_warn(eval,
                       "%zu annotation%s with the id 0: here it counts when it is found, "
                       "pycocotools takes it for a miss",
                       zero, zero == 1 ? "" : "s");
}

/* --- cells -------------------------------------------------------------------------------------------- */

/* Both sorted lists, walked together. */
struct walk {
    const struct sorter *found, *truths;
    size_t f, t;
};

static uint64_t key_at(const struct sorter *sorter, size_t i)
{
    if (i >= sorter->kept) return UINT64_MAX;
    uint32_t item = sorter->order[i];
    return (uint64_t)sorter->categories[item] << 32 | sorter->images[item];
}

/* The next cell: its items begin at *f and *t, and end where the walk then stands. */
static bool walk_next(struct walk *walk, uint64_t *key, size_t *f, size_t *t)
{
    uint64_t a = key_at(walk->found, walk->f), b = key_at(walk->truths, walk->t);
    *key = a < b ? a : b;
    *f = walk->f;
    *t = walk->t;
    if (*key == UINT64_MAX) return false;
    while (key_at(walk->found, walk->f) == *key) walk->f++;
    while (key_at(walk->truths, walk->t) == *key) walk->t++;
    return true;
}

static size_t count_cells(const struct sorter *found, const struct sorter *truths)
{
    struct walk walk = {found, truths, 0, 0};
    uint64_t key;
    size_t f, t, cells = 0;
    while (walk_next(&walk, &key, &f, &t)) cells++;
    return cells;
}

/* Best scores first; the rest of order[] beyond the limit is dropped. */
static size_t take_best(const struct duet_coco_eval *eval, const uint32_t *items, size_t count,
                        struct coco_rank *ranks, uint32_t *out)
{
    size_t limit = (size_t)eval->limits[eval->limit_count - 1];
    for (size_t i = 0; i < count; i++)
        ranks[i] = (struct coco_rank){eval->results->items[items[i]].score, items[i], 0};
    duet_coco_sort_ranks(ranks, count, ranks + count);
    if (count > limit) count = limit;
    for (size_t i = 0; i < count; i++) out[i] = ranks[i].found;
    return count;
}

static size_t largest_cell(const struct sorter *found)
{
    size_t largest = 0, begun = 0;
    for (size_t i = 0; i < found->kept; i++) {
        if (key_at(found, i) != key_at(found, begun)) begun = i;
        if (i + 1 - begun > largest) largest = i + 1 - begun;
    }
    return largest;
}

static bool allocate(struct duet_coco_eval *eval, const struct sorter *found, const struct sorter *truths)
{
    size_t cells = count_cells(found, truths);
    eval->cells = calloc(cells + 1, sizeof *eval->cells);
    eval->category_cells = calloc(eval->category_count + 2, sizeof *eval->category_cells);
    eval->found = calloc(found->kept + 1, sizeof *eval->found);
    eval->truths = calloc(truths->kept + 1, sizeof *eval->truths);
    return eval->cells && eval->category_cells && eval->found && eval->truths;
}

static enum duet_status fill(struct duet_coco_eval *eval, const struct sorter *found,
                             const struct sorter *truths, struct duet_error *error)
{
    struct walk walk = {found, truths, 0, 0};
    uint64_t key;
    size_t f, t;
    struct coco_rank *ranks = calloc(2 * largest_cell(found) + 1, sizeof *ranks);
    if (!ranks || !allocate(eval, found, truths)) {
        free(ranks);
        return duet_no_memory(error, NULL, "to evaluate");
    }
    while (walk_next(&walk, &key, &f, &t)) {
        struct coco_cell *cell = &eval->cells[eval->cell_count++];
        *cell = (struct coco_cell){.image = (uint32_t)key,
                                   .found = (uint32_t)eval->found_count,
                                   .truth = (uint32_t)eval->truth_count,
                                   .truth_count = (uint32_t)(walk.t - t)};
        cell->found_count =
            (uint32_t)take_best(eval, found->order + f, walk.f - f, ranks, eval->found + eval->found_count);
        eval->found_count += cell->found_count;
        memcpy(eval->truths + eval->truth_count, truths->order + t, cell->truth_count * sizeof *eval->truths);
        eval->truth_count += cell->truth_count;
        eval->category_cells[(key >> 32) + 1]++;
    }
    for (size_t i = 0; i < eval->category_count; i++) eval->category_cells[i + 1] += eval->category_cells[i];
    free(ranks);
    return DUET_OK;
}

enum duet_status duet_coco_make_cells(struct duet_coco_eval *eval, struct duet_error *error)
{
    struct sorter found, truths;
    bool enough = sorter_open(&found, eval->results->count);
    enough = sorter_open(&truths, eval->truth->annotation_count) && enough;
    if (enough) {
        place_results(&found, eval);
        place_annotations(&truths, eval);
        enough = sorter_run(&found, eval->image_count, eval->category_count) &&
                 sorter_run(&truths, eval->image_count, eval->category_count);
    }
    enum duet_status status =
        enough ? fill(eval, &found, &truths, error) : duet_no_memory(error, NULL, "to evaluate");
    sorter_close(&found);
    sorter_close(&truths);
    return status;
}
