/* Numbers as pictures: tiles, bars, curves, matrices, in HTML and SVG. */
#include "report/parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- headline numbers --------------------------------------------------------------------------------- */

void duet_put_tiles(struct duet_buffer *b, const struct duet_tile *tiles, size_t count)
{
    duet_put(b, "<div class=\"tiles\">\n");
    for (size_t i = 0; i < count; i++) {
        const struct duet_tile *tile = &tiles[i];
        duet_put_htmlf(b, "<div class=\"tile\">%s<b>", tile->name);
        duet_put_html_score(b, tile->value);
        duet_put(b, "</b>");
        if (tile->interval && isfinite(tile->interval->low)) {
            duet_put(b, "<span>95 %: ");
            duet_put_html_score(b, tile->interval->low);
            duet_put(b, " to ");
            duet_put_html_score(b, tile->interval->high);
            duet_put(b, "</span>");
        }
        if (tile->note) duet_put_htmlf(b, "<span class=\"note\">%s</span>", tile->note);
        duet_put(b, "</div>\n");
    }
    duet_put(b, "</div>\n");
}

/* --- bars --------------------------------------------------------------------------------------------- */

static void put_rect(struct duet_buffer *b, double x, double y, double width, double height, const char *fill)
{
    duet_put_htmlf(b, "<rect x=\"%f\" y=\"%f\" width=\"%f\" height=\"%f\" fill=\"%s\"/>", x, y, width, height,
                   fill);
}

static double within(double value)
{
    return value > 0 ? fmin(value, 1) : 0; /* NaN: 0 */
}

void duet_put_bar_cell(struct duet_buffer *b, double value, const struct duet_interval *interval)
{
    const double width = 170;
    duet_put(b, "<td class=\"word\"><svg class=\"bar\" viewBox=\"0 0 170 12\">");
    put_rect(b, 0, 1, width, 10, "#e9ecf2");
    put_rect(b, 0, 1, width * within(value), 10, "#2563b8");
    if (interval && isfinite(interval->low)) {
        double low = width * within(interval->low), high = width * within(interval->high);
        put_rect(b, low, 5.25, fmax(high - low, 1), 1.5, "#1c2230");
        put_rect(b, fmin(low, width - 1.5), 2.5, 1.5, 7, "#1c2230");
        put_rect(b, fmax(high - 1.5, 0), 2.5, 1.5, 7, "#1c2230");
    }
    duet_put(b, "</svg></td>");
}

void duet_put_score_cell(struct duet_buffer *b, double value)
{
    duet_put(b, "<td>");
    duet_put_html_score(b, value);
    duet_put(b, "</td>");
}

void duet_put_class_cell(struct duet_buffer *b, struct duet_rgb color, const char *name)
{
    duet_put(b, "<tr><td><span class=\"swatch\" style=\"background:");
    duet_put_color(b, color);
    duet_put_htmlf(b, "\"></span>%s</td>", name);
}

/* --- curves ------------------------------------------------------------------------------------------- */

/* Where the axes of a chart lie. */
struct frame {
    const struct duet_chart *chart;
    double left, top, width, height;
};

static double place_x(const struct frame *f, double x)
{
    return f->left + f->width * fmin(fmax(x / f->chart->x_most, 0), 1);
}

static double place_y(const struct frame *f, double y)
{
    return f->top + f->height * (1 - within(y));
}

static void put_text(struct duet_buffer *b, double x, double y, const char *anchor, const char *more,
                     const char *text)
{
    duet_put_htmlf(b, "<text class=\"axis\" x=\"%f\" y=\"%f\" text-anchor=\"%s\"", x, y, anchor);
    duet_put(b, more);
    duet_put_htmlf(b, ">%s</text>", text);
}

/* A number beside an axis, in as few digits as it needs. */
static void put_tick(struct duet_buffer *b, double x, double y, const char *anchor, double value)
{
    struct duet_buffer text = {0};
    duet_put_rounded(&text, value, 3);
    duet_put_bytes(&text, "", 1);
    if (!text.failed) put_text(b, x, y, anchor, "", text.data);
    b->failed |= text.failed;
    duet_buffer_close(&text);
}

static void put_grid(struct duet_buffer *b, const struct frame *f)
{
    int steps = f->chart->x_name ? 5 : 2;
    for (int i = 0; i <= steps; i++) {
        double share = (double)i / steps, x = f->left + f->width * share,
               y = f->top + f->height * (1 - share);
        put_rect(b, x - 0.5, f->top, 1, f->height, "#e3e6ec");
        put_rect(b, f->left, y - 0.5, f->width, 1, "#e3e6ec");
        put_tick(b, x, f->top + f->height + 14, "middle", share * f->chart->x_most);
        put_tick(b, f->left - 5, y + 4, "end", share);
    }
}

static void put_line(struct duet_buffer *b, const struct frame *f, const struct duet_chart_line *line)
{
    if (line->count > 0) {
        duet_putf(b, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\" stroke-linejoin=\"round\" d=\"",
                  line->color);
        for (size_t i = 0; i < line->count; i++) {
            /* Along a level only its ends are needed: curves are mostly steps. */
            if (i > 0 && i + 1 < line->count && line->y[i - 1] == line->y[i] && line->y[i] == line->y[i + 1])
                continue;
            duet_put_htmlf(b, i > 0 ? "L%f %f" : "M%f %f", place_x(f, line->x[i]), place_y(f, line->y[i]));
        }
        duet_put(b, "\"/>");
    }
    for (size_t i = 0; f->chart->dots && i < line->count; i++)
        duet_put_htmlf(b, "<circle r=\"3\" cx=\"%f\" cy=\"%f\" fill=\"%s\"/>", place_x(f, line->x[i]),
                       place_y(f, line->y[i]), line->color);
}

static void put_legend(struct duet_buffer *b, const struct duet_chart *chart)
{
    duet_put(b, "<div class=\"legend\">");
    for (size_t i = 0; i < chart->count; i++)
        if (chart->lines[i].name)
            duet_put_htmlf(b, "<span><i style=\"background:%s\"></i>%s</span>", chart->lines[i].color,
                           chart->lines[i].name);
    duet_put(b, "</div>");
}

void duet_put_chart(struct duet_buffer *b, const struct duet_chart *chart)
{
    bool named = chart->x_name && chart->y_name;
    struct frame f = {chart, named ? 48 : 30, 8, 0, 0};
    f.width = chart->width - f.left - 14;
    f.height = chart->height - f.top - (named ? 40 : 20);
    duet_put(b, "<figure>");
    if (chart->title) duet_put_htmlf(b, "<figcaption>%s</figcaption>", chart->title);
    duet_putf(b, "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">", chart->width, chart->height,
              chart->width, chart->height);
    put_grid(b, &f);
    for (size_t i = 0; i < chart->count; i++) put_line(b, &f, &chart->lines[i]);
    if (named) {
        char turn[64];
        double middle = f.top + f.height / 2;
        snprintf(turn, sizeof turn, " transform=\"rotate(-90 12 %d)\"", (int)middle);
        put_text(b, f.left + f.width / 2, chart->height - 6, "middle", "", chart->x_name);
        put_text(b, 12, (int)middle, "middle", turn, chart->y_name);
    }
    duet_put(b, "</svg>");
    if (named) put_legend(b, chart);
    duet_put(b, "</figure>\n");
}

const char *duet_ramp_color(char *text, size_t i, size_t n)
{
    double share = n > 1 ? (double)i / (double)(n - 1) : 0;
    snprintf(text, 32, "hsl(%d 70%% %d%%)", (int)(215 - 190 * share), (int)(38 + 12 * share));
    return text;
}

/* --- matrices ----------------------------------------------------------------------------------------- */

static uint64_t row_sum(const struct duet_matrix *m, size_t row)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < m->side; i++) sum += m->cells[row * m->side + i];
    return sum;
}

/* A cell, what it says when pointed at, and its share when there is room. */
static void put_matrix_cell(struct duet_buffer *b, const struct duet_matrix *m, size_t row, size_t column,
                            double size, double left, double top)
{
    uint64_t count = m->cells[row * m->side + column];
    double share = (double)count / (double)row_sum(m, row), x = left + size * (double)column,
           y = top + size * (double)row;
    duet_put_htmlf(b, "<g><title>%s %s, %s %s: ", m->row_name, m->names[row], m->column_name,
                   m->names[column]);
    duet_put_fixed(b, 100 * share, 2);
    duet_put_htmlf(b,
                   " %% (%" PRIu64 ")</title><rect x=\"%f\" y=\"%f\" width=\"%f\" height=\"%f\" fill=\"%s\" "
                   "fill-opacity=\"",
                   count, x, y, size, size, row == column ? "#2563b8" : "#c4321f");
    duet_put_fixed(b, sqrt(share), 3);
    duet_put(b, "\"/>");
    if (size >= 20 && share >= 0.005) {
        duet_put_htmlf(b, "<text text-anchor=\"middle\" style=\"font-size:9px;fill:%s\" x=\"%f\" y=\"%f\">",
                       sqrt(share) > 0.6 ? "#fff" : "#1c2230", x + size / 2, y + size / 2 + 3);
        duet_put_fixed(b, 100 * share, 0);
        duet_put(b, "</text>");
    }
    duet_put(b, "</g>\n");
}

static void put_matrix_names(struct duet_buffer *b, const struct duet_matrix *m, double size, double left,
                             double top)
{
    char turn[80], small[32] = "";
    if (size < 14) snprintf(small, sizeof small, " style=\"font-size:%dpx\"", (int)size);
    for (size_t i = 0; i < m->side; i++) {
        double middle = size * ((double)i + 0.5);
        int x = (int)(left + middle + 3), y = (int)(top - 5);
        snprintf(turn, sizeof turn, " transform=\"rotate(-90 %d %d)\"%s", x, y, small);
        put_text(b, left - 5, top + middle + 3.5, "end", small, m->names[i]);
        put_text(b, x, y, "start", turn, m->names[i]);
    }
}

void duet_put_matrix(struct duet_buffer *b, const struct duet_matrix *m)
{
    double size = m->side <= 32 ? 26 : m->side <= 60 ? 16 : 11, left = 100, top = 100;
    double whole = size * (double)m->side;
    duet_putf(b, "<div class=\"wide\"><svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n",
              (int)(left + whole + 2), (int)(top + whole + 2), (int)(left + whole + 2),
              (int)(top + whole + 2));
    put_rect(b, left, top, whole, whole, "#f4f6f9");
    put_matrix_names(b, m, size, left, top);
    for (size_t row = 0; row < m->side; row++)
        for (size_t column = 0; column < m->side; column++)
            if (m->cells[row * m->side + column] > 0) put_matrix_cell(b, m, row, column, size, left, top);
    for (size_t i = 0; i <= m->side; i++) {
        put_rect(b, left, top + size * (double)i - 0.25, whole, 0.5, "#fff");
        put_rect(b, left + size * (double)i - 0.25, top, 0.5, whole, "#fff");
    }
    duet_put_htmlf(b,
                   "</svg></div>\n<p class=\"soft\">Rows: %s; columns: %s. Shades grow with the root of the "
                   "share of the row, so that small confusions show; point at a cell for its numbers.</p>\n",
                   m->row_name, m->column_name);
}

/* A cell off the diagonal. */
struct confusion {
    size_t row, column;
    uint64_t count;
    double share;
};

static int by_count(const void *a, const void *b)
{
    const struct confusion *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    if (x->row != y->row) return x->row < y->row ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

void duet_put_confusions(struct duet_buffer *b, const struct duet_matrix *m, size_t but, size_t most)
{
    size_t count = 0;
    struct confusion *list = calloc(m->side * m->side + 1, sizeof *list);
    if (!list) {
        b->failed = true;
        return;
    }
    for (size_t row = 0; row < m->side; row++)
        for (size_t column = 0; column < m->side; column++) {
            uint64_t n = m->cells[row * m->side + column];
            if (n > 0 && row != column && row != but && column != but)
                list[count++] = (struct confusion){row, column, n, (double)n / (double)row_sum(m, row)};
        }
    qsort(list, count, sizeof *list, by_count);
    duet_put_htmlf(b,
                   "<table>\n<tr><th>%s</th><th class=\"word\">%s</th><th>how often</th>"
                   "<th>share of the row</th></tr>\n",
                   m->row_name, m->column_name);
    for (size_t i = 0; i < count && i < most; i++) {
        duet_put_htmlf(b, "<tr><td>%s</td><td class=\"word\">%s</td><td>%" PRIu64 "</td><td>",
                       m->names[list[i].row], m->names[list[i].column], list[i].count);
        duet_put_fixed(b, 100 * list[i].share, 1);
        duet_put(b, " %</td></tr>\n");
    }
    duet_put(b, "</table>\n");
    free(list);
}
