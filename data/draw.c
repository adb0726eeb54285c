#include "draw_parts.h"

#include "core/fail.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* --- colours ------------------------------------------------------------------------------------------ */

static uint8_t srgb_byte(float linear)
{
    float c = linear <= 0.0031308f ? 12.92f * linear : 1.055f * powf(linear, 1.0f / 2.4f) - 0.055f;
    return (uint8_t)lrintf(255.0f * fminf(fmaxf(c, 0), 1));
}

/* Oklab (Ottosson 2020): equal steps look equally large. linear[3] may leave 0..1. */
static void oklab_to_linear(float lightness, float a, float b, float linear[3])
{
    float l = lightness + 0.3963377774f * a + 0.2158037573f * b;
    float m = lightness - 0.1055613458f * a - 0.0638541728f * b;
    float s = lightness - 0.0894841775f * a - 1.2914855480f * b;
    l = l * l * l, m = m * m * m, s = s * s * s;
    linear[0] = 4.0767416621f * l - 3.3077115913f * m + 0.2309699292f * s;
    linear[1] = -1.2684380046f * l + 2.6097574011f * m - 0.3413193965f * s;
    linear[2] = -0.0041960863f * l - 0.7034186147f * m + 1.7076147010f * s;
}

static bool displayable(const float linear[3])
{
    for (int c = 0; c < 3; c++)
        if (linear[c] < 0 || linear[c] > 1) return false;
    return true;
}

struct duet_rgb duet_class_color(int class_id)
{
    /* Turning by the silver ratio with three levels of lightness keeps classes 1..90 furthest apart of the
     * steps and levels tried: 0.13 in Oklab for ids less than 12 apart, 0.017 for any two (the golden angle
     * with four levels: 0.03 and 0.017). None is so dark or so bright that it drowns in a night or in snow.
     */
    static const float lightness[3] = {0.78f, 0.54f, 0.66f};
    unsigned n = (unsigned)class_id;
    float turn = (float)(n % 4096) * 0.41421356f, hue = 6.2831853f * (turn - floorf(turn));
    float linear[3], chroma = 0.24f;
    do { /* the strongest chroma that a screen can show */
        chroma -= 0.005f;
        oklab_to_linear(lightness[n % 3], chroma * cosf(hue), chroma * sinf(hue), linear);
    } while (!displayable(linear) && chroma > 0.01f);
    return (struct duet_rgb){srgb_byte(linear[0]), srgb_byte(linear[1]), srgb_byte(linear[2])};
}

struct duet_rgb duet_voc_color(int class_id)
{
    unsigned id = (unsigned)class_id & 0xff, r = 0, g = 0, b = 0;
    for (int bit = 7; id; bit--, id >>= 3) {
        r |= (id & 1) << bit;
        g |= (id >> 1 & 1) << bit;
        b |= (id >> 2 & 1) << bit;
    }
    return (struct duet_rgb){(uint8_t)r, (uint8_t)g, (uint8_t)b};
}

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
    float score;      /* 0..1, NaN as 0 */
    bool visible;     /* area and tag mean something */
    struct area area; /* of the box */
    struct area tag;
    float text; /* height, pixels */
    char label[96];
};

static int by_score(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
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

static void prepare_item(const struct duet_image *image, const struct look *look, struct item *items,
                         size_t index)
{
    struct item *item = &items[index];
    const struct duet_detection *d = item->detection;
    int percent = (int)lrintf(100 * item->score);
    if (percent == 100 && item->score < 1) percent = 99; /* "100 %" would claim certainty */
    item->visible = area_of_box(image, &d->box, &item->area);
    if (!item->visible) return;
    if (d->label)
        snprintf(item->label, sizeof item->label, "%.80s %d%%", d->label, percent);
    else
        snprintf(item->label, sizeof item->label, "#%d %d%%", d->category_id, percent);
    /* A label wider than the picture shrinks, down to what can still be read. */
    float room = (float)(image->width - 2 * look->padding),
          width = duet_draw_text_width(item->label, look->text);
    item->text = width > room ? fmaxf(fminf(8, look->text), look->text * room / width) : look->text;
    width = duet_draw_text_width(item->label, item->text);
    place_tag(image, items, index, (int)ceilf(width) + 2 * look->padding,
              (int)ceilf(item->text) + look->padding);
}

static void draw_tag(struct duet_image *image, const struct look *look, const struct item *item)
{
    struct duet_rgb color = duet_class_color(item->detection->category_id);
    duet_fill_area(image, item->tag, color);
    duet_draw_text(image, item->label, (float)(item->tag.x0 + look->padding),
                   (float)item->tag.y0 + (float)look->padding * 0.5f, item->text, duet_ink_on(color));
}

enum duet_status duet_draw_detections(struct duet_image *image, const struct duet_detections *detections,
                                      struct duet_error *error)
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
        items[i].score = score > 0 ? fminf(score, 1) : 0; /* NaN: 0 */
    }
    qsort(items, count, sizeof *items, by_score);
    struct look look = duet_look_for(image);
    for (size_t i = 0; i < count; i++) prepare_item(image, &look, items, i);
    for (size_t i = count; i-- > 0;)
        if (items[i].visible)
            frame_area(image, items[i].area, look.line, duet_class_color(items[i].detection->category_id));
    for (size_t i = count; i-- > 0;)
        if (items[i].visible) draw_tag(image, &look, &items[i]);
    free(items);
    return DUET_OK;
}
