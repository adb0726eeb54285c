#include "draw/parts.h"

#include <math.h>

#define MAX_COLUMNS 8
#define MIN_TEXT    7.0f

static const struct duet_rgb ground = {14, 17, 22}, ink = {255, 255, 255}, dim_ink = {190, 190, 190};
/* Okabe and Ito's sky blue and vermillion: far apart for every eye. */
static const struct duet_rgb bar_ink = {0x56, 0xb4, 0xe9}, late_ink = {0xd5, 0x5e, 0x00};

#define GROUND_ALPHA 200 /* of 256: white text has a contrast of 9 over a white picture */

/* Sizes of a panel at one text height, pixels. */
struct layout {
    float text;
    int line, gap, padding; /* height of a line, between cells, between cells and edge */
    int columns, rows;
    int key, swatch, words, value; /* widths of the cells; 0: no line has it */
    int column, graph;             /* width of a column, height of the graph */
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
    const struct duet_graph *graph = panel->graph;
    if (graph) l.graph = (int)(text * 2.5f);
    if (graph && l.column < (int)(text * 8)) l.column = (int)(text * 8);
    l.width = l.columns * l.column + (l.columns - 1) * 3 * l.gap + 2 * l.padding;
    l.height = l.rows * l.line + l.graph + (graph && l.rows > 0 ? l.gap : 0) + 2 * l.padding;
    return l;
}

/* Margin between a panel and the image's edge. */
static int margin_of(const struct layout *l)
{
    return l->gap;
}

/* The largest text, up to the wanted height, with which the panel fits. */
static struct layout fit(const struct duet_image *image, const struct duet_panel *panel, float text)
{
    struct layout l = lay_out(panel, text);
    for (int attempt = 0; attempt < 8 && text > MIN_TEXT; attempt++) {
        int room_x = image->width - 2 * margin_of(&l), room_y = image->height - 2 * margin_of(&l);
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
    int margin = margin_of(l);
    int x = margin + duet_clamp_int(panel->inset_x, 0, DUET_IMAGE_MAX_SIDE);
    int y = margin + duet_clamp_int(panel->inset_y, 0, DUET_IMAGE_MAX_SIDE);
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

/* Rows up from the graph's foot that a value takes. */
static int bar_height(float value, float top, int height)
{
    return value > 0 && top > 0 ? (int)lrintf(fminf(value / top, 1) * (float)height) : 0;
}

static void draw_graph(struct duet_image *image, const struct duet_graph *graph, struct area a, int bar)
{
    size_t room = a.x1 > a.x0 ? (size_t)((a.x1 - a.x0) / bar) : 0;
    size_t shown = graph->count < room ? graph->count : room, first = graph->count - shown;
    float top = graph->top;
    int height = a.y1 - a.y0;
    for (size_t i = first; i < graph->count && !(graph->top > 0); i++)
        if (graph->values[i] > top) top = graph->values[i];
    for (size_t i = 0; i < shown; i++) {
        float value = graph->values[first + i];
        int right = a.x1 - (int)(shown - 1 - i) * bar, rise = bar_height(value, top, height);
        bool late = graph->mark > 0 && value > graph->mark;
        duet_fill_area(image, (struct area){right - bar, a.y1 - rise, right - (bar > 2), a.y1},
                       late ? late_ink : bar_ink);
    }
    if (!(graph->mark > 0) || !(graph->mark <= top)) return;
    int mark = a.y1 - bar_height(graph->mark, top, height);
    duet_fill_area(image, (struct area){a.x0, mark, a.x1, mark + 1}, ink);
}

void duet_draw_panel(struct duet_image *image, const struct duet_panel *panel,
                     const struct duet_draw_style *style, struct duet_panel_area *area)
{
    struct duet_panel_area nowhere;
    if (!area) area = &nowhere;
    *area = (struct duet_panel_area){0};
    if (image->format != DUET_RGB8 || (panel->count == 0 && !panel->graph) || panel->count > 1000) return;
    float text = (panel->text > 0 && panel->text < 400 ? panel->text : 14) * duet_style_scale(style);
    struct layout l = fit(image, panel, text);
    struct area a = place_panel(image, panel, &l);
    duet_blend_rounded(image, a, l.padding, ground, GROUND_ALPHA);
    for (int i = 0; i < (int)panel->count; i++)
        draw_line(image, &l, &panel->lines[i], a.x0 + l.padding + i / l.rows * (l.column + 3 * l.gap),
                  a.y0 + l.padding + i % l.rows * l.line);
    if (panel->graph)
        draw_graph(
            image, panel->graph,
            (struct area){a.x0 + l.padding, a.y1 - l.padding - l.graph, a.x1 - l.padding, a.y1 - l.padding},
            (int)fmaxf(1, l.text / 5));
    *area = (struct duet_panel_area){
        a.x0, a.y0, l.width, l.height, a.y0 + l.padding, l.line, l.column + 3 * l.gap, l.rows};
}

int duet_panel_line_at(const struct duet_panel_area *area, int x, int y)
{
    if (x < area->x || x >= area->x + area->width || y < area->first_y || area->line_height <= 0) return -1;
    int row = (y - area->first_y) / area->line_height, column = (x - area->x) / area->column_width;
    return row < area->rows ? column * area->rows + row : -1;
}
