#include "network/steps.h"

#include "kernels/bytes.h"
#include "network/convolve.h"

/* Of bytes: a single pixel is brought to the scale of what it is joined with, that of layer `whole`. */
static const void *rescaled(const struct work *w, duet_node pixel, duet_node whole, void *scratch)
{
    const struct duet_numbers *from = &w->session->compiled->plan.numbers[pixel];
    const struct duet_numbers *to = &w->session->compiled->plan.numbers[whole];
    const uint8_t *bytes = duet_result(w, pixel);
    struct duet_rescale r = duet_rescale(from, to);
    for (size_t i = 0; i < duet_dims(w, pixel)[3]; i++)
        ((uint8_t *)scratch)[i] = duet_rescale_byte(&r, bytes[i]);
    return scratch;
}

/* What the single pixel at the beginning adds is the same everywhere: it is worked out once, into scratch. */
static const void *start_of(const struct work *w, const struct pointwise *first, int worker)
{
    const struct step *s = w->step;
    const struct duet_compiled *c = w->session->compiled;
    struct pointwise once = *first;
    once.pixels = 1;
    once.output = duet_scratch(w, worker);
    once.sums = s->dtype == DUET_U8;
    if (once.sums)
        once.input =
            rescaled(w, s->inputs[0], c->layers[s->project].inputs[0], (char *)once.output + s->spare_bytes);
    duet_pointwise(c, &once, 0, duet_dims(w, s->output)[3]);
    return once.output;
}

/* A 1x1 convolution, input after input: each goes on where the last one's channels ended. Where it is part of
 * an addition, the second input is the other term. */
static void run_pointwise(const struct work *w, int index, int worker)
{
    const struct step *s = w->step;
    const struct duet_compiled *c = w->session->compiled;
    const size_t *out = duet_dims(w, s->output);
    struct pointwise p = {.node = s->project,
                          .output_node = s->output,
                          .pixels = out[1] * out[2],
                          .residual = s->add >= 0 ? duet_result(w, s->inputs[1]) : NULL,
                          .residual_node = s->inputs[1],
                          .output = duet_result(w, s->output),
                          .output_stride = out[3]};
    for (int i = 0; i < (s->add >= 0 ? 1 : s->input_count); i++, p.k0 = p.k1) {
        size_t channels = duet_dims(w, s->inputs[i])[3];
        p.k1 = p.k0 + channels;
        p.input = duet_result(w, s->inputs[i]);
        p.input_stride = s->spread[i] ? 0 : channels;
        if (i == 0 && s->spread[0] && s->input_count > 1) {
            p.start = start_of(w, &p, worker);
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
    if (duet_is_pointwise(layer))
        run_pointwise(w, index, worker);
    else if (y.begin < y.end)
        duet_conv_rows(w, w->step->project, w->step->inputs[0], y.begin, y.end, 0, out[3],
                       duet_number(w, w->step->output, y.begin * out[2] * out[3]));
}

void duet_step_depthwise(const struct work *w, struct share rows)
{
    duet_node source = w->step->inputs[0];
    const size_t *in = duet_dims(w, source), *out = duet_dims(w, w->step->output);
    struct depthwise_rows part = {duet_result(w, source),
                                  in[1],
                                  in[3],
                                  rows.begin,
                                  rows.end,
                                  duet_number(w, w->step->output, rows.begin * out[2] * out[3]),
                                  out[3]};
    duet_depthwise_rows(w, w->step->depthwise, source, &part, 0, out[3]);
}
