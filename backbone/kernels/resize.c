#include "kernels/resize.h"

void duet_resize_taps(size_t in, size_t out, struct duet_resize_tap *taps)
{
    float scale = (float)in / (float)out;
    for (size_t i = 0; i < out; i++) {
        float source = (float)i * scale;
        uint32_t low = (uint32_t)source;
        if (low >= in) low = (uint32_t)in - 1; /* rounding may step over the end of a large picture */
        taps[i].low = low;
        taps[i].high = low + 1 < in ? low + 1 : (uint32_t)in - 1;
        taps[i].fraction = source - (float)low;
    }
}

void duet_resize_scalar(const struct duet_resize_args *a)
{
    duet_resize_promise(a);
    for (size_t x = 0; x < a->out_width; x++) {
        struct duet_resize_tap tap = a->columns[x];
        for (size_t c = 0; c < 3; c++) {
            float tl = a->top[tap.low * 3 + c], tr = a->top[tap.high * 3 + c];
            float bl = a->bottom[tap.low * 3 + c], br = a->bottom[tap.high * 3 + c];
            float top = tl + (tr - tl) * tap.fraction;
            float bottom = bl + (br - bl) * tap.fraction;
            float value = top + (bottom - top) * a->fraction;
            a->output[x * 3 + c] = value * a->scale + a->shift;
        }
    }
}
