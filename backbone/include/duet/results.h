/* results.h: what the networks found, in the picture's own pixels.
 *
 * The structs of one result (duet_detection, duet_segment, ...) may grow at their end. Who reads them through
 * duet_detections_at and its like works with newer libraries, too; who indexes `items` is compiled anew for
 * each (before 1.0 the library's name changes with them). What a result points to, as labels, lives as long
 * as it does: models may be closed before. A copy of the struct is the same result: one of them is closed.
 */
#ifndef DUET_RESULTS_H
#define DUET_RESULTS_H

#include "duet/status.h"

#include <stddef.h>
#include <stdint.h>

DUET_C_BEGIN

/* What keeps alive what results point to. Opaque; one reference for each result, given up by its close. */
struct duet_kept;

/* A rectangle in pixels of the original picture; x, y is its top left corner, the origin the picture's
 * top left corner. Fractions are kept. Clipped to the picture: 0 <= x, x + width <= picture width. */
struct duet_box {
    float x, y, width, height;
};

/* One object. */
struct duet_detection {
    int category_id;     /* the data set's id: COCO 1..90 */
    const char *label;   /* its name ("unknown": it has none); lives as long as the result */
    float score;         /* probability, 0..1 */
    struct duet_box box; /* original pixels */
    int anchor;          /* index of the anchor it came from: 0..1916 for 300x300 */
};

/* Objects of one picture, highest score first. Owned: end with duet_detections_close. */
struct duet_detections {
    struct duet_detection *items;
    size_t count;
    size_t item_size;        /* bytes of one item; 0 in those made by hand: sizeof(struct duet_detection) */
    struct duet_kept *owner; /* NULL in those that no model made */
};

/* Item i, whatever its size is; NULL past the end, and of NULL. Borrowed until close. */
DUET_API const struct duet_detection *duet_detections_at(const struct duet_detections *detections, size_t i);

/* One class of a mask. */
struct duet_segment {
    int class_id;        /* PASCAL VOC 0..20, 0 = background */
    const char *label;   /* lives as long as the result */
    uint64_t pixels;     /* how many pixels carry the class, > 0 */
    double share;        /* pixels / (width * height) */
    struct duet_box box; /* smallest rectangle that holds them */
    float confidence;    /* mean probability of the class over its pixels, 0..1 */
};

/* Classes present in one picture, by ascending class_id. Owned: end with duet_segments_close. */
struct duet_segments {
    struct duet_segment *items;
    size_t count;
    size_t item_size; /* these two as in struct duet_detections */
    struct duet_kept *owner;
};
DUET_API const struct duet_segment *duet_segments_at(const struct duet_segments *segments, size_t i);

/* A box that non-maximum suppression threw away because of a better one. */
struct duet_suppressed {
    size_t by;           /* index of that better one in duet_detections.items */
    int anchor;          /* as in struct duet_detection */
    float score;         /* at most that of items[by] */
    float iou;           /* with items[by], both before they are clipped to the picture */
    struct duet_box box; /* original pixels, clipped */
};

/* All of them in one picture: by ascending `by`, then descending score, then ascending anchor. Owned: end
 * with duet_suppressions_close. */
struct duet_suppressions {
    struct duet_suppressed *items;
    size_t count;
    size_t item_size;
    struct duet_kept *owner;
};
DUET_API const struct duet_suppressed *duet_suppressions_at(const struct duet_suppressions *suppressions,
                                                            size_t i);

/* What a network thinks of one pixel, or of a whole picture. */
struct duet_class_probability {
    int class_id;      /* of the model's labels: PASCAL VOC 0..20, 0 = background */
    const char *label; /* lives as long as the result */
    float probability; /* 0..1 */
};

/* Classes, most probable first. Owned: end with duet_class_probabilities_close. */
struct duet_class_probabilities {
    struct duet_class_probability *items;
    size_t count;
    size_t item_size;
    struct duet_kept *owner;
};
DUET_API const struct duet_class_probability *
duet_class_probabilities_at(const struct duet_class_probabilities *probabilities, size_t i);

/* Free and zero. All accept NULL and zeroed structs. */
DUET_API void duet_detections_close(struct duet_detections *detections);
DUET_API void duet_suppressions_close(struct duet_suppressions *suppressions);
DUET_API void duet_segments_close(struct duet_segments *segments);
DUET_API void duet_class_probabilities_close(struct duet_class_probabilities *probabilities);

/* A class a model knows. */
struct duet_label {
    int id;           /* as in results: COCO 1..90, VOC 0..20 */
    const char *name; /* UTF-8, lower case: "traffic light" */
};

/* The classes a model knows, by ascending id; background is not listed for detectors. Borrowed from
 * whatever handed it out. */
struct duet_labels {
    const struct duet_label *items;
    size_t count;
};

DUET_C_END
#endif
