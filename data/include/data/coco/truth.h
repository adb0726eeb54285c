/* truth.h: the ground truth of a COCO instances file: images, categories, annotations.
 *
 * What a metric does not need does not cost the file: a field that cannot be used is noted and left out, and
 * whether that matters is for the metric to say. Needed are the lists, that entries are objects, and their
 * ids. Of a key that comes twice the last counts, as in Python.
 *
 * The file is read as a stream: memory is that of the structs below, whatever else the file holds; with
 * masks, about the file's own size is added at most. */
#ifndef DUET_DATA_COCO_TRUTH_H
#define DUET_DATA_COCO_TRUTH_H

#include "data/coco/ids.h"
#include "duet/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct duet_coco_image {
    int64_t id;
    const char *file_name; /* borrowed from the truth; "" when the file does not say, or not by a string */
    double width, height;  /* any numbers; 0 when the file does not say */
    size_t index;          /* in the file's "images" */
};

struct duet_coco_category {
    int64_t id;
    const char *name; /* borrowed from the truth; "" when the file does not say, a number's text as it stands */
};

struct duet_coco_annotation {
    int64_t id, image_id, category_id;
    bool crowd;
    bool has_box, has_area;     /* that can be used */
    double x, y, width, height; /* top left corner and size, in pixels, finite; all 0 without a box */
    double area;                /* of the mask, as a rule; width * height without one; any number, NaN too */
    size_t mask;                /* number of its mask; 0: none, or masks were not asked for */
};

/* Things that are odd but do not keep a file from being read: how many annotations (images, categories)
 * have it, and the id of one. */
enum duet_coco_oddity {
    DUET_COCO_TWO_IMAGES,       /* an image's id comes again; the earlier image is dropped */
    DUET_COCO_TWO_CATEGORIES,   /* the same for categories */
    DUET_COCO_TWO_ANNOTATIONS,  /* an annotation's id: both are kept */
    DUET_COCO_UNKNOWN_IMAGE,    /* an annotation of an image that is not listed */
    DUET_COCO_UNKNOWN_CATEGORY, /* an annotation of a category that is not listed */
    DUET_COCO_NEGATIVE_SIZE,    /* width, height or area below 0 */
    DUET_COCO_OUTSIDE,          /* a box that reaches out of its image by more than a pixel */
    DUET_COCO_NO_BOX,           /* no "bbox" of 4 numbers */
    DUET_COCO_NO_AREA,          /* no "area" that is a number */
    DUET_COCO_ODD_AREA,         /* an area of NaN or infinity */
    DUET_COCO_NO_MASK,          /* no "segmentation" that can be used, when masks were asked for */
    DUET_COCO_NO_CROWD,         /* no "iscrowd" that is a whole number; it stands as no crowd */
    DUET_COCO_TEXT_ID,          /* an id of its own that is no number */
    DUET_COCO_IGNORE,           /* an "ignore" that is set: COCO's rules know only "iscrowd" */
    DUET_COCO_ODDITIES
};

struct duet_coco_odd {
    size_t count;
    int64_t first; /* id of the annotation (image, category): the first in the file; of ids that repeat, the
                      lowest */
    size_t index;  /* where that one stands in its list of the file */
};

/* Why a box or a mask cannot be used. */
struct duet_coco_fault {
    size_t annotation; /* its number */
    bool mask;
    const char *text;
};

struct duet_coco_masks; /* opaque */

/* In the file's order. Owned: end with duet_coco_truth_close. */
struct duet_coco_truth {
    struct duet_coco_image *images;
    size_t image_count;
    struct duet_coco_category *categories;
    size_t category_count;
    struct duet_coco_annotation *annotations;
    size_t annotation_count;
    struct duet_coco_odd odd[DUET_COCO_ODDITIES];
    struct duet_coco_masks *masks; /* NULL when not asked for */
    struct duet_coco_ids *ids;     /* those that are no plain numbers; NULL: all are */
    uint32_t *images_by_id;        /* [image_count] numbers of the images, lowest id first */
    uint32_t *categories_by_id;    /* [category_count] the same */
    struct duet_coco_fault *faults; /* [fault_count] in the file's order; of very many only the first */
    size_t fault_count;
    char *texts; /* what the names live in */
    char *path;
};

/* In words, "annotations" that "have a negative width, height or area": what, and what of it. Static. */
const char *duet_coco_oddity_subject(enum duet_coco_oddity oddity);
const char *duet_coco_oddity_words(enum duet_coco_oddity oddity);

/* Read a file. "segmentation" is passed over unless `masks`. Keys that are not known are passed over. On
 * failure *truth is all zero. Errors, with line and column: DUET_BAD_FORMAT (broken JSON; no object; an id
 * missing, or none), DUET_TOO_LARGE; without: DUET_BAD_FORMAT ("images", "categories" or "annotations" missing), DUET_NOT_FOUND, DUET_IO_ERROR,
 * DUET_OUT_OF_MEMORY. */
enum duet_status duet_coco_truth_open(const char *path, bool masks, struct duet_coco_truth *truth,
                                      struct duet_error *error);

/* Free and zero. Accepts NULL and a zeroed struct. */
void duet_coco_truth_close(struct duet_coco_truth *truth);

/* The image of that id, or NULL; the category of that id, or NULL. */
const struct duet_coco_image *duet_coco_truth_image(const struct duet_coco_truth *truth, int64_t id);
const struct duet_coco_category *duet_coco_truth_category(const struct duet_coco_truth *truth, int64_t id);

/* Why an annotation has no mask, or no box: "has no \"bbox\"", "bbox: expected 4 numbers, got 3". */
const char *duet_coco_truth_fault(const struct duet_coco_truth *truth, size_t annotation, bool mask);

#endif
