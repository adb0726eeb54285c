/* Steps without kernels of their own. */
#include "network/steps.h"

#include <string.h>

void duet_step_add(const struct work *w, struct share rows)
{
    const size_t *out = duet_dims(w, w->step->output);
    size_t row = out[2] * out[3];
    const float *a = duet_floats(w, w->step->inputs[0]), *b = duet_floats(w, w->step->inputs[1]);
    float *output = duet_floats(w, w->step->output);
    for (size_t i = rows.begin * row; i < rows.end * row; i++) output[i] = a[i] + b[i];
}

void duet_step_concat(const struct work *w, struct share rows)
{
    const size_t *out = duet_dims(w, w->step->output);
    size_t at = 0;
    for (int k = 0; k < w->step->input_count; k++) {
        size_t channels = duet_dims(w, w->step->inputs[k])[3];
        const float *input = duet_floats(w, w->step->inputs[k]);
        float *output = duet_floats(w, w->step->output) + at;
        for (size_t p = rows.begin * out[2]; p < rows.end * out[2]; p++)
            memcpy(output + p * out[3], input + p * channels, channels * sizeof(float));
        at += channels;
    }
}

void duet_step_broadcast(const struct work *w, struct share rows)
{
    const size_t *out = duet_dims(w, w->step->output);
    const float *input = duet_floats(w, w->step->inputs[0]);
    float *output = duet_floats(w, w->step->output);
    for (size_t p = rows.begin * out[2]; p < rows.end * out[2]; p++)
        memcpy(output + p * out[3], input, out[3] * sizeof(float));
}

void duet_step_global_mean(const struct work *w)
{
    const size_t *in = duet_dims(w, w->step->inputs[0]);
    const float *input = duet_floats(w, w->step->inputs[0]);
    float *output = duet_floats(w, w->step->output);
    size_t pixels = in[1] * in[2], channels = in[3];
    memset(output, 0, channels * sizeof(float));
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++) output[c] += input[p * channels + c];
    for (size_t c = 0; c < channels; c++) output[c] /= (float)pixels;
}
