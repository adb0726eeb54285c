/* parts.h: what the sections of a report are made of: escaped text, tiles, bars, curves, matrices.
 * Internal to duet-eval. */
#ifndef DUET_EVAL_REPORT_PARTS_H
#define DUET_EVAL_REPORT_PARTS_H

#include "data/labels/palette.h"
#include "eval/report/report.h"
#include "report/text.h"

/* The page so far. */
struct duet_buffer *duet_report_page(struct duet_report *report);

/* Text between tags or in an attribute's quotes: nothing in it is markup; what is not plain is shown
 * (core/text.h), but for newlines and tabs. */
void duet_put_html(struct duet_buffer *b, const char *text);
/* A page's printf (report/text.h): "%s" is such text, "%f" a length or coordinate, to a hundredth. */
void duet_put_htmlf(struct duet_buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "0.7060", or a dash where there is no score. */
void duet_put_html_score(struct duet_buffer *b, double value);
/* "#rrggbb" */
void duet_put_color(struct duet_buffer *b, struct duet_rgb color);

/* --- headline numbers --------------------------------------------------------------------------------- */

struct duet_tile {
    const char *name;
    double value;                         /* NaN: none */
    const struct duet_interval *interval; /* NULL: none */
    const char *note;                     /* may be NULL */
};
void duet_put_tiles(struct duet_buffer *b, const struct duet_tile *tiles, size_t count);

/* --- bars --------------------------------------------------------------------------------------------- */

/* A table's cell with a bar of 0..1 and, when there is one, its interval over it. */
void duet_put_bar_cell(struct duet_buffer *b, double value, const struct duet_interval *interval);
/* A table's cell with a score. */
void duet_put_score_cell(struct duet_buffer *b, double value);
/* The cell that a class's row begins with: its colour and name. */
void duet_put_class_cell(struct duet_buffer *b, struct duet_rgb color, const char *name);

/* --- curves ------------------------------------------------------------------------------------------- */

struct duet_chart_line {
    const double *x, *y; /* points are joined; y outside 0..1 is cut */
    size_t count;
    const char *color; /* of CSS */
    const char *name;  /* for the legend; NULL: none */
};

struct duet_chart {
    const char *title;           /* NULL: none */
    const char *x_name, *y_name; /* NULL: no words along the axes */
    double x_most;               /* the axis goes from 0 to here; y goes to 1 */
    bool dots;                   /* mark the points */
    int width, height;           /* pixels */
    const struct duet_chart_line *lines;
    size_t count;
};
void duet_put_chart(struct duet_buffer *b, const struct duet_chart *chart);

/* A colour between light and dark for place i of n. `text` has room for 32 bytes. */
const char *duet_ramp_color(char *text, size_t i, size_t n);

/* --- matrices ----------------------------------------------------------------------------------------- */

/* Which was taken for which: each row in shares of its sum. */
struct duet_matrix {
    const char *const *names; /* [side] of rows and columns */
    const uint64_t *cells;    /* [side: truth][side: found] */
    size_t side;
    const char *row_name, *column_name;
};
void duet_put_matrix(struct duet_buffer *b, const struct duet_matrix *matrix);
/* The largest cells off the diagonal, as a table; those of row and column `but` (SIZE_MAX: none) are left
 * out. */
void duet_put_confusions(struct duet_buffer *b, const struct duet_matrix *matrix, size_t but, size_t most);

#endif
