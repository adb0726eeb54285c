#include "viewer/screen/legend.h"

#include "data/labels/labels.h"

#include <string.h>

static void make_flags(struct viewer_legend *legend)
{
    memset(legend->hidden_boxes, false, sizeof legend->hidden_boxes);
    memset(legend->hidden_masks, false, sizeof legend->hidden_masks);
    for (int i = 0; i < legend->count; i++) {
        const struct viewer_class *row = &legend->rows[i];
        if (row->box_id >= 0) legend->hidden_boxes[row->box_id & 255] = row->hidden;
        if (row->mask_id >= 0) legend->hidden_masks[row->mask_id & 255] = row->hidden;
    }
}

/* "aeroplane" and "airplane" are one class. */
static bool same_thing(const char *a, const char *b)
{
    const struct duet_labels coco = duet_labels_coco();
    const struct duet_label *x = duet_labels_find(&coco, a), *y = duet_labels_find(&coco, b);
    return strcmp(a, b) == 0 || (x && x == y);
}

static struct viewer_class *new_row(struct viewer_legend *legend)
{
    if (legend->count < VIEWER_LEGEND_ROWS) return &legend->rows[legend->count++];
    struct viewer_class *oldest = NULL;
    for (int i = 0; i < legend->count; i++) {
        struct viewer_class *row = &legend->rows[i];
        if (row->unseen > 0 && !row->hidden && (!oldest || row->unseen > oldest->unseen)) oldest = row;
    }
    return oldest; /* NULL: all nine are in this very frame, or hidden */
}

static struct viewer_class *row_of(struct viewer_legend *legend, unsigned kind, int id, const char *label)
{
    struct viewer_class *row = NULL;
    for (int i = 0; i < legend->count && !row; i++) {
        struct viewer_class *r = &legend->rows[i];
        if ((kind == VIEWER_BOXES ? r->box_id : r->mask_id) == id) row = r;
    }
    for (int i = 0; i < legend->count && !row; i++) {
        struct viewer_class *r = &legend->rows[i];
        if ((kind == VIEWER_BOXES ? r->box_id : r->mask_id) < 0 && same_thing(r->label, label)) row = r;
    }
    if (!row && (row = new_row(legend)))
        *row = (struct viewer_class){.label = label, .box_id = -1, .mask_id = -1};
    if (!row) return NULL;
    if (kind == VIEWER_BOXES)
        row->box_id = id;
    else
        row->mask_id = id;
    row->unseen = 0;
    return row;
}

void viewer_legend_update(struct viewer_legend *legend, const struct viewer_results *results, unsigned has,
                          float threshold)
{
    for (int i = 0; i < legend->count; i++) {
        struct viewer_class *row = &legend->rows[i];
        row->boxes = 0;
        row->share = 0;
        row->unseen++;
    }
    for (size_t i = 0; has & VIEWER_BOXES && i < results->detections.count; i++) {
        const struct duet_detection *d = &results->detections.items[i];
        if (!(d->score >= threshold) || !d->label) continue;
        struct viewer_class *row = row_of(legend, VIEWER_BOXES, d->category_id, d->label);
        if (row) row->boxes++;
    }
    for (size_t i = 0; has & VIEWER_MASKS && i < results->segmentation.segments.count; i++) {
        const struct duet_segment *s = &results->segmentation.segments.items[i];
        if (s->class_id == 0 || !s->label) continue;
        struct viewer_class *row = row_of(legend, VIEWER_MASKS, s->class_id, s->label);
        if (row) row->share = s->share;
    }
    make_flags(legend);
}

const struct viewer_class *viewer_legend_toggle(struct viewer_legend *legend, int number)
{
    if (number < 1 || number > legend->count) return NULL;
    struct viewer_class *row = &legend->rows[number - 1];
    row->hidden = !row->hidden;
    make_flags(legend);
    return row;
}
