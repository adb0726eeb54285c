#include "network/packed.h"

#include "core/checked.h"
#include "core/fail.h"
#include "core/os.h"
#include "network/dead_channels.h"
#include "network/whole.h"
#include "weights/dequantize.h"
#include "weights/set.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Finds tensor "<layer>.<part>" and checks its shape. */
static enum duet_status find_tensor(const struct duet_weights *weights, const char *layer, const char *part,
                                    const struct duet_shape *shape, const struct duet_tensor **found,
                                    struct duet_error *error)
{
    char name[256], expected[DUET_SHAPE_TEXT], got[DUET_SHAPE_TEXT];
    snprintf(name, sizeof name, "%s.%s", layer, part);
    const struct duet_tensor *tensor = duet_weights_find(weights, name);
    if (!tensor) return duet_fail(error, DUET_NOT_FOUND, "the model has no tensor '%s'", name);
    if (!duet_shape_equal(&tensor->shape, shape))
        return duet_fail(error, DUET_MISMATCH, "tensor '%s': shape %s, expected %s", name,
                         duet_shape_text(&tensor->shape, got, sizeof got),
                         duet_shape_text(shape, expected, sizeof expected));
    *found = tensor;
    return DUET_OK;
}

static bool has_weights(const struct duet_layer *layer)
{
    return layer->op == DUET_OP_CONV || layer->op == DUET_OP_DEPTHWISE;
}

static enum duet_status check_tensors(const struct duet_network *network, const struct duet_weights *weights,
                                      int i, const struct duet_tensor **weight,
                                      const struct duet_tensor **bias, struct duet_error *error)
{
    const struct duet_layer *layer = duet_network_layer(network, i);
    struct duet_shape shape = duet_network_weight_shape(network, i);
    enum duet_status status = find_tensor(weights, layer->name, "weight", &shape, weight, error);
    if (status != DUET_OK) return status;
    struct duet_shape channels = {1, {(size_t)layer->channels}};
    return find_tensor(weights, layer->name, "bias", &channels, bias, error);
}

/* What a layer's parts take, in bytes; each is aligned. */
struct sizes {
    size_t weights;
    size_t each; /* of what there is one number a channel of: bias; of bytes scales and zeros, too */
    size_t all;
};

/* The products fit: see duet_network_account. */
static bool sizes_of(struct duet_packing packing, size_t depth, size_t columns, bool bytes, struct sizes *s)
{
    size_t each;
    return duet_mul_size(duet_packed_size(&packing, depth, columns), packing.number, &s->weights) &&
           duet_round_up_size(s->weights, DUET_ALIGN, &s->weights) &&
           duet_round_up_size(columns * sizeof(float), DUET_ALIGN, &s->each) &&
           duet_mul_size(s->each, bytes ? 3 : 1, &each) && duet_add_size(s->weights, each, &s->all);
}

/* Can the tensor's numbers be taken from where they lie? */
static bool is_ready(const struct duet_weights *weights, const struct duet_tensor *tensor)
{
    return tensor->dtype == DUET_F32 && duet_weights_has(weights, tensor);
}

/* What is packed for the first time. */
struct missing {
    size_t layers;
    size_t bytes;   /* packed */
    size_t scratch; /* bytes for the largest tensor that is not float32 in memory already */
    size_t live;    /* channels that may be listed */
};

/* Where a layer's weights come from. */
struct part {
    const struct duet_tensor *weight, *bias; /* NULL: none are needed */
    float unit;                              /* of bytes: what a result of 1 stands for */
    int depthwise; /* of a separable step's projection: its depthwise layer, if that may have dead channels;
                      or -1 */
};

/* A compilation's way through its layers. */
struct packing {
    const struct duet_network *network;
    const struct duet_weights *weights;
    const struct duet_kernels *kernels;
    const struct plan *plan;
    struct part *parts; /* a layer each */
    struct packed_weights *packed;
    struct missing missing;
    struct packed_block *block; /* for it */
    void *scratch;
    char *at;          /* where the next tensor goes */
    uint32_t *at_live; /* where the next live list goes */
};

/* Does it compute in bytes? */
static bool in_bytes(const struct packing *p, int i)
{
    return p->plan->numbers[i].integers;
}

/* How the kernel that runs a layer wants its weights. */
static struct duet_packing packing_of(const struct packing *p, int i)
{
    const struct duet_layer *layer = duet_network_layer(p->network, i);
    const struct duet_network_kernels *k = &p->kernels->of[in_bytes(p, i) ? DUET_U8 : DUET_F32];
    if (layer->op == DUET_OP_DEPTHWISE) return k->depthwise3x3.packing;
    return layer->kernel == 1 ? k->conv1x1.packing : k->conv3x3.packing;
}

static struct packed_key key_of(const struct packing *p, int i)
{
    const struct part *part = &p->parts[i];
    const struct duet_tensor *first = p->weights->tensors;
    struct packed_key key = {
        .weight = (size_t)(part->weight - first),
        .filter = part->depthwise < 0 ? SIZE_MAX : (size_t)(p->parts[part->depthwise].weight - first),
        .packing = packing_of(p, i)};
    if (in_bytes(p, i)) {
        const struct duet_numbers *input = &p->plan->numbers[duet_network_layer(p->network, i)->inputs[0]];
        key.input_scale = input->scale;
        key.input_zero = input->zero_point;
        key.output_scale = part->unit;
        if (part->depthwise >= 0) {
            input = &p->plan->numbers[duet_network_layer(p->network, part->depthwise)->inputs[0]];
            key.filter_scale = input->scale;
            key.filter_zero = input->zero_point;
        }
    }
    return key;
}

static size_t depth_of(const struct packing *p, int i)
{
    const struct duet_layer *layer = duet_network_layer(p->network, i);
    size_t taps = (size_t)layer->kernel * (size_t)layer->kernel;
    return layer->op == DUET_OP_DEPTHWISE ? taps : taps * (size_t)duet_network_input_channels(p->network, i);
}

/* --- what is there, and what is missing ---------------------------------------------------------------- */

static enum duet_status add_missing(struct packing *p, int i, struct duet_error *error)
{
    const struct duet_layer *layer = duet_network_layer(p->network, i);
    const struct part *part = &p->parts[i];
    struct missing *m = &p->missing;
    size_t depth = depth_of(p, i), biases = (size_t)layer->channels * sizeof(float), scratch;
    struct sizes sizes;
    if (in_bytes(p, i) && depth > DUET_SUM_DEPTH)
        return duet_fail(error, DUET_UNSUPPORTED,
                         "layer %s: sums of %zu products of bytes, at most %d are sure to fit in 32 bits",
                         layer->name, depth, DUET_SUM_DEPTH);
    if (!sizes_of(packing_of(p, i), depth, (size_t)layer->channels, in_bytes(p, i), &sizes) ||
        !duet_add_size(m->bytes, sizes.all, &m->bytes) || !duet_mul_size(depth, biases, &scratch))
        return duet_fail(error, DUET_TOO_LARGE, "layer %s: its weights do not fit in memory", layer->name);
    if (in_bytes(p, i))
        scratch = duet_whole_scratch(depth, (size_t)layer->channels);
    else if (is_ready(p->weights, part->weight))
        scratch = is_ready(p->weights, part->bias) ? 0 : biases;
    if (scratch > m->scratch) m->scratch = scratch;
    if (part->depthwise >= 0) m->live += depth;
    m->layers++;
    return DUET_OK;
}

static enum duet_status look_up(struct packing *p, int i, struct duet_error *error)
{
    struct part *part = &p->parts[i];
    enum duet_status status = check_tensors(p->network, p->weights, i, &part->weight, &part->bias, error);
    if (status != DUET_OK) return status;
    const struct packed_key key = key_of(p, i);
    const struct packed_layer *there = duet_store_find(p->packed->store, &key);
    if (!there) return add_missing(p, i, error);
    p->packed->layers[i] = *there;
    return DUET_OK;
}

/* --- packing ------------------------------------------------------------------------------------------- */

/* The tensor's numbers: where they lie, or put into `scratch`. */
static enum duet_status as_float(const struct packing *p, const struct duet_tensor *tensor,
                                 const float **data, struct duet_error *error)
{
    bool ready = is_ready(p->weights, tensor);
    *data = ready ? tensor->data : p->scratch;
    return ready ? DUET_OK : duet_weights_float(p->weights, tensor, p->scratch, error);
}

/* Bounded inputs, no negative outputs. */
static bool may_have_dead_channels(const struct duet_network *network, int depthwise)
{
    const struct duet_layer *layer = duet_network_layer(network, depthwise);
    const struct duet_layer *source = duet_network_layer(network, layer->inputs[0]);
    return layer->activation != DUET_LINEAR && source->activation == DUET_RELU6 && has_weights(source);
}

static bool all_finite(const float *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(numbers[i])) return false;
    return true;
}

/* Closing up what stays takes about as long a channel as 32 columns of a product. */
static bool worth_leaving_out(size_t dead, size_t live, size_t columns)
{
    return dead * columns > live * 32;
}

/* Lists the rows of a projection's weights [depth][columns] that its depthwise layer can make count, if it
 * pays to leave out the others. Zero times anything but a finite number would not be zero. */
static const uint32_t *find_live_rows(struct packing *p, int i, const float *data, size_t *depth)
{
    if (p->parts[i].depthwise < 0) return NULL;
    const int depthwise = p->parts[i].depthwise;
    const struct packed_layer *filter = &p->packed->layers[depthwise];
    const size_t columns = (size_t)duet_network_layer(p->network, i)->channels;
    const size_t live = in_bytes(p, i)
                            ? duet_live_channels_u8(*depth, filter->weights, filter->bias,
                                                    255 - key_of(p, depthwise).input_zero, p->at_live)
                            : duet_live_channels(*depth, filter->weights, filter->bias, p->at_live);
    if (!worth_leaving_out(*depth - live, live, columns)) return NULL;
    if (!in_bytes(p, i) && !all_finite(data, *depth * columns)) return NULL;
    const uint32_t *rows = p->at_live;
    p->at_live += live;
    *depth = live;
    return rows;
}

/* Weights from `data`, biases from their tensor, to where the last layer ended. */
static enum duet_status pack_data(struct packing *p, int i, const float *data, const uint32_t *live,
                                  size_t depth, struct duet_error *error)
{
    const struct duet_layer *layer = duet_network_layer(p->network, i);
    const struct duet_packing packing = packing_of(p, i);
    size_t columns = (size_t)layer->channels;
    struct sizes sizes = {0};
    sizes_of(packing, depth, columns, false, &sizes); /* fits: it did when added up */
    float *bias = (float *)(p->at + sizes.weights);
    p->packed->layers[i] = (struct packed_layer){
        .weights = p->at, .bias = bias, .live = live, .depth = depth, .bytes = sizes.all};
    const struct duet_unpacked from = {live, depth, columns, data, NULL};
    packing.pack(&from, &packing, p->at);
    enum duet_status status = as_float(p, p->parts[i].bias, &data, error);
    if (status != DUET_OK) return status;
    memset(bias, 0, sizes.each);
    memcpy(bias, data, columns * sizeof *bias);
    p->at += sizes.all;
    return DUET_OK;
}

/* The same of bytes. */
static enum duet_status pack_bytes(struct packing *p, int i, const uint32_t *live, size_t depth,
                                   struct duet_error *error)
{
    const struct duet_layer *layer = duet_network_layer(p->network, i);
    const struct packed_key key = key_of(p, i);
    struct sizes sizes = {0};
    struct whole_layer whole = {.layer = layer,
                                .weight = p->parts[i].weight,
                                .bias = p->parts[i].bias,
                                .depth = depth_of(p, i),
                                .live = live,
                                .live_depth = depth,
                                .key = &key};
    sizes_of(key.packing, depth, (size_t)layer->channels, true, &sizes); /* fits: it did when added up */
    memset(p->at + sizes.weights, 0, 3 * sizes.each);
    whole.packed_weights = p->at;
    whole.packed_bias = (int32_t *)(p->at + sizes.weights);
    whole.scales = (float *)(p->at + sizes.weights + sizes.each);
    whole.zeros = (int32_t *)(p->at + sizes.weights + 2 * sizes.each);
    enum duet_status status = duet_whole_pack(p->weights, &whole, p->scratch, error);
    p->packed->layers[i] = (struct packed_layer){.weights = whole.packed_weights,
                                                 .bias = whole.packed_bias,
                                                 .scales = whole.scales,
                                                 .zeros = whole.has_zeros ? whole.zeros : NULL,
                                                 .live = live,
                                                 .depth = depth,
                                                 .bytes = sizes.all};
    p->at += sizes.all;
    return status;
}

static void enter(struct packing *p, const struct packed_key *key, int i)
{
    p->block->entries[p->block->entry_count++] =
        (struct packed_entry){.key = *key, .layer = p->packed->layers[i]};
}

/* A projection of which nothing is left out is the whole one, under both keys. */
static enum duet_status pack_layer(struct packing *p, int i, struct duet_error *error)
{
    const float *data = NULL;
    struct packed_key key = key_of(p, i), whole = key;
    whole.filter = SIZE_MAX;
    whole.filter_scale = 0;
    whole.filter_zero = 0;
    size_t depth = depth_of(p, i);
    enum duet_status status = in_bytes(p, i) ? DUET_OK : as_float(p, p->parts[i].weight, &data, error);
    if (status != DUET_OK) return status;
    const uint32_t *live = find_live_rows(p, i, data, &depth);
    const struct packed_layer *there = live ? NULL : duet_store_find(p->packed->store, &whole);
    if (there)
        p->packed->layers[i] = *there;
    else if (in_bytes(p, i))
        status = pack_bytes(p, i, live, depth, error);
    else
        status = pack_data(p, i, data, live, depth, error);
    if (status != DUET_OK) return status;
    enter(p, &key, i);
    if (!live && !there && key.filter != SIZE_MAX) enter(p, &whole, i);
    return DUET_OK;
}

static enum duet_status pack_missing(struct packing *p, struct duet_error *error)
{
    const struct missing *m = &p->missing;
    enum duet_status status = DUET_OK;
    p->scratch = duet_alloc_pages(m->scratch);
    p->block = duet_block_create(m->bytes, m->live, m->layers * 2);
    if (!p->scratch || !p->block)
        status = duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for %zu bytes of weights", m->bytes);
    if (p->block) {
        p->at = p->block->data;
        p->at_live = p->block->live;
    }
    for (int i = 0; status == DUET_OK && i < duet_network_layer_count(p->network); i++)
        if (p->parts[i].weight && !p->packed->layers[i].weights) status = pack_layer(p, i, error);
    if (status == DUET_OK)
        duet_store_add(p->packed->store, p->block);
    else
        duet_block_close(p->block);
    free(p->scratch);
    return status;
}

/* --- all of it ----------------------------------------------------------------------------------------- */

/* What a result of 1 stands for. */
static float unit_of(const struct plan *plan, duet_node node)
{
    return plan->info[node].dtype == DUET_U8 ? plan->numbers[node].scale : 1;
}

/* What layers need to know of the steps that they are part of. */
static void pair(struct packing *p)
{
    for (int i = 0; i < duet_network_layer_count(p->network); i++) p->parts[i].depthwise = -1;
    for (int i = 0; i < p->plan->step_count; i++) {
        const struct step *s = &p->plan->steps[i];
        if (s->expand >= 0) p->parts[s->expand].unit = unit_of(p->plan, s->expand);
        if (s->depthwise >= 0) p->parts[s->depthwise].unit = unit_of(p->plan, s->depthwise);
        if (s->project >= 0) p->parts[s->project].unit = unit_of(p->plan, s->output);
        if (s->kind == STEP_SEPARABLE && may_have_dead_channels(p->network, s->depthwise))
            p->parts[s->project].depthwise = s->depthwise;
    }
}

static enum duet_status take(struct packing *p, struct duet_error *error)
{
    int count = duet_network_layer_count(p->network);
    enum duet_status status = DUET_OK;
    pair(p);
    if (!duet_store_begin(p->packed->store, duet_weights_count(p->weights)))
        return duet_no_memory(error, NULL, "for packed weights");
    for (int i = 0; status == DUET_OK && i < count; i++)
        if (p->plan->needed[i] && has_weights(duet_network_layer(p->network, i)))
            status = look_up(p, i, error);
    if (status == DUET_OK && p->missing.layers) status = pack_missing(p, error);
    duet_store_end(p->packed->store);
    for (int i = 0; status == DUET_OK && i < count; i++) p->packed->bytes += p->packed->layers[i].bytes;
    return status;
}

enum duet_status duet_packed_take(const struct duet_network *network, const struct duet_weights *weights,
                                  const struct duet_kernels *kernels, const struct plan *plan,
                                  struct packed_weights *packed, struct duet_error *error)
{
    struct packing p = {
        .network = network, .weights = weights, .kernels = kernels, .plan = plan, .packed = packed};
    size_t count = (size_t)duet_network_layer_count(network);
    p.parts = calloc(count, sizeof *p.parts);
    *packed = (struct packed_weights){.layers = calloc(count, sizeof *packed->layers),
                                      .store = duet_store_of(weights)};
    enum duet_status status = p.parts && packed->layers && packed->store
                                  ? take(&p, error)
                                  : duet_no_memory(error, NULL, "for packed weights");
    free(p.parts);
    return status;
}

void duet_packed_close(struct packed_weights *packed)
{
    free(packed->layers);
    duet_store_release(packed->store);
    *packed = (struct packed_weights){0};
}
