/* rle.h: masks as COCO keeps them, run by run. Internal to duet-data and duet-eval.
 *
 * Pixels are counted down the first column, then down the second, and so on; runs of 0 and of 1 alternate,
 * beginning with a (maybe empty) run of 0:
 *
 *     0 1 0
 *     0 1 1      3 rows, 3 columns: 0 0 0  1 1 0  0 1 0  ->  counts 3 2 2 1 1
 *     0 0 0
 */
#ifndef DUET_DATA_COCO_RLE_H
#define DUET_DATA_COCO_RLE_H

#include "duet/image.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DUET_RLE_MAX_SIDE   65535
#define DUET_RLE_MAX_PIXELS ((uint64_t)1 << 30)
/* Coordinates of polygons lie within +-this; farther out there is no picture. */
#define DUET_RLE_MAX_COORDINATE 1e7

/* Zero to begin with; every function that fills one uses the memory it has. End with duet_rle_close. */
struct duet_rle {
    uint32_t height, width;
    uint32_t *counts; /* [count]; their sum is height * width */
    size_t count, capacity;
};

void duet_rle_close(struct duet_rle *rle);

/* Is that a size a mask can have? Sides may be 0. */
bool duet_rle_good_size(int64_t height, int64_t width);

/* The mask without any pixel. False when out of memory, as below. */
bool duet_rle_empty(struct duet_rle *rle, uint32_t height, uint32_t width);

/* The pixels of a GRAY8 image that have `value`. */
bool duet_rle_from_pixels(struct duet_rle *rle, const struct duet_image *image, int value);

/* --- COCO's compressed text --------------------------------------------------------------------------- */

/* Each count, from the third on less the count two before it, in groups of 5 bits, lowest first, as
 * characters from '0' on; the 6th bit says that more follow, the highest bit of the last group is the sign.
 */

/* The characters of the next count, at most 7: into `out`; returns how many. `before` is the count two
 * places back, 0 for the first three. */
#define DUET_RLE_TEXT_MAX 7
int duet_rle_put_count(uint32_t count, uint32_t before, char out[DUET_RLE_TEXT_MAX]);

/* NULL when `text` is a mask of height * width pixels, else why it is none. Static. */
const char *duet_rle_text_fault(const char *text, size_t length, uint32_t height, uint32_t width);

/* Fill from a text that has no fault. False when out of memory. */
bool duet_rle_from_text(struct duet_rle *rle, const char *text, size_t length, uint32_t height,
                        uint32_t width);

/* --- polygons ----------------------------------------------------------------------------------------- */

/* Memory that filling needs; zero to begin with, kept between calls. */
struct duet_rle_scratch {
    uint32_t *crossings;
    size_t count, capacity;
};
void duet_rle_scratch_close(struct duet_rle_scratch *scratch);

/* Fill with the pixels inside a polygon, those that COCO's own tools count as inside: corners are rounded to
 * a grid 5 times as fine as the pixels, lines are walked on it, and a pixel belongs to the mask when its
 * column's centre line enters the polygon above its centre. `xy` are x, y, x, y ... within
 * DUET_RLE_MAX_COORDINATE; the last point is joined to the first.
 * Errors: DUET_OUT_OF_MEMORY, DUET_TOO_LARGE (lines to and fro past any meaning). */
enum duet_status duet_rle_from_polygon(struct duet_rle *rle, const double *xy, size_t points, uint32_t height,
                                       uint32_t width, struct duet_rle_scratch *scratch,
                                       struct duet_error *error);

/* --- what masks are for ------------------------------------------------------------------------------- */

/* Fill with the pixels that are in `a` or in `b` (of the same size; neither is `rle`). */
bool duet_rle_union(struct duet_rle *rle, const struct duet_rle *a, const struct duet_rle *b);

uint64_t duet_rle_area(const struct duet_rle *rle);

/* The smallest box x, y, width, height around the mask; all 0 for an empty one. */
void duet_rle_box(const struct duet_rle *rle, double box[4]);

/* Pixels in both; the masks have the same size. */
uint64_t duet_rle_intersection(const struct duet_rle *a, const struct duet_rle *b);

/* Overlap of boxes x, y, width, height: intersection / union, or, when the ground truth is a crowd,
 * intersection / detection. 0 when they do not touch. */
static inline double duet_coco_overlap(const double detection[4], const double truth[4], bool crowd)
{
    double right = detection[0] + detection[2], truth_right = truth[0] + truth[2];
    double left = detection[0] > truth[0] ? detection[0] : truth[0];
    double width = (right < truth_right ? right : truth_right) - left;
    if (!(width > 0)) return 0;
    double bottom = detection[1] + detection[3], truth_bottom = truth[1] + truth[3];
    double top = detection[1] > truth[1] ? detection[1] : truth[1];
    double height = (bottom < truth_bottom ? bottom : truth_bottom) - top;
    if (!(height > 0)) return 0;
    double both = width * height, area = detection[2] * detection[3];
    return both / (crowd ? area : area + truth[2] * truth[3] - both);
}

#endif
