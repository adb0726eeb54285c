/* masks_read.h: the masks of a COCO file, from its tokens. Internal to duet-data. */
#ifndef DUET_DATA_COCO_MASKS_READ_H
#define DUET_DATA_COCO_MASKS_READ_H

#include "data/coco/masks.h"
#include "json/read.h"

/* The tokens of one "segmentation" after the other: [[x, y, x, y ...] ...], or {"size": [h, w], "counts":
 * "text" or [run, run ...]}. Zero but for `masks` and `forgiving` to begin with.
 *
 * As in pycocotools the first polygon needs more than 4 numbers, the others may have any, and of an odd
 * number the last is not looked at. */
struct duet_coco_mask_reader {
    struct duet_coco_masks *masks;
    bool forgiving; /* one that cannot be filled is passed over, and noted in `fault` */
    size_t mask;    /* the number of the last one; 0: it was null, or passed over */
    char fault[96]; /* "segmentation: no polygons in it"; "" for none */

    /* The one being read. */
    enum { MASK_POLYGONS, MASK_RUNS } kind;
    size_t begun; /* where it begins */
    uint32_t polygons;
    double *xy; /* [numbers] of the last polygon */
    size_t numbers, xy_capacity;
    enum { MASK_OTHER, MASK_SIZE, MASK_COUNTS } key;
    bool counts_seen;
    int64_t size[2]; /* [sizes] */
    int sizes;
    size_t runs;
    uint32_t before[2]; /* the last two runs */
    char *text;         /* [text_length] */
    size_t text_length, text_capacity;
};

void duet_coco_mask_reader_close(struct duet_coco_mask_reader *reader);

/* Take a token. `depth` is its depth less that of the "segmentation" itself: 0 for its value, or the begin
 * and the end of that. `list` and `index` say where it stands, for faults: "annotations", 12. */
bool duet_coco_mask_token(struct duet_coco_mask_reader *reader, struct duet_json_reader *json,
                          const struct duet_json_token *token, int depth, const char *list, size_t index);

#endif
