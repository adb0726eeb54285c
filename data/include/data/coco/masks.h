/* masks.h: the masks ("segmentation") of a COCO file, kept about as small as they stand there, and made
 * into runs one at a time. Internal to duet-data and duet-eval.
 *
 * Compressed text is kept as it is, counts are kept as such text; polygons with at most two decimals, which
 * is how COCO's are, take 4 bytes a coordinate, others 8. */
#ifndef DUET_DATA_COCO_MASKS_H
#define DUET_DATA_COCO_MASKS_H

#include "coco/rle.h"
#include "json/read.h"

/* Zero to begin with. A mask is known by a number that is never 0. */
struct duet_coco_masks {
    unsigned char *bytes;
    size_t size, capacity;
};

void duet_coco_masks_close(struct duet_coco_masks *masks);
/* Growing left up to a third unused. */
void duet_coco_masks_trim(struct duet_coco_masks *masks);

/* --- reading ------------------------------------------------------------------------------------------ */

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

/* --- use ---------------------------------------------------------------------------------------------- */

/* Memory that making runs needs. Zero to begin with. */
struct duet_coco_mask_scratch {
    struct duet_rle_scratch polygon;
    struct duet_rle one, sum;
    double *xy;
    size_t capacity;
};
void duet_coco_mask_scratch_close(struct duet_coco_mask_scratch *scratch);

/* Does filling it take the size of the image? */
bool duet_coco_mask_wants_size(const struct duet_coco_masks *masks, size_t mask);

/* Fill `rle` with a mask. Polygons are filled in a picture of height x width; runs have a size of their own.
 * Errors: DUET_OUT_OF_MEMORY, DUET_TOO_LARGE. */
enum duet_status duet_coco_mask_runs(const struct duet_coco_masks *masks, size_t mask, uint32_t height,
                                     uint32_t width, struct duet_coco_mask_scratch *scratch,
                                     struct duet_rle *rle, struct duet_error *error);

#endif
