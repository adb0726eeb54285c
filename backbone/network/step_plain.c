/* Steps without kernels of their own. */
#include "network/steps.h"

#include <string.h>

static void add(const struct work *w, struct share rows)
{
    const size_t *out = duet_dims(w, w->step->output);
    size_t row = out[2] * out[3];
    const float *a = duet_result(w, w->step->inputs[0]), *b = duet_result(w, w->step->inputs[1]);
    float *output = duet_result(w, w->step->output);
    for (size_t i = rows.begin * row; i < rows.end * row; i++) output[i] = a[i] + b[i];
}

static void concat(const struct work *w, struct share rows)
{
    const size_t *out = duet_dims(w, w->step->output);
    size_t at = 0;
    for (int k = 0; k < w->step->input_count; k++) {
        size_t channels = duet_dims(w, w->step->inputs[k])[3];
        const float *input = duet_result(w, w->step->inputs[k]);
        float *output = duet_number(w, w->step->output, at);
        for (size_t p = rows.begin * out[2]; p < rows.end * out[2]; p++)
            memcpy(output + p * out[3], input + p * channels, channels * sizeof(float));
        at += channels;
    }
}

void duet_broadcast(const struct work *w, struct share rows)
{
    const size_t *out = duet_dims(w, w->step->output);
    const size_t bytes = out[3] * duet_plan_size(&w->session->compiled->plan, w->step->output);
    const void *input = duet_result(w, w->step->inputs[0]);
    char *output = duet_result(w, w->step->output);
    for (size_t p = rows.begin * out[2]; p < rows.end * out[2]; p++) memcpy(output + p * bytes, input, bytes);
}

static void global_mean(const struct work *w, struct share rows)
{
    const size_t *in = duet_dims(w, w->step->inputs[0]);
    const float *input = duet_result(w, w->step->inputs[0]);
    float *output = duet_result(w, w->step->output);
    size_t pixels = in[1] * in[2], channels = in[3];
    (void)rows; /* one piece: a sum in one order */
    memset(output, 0, channels * sizeof(float));
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++) output[c] += input[p * channels + c];
    for (size_t c = 0; c < channels; c++) output[c] /= (float)pixels;
}

static void upsample(const struct work *w, struct share rows)
{
    const size_t *in = duet_dims(w, w->step->inputs[0]), *out = duet_dims(w, w->step->output);
    const float *input = duet_result(w, w->step->inputs[0]);
    size_t channels = out[3];
    for (size_t y = rows.begin; y < rows.end; y++) {
        struct upsampled v = duet_upsampled_from(y, out[1]);
        float *output = duet_number(w, w->step->output, y * out[2] * channels);
        for (size_t x = 0; x < out[2]; x++, output += channels) {
            struct upsampled h = duet_upsampled_from(x, out[2]);
            const float *top = input + v.first * in[2] * channels,
                        *bottom = input + v.second * in[2] * channels;
            size_t left = h.first * channels, right = h.second * channels;
            for (size_t c = 0; c < channels; c++)
                output[c] = ((top[left + c] + top[right + c]) * 0.5f +
                             (bottom[left + c] + bottom[right + c]) * 0.5f) *
                            0.5f;
        }
    }
}

void duet_subsample(const struct work *w, struct share rows)
{
    const size_t *in = duet_dims(w, w->step->inputs[0]), *out = duet_dims(w, w->step->output);
    const size_t bytes = out[3] * duet_plan_size(&w->session->compiled->plan, w->step->output);
    char *output = duet_number(w, w->step->output, rows.begin * out[2] * out[3]);
    for (size_t y = rows.begin; y < rows.end; y++)
        for (size_t x = 0; x < out[2]; x++, output += bytes) {
            size_t row = 2 * y + (in[1] % 2 == 0), column = 2 * x + (in[2] % 2 == 0);
            memcpy(output, duet_number(w, w->step->inputs[0], (row * in[2] + column) * out[3]), bytes);
        }
}

/* Bytes to float32: of an input, or of a layer that computes in whole numbers. */
static void convert(const struct work *w, struct share rows)
{
    const struct duet_compiled *c = w->session->compiled;
    const size_t *out = duet_dims(w, w->step->output), row = out[2] * out[3];
    const duet_node from = w->step->inputs[0];
    const struct duet_input_type *type = &c->layers[from].type;
    const float scale = c->plan.numbers[from].scale;
    const int zero = c->plan.numbers[from].zero_point;
    const uint8_t *input = duet_result(w, from);
    float *output = duet_result(w, w->step->output);
    if (c->layers[from].op == DUET_OP_INPUT)
        for (size_t i = rows.begin * row; i < rows.end * row; i++)
            output[i] = (float)input[i] * type->scale + type->shift;
    else
        for (size_t i = rows.begin * row; i < rows.end * row; i++)
            output[i] = (float)(input[i] - zero) * scale;
}

const struct plain_step duet_plain_steps[STEP_KINDS] = {
    [STEP_ADD] = {"add_f32", add},
    [STEP_CONCAT] = {"concat_f32", concat},
    [STEP_GLOBAL_MEAN] = {"global_mean_f32", global_mean},
    [STEP_BROADCAST] = {"broadcast_f32", duet_broadcast},
    [STEP_UPSAMPLE] = {"upsample_f32", upsample},
    [STEP_SUBSAMPLE] = {"subsample_f32", duet_subsample},
    [STEP_CONVERT] = {"convert_u8_f32", convert},
};
