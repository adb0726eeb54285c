#include "preprocess/pad.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void duet_pad_size(const struct duet_image *image, int input_height, int input_width, int *height, int *width)
{
    *height = image->height;
    *width = image->width;
    if (image->height <= input_height && image->width <= input_width) return;
    double scale = fmin((double)input_height / image->height, (double)input_width / image->width);
    *height = (int)fmax(floor(image->height * scale + 0.5), 1);
    *width = (int)fmax(floor(image->width * scale + 0.5), 1);
}

struct work {
    const struct preprocess *preprocess;
    const struct duet_image *image;
    int height, width; /* of the picture in the input */
    float *input;
};

static float normalised(const struct work *w, float byte)
{
    return byte / w->preprocess->scale + w->preprocess->shift;
}

static void copy_row(const struct work *w, int y, float *out)
{
    const uint8_t *in = duet_image_row(w->image, y);
    for (int i = 0; i < w->width * 3; i++) out[i] = normalised(w, (float)in[i]);
}

static struct pad_cover cover(int at, int source, int target)
{
    double pitch = (double)source / target, from = at * pitch, to = (at + 1) * pitch;
    struct pad_cover c = {.first = (int)from, .last = (int)ceil(to) - 1};
    if (c.last >= source) c.last = source - 1;
    if (c.last < c.first) c.last = c.first;
    c.head = (float)(1 - (from - c.first));
    c.tail = (float)(to - c.last);
    if (c.first == c.last) c.head = c.tail = (float)(to - from);
    return c;
}

/* Mean over the source area that each pixel of row y covers. */
static void shrink_row(const struct work *w, int y, float *out)
{
    const struct pad_cover rows = cover(y, w->image->height, w->height);
    for (int x = 0; x < w->width; x++, out += 3) {
        const struct pad_cover columns = w->preprocess->covers[x];
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
        out[0] = normalised(w, red / area);
        out[1] = normalised(w, green / area);
        out[2] = normalised(w, blue / area);
    }
}

static void pad_row(void *arg, int y, int worker)
{
    (void)worker;
    const struct work *w = arg;
    size_t floats = (size_t)w->preprocess->input.width * 3, filled = y < w->height ? (size_t)w->width * 3 : 0;
    float *out = w->input + (size_t)y * floats;
    if (filled > 0 && w->width == w->image->width && w->height == w->image->height)
        copy_row(w, y, out);
    else if (filled > 0)
        shrink_row(w, y, out);
    memset(out + filled, 0, (floats - filled) * sizeof *out);
}

struct duet_affine duet_pad_run(const struct preprocess *preprocess, const struct duet_image *image,
                                const struct duet_pool *pool, float *input)
{
    struct work work = {.preprocess = preprocess, .image = image, .input = input};
    duet_pad_size(image, preprocess->input.height, preprocess->input.width, &work.height, &work.width);
    for (int x = 0; x < work.width; x++) preprocess->covers[x] = cover(x, image->width, work.width);
    pool->run(pool->ctx, pad_row, &work, preprocess->input.height);
    float width = (float)image->width, height = (float)image->height;
    return (struct duet_affine){width * (float)preprocess->input.width / (float)work.width,
                                height * (float)preprocess->input.height / (float)work.height,
                                0,
                                0,
                                width,
                                height};
}
