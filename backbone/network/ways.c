/* How steps run: in strips of rows or by channels, in how large parts, and on how many workers. */
#include "network/plan.h"

#include "core/os.h"

static size_t within(size_t low, size_t value, size_t high)
{
    return value < low ? low : value > high ? high : value;
}

struct plan_budget duet_plan_budget(size_t l1_bytes, size_t l2_bytes)
{
    size_t l1 = l1_bytes ? l1_bytes : duet_cache_bytes(1), l2 = l2_bytes ? l2_bytes : duet_cache_bytes(2);
    /* What a system tells can be nothing, or nonsense; a level 2 may be shared by cores. */
    l1 = within((size_t)16 << 10, l1 ? l1 : (size_t)32 << 10, (size_t)128 << 10);
    l2 = within((size_t)256 << 10, l2 ? l2 : (size_t)1 << 20, (size_t)2 << 20);
    return (struct plan_budget){.window = l1 * 3 / 4, .strip = l2 * 3 / 8, .plane = l2 * 9 / 64};
}

/* Channels of the tensor that the depthwise layer reads, so many that three rows of them stay in L1. */
static size_t chunk_channels(const struct plan *plan, const size_t *middle, size_t size)
{
    size_t units = plan->budget.window / (3 * middle[2] * DUET_CHUNK_UNIT * size);
    size_t all = duet_chunk_units(middle[3]);
    if (units < 1) units = 1;
    return (units < all ? units : all) * DUET_CHUNK_UNIT;
}

/* Bytes of scratch for strips of `rows` output rows. */
static size_t strip_bytes(const struct duet_network *network, const struct plan *plan, const struct step *s,
                          size_t rows, size_t *ring_rows)
{
    const struct duet_layer *layer = &network->layers[s->depthwise];
    const size_t *out = plan->info[s->depthwise].output.dims;
    size_t bytes = rows * out[2] * out[3] * duet_plan_size(plan, s->depthwise);
    *ring_rows = 0;
    if (s->expand >= 0) {
        const size_t *middle = plan->info[s->expand].output.dims;
        *ring_rows = (rows - 1) * (size_t)layer->stride + 2 * (size_t)layer->rate + 1;
        if (*ring_rows > middle[1]) *ring_rows = middle[1];
        bytes += *ring_rows * middle[2] * middle[3] * duet_plan_size(plan, s->expand) +
                 DUET_ALIGN; /* both parts are aligned */
    }
    return bytes;
}

/* By rows: as many at a time as fit the budget, at least one, and no more than there are. */
static void choose_strip(const struct duet_network *network, struct plan *plan, struct step *s)
{
    size_t height = plan->info[s->depthwise].output.dims[1];
    size_t rows = 1, ring;
    while (rows < height && strip_bytes(network, plan, s, rows + 1, &ring) <= plan->budget.strip) rows++;
    s->strip_rows = rows;
    s->scratch_bytes = strip_bytes(network, plan, s, rows, &s->ring_rows);
}

/* So many groups of channels, each expanded and filtered at once. */
static void split_channels(const struct plan *plan, struct step *s)
{
    size_t units = duet_chunk_units(plan->info[s->depthwise].output.dims[3]);
    size_t groups = (size_t)plan->split < units ? (size_t)plan->split : units;
    s->by_channels = true;
    s->chunk = s->group = (units + groups - 1) / groups * DUET_CHUNK_UNIT;
}

static void choose_way(const struct duet_network *network, struct plan *plan, struct step *s)
{
    const duet_node source = s->expand >= 0 ? s->expand : s->inputs[0];
    const size_t *middle = plan->info[source].output.dims;
    const size_t plane = middle[1] * middle[2] * duet_plan_size(plan, source);
    s->chunk = chunk_channels(plan, middle, duet_plan_size(plan, source));
    s->by_channels = plane * DUET_CHUNK_UNIT <= plan->budget.plane &&
                     plan->info[s->depthwise].bytes <= DUET_WHOLE_STRIP_BYTES;
    if (plan->split > 0 && s->expand >= 0 && s->dtype == DUET_F32) split_channels(plan, s);
    if (!s->by_channels) {
        choose_strip(network, plan, s);
    } else if (s->expand >= 0) {
        s->ring_rows = middle[1];
        s->scratch_bytes = plane * s->chunk;
    }
    s->spare_bytes =
        duet_align(plan->info[s->depthwise].output.dims[2] * s->chunk * duet_plan_size(plan, s->depthwise));
    s->scratch_bytes = s->spare_bytes + duet_align(s->scratch_bytes);
    if (s->scratch_bytes > plan->scratch_bytes) plan->scratch_bytes = s->scratch_bytes;
}

/* Room for what a leading single pixel adds to every output pixel; of bytes, for that pixel, too. */
static void choose_joined(struct plan *plan, struct step *s)
{
    s->spare_bytes = duet_align(plan->info[s->project].output.dims[3] * sizeof(float));
    s->scratch_bytes = s->spare_bytes;
    if (s->dtype == DUET_U8) s->scratch_bytes += duet_align(plan->info[s->inputs[0]].output.dims[3]);
    if (s->scratch_bytes > plan->scratch_bytes) plan->scratch_bytes = s->scratch_bytes;
}

static bool is_serial(const struct plan *plan, const struct step *s)
{
    uint64_t madds = 0;
    const duet_node layers[3] = {s->expand, s->depthwise, s->project};
    for (int i = 0; i < 3; i++)
        if (layers[i] >= 0) madds += plan->info[layers[i]].madds;
    return s->kind == STEP_GLOBAL_MEAN || (madds > 0 && madds < DUET_SERIAL_MADDS);
}

void duet_plan_ways(const struct duet_network *network, struct plan *plan)
{
    for (int i = 0; i < plan->step_count; i++) {
        struct step *s = &plan->steps[i];
        if (s->kind == STEP_SEPARABLE)
            choose_way(network, plan, s);
        else if (s->input_count > 1 && s->kind == STEP_CONV && s->add < 0)
            choose_joined(plan, s);
        s->serial = is_serial(plan, s);
    }
}
