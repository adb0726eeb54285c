#include "network/convolve.h"

#include "kernels/padding.h"

#include <math.h>

/* The activation, where the result is float32. */
static struct duet_epilogue float_epilogue(const struct duet_layer *layer)
{
    return (struct duet_epilogue){.low = layer->activation == DUET_LINEAR ? -INFINITY : 0.0f,
                                  .high = layer->activation == DUET_RELU6 ? 6.0f : INFINITY,
                                  .output = DUET_F32};
}

/* What becomes of the sums of `node` from channel c0 on, which `output` has as its result. */
static struct duet_epilogue epilogue_of(const struct duet_compiled *c, duet_node node, duet_node output,
                                        size_t c0)
{
    const struct duet_layer *layer = &c->layers[node];
    const struct duet_numbers *n = &c->plan.numbers[output];
    struct duet_epilogue e = float_epilogue(layer);
    if (!c->plan.numbers[node].integers) return e;
    e.scales = c->packed.layers[node].scales + c0;
    e.output = c->plan.info[output].dtype;
    if (e.output == DUET_F32) return e;
    e.zero = n->zero_point;
    e.low = layer->activation == DUET_LINEAR ? (float)-e.zero : 0.0f;
    e.high = (float)(255 - e.zero);
    float six = (float)nearbyint(6.0 / (double)n->scale);
    if (layer->activation == DUET_RELU6 && six < e.high) e.high = six;
    return e;
}

/* The same of an addition: what was there before, in bytes, joins the sums. */
static struct duet_epilogue epilogue_of_sum(const struct duet_compiled *c, const struct pointwise *p,
                                            size_t c0)
{
    struct duet_epilogue e = epilogue_of(c, p->node, p->output_node, c0);
    if (p->residual && c->plan.numbers[p->node].integers) {
        const struct duet_numbers *from = &c->plan.numbers[p->residual_node],
                                  *to = &c->plan.numbers[p->output_node];
        e.residual_zero = from->zero_point;
        e.residual_scale = (float)((double)from->scale / (double)to->scale);
    }
    return e;
}

/* Bytes of a number that a convolution reads, and that it leaves. */
static size_t input_size(const struct duet_compiled *c, duet_node node)
{
    return c->plan.numbers[node].integers ? 1 : sizeof(float);
}

static size_t output_size(const struct duet_compiled *c, const struct pointwise *p)
{
    return p->sums ? sizeof(int32_t) : duet_plan_size(&c->plan, p->output_node);
}

/* Numbers of an array from number `index` on, each of `size` bytes; NULL stays NULL. */
static const void *from(const void *numbers, size_t index, size_t size)
{
    return numbers ? (const char *)numbers + index * size : NULL;
}

void duet_pointwise(const struct duet_compiled *c, const struct pointwise *p, size_t c0, size_t c1)
{
    const struct duet_layer *layer = &c->layers[p->node];
    const struct packed_layer *packed = &c->packed.layers[p->node];
    const struct duet_conv1x1_kernel *kernel = &duet_layer_kernels(c, p->node)->conv1x1;
    const size_t panel = kernel->packing.panel;
    const size_t panel_stride = duet_packed_depth(&kernel->packing, packed->depth) * panel;
    const bool last = p->k1 == packed->depth; /* then the chains are complete */
    struct duet_epilogue epilogue = {
        .low = -INFINITY, .high = INFINITY, .output = p->sums ? DUET_I32 : DUET_F32};
    if (last) epilogue = epilogue_of_sum(c, p, c0);
    kernel->run(&(struct duet_conv1x1_args){
        .pixels = p->pixels,
        .in_channels = p->k1 - p->k0,
        .out_channels = c1 - c0,
        .input = p->input,
        .input_stride = p->input_stride,
        .weights = from(packed->weights, c0 / panel * panel_stride + p->k0 * panel, kernel->packing.number),
        .panel_stride = panel_stride,
        .weight_zeros = from(packed->zeros, c0, sizeof *packed->zeros),
        .bias = from(p->k0 == 0 ? packed->bias : p->start, c0, sizeof(float)),
        .residual = last ? from(p->residual, c0, input_size(c, p->node)) : NULL,
        .residual_stride = (size_t)layer->channels,
        .output = p->output,
        .output_stride = p->output_stride,
        .epilogue = epilogue});
}

/* Splitting the output channels lets each worker read its own weights only; splitting the pixels, its own
 * pixels only. The larger of the two is split, as long as the shares come out nearly equal. */
static bool split_channels(size_t pixels, size_t channels, size_t panel, size_t pieces)
{
    size_t panels = (channels + panel - 1) / panel, most = (panels + pieces - 1) / pieces;
    bool even = most * pieces * 10 <= panels * 11;
    return (even && channels > pixels) || (pixels < 8 * pieces && panels >= pieces);
}

void duet_pointwise_share(const struct duet_compiled *c, const struct pointwise *p, int index, int pieces)
{
    size_t channels = (size_t)c->layers[p->node].channels;
    struct pointwise part = *p;
    if (split_channels(p->pixels, channels, DUET_CHUNK_UNIT, (size_t)pieces)) {
        struct share s = duet_share(duet_chunk_units(channels), index, pieces);
        size_t c0 = s.begin * DUET_CHUNK_UNIT, c1 = s.end * DUET_CHUNK_UNIT;
        part.output = (char *)p->output + c0 * output_size(c, p);
        if (c0 < c1) duet_pointwise(c, &part, c0, c1 < channels ? c1 : channels);
    } else {
        struct share s = duet_share(p->pixels, index, pieces);
        part.pixels = s.end - s.begin;
        part.input = from(p->input, s.begin * p->input_stride, input_size(c, p->node));
        part.residual = from(p->residual, s.begin * channels, input_size(c, p->node));
        part.output = (char *)p->output + s.begin * p->output_stride * output_size(c, p);
        if (part.pixels) duet_pointwise(c, &part, 0, channels);
    }
}

/* Row y of a 3x3 convolution from the whole tensor of layer `source`. */
static void run_conv3x3_row(const struct work *w, duet_node node, duet_node source, size_t y, size_t c0,
                            size_t c1, void *output)
{
    const struct duet_compiled *c = w->session->compiled;
    const struct duet_layer *layer = &c->layers[node];
    const struct packed_layer *packed = &c->packed.layers[node];
    const struct duet_conv3x3_kernel *kernel = &duet_layer_kernels(c, node)->conv3x3;
    const size_t *in = duet_dims(w, source), *out = duet_dims(w, node);
    const size_t pad_top = duet_same_padding(in[1], out[1], layer->stride, layer->rate);
    const size_t depth = duet_packed_depth(&kernel->packing, 9 * in[3]);
    struct duet_conv3x3_args args = {.in_width = in[2],
                                     .out_width = out[2],
                                     .in_channels = in[3],
                                     .out_channels = c1 - c0,
                                     .stride = (size_t)layer->stride,
                                     .rate = (size_t)layer->rate,
                                     .pad_left = duet_same_padding(in[2], out[2], layer->stride, layer->rate),
                                     .weights = from(packed->weights, c0 * depth, kernel->packing.number),
                                     .bias = from(packed->bias, c0, sizeof(float)),
                                     .weight_zeros = from(packed->zeros, c0, sizeof *packed->zeros),
                                     .input_zero = (uint8_t)c->plan.numbers[source].zero_point,
                                     .output = output,
                                     .epilogue = epilogue_of(c, node, node, c0)};
    for (size_t tap = 0; tap < 3; tap++) {
        size_t at = y * args.stride + tap * args.rate; /* shifted down by pad_top */
        bool inside = at >= pad_top && at - pad_top < in[1];
        args.rows[tap] = inside ? duet_number(w, source, (at - pad_top) * in[2] * in[3]) : NULL;
    }
    kernel->run(&args);
}

void duet_conv_rows(const struct work *w, duet_node node, duet_node source, size_t y0, size_t y1, size_t c0,
                    size_t c1, void *output)
{
    const struct duet_compiled *c = w->session->compiled;
    const struct duet_layer *layer = &c->layers[node];
    const size_t *in = duet_dims(w, source), *out = duet_dims(w, node);
    size_t stride = (size_t)layer->stride, channels = c1 - c0;
    struct pointwise p = {.node = node,
                          .output_node = node,
                          .pixels = out[2],
                          .input_stride = in[3] * stride,
                          .k1 = in[3],
                          .output = output,
                          .output_stride = channels};
    if (layer->kernel == 1 && stride == 1) {
        p.input = duet_number(w, source, y0 * in[2] * in[3]);
        p.pixels *= y1 - y0;
        duet_pointwise(c, &p, c0, c1);
        return;
    }
    for (size_t y = y0; y < y1; y++) {
        p.input = duet_number(w, source, y * stride * in[2] * in[3]);
        if (layer->kernel == 1)
            duet_pointwise(c, &p, c0, c1);
        else
            run_conv3x3_row(w, node, source, y, c0, c1, p.output);
        p.output = (char *)p.output + out[2] * channels * output_size(c, &p);
    }
}

void duet_depthwise_rows(const struct work *w, duet_node node, duet_node source,
                         const struct depthwise_rows *r, size_t c0, size_t c1)
{
    const struct duet_compiled *c = w->session->compiled;
    const struct duet_layer *layer = &c->layers[node];
    const struct duet_depthwise3x3_kernel *kernel = &duet_layer_kernels(c, node)->depthwise3x3;
    const size_t *in = duet_dims(w, source), *out = duet_dims(w, node);
    kernel->run(&(struct duet_depthwise3x3_args){
        .input = r->input,
        .ring_rows = r->ring_rows,
        .row_stride = in[2] * r->pixel_stride,
        .pixel_stride = r->pixel_stride,
        .in_height = in[1],
        .in_width = in[2],
        .out_width = out[2],
        .channels = c1 - c0,
        .stride = (size_t)layer->stride,
        .rate = (size_t)layer->rate,
        .pad_top = duet_same_padding(in[1], out[1], layer->stride, layer->rate),
        .pad_left = duet_same_padding(in[2], out[2], layer->stride, layer->rate),
        .weights = from(c->packed.layers[node].weights, c0, kernel->packing.number),
        .weight_stride = out[3],
        .bias = from(c->packed.layers[node].bias, c0, sizeof(float)),
        .input_zero = (uint8_t)c->plan.numbers[source].zero_point,
        .y_begin = r->y_begin,
        .y_end = r->y_end,
        .output = r->output,
        .output_stride = r->output_stride,
        .epilogue = epilogue_of(c, node, node, c0)});
}
