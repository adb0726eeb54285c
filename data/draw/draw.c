#include "draw/parts.h"

#include "core/fail.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* --- rectangles --------------------------------------------------------------------------------------- */

/* A border of `t` pixels within `a`, and one dark pixel around it. */
static void frame_area(struct duet_image *image, struct area a, int t, struct duet_rgb color)
{
    int left = a.x0 + t < a.x1 ? a.x0 + t : a.x1, right = a.x1 - t > left ? a.x1 - t : left;
    int top = a.y0 + t < a.y1 ? a.y0 + t : a.y1, bottom = a.y1 - t > top ? a.y1 - t : top;
    duet_shade_area(image, (struct area){a.x0 - 1, a.y0 - 1, a.x1 + 1, a.y0});
    duet_shade_area(image, (struct area){a.x0 - 1, a.y1, a.x1 + 1, a.y1 + 1});
    duet_shade_area(image, (struct area){a.x0 - 1, a.y0, a.x0, a.y1});
    duet_shade_area(image, (struct area){a.x1, a.y0, a.x1 + 1, a.y1});
    duet_fill_area(image, (struct area){a.x0, a.y0, a.x1, top}, color);
    duet_fill_area(image, (struct area){a.x0, bottom, a.x1, a.y1}, color);
    duet_fill_area(image, (struct area){a.x0, top, left, bottom}, color);
    duet_fill_area(image, (struct area){right, top, a.x1, bottom}, color);
}

/* Rounded to pixels, at least one, at most a little larger than the picture. False when there is nothing of
 * it to draw: NaN, negative sides, off the picture. */
static bool area_of_box(const struct duet_image *image, const struct duet_box *box, struct area *area)
{
    const double far = 4.0 * DUET_IMAGE_MAX_SIDE;
    double x0 = box->x, y0 = box->y, x1 = x0 + (double)box->width, y1 = y0 + (double)box->height;
    if (!(x0 <= x1) || !(y0 <= y1)) return false;
    if (x1 < 0 || y1 < 0 || x0 >= image->width || y0 >= image->height) return false;
    area->x0 = (int)lrint(fmax(x0, -far));
    area->y0 = (int)lrint(fmax(y0, -far));
    area->x1 = (int)lrint(fmin(x1, far));
    area->y1 = (int)lrint(fmin(y1, far));
    if (area->x1 == area->x0) area->x1++;
    if (area->y1 == area->y0) area->y1++;
    return true;
}

static int64_t overlap(struct area a, struct area b)
{
    int w = (a.x1 < b.x1 ? a.x1 : b.x1) - (a.x0 > b.x0 ? a.x0 : b.x0);
    int h = (a.y1 < b.y1 ? a.y1 : b.y1) - (a.y0 > b.y0 ? a.y0 : b.y0);
    return w > 0 && h > 0 ? (int64_t)w * h : 0;
}

/* --- labels ------------------------------------------------------------------------------------------- */

/* Tags evade at most this many stronger ones; past it a picture is full anyway. */
#define MAX_EVADED 200

/* One detection on its way to the picture. */
struct item {
    const struct duet_detection *detection;
    size_t order;     /* among the detections */
    bool highlighted; /* drawn last, in a white frame */
    float score;      /* 0..1, NaN as 0 */
    bool visible;     /* area and tag mean something */
    struct area area; /* of the box */
    struct area tag;
    float text; /* height, pixels */
    char label[112];
};

static int by_score(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    if (a->highlighted != b->highlighted) return a->highlighted ? -1 : 1;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

/* Places for a tag of width * height about a box, best first. */
static struct area tag_place(const struct duet_image *image, struct area box, int width, int height,
                             int which)
{
    int x = which % 2 == 0 ? box.x0 : box.x1 - width;
    int y = which / 2 == 0   ? box.y0 - height
            : which / 2 == 1 ? box.y0
            : which / 2 == 2 ? box.y1
                             : box.y1 - height;
    x = duet_clamp_int(x, 0, image->width > width ? image->width - width : 0);
    y = duet_clamp_int(y, 0, image->height > height ? image->height - height : 0);
    return (struct area){x, y, x + width, y + height};
}

/* Choose the first place that covers no tag of items[0 .. index), else the one that covers least. */
static void place_tag(const struct duet_image *image, struct item *items, size_t index, int width, int height)
{
    int64_t least = INT64_MAX;
    for (int which = 0; which < 8 && least > 0; which++) {
        struct area place = tag_place(image, items[index].area, width, height, which);
        int64_t covered = 0;
        for (size_t i = index > MAX_EVADED ? index - MAX_EVADED : 0; i < index; i++)
            if (items[i].visible) covered += overlap(place, items[i].tag);
        if (covered >= least) continue;
        least = covered;
        items[index].tag = place;
    }
}

/* "person 93% #4" */
static void write_label(struct item *item, const struct duet_draw_style *style)
{
    const struct duet_detection *d = item->detection;
    int percent = (int)lrintf(100 * item->score),
        track = style && style->tracks ? style->tracks[item->order] : 0;
    if (percent == 100 && item->score < 1) percent = 99; /* "100 %" would claim certainty */
    char number[16] = "", name[84];
    if (track != 0) snprintf(number, sizeof number, " #%d", track);
    if (d->label)
        snprintf(name, sizeof name, "%.80s", d->label);
    else
        snprintf(name, sizeof name, "#%d", d->category_id);
    snprintf(item->label, sizeof item->label, "%s %d%%%s", name, percent, number);
}

static void prepare_item(const struct duet_image *image, const struct look *look,
                         const struct duet_draw_style *style, struct item *items, size_t index)
{
    struct item *item = &items[index];
    item->visible = area_of_box(image, &item->detection->box, &item->area) &&
                    !duet_style_hides(style, item->detection->category_id) &&
                    !(style && item->score < style->threshold);
    if (!item->visible || (style && style->no_labels)) return;
    write_label(item, style);
    /* A label wider than the picture shrinks, down to what can still be read. */
    float room = (float)(image->width - 2 * look->padding),
          width = duet_draw_text_width(item->label, look->text);
    item->text = width > room ? fmaxf(fminf(8, look->text), look->text * room / width) : look->text;
    width = duet_draw_text_width(item->label, item->text);
    place_tag(image, items, index, (int)ceilf(width) + 2 * look->padding,
              (int)ceilf(item->text) + look->padding);
}

static void draw_tag(struct duet_image *image, const struct look *look, const struct item *item,
                     struct duet_rgb color)
{
    duet_fill_area(image, item->tag, color);
    duet_draw_text(image, item->label, (float)(item->tag.x0 + look->padding),
                   (float)item->tag.y0 + (float)look->padding * 0.5f, item->text, duet_ink_on(color));
}

/* A highlighted box has a white frame about its border. */
static void draw_border(struct duet_image *image, const struct look *look, const struct item *item,
                        struct duet_rgb color)
{
    struct area a = item->area;
    int t = look->line;
    frame_area(image, a, item->highlighted ? 2 * t : t, color);
    if (item->highlighted)
        frame_area(image, (struct area){a.x0 - t, a.y0 - t, a.x1 + t, a.y1 + t}, t,
                   (struct duet_rgb){255, 255, 255});
}

static void draw_items(struct duet_image *image, const struct look *look, const struct duet_draw_style *style,
                       struct item *items, size_t count)
{
    enum duet_palette palette = duet_style_palette(style);
    qsort(items, count, sizeof *items, by_score);
    for (size_t i = 0; i < count; i++) prepare_item(image, look, style, items, i);
    for (size_t i = count; i-- > 0;)
        if (items[i].visible)
            draw_border(image, look, &items[i], duet_box_color(palette, items[i].detection->category_id));
    for (size_t i = count; i-- > 0;)
        if (items[i].visible && items[i].label[0])
            draw_tag(image, look, &items[i], duet_box_color(palette, items[i].detection->category_id));
}

enum duet_status duet_draw_detections(struct duet_image *image, const struct duet_detections *detections,
                                      const struct duet_draw_style *style, struct duet_error *error)
{
    if (image->format != DUET_RGB8)
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         "boxes are drawn over RGB pictures, not over %d byte a pixel",
                         duet_pixel_size(image->format));
    size_t count = detections->count;
    if (count == 0) return DUET_OK;
    struct item *items = calloc(count, sizeof *items);
    if (!items) return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory to draw %zu boxes", count);
    for (size_t i = 0; i < count; i++) {
        float score = detections->items[i].score;
        items[i].detection = &detections->items[i];
        items[i].order = i;
        items[i].highlighted = style && style->highlighted == i + 1;
        items[i].score = score > 0 ? fminf(score, 1) : 0; /* NaN: 0 */
    }
    struct look look = duet_look_for(image, style);
    draw_items(image, &look, style, items, count);
    free(items);
    return DUET_OK;
}

/* --- ghosts ------------------------------------------------------------------------------------------- */

/* Dashes of a colour, gaps of darkness, both `t` thick: seen on any ground. `along` 0: to the right, 1: down.
 */
static void dash_line(struct duet_image *image, struct area a, int along, int t, struct duet_rgb color)
{
    int dash = 4 * t, end = along ? a.y1 : a.x1;
    duet_blend_area(image, a, (struct duet_rgb){0, 0, 0}, 160);
    for (int at = along ? a.y0 : a.x0; at < end; at += 2 * dash) {
        int stop = at + dash < end ? at + dash : end;
        struct area piece = along ? (struct area){a.x0, at, a.x1, stop} : (struct area){at, a.y0, stop, a.y1};
        duet_fill_area(image, piece, color);
    }
}

void duet_draw_ghost(struct duet_image *image, const struct duet_box *box, struct duet_rgb color,
                     const struct duet_draw_style *style)
{
    struct area a;
    if (image->format != DUET_RGB8 || !area_of_box(image, box, &a)) return;
    int t = duet_look_for(image, style).line;
    int left = a.x0 + t < a.x1 ? a.x0 + t : a.x1, right = a.x1 - t > left ? a.x1 - t : left;
    int top = a.y0 + t < a.y1 ? a.y0 + t : a.y1, bottom = a.y1 - t > top ? a.y1 - t : top;
    dash_line(image, (struct area){a.x0, a.y0, a.x1, top}, 0, t, color);
    dash_line(image, (struct area){a.x0, bottom, a.x1, a.y1}, 0, t, color);
    dash_line(image, (struct area){a.x0, top, left, bottom}, 1, t, color);
    dash_line(image, (struct area){right, top, a.x1, bottom}, 1, t, color);
}
