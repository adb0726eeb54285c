#include "core/fail.h"
#include "core/labels.h"
#include "deeplabv3/masks.h"
#include "guided/cells.h"
#include "network/kernels.h"
#include "runner/reader.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_CLASSES 256 /* of any model, see duet_deeplabv3_build */

struct segmentation {
    const struct duet_head *head;
    int passes; /* over a picture */
    bool mean;  /* of probabilities over several passes, or one that is not the plain one */
    bool confidence, probe;
    bool wanted[MAX_CLASSES];
};

/* --- options -------------------------------------------------------------------------------------------- */

enum duet_status duet_segmentation_check(const struct duet_segmenter_options *o, struct duet_error *error)
{
    if (o->scale_count < 0 || o->scale_count > DUET_SEGMENTER_MAX_SCALES ||
        (o->scales && o->scale_count == 0))
        return duet_fail(error, DUET_BAD_ARGUMENT, "scale_count %d: expected 1 to %d", o->scale_count,
                         DUET_SEGMENTER_MAX_SCALES);
    for (int i = 0; o->scales && i < o->scale_count; i++)
        if (!(o->scales[i] >= 0.1f && o->scales[i] <= 4))
            return duet_fail(error, DUET_BAD_ARGUMENT, "scale %g: expected 0.1 to 4", (double)o->scales[i]);
    return DUET_OK;
}

/* Flags by label become flags by class; background is always wanted. */
static void select_classes(const struct duet_labels *labels, const bool *flags, bool *wanted)
{
    for (int c = 0; c < MAX_CLASSES; c++) wanted[c] = !flags || c == 0;
    for (size_t i = 0; flags && i < labels->count; i++)
        if (flags[i]) wanted[labels->items[i].id] = true;
}

/* --- the reader ----------------------------------------------------------------------------------------- */

static enum duet_status make(const struct segmentation *made, void **memory, struct duet_error *error)
{
    struct segmentation *s = malloc(sizeof *s);
    *memory = s;
    if (!s) return duet_no_memory(error, NULL, "for a segmenter");
    *s = *made;
    return DUET_OK;
}

static enum duet_status create_segmentation(const struct answer_options *options,
                                            const struct duet_head *head, const struct network *network,
                                            void **memory, struct duet_error *error)
{
    (void)network;
    const struct duet_segmenter_options *o = &options->segmenter;
    int scales = o->scales ? o->scale_count : 1;
    struct segmentation made = {.head = head,
                                .passes = o->flip ? 2 * scales : scales,
                                .mean = o->flip || scales > 1 || (o->scales && o->scales[0] != 1),
                                .confidence = o->confidence,
                                .probe = o->probe};
    select_classes(&head->labels, o->classes, made.wanted);
    return make(&made, memory, error);
}

static enum duet_status clone_segmentation(const void *memory, void **clone, struct duet_error *error)
{
    return make(memory, clone, error);
}

static enum duet_status out_of_memory(const struct duet_image *image, struct duet_error *error)
{
    return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory to segment %dx%d pixels", image->width,
                     image->height);
}

static enum duet_status make_logits(const struct segmentation *s, const struct reading *r,
                                    struct duet_segmentation_logits **logits, struct duet_error *error)
{
    struct duet_segmentation_logits *l = duet_segmentation_logits_create(s->passes);
    *logits = l;
    if (!l) return out_of_memory(r->image, error);
    l->mean = s->mean;
    l->width = r->image->width;
    l->height = r->image->height;
    l->labels = s->head->labels;
    return DUET_OK;
}

/* One axis of it: the input's side at scale 1 and at that of the network, and what the picture has of the
 * former. */
struct side {
    int picture, placed, input, network;
    bool mirrored;
};

/* Pixel centres of the picture in the input. A padded one's are where they are, unless it was scaled down; a
 * stretched one's as kernels/resize.h has them. DeepLabv3's cells cover the input from its first pixel to its
 * last; those of a guided head are where the layers that made them are centred. */
static struct axis lay(const struct duet_head *head, enum duet_resize resize, struct side side, size_t cells)
{
    float pitch = (float)side.placed / (float)side.picture;
    struct axis at = {pitch, resize == DUET_STRETCH ? 0 : 0.5f * pitch - 0.5f, (float)(side.input - 1)};
    if (head->kind != DUET_GUIDED) return at;
    const struct duet_cells c = duet_cells_of(side.network, (int)cells);
    int length = c.pitch * ((int)cells - 1),
        first = side.mirrored ? side.network - 1 - c.origin - length : c.origin;
    float scale = side.network > 1 ? (float)(side.input - 1) / (float)(side.network - 1) : 1;
    at.offset -= (float)first * scale;
    at.last = (float)length * scale;
    return at;
}

static struct placement place(const struct duet_head *head, const struct reading *r,
                              const struct logit_map *map)
{
    const struct side x = {r->image->width, r->width, r->input_width, r->network->width, r->mirrored};
    const struct side y = {r->image->height, r->height, r->input_height, r->network->height, false};
    return (struct placement){lay(head, r->resize, x, map->width), lay(head, r->resize, y, map->height)};
}

static enum duet_status take_logits(void *memory, const struct reading *r, struct head_result *result,
                                    struct duet_error *error)
{
    const struct segmentation *s = memory;
    struct duet_segmentation_logits **logits = &result->segmentation.logits;
    enum duet_status status = *logits ? DUET_OK : make_logits(s, r, logits, error);
    if (status != DUET_OK) return status;
    char name[DUET_OUTPUT_NAME];
    struct duet_view view;
    snprintf(name, sizeof name, "%s.logits", s->head->name);
    status = duet_session_output(r->network->session, name, &view, error);
    if (status != DUET_OK) return status;
    const struct logit_map map = {.logits = view.data,
                                  .height = view.shape.dims[1],
                                  .width = view.shape.dims[2],
                                  .classes = view.shape.dims[3],
                                  .mirrored = r->mirrored,
                                  .upsample = duet_compiled_kernels(r->network->compiled)->upsample};
    (*logits)->classes = map.classes;
    const struct placement at = place(s->head, r, &map);
    /* A probe outlives the run. */
    return duet_segmentation_logits_add(*logits, &map, r->again || s->probe, &at)
               ? DUET_OK
               : out_of_memory(r->image, error);
}

static enum duet_status make_masks(void *memory, const struct reading *r, struct head_result *result,
                                   struct duet_error *error)
{
    const struct segmentation *s = memory;
    struct duet_segmentation *out = &result->segmentation;
    const struct duet_segmentation_logits *logits = out->logits;
    struct duet_image *confidence = s->confidence ? &out->confidence : NULL;
    int width = r->image->width, height = r->image->height;
    enum duet_status status = duet_image_create(&out->classes, width, height, DUET_GRAY8, error);
    if (status == DUET_OK && confidence)
        status = duet_image_create(confidence, width, height, DUET_GRAY8, error);
    if (status != DUET_OK) return status;
    if (!duet_masks_fill(logits, r->pool, &out->classes, confidence)) return out_of_memory(r->image, error);
    out->segments.items = calloc(logits->classes, sizeof *out->segments.items);
    if (!out->segments.items)
        return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %zu segments", logits->classes);
    out->segments.item_size = sizeof *out->segments.items;
    out->segments.count = duet_masks_list(logits, s->wanted, &out->classes, confidence, out->segments.items);
    if (!s->probe) duet_segmentation_logits_close(&out->logits);
    return DUET_OK;
}

const struct reader_kind duet_segmentation_reader = {.create = create_segmentation,
                                                     .clone = clone_segmentation,
                                                     .take = take_logits,
                                                     .finish = make_masks,
                                                     .close = free};
