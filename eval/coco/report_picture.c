/* One image of COCO's, with what is there and what was found. */
#include "coco/by_image.h"
#include "core/fail.h"
#include "core/os.h"
#include "eval/coco/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- which -------------------------------------------------------------------------------------------- */

/* An image and what it is sorted by. */
struct ranked {
    size_t image, truths;
    double score;
    bool best;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->score != y->score) return (x->score < y->score) != x->best ? -1 : 1;
    if (x->truths != y->truths) return x->truths > y->truths ? -1 : 1;
    return (x->image > y->image) - (x->image < y->image);
}

size_t duet_coco_rank(const struct duet_coco_eval *eval, const double *scores, bool best, size_t *images,
                      size_t most)
{
    struct ranked *list = calloc(eval->image_count + 1, sizeof *list);
    size_t count = 0;
    if (!list) return 0;
    for (size_t i = 0; i < eval->image_count; i++)
        list[i] = (struct ranked){.image = i, .score = scores[i], .best = best};
    for (size_t i = 0; i < eval->cell_count; i++)
        list[eval->cells[i].image].truths += eval->cells[i].truth_count;
    for (size_t i = 0; i < eval->image_count; i++)
        if (list[i].score >= 0) list[count++] = list[i];
    qsort(list, count, sizeof *list, by_rank);
    if (count > most) count = most;
    for (size_t i = 0; i < count; i++) images[i] = list[i].image;
    free(list);
    return count;
}

/* --- what --------------------------------------------------------------------------------------------- */

/* An image being drawn. */
struct drawing {
    const struct duet_coco_eval *eval;
    const struct duet_coco_shown *shown;
    struct coco_image_items image;
    bool *taken; /* [truth_count] */
    struct duet_report_mark *truths, *found;
    size_t found_count;       /* marks in `found` */
    char (*words)[96];        /* [truth_count + found_count] */
    size_t hits, left, wrong; /* right detections, ground truths not found, wrong detections */
};

static const char *name_of(const struct drawing *d, uint32_t category)
{
    const char *name = d->eval->category_names[category];
    return name[0] ? name : "?";
}

static void mark_found(struct drawing *d)
{
    const double least = fmin(d->shown->overlap, 1 - 1e-10);
    for (size_t i = 0; i < d->image.found_count; i++) {
        const struct coco_image_detection *f = &d->image.found[i];
        const struct duet_coco_result *r = &d->eval->results->items[f->result];
        if (f->score < d->shown->score) continue;
        size_t truth = duet_coco_best_truth(&d->image, i, least, d->taken, false);
        bool hit = truth != SIZE_MAX;
        if (hit) d->taken[truth] = true;
        char *text = d->words[d->image.truth_count + d->found_count];
        int percent = (int)lrint(100 * fmin(fmax(f->score, 0), 1));
        snprintf(text, sizeof d->words[0], "%.80s %d%%", name_of(d, f->category), percent);
        d->found[d->found_count++] = (struct duet_report_mark){
            r->x, r->y, r->width, r->height, hit ? DUET_REPORT_HIT : DUET_REPORT_WRONG, text};
        d->hits += hit;
        d->wrong += !hit;
    }
}

static void mark_truths(struct drawing *d)
{
    for (size_t g = 0; g < d->image.truth_count; g++) {
        const struct coco_image_truth *t = &d->image.truths[g];
        const struct duet_coco_annotation *a = &d->eval->truth->annotations[t->annotation];
        snprintf(d->words[g], sizeof d->words[0], "%.80s%s", name_of(d, t->category),
                 t->crowd ? " (crowd)" : "");
        bool there = d->taken[g] || t->crowd;
        d->truths[g] = (struct duet_report_mark){
            a->x, a->y, a->width, a->height, there ? DUET_REPORT_TRUTH : DUET_REPORT_MISSED, d->words[g]};
        d->left += !there;
    }
}

/* Worst first, so that the best lies on top. */
static void turn_around(struct duet_report_mark *marks, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct duet_report_mark mark = marks[i];
        marks[i] = marks[count - 1 - i];
        marks[count - 1 - i] = mark;
    }
}

static enum duet_status put_drawing(struct duet_report *report, const struct drawing *d,
                                    const struct duet_image *picture, struct duet_error *error)
{
    static const struct duet_report_key keys[] = {{0x4d, 0xa3, 0xff, "there, and found"},
                                                  {0xff, 0xb0, 0x20, "there, not found"},
                                                  {0x3d, 0xdc, 0x84, "found, and right"},
                                                  {0xff, 0x5a, 0x48, "found, and wrong"}};
    const int64_t id = d->eval->image_ids[d->shown->image];
    const struct duet_coco_image *image = duet_coco_truth_image(d->eval->truth, id);
    int score = (int)lrint(10000 * d->shown->value);
    char caption[160];
    snprintf(caption, sizeof caption, "AP of the image %d.%04d; %zu of %zu found, %zu wrong", score / 10000,
             score % 10000, d->hits, d->hits + d->left, d->wrong);
    char room[DUET_COCO_ID_ROOM];
    char *title = duet_text("%s (%s)", image && image->file_name[0] ? image->file_name : "image",
                            duet_coco_id_text(d->eval->truth->ids, id, room));
    if (!title) return duet_no_memory(error, NULL, "for a report");
    const struct duet_report_heading heading = {title, caption, keys, 4};
    const struct duet_report_boxes sets[] = {{d->truths, d->image.truth_count, "what is there"},
                                             {d->found, d->found_count, "what was found"}};
    enum duet_status status = duet_report_boxes(report, &heading, picture, sets, 2, error);
    free(title);
    return status;
}

static enum duet_status draw(struct duet_report *report, struct drawing *d, const struct duet_image *picture,
                             struct duet_error *error)
{
    size_t truths = d->image.truth_count, found = d->image.found_count;
    d->taken = calloc(truths + 1, sizeof *d->taken);
    d->truths = calloc(truths + 1, sizeof *d->truths);
    d->found = calloc(found + 1, sizeof *d->found);
    d->words = calloc(truths + found + 1, sizeof *d->words);
    enum duet_status status = DUET_OK;
    if (d->taken && d->truths && d->found && d->words) {
        mark_found(d);
        mark_truths(d);
        turn_around(d->found, d->found_count);
        status = put_drawing(report, d, picture, error);
    } else {
        status = duet_no_memory(error, NULL, "for a report");
    }
    free(d->taken);
    free(d->truths);
    free(d->found);
    free(d->words);
    return status;
}

enum duet_status duet_coco_report_picture(struct duet_report *report, const struct duet_coco_eval *eval,
                                          const struct duet_coco_shown *shown,
                                          const struct duet_image *picture, struct duet_error *error)
{
    struct drawing drawing = {.eval = eval, .shown = shown};
    struct coco_by_image *by_image = NULL;
    enum duet_status status = duet_coco_by_image_open(eval, &by_image, error);
    if (status == DUET_OK) status = duet_coco_by_image_at(by_image, shown->image, &drawing.image, error);
    if (status == DUET_OK) status = draw(report, &drawing, picture, error);
    duet_coco_by_image_close(&by_image);
    return status;
}
