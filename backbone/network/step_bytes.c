/* Steps of bytes without kernels of their own. What is on one scale stays so; the rest is rescaled. */
#include "network/steps.h"

#include "kernels/bytes.h"

#include <string.h>

static const struct duet_numbers *numbers_of(const struct work *w, duet_node node)
{
    return &w->session->compiled->plan.numbers[node];
}

static void add(const struct work *w, struct share rows)
{
    const struct step *s = w->step;
    const size_t *out = duet_dims(w, s->output), row = out[2] * out[3];
    const uint8_t *a = duet_result(w, s->inputs[0]), *b = duet_result(w, s->inputs[1]);
    const struct duet_rescale to_a = duet_rescale(numbers_of(w, s->inputs[0]), numbers_of(w, s->output));
    const struct duet_rescale to_b = duet_rescale(numbers_of(w, s->inputs[1]), numbers_of(w, s->output));
    uint8_t *output = duet_result(w, s->output);
    for (size_t i = rows.begin * row; i < rows.end * row; i++)
        output[i] = duet_byte_of(&to_a, (float)(a[i] - to_a.from) * to_a.scale +
                                            (float)(b[i] - to_b.from) * to_b.scale);
}

/* The `channels` bytes of a pixel. */
static void copy_pixel(const struct duet_numbers *from, const struct duet_numbers *to, const uint8_t *input,
                       size_t channels, uint8_t *output)
{
    const struct duet_rescale r = duet_rescale(from, to);
    if (from->scale == to->scale && from->zero_point == to->zero_point)
        memcpy(output, input, channels);
    else
        for (size_t c = 0; c < channels; c++) output[c] = duet_rescale_byte(&r, input[c]);
}

static void concat(const struct work *w, struct share rows)
{
    const size_t *out = duet_dims(w, w->step->output);
    uint8_t *output = duet_result(w, w->step->output);
    for (int k = 0; k < w->step->input_count; k++) {
        const duet_node from = w->step->inputs[k];
        const size_t channels = duet_dims(w, from)[3];
        const uint8_t *input = duet_result(w, from);
        for (size_t p = rows.begin * out[2]; p < rows.end * out[2]; p++)
            copy_pixel(numbers_of(w, from), numbers_of(w, w->step->output), input + p * channels, channels,
                       output + p * out[3]);
        output += channels;
    }
}

/* Sums are exact; the mean is rounded once. */
static void global_mean(const struct work *w, struct share rows)
{
    enum { SOME = 64 };
    const size_t *in = duet_dims(w, w->step->inputs[0]);
    const size_t pixels = in[1] * in[2], channels = in[3];
    const struct duet_numbers *from = numbers_of(w, w->step->inputs[0]), *to = numbers_of(w, w->step->output);
    const struct duet_rescale r = duet_rescale(from, to);
    const double unit = (double)from->scale / ((double)to->scale * (double)pixels);
    uint8_t *output = duet_result(w, w->step->output);
    (void)rows; /* one row */
    for (size_t c0 = 0; c0 < channels; c0 += SOME) {
        const size_t count = channels - c0 < SOME ? channels - c0 : SOME;
        const uint8_t *input = (const uint8_t *)duet_result(w, w->step->inputs[0]) + c0;
        int64_t sums[SOME] = {0};
        for (size_t p = 0; p < pixels; p++, input += channels)
            for (size_t c = 0; c < count; c++) sums[c] += input[c];
        for (size_t c = 0; c < count; c++) {
            int64_t sum = sums[c] - (int64_t)pixels * from->zero_point;
            output[c0 + c] = duet_byte_of(&r, (float)((double)sum * unit));
        }
    }
}

/* The byte nearest to the mean of four, ties to the even one. */
static uint8_t mean_of_four(int a, int b, int c, int d)
{
    int sum = a + b + c + d;
    return (uint8_t)((sum + 1 + (sum >> 2 & 1)) >> 2);
}

static void upsample(const struct work *w, struct share rows)
{
    const size_t *in = duet_dims(w, w->step->inputs[0]), *out = duet_dims(w, w->step->output);
    const uint8_t *input = duet_result(w, w->step->inputs[0]);
    const size_t channels = out[3];
    uint8_t *output = duet_number(w, w->step->output, rows.begin * out[2] * channels);
    for (size_t y = rows.begin; y < rows.end; y++) {
        struct upsampled v = duet_upsampled_from(y, out[1]);
        const uint8_t *top = input + v.first * in[2] * channels,
                      *bottom = input + v.second * in[2] * channels;
        for (size_t x = 0; x < out[2]; x++, output += channels) {
            struct upsampled h = duet_upsampled_from(x, out[2]);
            size_t left = h.first * channels, right = h.second * channels;
            for (size_t c = 0; c < channels; c++)
                output[c] = mean_of_four(top[left + c], top[right + c], bottom[left + c], bottom[right + c]);
        }
    }
}

/* float32 to bytes on the scale of the layer that they are the result of. */
static void convert(const struct work *w, struct share rows)
{
    const size_t *out = duet_dims(w, w->step->output), row = out[2] * out[3];
    const struct duet_rescale r = duet_rescale_from(1, 0, numbers_of(w, w->step->output));
    const float *input = duet_result(w, w->step->inputs[0]);
    uint8_t *output = duet_result(w, w->step->output);
    for (size_t i = rows.begin * row; i < rows.end * row; i++)
        output[i] = duet_byte_of(&r, input[i] * r.scale);
}

const struct plain_step duet_byte_steps[STEP_KINDS] = {
    [STEP_ADD] = {"add_u8", add},
    [STEP_CONCAT] = {"concat_u8", concat},
    [STEP_GLOBAL_MEAN] = {"global_mean_u8", global_mean},
    [STEP_BROADCAST] = {"broadcast_u8", duet_broadcast},
    [STEP_UPSAMPLE] = {"upsample_u8", upsample},
    [STEP_SUBSAMPLE] = {"subsample_u8", duet_subsample},
    [STEP_CONVERT] = {"convert_f32_u8", convert},
};
