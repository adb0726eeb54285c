#include "ssdlite/decode.h"

#include "core/fail.h"
#include "core/grow.h"
#include "kernels/exp.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A box that survived its class's suppression. */
struct found {
    float score;
    int category, rank, anchor; /* rank: its place within the class */
    struct duet_box box;        /* pixels */
};

struct duet_ssdlite_decoder {
    struct duet_ssdlite_decoder_options options;
    bool *selected;
    float *thresholds; /* [classes + 1] */
    struct duet_anchor *anchors;
    int first[DUET_SSDLITE_MAPS + 1];  /* index of each map's first anchor */
    struct duet_candidate *candidates; /* [anchors] */
    float *highest;                    /* [maps][classes + 1]: of a map's logits of a class */
    struct found *found;               /* [max_detections + max_per_class] */
};

/* Anchors are counted in an int, and so are the boxes that are kept. */
static enum duet_status check_sizes(const struct duet_ssdlite_decoder_options *options,
                                    const struct duet_ssdlite_map sizes[DUET_SSDLITE_MAPS], int input_height,
                                    int input_width, struct duet_error *error)
{
    const int most = 1 << 30;
    long long anchors = 0;
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++) {
        if (sizes[m].height < 0 || sizes[m].width < 0 || sizes[m].height > 8192 || sizes[m].width > 8192)
            return duet_fail(error, DUET_BAD_ARGUMENT, "feature map %d of %dx%d: sides must be 0 to 8192", m,
                             sizes[m].width, sizes[m].height);
        anchors += (long long)sizes[m].height * sizes[m].width * duet_ssdlite_anchors_per_cell(m);
    }
    if (anchors > most || options->max_per_class > most || options->max_detections > most ||
        options->max_detections < 0 || options->classes < 1 || options->classes > 10000 || input_height < 1 ||
        input_width < 1)
        return duet_fail(
            error, DUET_BAD_ARGUMENT,
            "a decoder of %d classes, %lld anchors, an input of %dx%d, for up to %d boxes of a class "
            "and %d in all",
            options->classes, anchors, input_width, input_height, options->max_per_class,
            options->max_detections);
    return DUET_OK;
}

enum duet_status duet_ssdlite_decoder_create(const struct duet_ssdlite_decoder_options *options,
                                             const struct duet_ssdlite_map sizes[DUET_SSDLITE_MAPS],
                                             int input_height, int input_width,
                                             struct duet_ssdlite_decoder **decoder, struct duet_error *error)
{
    DUET_NEEDS(decoder, error);
    *decoder = NULL;
    DUET_NEEDS(options, error);
    DUET_NEEDS(sizes, error);
    enum duet_status status = check_sizes(options, sizes, input_height, input_width, error);
    if (status != DUET_OK) return status;
    struct duet_ssdlite_decoder *d = calloc(1, sizeof *d);
    if (!d) goto no_memory;
    d->options = *options;
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++)
        d->first[m + 1] = d->first[m] + sizes[m].height * sizes[m].width * duet_ssdlite_anchors_per_cell(m);
    size_t count = (size_t)d->first[DUET_SSDLITE_MAPS];
    d->selected = calloc((size_t)options->classes + 1, sizeof *d->selected);
    d->thresholds = calloc((size_t)options->classes + 1, sizeof *d->thresholds);
    d->anchors = calloc(count, sizeof *d->anchors);
    d->candidates = calloc(count, sizeof *d->candidates);
    d->highest = calloc(DUET_SSDLITE_MAPS * ((size_t)options->classes + 1), sizeof *d->highest);
    int per_class = options->max_per_class > 0 ? options->max_per_class : 0;
    d->found = calloc((size_t)options->max_detections + (size_t)per_class + 1, sizeof *d->found);
    if (!d->selected || !d->thresholds || !d->anchors || !d->candidates || !d->highest || !d->found)
        goto no_memory;
    for (int c = 1; c <= options->classes; c++)
        d->selected[c] = options->selected ? options->selected[c] : true;
    for (int c = 1; c <= options->classes; c++)
        d->thresholds[c] = options->thresholds ? options->thresholds[c] : options->threshold;
    d->options.selected = d->selected;
    d->options.thresholds = d->thresholds;
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++)
        duet_anchors_fill(m, sizes[m].height, sizes[m].width, input_height, input_width,
                          d->anchors + d->first[m]);
    *decoder = d;
    return DUET_OK;
no_memory:
    duet_ssdlite_decoder_close(&d);
    return duet_no_memory(error, NULL, "for the detector's anchors");
}

void duet_ssdlite_decoder_close(struct duet_ssdlite_decoder **decoder)
{
    if (!decoder || !*decoder) return;
    free((*decoder)->selected);
    free((*decoder)->thresholds);
    free((*decoder)->anchors);
    free((*decoder)->candidates);
    free((*decoder)->highest);
    free((*decoder)->found);
    free(*decoder);
    *decoder = NULL;
}

const struct duet_ssdlite_decoder_options *
duet_ssdlite_decoder_options_of(const struct duet_ssdlite_decoder *decoder)
{
    return &decoder->options;
}

int duet_ssdlite_decoder_anchor_count(const struct duet_ssdlite_decoder *decoder)
{
    return decoder ? decoder->first[DUET_SSDLITE_MAPS] : 0;
}

/* The largest logit that surely scores no more than `threshold`: a sigmoid is only taken past it. */
static float logit_floor(float threshold)
{
    if (threshold <= 0) return -INFINITY;
    if (threshold >= 1) return INFINITY;
    double logit = log((double)threshold / (1.0 - (double)threshold));
    return (float)(logit - 1e-5 * (1.0 + fabs(logit)));
}

/* The logits lie anchor by anchor, and most classes are nowhere: one pass over all of them in the order in
 * which they lie tells which, and spares those a pass of their own with large strides. */
static void find_highest(struct duet_ssdlite_decoder *d,
                         const struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS])
{
    const size_t columns = (size_t)d->options.classes + 1;
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++) {
        float *restrict highest = d->highest + (size_t)m * columns;
        const float *restrict logits = maps[m].logits;
        for (size_t c = 0; c < columns; c++) highest[c] = -INFINITY;
        for (int i = d->first[m]; i < d->first[m + 1]; i++, logits += columns)
            for (size_t c = 0; c < columns; c++) /* a NaN is nothing */
                highest[c] = logits[c] > highest[c] ? logits[c] : highest[c];
    }
}

/* Candidates of one class whose logit is over `floor`. */
static int gather(struct duet_ssdlite_decoder *d, const struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS],
                  int category, float floor)
{
    int columns = d->options.classes + 1, count = 0;
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++) {
        int here = d->first[m + 1] - d->first[m];
        if (!(d->highest[m * columns + category] > floor)) continue;
        for (int i = 0; i < here; i++) {
            float logit = maps[m].logits[(size_t)i * (size_t)columns + (size_t)category];
            if (!(logit > floor)) continue; /* a NaN is nothing either */
            float score = duet_sigmoid(logit);
            if (!(score > d->thresholds[category])) continue;
            int anchor = d->first[m] + i;
            d->candidates[count++] = (struct duet_candidate){
                score, anchor, duet_box_decode(maps[m].boxes + (size_t)i * 4, d->anchors[anchor])};
        }
    }
    return count;
}

static float clip(float v, float most)
{
    return v < 0 ? 0 : v > most ? most : v;
}

/* To pixels, clipped to the picture; false when nothing is left of it. */
static bool to_box(struct duet_corners c, struct duet_affine to, struct duet_box *box)
{
    float x0 = clip(c.xmin * to.scale_x + to.offset_x, to.width),
          x1 = clip(c.xmax * to.scale_x + to.offset_x, to.width);
    float y0 = clip(c.ymin * to.scale_y + to.offset_y, to.height),
          y1 = clip(c.ymax * to.scale_y + to.offset_y, to.height);
    *box = (struct duet_box){x0, y0, x1 - x0, y1 - y0};
    return box->width > 0 && box->height > 0; /* false for NaN too */
}

static int compare_found(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->category != y->category) return x->category - y->category;
    return x->rank - y->rank;
}

/* Adds one class's boxes to found[0..count); returns the new count, at most max_detections. */
static int add_class(struct duet_ssdlite_decoder *d, const struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS],
                     int category, float floor, struct duet_affine to, int count)
{
    int kept = gather(d, maps, category, floor);
    kept = duet_nms(d->candidates, kept, d->options.nms_iou, d->options.max_per_class);
    for (int i = 0; i < kept; i++) {
        const struct duet_candidate *c = &d->candidates[i];
        struct found f = {.score = c->score, .category = category, .rank = i, .anchor = c->anchor};
        if (to_box(c->box, to, &f.box)) d->found[count++] = f;
    }
    if (kept == 0) return count;
    qsort(d->found, (size_t)count, sizeof *d->found, compare_found);
    return count < d->options.max_detections ? count : d->options.max_detections;
}

/* The maps that a decoder was made for, with their numbers. */
static enum duet_status check_maps(const struct duet_ssdlite_decoder *d,
                                   const struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS],
                                   struct duet_error *error)
{
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++) {
        int anchors = d->first[m + 1] - d->first[m];
        if ((long long)maps[m].height * maps[m].width * duet_ssdlite_anchors_per_cell(m) != anchors ||
            (anchors > 0 && (!maps[m].boxes || !maps[m].logits)))
            return duet_fail(
                error, DUET_BAD_ARGUMENT,
                "feature map %d of %dx%d: not of the size that the decoder was made for, or without "
                "its numbers",
                m, maps[m].width, maps[m].height);
    }
    return DUET_OK;
}

enum duet_status duet_ssdlite_look(struct duet_ssdlite_decoder *decoder,
                                   const struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS],
                                   struct duet_error *error)
{
    enum duet_status status = check_maps(decoder, maps, error);
    if (status == DUET_OK) find_highest(decoder, maps);
    return status;
}

int duet_ssdlite_candidates(struct duet_ssdlite_decoder *decoder,
                            const struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS], int category,
                            const struct duet_candidate **candidates)
{
    assert(category >= 1 && category <= decoder->options.classes);
    *candidates = decoder->candidates;
    return gather(decoder, maps, category, logit_floor(decoder->thresholds[category]));
}

enum duet_status duet_ssdlite_decode(struct duet_ssdlite_decoder *decoder,
                                     const struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS],
                                     struct duet_affine to_pixels, struct duet_detections *detections,
                                     struct duet_error *error)
{
    DUET_NEEDS(detections, error);
    *detections = (struct duet_detections){0};
    DUET_NEEDS(decoder, error);
    DUET_NEEDS(maps, error);
    struct duet_ssdlite_decoder *const d = decoder;
    enum duet_status status = duet_ssdlite_look(d, maps, error);
    if (status != DUET_OK) return status;
    float bound = -INFINITY;
    int count = 0;
    for (int c = 1; c <= d->options.classes; c++) {
        if (!d->selected[c]) continue;
        float floor = logit_floor(d->thresholds[c]);
        count = add_class(d, maps, c, floor > bound ? floor : bound, to_pixels, count);
        /* Once there are enough, what scores below the last of them can neither enter nor suppress what can.
         */
        if (count > 0 && count == d->options.max_detections) bound = logit_floor(d->found[count - 1].score);
    }
    if (count == 0) return DUET_OK;
    detections->items = calloc((size_t)count, sizeof *detections->items);
    if (!detections->items) return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %d detections", count);
    detections->count = (size_t)count;
    detections->item_size = sizeof *detections->items;
    for (int i = 0; i < count; i++) {
        const struct found *f = &d->found[i];
        detections->items[i] = (struct duet_detection){
            .category_id = f->category, .score = f->score, .box = f->box, .anchor = f->anchor};
    }
    return DUET_OK;
}

/* --- what was suppressed -------------------------------------------------------------------------------- */

/* Of one class at a time. */
struct trace {
    struct duet_ssdlite_decoder *decoder;
    struct duet_affine to_pixels;
    int *keeper;    /* [anchors] see duet_nms_trace */
    int *detection; /* [anchors] index of what was found there, -1: nothing */
    struct duet_suppressions *out;
    size_t capacity;
};

static enum duet_status add_suppressed(struct trace *t, struct duet_suppressed item, struct duet_error *error)
{
    if (!DUET_GROW(t->out->items, t->capacity, t->out->count + 1))
        return duet_no_memory(error, NULL, "for suppressed boxes");
    t->out->items[t->out->count++] = item;
    return DUET_OK;
}

static enum duet_status trace_class(struct trace *t, const struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS],
                                    int category, const struct duet_detections *found,
                                    struct duet_error *error)
{
    struct duet_ssdlite_decoder *d = t->decoder;
    const struct duet_candidate *c = d->candidates;
    int anchors = duet_ssdlite_decoder_anchor_count(d);
    for (int i = 0; i < anchors; i++) t->detection[i] = -1;
    for (size_t i = 0; i < found->count; i++)
        if (found->items[i].category_id == category && found->items[i].anchor >= 0 &&
            found->items[i].anchor < anchors)
            t->detection[found->items[i].anchor] = (int)i;
    int count = gather(d, maps, category, logit_floor(d->thresholds[category]));
    duet_nms_trace(d->candidates, count, d->options.nms_iou, d->options.max_per_class, t->keeper);
    enum duet_status status = DUET_OK;
    for (int i = 0; i < count && status == DUET_OK; i++) {
        int keeper = t->keeper[i], by = keeper < 0 || keeper == i ? -1 : t->detection[c[keeper].anchor];
        if (by < 0) continue;
        struct duet_suppressed item = {.by = (size_t)by, .anchor = c[i].anchor, .score = c[i].score};
        item.iou = duet_iou(c[i].box, c[keeper].box);
        if (to_box(c[i].box, t->to_pixels, &item.box)) status = add_suppressed(t, item, error);
    }
    return status;
}

static int compare_suppressed(const void *a, const void *b)
{
    const struct duet_suppressed *x = a, *y = b;
    if (x->by != y->by) return x->by < y->by ? -1 : 1;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->anchor - y->anchor;
}

static bool was_found(const struct duet_detections *found, int category)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->items[i].category_id == category) return true;
    return false;
}

enum duet_status duet_ssdlite_suppressed(struct duet_ssdlite_decoder *decoder,
                                         const struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS],
                                         struct duet_affine to_pixels,
                                         const struct duet_detections *detections,
                                         struct duet_suppressions *suppressions, struct duet_error *error)
{
    DUET_NEEDS(suppressions, error);
    *suppressions = (struct duet_suppressions){0};
    DUET_NEEDS(decoder, error);
    DUET_NEEDS(maps, error);
    DUET_NEEDS(detections, error);
    struct duet_ssdlite_decoder *const d = decoder;
    enum duet_status status = duet_ssdlite_look(d, maps, error);
    if (status != DUET_OK) return status;
    size_t anchors = (size_t)duet_ssdlite_decoder_anchor_count(d);
    struct trace t = {.decoder = d, .to_pixels = to_pixels, .out = suppressions};
    t.keeper = calloc(anchors, sizeof *t.keeper);
    t.detection = calloc(anchors, sizeof *t.detection);
    if (!t.keeper || !t.detection)
        status = duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for the suppressed of %zu boxes", anchors);
    for (int c = 1; c <= d->options.classes && status == DUET_OK; c++)
        if (d->selected[c] && was_found(detections, c)) status = trace_class(&t, maps, c, detections, error);
    suppressions->item_size = sizeof *suppressions->items;
    if (suppressions->count > 1)
        qsort(suppressions->items, suppressions->count, sizeof *suppressions->items, compare_suppressed);
    free(t.keeper);
    free(t.detection);
    if (status != DUET_OK) duet_suppressions_close(suppressions);
    return status;
}
