/* Steps without kernels of their own. */
#include "network/steps.h"

#include <string.h>

static void add(const struct work *w, struct share rows)
{
    const size_t *out = duet_dims(w, w->step->output);
    size_t row = out[2] * out[3];
    const float *a = duet_floats(w, w->step->inputs[0]), *b = duet_floats(w, w->step->inputs[1]);
    float *output = duet_floats(w, w->step->output);
    for (size_t i = rows.begin * row; i < rows.end * row; i++) output[i] = a[i] + b[i];
}

static void concat(const struct work *w, struct share rows)
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

static void broadcast(const struct work *w, struct share rows)
{
    const size_t *out = duet_dims(w, w->step->output);
    const float *input = duet_floats(w, w->step->inputs[0]);
    float *output = duet_floats(w, w->step->output);
    for (size_t p = rows.begin * out[2]; p < rows.end * out[2]; p++)
        memcpy(output + p * out[3], input, out[3] * sizeof(float));
}

static void global_mean(const struct work *w, struct share rows)
{
    const size_t *in = duet_dims(w, w->step->inputs[0]);
    const float *input = duet_floats(w, w->step->inputs[0]);
    float *output = duet_floats(w, w->step->output);
    size_t pixels = in[1] * in[2], channels = in[3];
    (void)rows; /* one piece: a sum in one order */
    memset(output, 0, channels * sizeof(float));
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++) output[c] += input[p * channels + c];
    for (size_t c = 0; c < channels; c++) output[c] /= (float)pixels;
}

/* Where row or column p of an upsampled side lies: on `first` when both are the same, else halfway between.
 */
struct upsampled {
    size_t first, second;
};

static struct upsampled upsampled_from(size_t p, size_t side)
{
    size_t doubled = p + side % 2; /* an even side begins half a pixel before the first one */
    size_t first = doubled > 0 ? (doubled - 1) / 2 : 0;
    return (struct upsampled){first, doubled / 2};
}

static void upsample(const struct work *w, struct share rows)
{
    const size_t *in = duet_dims(w, w->step->inputs[0]), *out = duet_dims(w, w->step->output);
    const float *input = duet_floats(w, w->step->inputs[0]);
    size_t channels = out[3];
    for (size_t y = rows.begin; y < rows.end; y++) {
        struct upsampled v = upsampled_from(y, out[1]);
        float *output = duet_floats(w, w->step->output) + y * out[2] * channels;
        for (size_t x = 0; x < out[2]; x++, output += channels) {
            struct upsampled h = upsampled_from(x, out[2]);
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

static void subsample(const struct work *w, struct share rows)
{
    const size_t *in = duet_dims(w, w->step->inputs[0]), *out = duet_dims(w, w->step->output);
    const float *input = duet_floats(w, w->step->inputs[0]);
    float *output = duet_floats(w, w->step->output) + rows.begin * out[2] * out[3];
    for (size_t y = rows.begin; y < rows.end; y++)
        for (size_t x = 0; x < out[2]; x++, output += out[3]) {
            size_t row = 2 * y + (in[1] % 2 == 0), column = 2 * x + (in[2] % 2 == 0);
            memcpy(output, input + (row * in[2] + column) * out[3], out[3] * sizeof(float));
        }
}

/* U8 to F32. */
static void convert(const struct work *w, struct share rows)
{
    const size_t *out = duet_dims(w, w->step->output);
    const struct duet_input_type *type = &w->session->compiled->layers[w->step->inputs[0]].type;
    const uint8_t *input = duet_result(w, w->step->inputs[0]);
    float *output = duet_floats(w, w->step->output);
    size_t row = out[2] * out[3];
    for (size_t i = rows.begin * row; i < rows.end * row; i++)
        output[i] = (float)input[i] * type->scale + type->shift;
}

const struct plain_step duet_plain_steps[STEP_KINDS] = {
    [STEP_ADD] = {"add_f32", add},
    [STEP_CONCAT] = {"concat_f32", concat},
    [STEP_GLOBAL_MEAN] = {"global_mean_f32", global_mean},
    [STEP_BROADCAST] = {"broadcast_f32", broadcast},
    [STEP_UPSAMPLE] = {"upsample_f32", upsample},
    [STEP_SUBSAMPLE] = {"subsample_f32", subsample},
    [STEP_CONVERT] = {"convert_u8_f32", convert},
};
