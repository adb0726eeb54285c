#include "network/steps.h"

#include "network/convolve.h"

/* A 1x1 convolution, input after input: each goes on where the last one's channels ended. What a single pixel
 * at the beginning adds is the same everywhere, so it is worked out once, and the others start from it. */
static void run_pointwise(const struct work *w, int index, int worker)
{
    const struct step *s = w->step;
    const struct duet_compiled *c = w->session->compiled;
    const size_t *out = duet_dims(w, s->output);
    struct pointwise p = {.node = s->project,
                          .pixels = out[1] * out[2],
                          .output = duet_floats(w, s->output),
                          .output_stride = out[3]};
    for (int i = 0; i < s->input_count; i++, p.k0 = p.k1) {
        size_t channels = duet_dims(w, s->inputs[i])[3];
        p.k1 = p.k0 + channels;
        p.input = duet_floats(w, s->inputs[i]);
        p.input_stride = s->spread[i] ? 0 : channels;
        if (i == 0 && s->spread[0] && s->input_count > 1) {
            struct pointwise once = p;
            once.pixels = 1;
            once.output = duet_scratch(w, worker);
            duet_pointwise(c, &once, 0, out[3]);
            p.start = once.output;
        } else {
            duet_pointwise_share(c, &p, index, w->pieces);
            p.start = NULL;
        }
    }
}

void duet_step_conv(const struct work *w, int index, int worker)
{
    const struct duet_layer *layer = &w->session->compiled->layers[w->step->project];
    const size_t *out = duet_dims(w, w->step->output);
    struct share y = duet_share(out[1], index, w->pieces);
    if (layer->kernel == 1 && layer->stride == 1)
        run_pointwise(w, index, worker);
    else if (y.begin < y.end)
        duet_conv_rows(w, w->step->project, w->step->inputs[0], y.begin, y.end, 0, out[3],
                       duet_floats(w, w->step->output) + y.begin * out[2] * out[3]);
}

void duet_step_depthwise(const struct work *w, struct share rows)
{
    duet_node source = w->step->inputs[0];
    const size_t *in = duet_dims(w, source), *out = duet_dims(w, w->step->output);
    float *output = duet_floats(w, w->step->output) + rows.begin * out[2] * out[3];
    struct depthwise_rows part = {duet_floats(w, source), in[1], in[3], rows.begin, rows.end, output, out[3]};
    duet_depthwise_rows(w, w->step->depthwise, source, &part, 0, out[3]);
}
