#include "heads/preprocess.h"

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

void duet_input_rescale(const float *from, int h, int w, float *to, int to_h, int to_w, bool mirror,
                        const struct duet_pool *pool)
{
    struct rescale_work work = {from, h, w, to_h, to_w, mirror, to};
    pool->run(pool->ctx, rescale_row, &work, to_h);
}
