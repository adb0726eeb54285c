/* depthwise3x3.h: the walk of every vector level's depthwise3x3 kernel of bytes; what it computes with is in
 * depthwise_pairs.h, which includes it.
 *
 * A group of channels at a time over all wanted rows. Along a row each column of the input is read once, and
 * adds at once to the up to three windows that hold it: it is the last of one, the middle of the next, and
 * the first of a third, whose sums stay in registers meanwhile. Columns and rows outside the picture are
 * read as input_zero everywhere: the bias has lost what that adds in all nine taps, so it adds nothing. */

/* Columns of windows that lie side by side. */
struct DW(line) {
    const uint8_t *rows[3];
    size_t masks[3]; /* 0: a row outside the picture, which has one column */
    size_t at, step; /* the next column, and from one to the next */
    size_t end;      /* columns from there on are outside: also those on the left, by wrapping */
    DW(row) outside, third;
};

DW_INLINE struct DW(column) DW(next)(struct DW(line) * l, const bool all_rows)
{
    DW(row) first = l->outside, second = first, third = first;
    if (l->at < l->end) {
        first = DW(load)(l->rows[0] + (all_rows ? l->at : l->at & l->masks[0]));
        second = DW(load)(l->rows[1] + (all_rows ? l->at : l->at & l->masks[1]));
        third = DW(load)(l->rows[2] + (all_rows ? l->at : l->at & l->masks[2]));
    }
    const struct DW(column) column = DW(column_of)(first, second, third, l->third);
    l->third = third;
    l->at += l->step;
    return column;
}

DW_INLINE void DW(store)(struct DW(sums) s, const struct DW(group) * g, const struct duet_epilogue *e,
                         void *out)
{
    if (e->output == DUET_U8)
        DW(store_bytes)(out, s, &g->scales, e);
    else
        DW(store_floats)(out, s, &g->scales, e);
}

/* The windows of a line: one result every `out_step` bytes. */
DW_INLINE void DW(windows)(struct DW(line) l, const struct DW(group) * g, const struct duet_epilogue *e,
                           const size_t stride, const bool all_rows, size_t count, char *out, size_t out_step)
{
    struct DW(column) column = DW(next)(&l, all_rows);
    struct DW(sums) next = DW(begin)(&column, g), now = next;
    if (stride == 1) {
        column = DW(next)(&l, all_rows);
        now = DW(middle)(next, &column, g);
        next = DW(begin)(&column, g);
    }
    for (; count > 0; count--, out += out_step) {
        if (stride == 2) {
            column = DW(next)(&l, all_rows);
            now = DW(middle)(next, &column, g);
        }
        column = DW(next)(&l, all_rows);
        DW(store)(DW(finish)(now, &column, g), g, e, out);
        if (stride == 1) now = DW(middle)(next, &column, g);
        next = DW(begin)(&column, g);
    }
}

/* One output row. Windows that share columns lie `rate` apart with stride 1, side by side with stride 2 and
 * rate 1; the others share none, and are lines of one. */
DW_INLINE void DW(row_windows)(const struct duet_depthwise3x3_args *a, struct DW(line) l,
                               const struct DW(group) * g, const size_t stride, const bool all_rows,
                               char *out, size_t pixel)
{
    const struct duet_epilogue e = a->epilogue;
    const bool shared = stride == 1 || a->rate == 1;
    const size_t lines = shared && a->rate < a->out_width ? a->rate : a->out_width;
    l.step = a->rate * a->pixel_stride;
    l.end = a->in_width * a->pixel_stride;
    for (size_t x = 0; x < lines; x++) {
        const size_t count = shared ? (a->out_width - x + a->rate - 1) / a->rate : 1;
        l.at = (x * stride - a->pad_left) * a->pixel_stride;
        DW(windows)(l, g, &e, stride, all_rows, count, out + x * pixel, a->rate * pixel);
    }
}

/* All wanted rows of the channels c and on. */
static void DW(rows)(const struct duet_depthwise3x3_args *a, size_t c)
{
    const size_t size = a->epilogue.output == DUET_U8 ? 1 : 4, pixel = a->output_stride * size;
    const struct DW(group) g = DW(group_of)(a, c);
    uint8_t outside[DW_CHANNELS];
    memset(outside, a->input_zero, sizeof outside);
    struct DW(line) l = {.outside = DW(load)(outside), .third = DW(load)(outside)};
    char *out = (char *)a->output + c * size;
    for (size_t y = a->y_begin; y < a->y_end; y++, out += a->out_width * pixel) {
        bool all_rows = true;
        for (size_t ky = 0; ky < 3; ky++) {
            const uint8_t *row = duet_depthwise3x3_bytes(a, y, ky);
            if (!row) all_rows = false;
            l.rows[ky] = row ? row + c : outside;
            l.masks[ky] = row ? SIZE_MAX : 0;
        }
        if (a->stride == 2)
            DW(row_windows)(a, l, &g, 2, all_rows, out, pixel);
        else if (all_rows)
            DW(row_windows)(a, l, &g, 1, true, out, pixel);
        else
            DW(row_windows)(a, l, &g, 1, false, out, pixel);
    }
}
