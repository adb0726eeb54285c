/* Which detection takes which ground truth. */
#include "coco/evaluation.h"

#include "core/fail.h"
#include "core/grow.h"

#include <math.h>
#include <string.h>

/* A ground truth that a detection could take. */
struct candidate {
    uint32_t truth; /* place in the cell */
    double overlap;
};

struct matcher {
    struct duet_coco_eval *eval;
    struct coco_overlaps *overlaps;
    double least[DUET_COCO_MAX_THRESHOLDS]; /* thresholds as they are compared */
    struct candidate *candidates;           /* of all detections of the cell that have any */
    size_t *first;                          /* [found_count + 1] where a detection's candidates begin */
    uint32_t *taken;                        /* [truth_count] bit t: taken at threshold t */
    size_t candidates_capacity, first_capacity, taken_capacity;
};

/* Which ground truths of a cell do not count in which areas. */
static void find_ignored(struct duet_coco_eval *eval, const struct coco_cell *cell)
{
    for (size_t i = 0; i < cell->truth_count; i++) {
        const struct duet_coco_annotation *one = &eval->truth->annotations[eval->truths[cell->truth + i]];
        unsigned bits = 0;
        for (size_t a = 0; a < eval->area_count; a++)
            if (one->crowd || one->area < eval->areas[a].least || one->area > eval->areas[a].most)
                bits |= 1u << a;
        eval->ignored[cell->truth + i] = (uint8_t)bits;
    }
}

/* Of the overlaps only those that reach the lowest threshold matter, and most detections have none. */
static bool find_candidates(struct matcher *m, const struct coco_cell *cell, const double *overlaps)
{
    size_t count = 0;
    if (!DUET_GROW(m->first, m->first_capacity, (size_t)cell->found_count + 1) ||
        !DUET_GROW(m->taken, m->taken_capacity, cell->truth_count))
        return false;
    size_t *first = m->first;
    for (size_t d = 0; d < cell->found_count; d++) {
        const double *row = overlaps + d * cell->truth_count;
        first[d] = count;
        for (uint32_t g = 0; g < cell->truth_count; g++) {
            if (!(row[g] >= m->least[0])) continue;
            if (!DUET_GROW(m->candidates, m->candidates_capacity, count + 1)) return false;
            m->candidates[count++] = (struct candidate){g, row[g]};
        }
    }
    first[cell->found_count] = count;
    return true;
}

/* The candidate to take at one threshold, among those that count in the area, or among those that do not:
 * the one that overlaps most, of equals the last. -1: none. */
static int choose(const struct matcher *m, const struct coco_cell *cell, size_t d, size_t area, size_t t,
                  bool counting)
{
    const struct duet_coco_eval *eval = m->eval;
    double best = m->least[t];
    int chosen = -1;
    for (size_t i = m->first[d]; i < m->first[d + 1]; i++) {
        uint32_t g = m->candidates[i].truth;
        bool counts = !(eval->ignored[cell->truth + g] >> area & 1);
        if (counts != counting || m->candidates[i].overlap < best) continue;
        bool crowd = !counts && eval->truth->annotations[eval->truths[cell->truth + g]].crowd;
        if (!crowd && m->taken[g] >> t & 1) continue;
        best = m->candidates[i].overlap;
        chosen = (int)g;
    }
    return chosen;
}

/* All thresholds for one detection; past its best overlap there is nothing to take. */
static void match_one(struct matcher *m, const struct coco_cell *cell, size_t d, size_t area)
{
    struct duet_coco_eval *eval = m->eval;
    uint32_t hit = 0, left_out = 0;
    double most = 0;
    for (size_t i = m->first[d]; i < m->first[d + 1]; i++) most = fmax(most, m->candidates[i].overlap);
    for (size_t t = 0; t < eval->threshold_count && most >= m->least[t]; t++) {
        int g = choose(m, cell, d, area, t, true);
        if (g >= 0) {
            hit |= 1u << t;
        } else {
            g = choose(m, cell, d, area, t, false);
            if (g < 0) continue;
            left_out |= 1u << t;
        }
        m->taken[g] |= 1u << t;
    }
    eval->matches[(cell->found + d) * eval->area_count + area] = (struct coco_match){hit, left_out};
}

/* Detections that took nothing and are out of the area range do not count. */
static void leave_out_by_area(struct duet_coco_eval *eval, const struct coco_cell *cell, const double *sizes)
{
    const uint32_t all = duet_coco_all_thresholds(eval);
    for (size_t d = 0; d < cell->found_count; d++)
        for (size_t a = 0; a < eval->area_count; a++) {
            struct coco_match *match = &eval->matches[(cell->found + d) * eval->area_count + a];
            if (sizes[d] < eval->areas[a].least || sizes[d] > eval->areas[a].most)
                match->left_out |= all & ~match->hit;
        }
}

static enum duet_status match_cell(struct matcher *m, const struct coco_cell *cell, struct duet_error *error)
{
    struct duet_coco_eval *eval = m->eval;
    const double *overlaps, *sizes;
    find_ignored(eval, cell);
    if (cell->found_count == 0) return DUET_OK;
    enum duet_status status =
        duet_coco_overlaps_of(m->overlaps, cell->image, eval->found + cell->found, cell->found_count,
                              eval->truths + cell->truth, cell->truth_count, &overlaps, &sizes, error);
    if (status != DUET_OK) return status;
    if (cell->truth_count > 0) {
        if (!find_candidates(m, cell, overlaps)) return duet_no_memory(error, NULL, "to evaluate");
        for (size_t a = 0; a < eval->area_count; a++) {
            memset(m->taken, 0, cell->truth_count * sizeof *m->taken);
            for (size_t d = 0; d < cell->found_count; d++)
                if (m->first[d] < m->first[d + 1]) match_one(m, cell, d, a);
        }
    }
    leave_out_by_area(eval, cell, sizes);
    return DUET_OK;
}

enum duet_status duet_coco_match(struct duet_coco_eval *eval, struct duet_error *error)
{
    struct matcher m = {.eval = eval};
    for (size_t t = 0; t < eval->threshold_count; t++) m.least[t] = fmin(eval->thresholds[t], 1 - 1e-10);
    eval->matches = calloc(eval->found_count * eval->area_count + 1, sizeof *eval->matches);
    eval->ignored = calloc(eval->truth_count + 1, sizeof *eval->ignored);
    enum duet_status status = DUET_OK;
    if (!eval->matches || !eval->ignored) status = duet_no_memory(error, NULL, "to evaluate");
    if (status == DUET_OK) status = duet_coco_overlaps_open(eval, &m.overlaps, error);
    for (size_t i = 0; status == DUET_OK && i < eval->cell_count; i++)
        status = match_cell(&m, &eval->cells[i], error);
    size_t odd_sizes = m.overlaps ? duet_coco_overlaps_odd_sizes(m.overlaps) : 0;
    if (odd_sizes)
        duet_coco_warn(eval, "%zu mask%s of another size than the image: no overlap with anything", odd_sizes,
                       odd_sizes == 1 ? " is" : "s are");
    duet_coco_overlaps_close(&m.overlaps);
    free(m.candidates);
    free(m.first);
    free(m.taken);
    return status;
}
