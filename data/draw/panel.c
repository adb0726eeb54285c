#include "draw/parts.h"

#include <math.h>

#define MAX_COLUMNS 8
#define MIN_TEXT    7.0f

static const struct duet_rgb ground = {14, 17, 22}, ink = {255, 255, 255}, dim_ink = {190, 190, 190};
#define GROUND_ALPHA 200 /* of 256: white text has a contrast of 9 over a white picture */

/* Sizes of a panel at one text height, pixels. */
struct layout {
    float text;
    int line, gap, padding; /* height of a line, between cells and around the panel, between cells and edge */
    int columns, rows;
    int key, swatch, words, value; /* widths of the cells; 0: no line has it */
    int column;                    /* its width */
    int width, height;
};

static int cell_width(const char *text, float height, int widest)
{
    int width = text ? (int)ceilf(fminf(duet_draw_text_width(text, height), 1e6f)) : 0;
    return width > widest ? width : widest;
}

static struct layout lay_out(const struct duet_panel *panel, float text)
{
    struct layout l = {.text = text, .line = (int)ceilf(text * 1.35f), .gap = (int)ceilf(text * 0.5f)};
    l.padding = (int)ceilf(text * 0.6f);
    l.columns = duet_clamp_int(panel->columns, 1, MAX_COLUMNS);
    l.rows = ((int)panel->count + l.columns - 1) / l.columns;
    for (size_t i = 0; i < panel->count; i++) {
        const struct duet_panel_line *line = &panel->lines[i];
        l.key = cell_width(line->key, text, l.key);
        l.words = cell_width(line->text, text, l.words);
        l.value = cell_width(line->value, text, l.value);
        if (line->swatch) l.swatch = (int)ceilf(text * 0.8f);
    }
    const int cells[] = {l.key, l.swatch, l.words, l.value};
    for (int i = 0, any = 0; i < 4; i++) {
        if (cells[i] == 0) continue;
        l.column += cells[i] + (any ? l.gap : 0);
        any = 1;
    }
    l.width = l.columns * l.column + (l.columns - 1) * 3 * l.gap + 2 * l.padding;
    l.height = l.rows * l.line + 2 * l.padding;
    return l;
}

/* The largest text, up to the wanted height, with which the panel fits. */
static struct layout fit(const struct duet_image *image, const struct duet_panel *panel, float text)
{
    struct layout l = lay_out(panel, text);
    for (int attempt = 0; attempt < 8 && text > MIN_TEXT; attempt++) {
        int room_x = image->width - 2 * l.gap, room_y = image->height - 2 * l.gap;
        if (l.width <= room_x && l.height <= room_y) break;
        float x = (float)room_x / (float)l.width, y = (float)room_y / (float)l.height;
        text = fmaxf(MIN_TEXT, text * fminf(fminf(x, y), 0.97f));
        l = lay_out(panel, text);
    }
    return l;
}

static struct area place_panel(const struct duet_image *image, const struct duet_panel *panel,
                               const struct layout *l)
{
    int x = l->gap, y = l->gap;
    enum duet_place place = panel->place;
    if (place == DUET_TOP_RIGHT || place == DUET_BOTTOM_RIGHT) x = image->width - x - l->width;
    if (place == DUET_BOTTOM_LEFT || place == DUET_BOTTOM_RIGHT) y = image->height - y - l->height;
    if (place == DUET_CENTRE) x = (image->width - l->width) / 2, y = (image->height - l->height) / 2;
    if (x < 0) x = 0;
    if (y < 0) y = 0;
    return (struct area){x, y, x + l->width, y + l->height};
}

static void draw_swatch(struct duet_image *image, struct area a, const struct duet_panel_line *line)
{
    int border = (a.x1 - a.x0 + 7) / 8;
    struct area inner = {a.x0 + border, a.y0 + border, a.x1 - border, a.y1 - border};
    duet_fill_area(image, a, line->off ? dim_ink : ink);
    duet_fill_area(image, inner, line->off ? ground : line->color);
}

static void draw_line(struct duet_image *image, const struct layout *l, const struct duet_panel_line *line,
                      int x, int y)
{
    struct duet_rgb color = line->off ? dim_ink : ink;
    float top = (float)y + ((float)l->line - l->text) / 2;
    int end = x + l->column;
    if (line->heading) duet_fill_area(image, (struct area){x, y + l->line - 1, end, y + l->line}, dim_ink);
    if (line->value)
        duet_draw_text(image, line->value, (float)end - ceilf(duet_draw_text_width(line->value, l->text)),
                       top, l->text, color);
    if (line->key) duet_draw_text(image, line->key, (float)x, top, l->text, dim_ink);
    if (l->key > 0 && !line->heading) x += l->key + l->gap;
    int side = l->swatch, above = y + (l->line - side) / 2;
    if (line->swatch) draw_swatch(image, (struct area){x, above, x + side, above + side}, line);
    if (l->swatch > 0 && !line->heading) x += l->swatch + l->gap;
    if (line->text) duet_draw_text(image, line->text, (float)x, top, l->text, color);
}

void duet_draw_panel(struct duet_image *image, const struct duet_panel *panel,
                     const struct duet_draw_style *style)
{
    if (image->format != DUET_RGB8 || panel->count == 0 || panel->count > 1000) return;
    float text = (panel->text > 0 && panel->text < 400 ? panel->text : 14) * duet_style_scale(style);
    struct layout l = fit(image, panel, text);
    struct area a = place_panel(image, panel, &l);
    duet_blend_rounded(image, a, l.padding, ground, GROUND_ALPHA);
    for (int i = 0; i < (int)panel->count; i++)
        draw_line(image, &l, &panel->lines[i], a.x0 + l.padding + i / l.rows * (l.column + 3 * l.gap),
                  a.y0 + l.padding + i % l.rows * l.line);
}
