#include "deeplabv3/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void duet_fit_size(const struct duet_image *image, int limit, int *width, int *height)
{
    int longer = image->width > image->height ? image->width : image->height;
    *width = image->width;
    *height = image->height;
    if (longer <= limit) return;
    double scale = (double)limit / longer;
    *width = (int)floor(image->width * scale + 0.5);
    *height = (int)floor(image->height * scale + 0.5);
    if (*width < 1) *width = 1;
    if (*height < 1) *height = 1;
}

/* --- canvas -------------------------------------------------------------------------------------------- */

/* What a target pixel covers of a row or column: source pixels [first, last], and how much of the outer two.
 */
struct cover {
    int first, last;
    float head, tail;
};

struct canvas_work {
    const struct duet_image *image;
    int width, height, canvas_width, canvas_height;
    float *canvas;
    const struct cover *columns; /* [width]; NULL: the image's own size */
};

static float normalised(float byte)
{
    return byte / 127.5f - 1.0f;
}

static void copy_row(const struct canvas_work *w, int y, float *out)
{
    const uint8_t *in = duet_image_row(w->image, y);
    for (int i = 0; i < w->width * 3; i++) out[i] = normalised((float)in[i]);
}

static struct cover cover(int at, int source, int target)
{
    double pitch = (double)source / target, from = at * pitch, to = (at + 1) * pitch;
    struct cover c = {.first = (int)from, .last = (int)ceil(to) - 1};
    if (c.last >= source) c.last = source - 1;
    if (c.last < c.first) c.last = c.first;
    c.head = (float)(1 - (from - c.first));
    c.tail = (float)(to - c.last);
    if (c.first == c.last) c.head = c.tail = (float)(to - from);
    return c;
}

/* Mean over the source area that each pixel of row y covers. */
static void shrink_row(const struct canvas_work *w, int y, float *out)
{
    const struct cover rows = cover(y, w->image->height, w->height);
    for (int x = 0; x < w->width; x++, out += 3) {
        const struct cover columns = w->columns[x];
        float red = 0, green = 0, blue = 0, area = 0;
        for (int r = rows.first; r <= rows.last; r++) {
            const uint8_t *in = duet_image_row(w->image, r) + (size_t)columns.first * 3;
            float weight_y = r == rows.first ? rows.head : r == rows.last ? rows.tail : 1;
            for (int c = columns.first; c <= columns.last; c++, in += 3) {
                float weight = weight_y * (c == columns.first  ? columns.head
                                           : c == columns.last ? columns.tail
                                                               : 1);
                red += weight * (float)in[0];
                green += weight * (float)in[1];
                blue += weight * (float)in[2];
                area += weight;
            }
        }
        out[0] = normalised(red / area);
        out[1] = normalised(green / area);
        out[2] = normalised(blue / area);
    }
}

static void canvas_row(void *arg, int y, int worker)
{
    (void)worker;
    const struct canvas_work *w = arg;
    size_t row = (size_t)w->canvas_width * 3;
    float *out = w->canvas + (size_t)y * row;
    if (y >= w->height) {
        memset(out, 0, row * sizeof *out);
        return;
    }
    if (!w->columns)
        copy_row(w, y, out);
    else
        shrink_row(w, y, out);
    memset(out + (size_t)w->width * 3, 0, (row - (size_t)w->width * 3) * sizeof *out);
}

bool duet_fit_canvas(const struct duet_image *image, int width, int height, int canvas_width,
                     int canvas_height, const struct duet_pool *pool, float *canvas)
{
    struct cover *columns = NULL;
    if (width != image->width || height != image->height) {
        columns = malloc((size_t)width * sizeof *columns);
        if (!columns) return false;
        for (int x = 0; x < width; x++) columns[x] = cover(x, image->width, width);
    }
    struct canvas_work work = {image, width, height, canvas_width, canvas_height, canvas, columns};
    pool->run(pool->ctx, canvas_row, &work, canvas_height);
    free(columns);
    return true;
}

/* --- rescaled copies ----------------------------------------------------------------------------------- */

struct rescale_work {
    const float *from;
    int h, w, to_h, to_w;
    bool mirror;
    float *to;
};

/* Position `at` of `target` pixels on `source` ones: low neighbour and fraction. */
static int corner_tap(int at, int target, int source, float *fraction)
{
    float position = target > 1 ? (float)at * ((float)(source - 1) / (float)(target - 1)) : 0;
    int low = (int)position;
    if (low > source - 1) low = source - 1;
    *fraction = position - (float)low;
    return low;
}

static void rescale_row(void *arg, int y, int worker)
{
    (void)worker;
    const struct rescale_work *s = arg;
    float fy, fx;
    int top = corner_tap(y, s->to_h, s->h, &fy), bottom = top + 1 < s->h ? top + 1 : top;
    const float *a = s->from + (size_t)top * (size_t)s->w * 3,
                *b = s->from + (size_t)bottom * (size_t)s->w * 3;
    for (int x = 0; x < s->to_w; x++) {
        int left = corner_tap(x, s->to_w, s->w, &fx), right = left + 1 < s->w ? left + 1 : left;
        int at = s->mirror ? s->to_w - 1 - x : x;
        float *out = s->to + ((size_t)y * (size_t)s->to_w + (size_t)at) * 3;
        for (int k = 0; k < 3; k++) {
            float upper = a[left * 3 + k] + (a[right * 3 + k] - a[left * 3 + k]) * fx;
            float lower = b[left * 3 + k] + (b[right * 3 + k] - b[left * 3 + k]) * fx;
            out[k] = upper + (lower - upper) * fy;
        }
    }
}

void duet_fit_rescale(const float *from, int h, int w, float *to, int to_h, int to_w, bool mirror,
                      const struct duet_pool *pool)
{
    struct rescale_work work = {from, h, w, to_h, to_w, mirror, to};
    pool->run(pool->ctx, rescale_row, &work, to_h);
}
