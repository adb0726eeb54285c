/* What can be said of a ground truth once all of it is read: which ids repeat, what belongs to nothing. */
#include "coco/truth_order.h"

#include "coco/ids_read.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *subject, *words;
} oddities[DUET_COCO_ODDITIES] = {
    [DUET_COCO_TWO_IMAGES] = {"images", "have an id that comes again, and are left out: the last counts"},
    [DUET_COCO_TWO_CATEGORIES] = {"categories",
                                  "have an id that comes again, and are left out: the last counts"},
    [DUET_COCO_TWO_ANNOTATIONS] = {"annotations", "repeat an earlier id: each counts, where pycocotools "
                                                  "counts the last in place of all"},
    [DUET_COCO_UNKNOWN_IMAGE] = {"annotations", "belong to images that are not listed"},
    [DUET_COCO_UNKNOWN_CATEGORY] = {"annotations", "belong to categories that are not listed"},
    [DUET_COCO_NEGATIVE_SIZE] = {"annotations", "have a negative width, height or area"},
    [DUET_COCO_OUTSIDE] = {"annotations", "reach out of their image"},
    [DUET_COCO_NO_BOX] = {"annotations", "have no \"bbox\" of 4 numbers"},
    [DUET_COCO_NO_AREA] = {"annotations", "have no \"area\" that is a number, for which width * height is "
                                          "taken; pycocotools stops there"},
    [DUET_COCO_ODD_AREA] = {"annotations", "have an \"area\" that is not finite: NaN lies in every range of "
                                           "areas, infinity in none"},
    [DUET_COCO_NO_MASK] = {"annotations", "have no \"segmentation\" that can be filled"},
    [DUET_COCO_NO_CROWD] = {"annotations", "have no \"iscrowd\" that is a whole number, for which 0 is "
                                           "taken; pycocotools stops there"},
    [DUET_COCO_TEXT_ID] = {"annotations", "have an id that is no number; pycocotools stops there"},
    [DUET_COCO_IGNORE] = {"annotations", "have \"ignore\" set, which COCO's rules pass over"},
};

const char *duet_coco_oddity_words(enum duet_coco_oddity oddity)
{
    return oddities[oddity].words;
}

const char *duet_coco_oddity_subject(enum duet_coco_oddity oddity)
{
    return oddities[oddity].subject;
}

/* Images and categories alike: items that begin with their id. */
struct listed {
    char *items;
    size_t count, size;
    enum duet_coco_oddity repeated;
};
_Static_assert(offsetof(struct duet_coco_image, id) == 0, "as struct listed has it");
_Static_assert(offsetof(struct duet_coco_category, id) == 0, "as struct listed has it");

static struct listed listed_images(const struct duet_coco_truth *truth)
{
    return (struct listed){(char *)truth->images, truth->image_count, sizeof *truth->images,
                           DUET_COCO_TWO_IMAGES};
}

static struct listed listed_categories(const struct duet_coco_truth *truth)
{
    return (struct listed){(char *)truth->categories, truth->category_count, sizeof *truth->categories,
                           DUET_COCO_TWO_CATEGORIES};
}

static int64_t id_at(const struct listed *listed, uint32_t number)
{
    int64_t id;
    memcpy(&id, listed->items + number * listed->size, sizeof id);
    return id;
}

static int compare_listed(const void *a, const void *b, void *listed)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    int64_t x = id_at(listed, left), y = id_at(listed, right);
    if (x != y) return x < y ? -1 : 1;
    return left < right ? -1 : left > right;
}

/* Of items with the same id only the last stays. Frees nothing, moves the others up. */
static void drop_repeats(struct duet_coco_truth *truth, struct listed *listed, const uint32_t *order,
                         bool *dropped)
{
    size_t kept = 0;
    for (size_t i = 1; i < listed->count; i++)
        dropped[order[i - 1]] = id_at(listed, order[i]) == id_at(listed, order[i - 1]);
    for (size_t i = 0; i < listed->count; i++) {
        if (dropped[i])
            duet_coco_note(truth, listed->repeated, id_at(listed, (uint32_t)i), i);
        else if (kept++ != i)
            memcpy(listed->items + (kept - 1) * listed->size, listed->items + i * listed->size, listed->size);
    }
    listed->count = kept;
}

static void sort_listed(struct listed *listed, uint32_t *order)
{
    for (size_t i = 0; i < listed->count; i++) order[i] = (uint32_t)i;
    qsort_r(order, listed->count, sizeof *order, compare_listed, listed);
}

/* The items by id, lowest first: *by_id. */
static bool order_listed(struct duet_coco_truth *truth, struct listed *listed, uint32_t **by_id)
{
    size_t count = listed->count;
    uint32_t *order = *by_id = calloc(count + 1, sizeof *order);
    bool *dropped = calloc(count + 1, sizeof *dropped);
    if (order && dropped) {
        sort_listed(listed, order);
        drop_repeats(truth, listed, order, dropped);
        if (listed->count < count) sort_listed(listed, order);
    }
    bool enough = order && dropped;
    free(dropped);
    return enough;
}

static bool order_lists(struct duet_coco_truth *truth)
{
    struct listed images = listed_images(truth), categories = listed_categories(truth);
    if (!order_listed(truth, &images, &truth->images_by_id) ||
        !order_listed(truth, &categories, &truth->categories_by_id))
        return false;
    truth->image_count = images.count;
    truth->category_count = categories.count;
    return true;
}

size_t duet_coco_place_of(const struct duet_coco_truth *truth, int64_t id, bool image)
{
    const struct listed listed = image ? listed_images(truth) : listed_categories(truth);
    const uint32_t *by_id = image ? truth->images_by_id : truth->categories_by_id;
    size_t low = 0, high = listed.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (id_at(&listed, by_id[middle]) < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < listed.count && id_at(&listed, by_id[low]) == id ? low : SIZE_MAX;
}

const struct duet_coco_image *duet_coco_truth_image(const struct duet_coco_truth *truth, int64_t id)
{
    size_t place = duet_coco_place_of(truth, id, true);
    return place == SIZE_MAX ? NULL : &truth->images[truth->images_by_id[place]];
}

const struct duet_coco_category *duet_coco_truth_category(const struct duet_coco_truth *truth, int64_t id)
{
    size_t place = duet_coco_place_of(truth, id, false);
    return place == SIZE_MAX ? NULL : &truth->categories[truth->categories_by_id[place]];
}

struct numbered {
    int64_t id;
    uint32_t index;
};

static int compare_ids(const void *a, const void *b)
{
    const struct numbered *x = a, *y = b;
    if (x->id != y->id) return x->id < y->id ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static bool find_repeated_annotations(struct duet_coco_truth *truth)
{
    size_t count = truth->annotation_count;
    struct numbered *ids = calloc(count + 1, sizeof *ids);
    if (!ids) return false;
    for (size_t i = 0; i < count; i++) ids[i] = (struct numbered){truth->annotations[i].id, (uint32_t)i};
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 1; i < count; i++)
        if (ids[i].id == ids[i - 1].id)
            duet_coco_note(truth, DUET_COCO_TWO_ANNOTATIONS, ids[i].id, ids[i].index);
    free(ids);
    return true;
}

/* Reaches out by more than a pixel: COCO's own boxes, rounded to hundredths, do by a little. */
static bool is_outside(const struct duet_coco_annotation *one, const struct duet_coco_image *image)
{
    return one->x < -1 || one->y < -1 || one->x + one->width > image->width + 1 ||
           one->y + one->height > image->height + 1;
}

static void look_at_annotations(struct duet_coco_truth *truth)
{
    const struct duet_coco_image *image = NULL;
    for (size_t i = 0; i < truth->annotation_count; i++) {
        const struct duet_coco_annotation *one = &truth->annotations[i];
        if (!image || image->id != one->image_id) image = duet_coco_truth_image(truth, one->image_id);
        if (!image) duet_coco_note(truth, DUET_COCO_UNKNOWN_IMAGE, one->id, i);
        if (!duet_coco_truth_category(truth, one->category_id))
            duet_coco_note(truth, DUET_COCO_UNKNOWN_CATEGORY, one->id, i);
        if (image && image->width > 0 && image->height > 0 && is_outside(one, image))
            duet_coco_note(truth, DUET_COCO_OUTSIDE, one->id, i);
    }
}

/* Ids have their numbers in the order that they came. */
static bool sort_ids(struct duet_coco_truth *truth)
{
    const struct duet_coco_ids *ids = truth->ids;
    if (!ids) return true;
    if (!duet_coco_ids_sort(truth->ids)) return false;
    for (size_t i = 0; i < truth->image_count; i++)
        truth->images[i].id = duet_coco_id_sorted(ids, truth->images[i].id);
    for (size_t i = 0; i < truth->category_count; i++)
        truth->categories[i].id = duet_coco_id_sorted(ids, truth->categories[i].id);
    for (size_t i = 0; i < truth->annotation_count; i++) {
        struct duet_coco_annotation *one = &truth->annotations[i];
        one->id = duet_coco_id_sorted(ids, one->id);
        one->image_id = duet_coco_id_sorted(ids, one->image_id);
        one->category_id = duet_coco_id_sorted(ids, one->category_id);
    }
    for (int i = 0; i < DUET_COCO_ODDITIES; i++)
        if (truth->odd[i].count) truth->odd[i].first = duet_coco_id_sorted(ids, truth->odd[i].first);
    return true;
}

bool duet_coco_truth_order(struct duet_coco_truth *truth)
{
    if (!sort_ids(truth) || !order_lists(truth) || !find_repeated_annotations(truth)) return false;
    look_at_annotations(truth);
    return true;
}
