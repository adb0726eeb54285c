#include "duet/guided.h"

#include "core/fail.h"
#include "duet/head.h"

#include <stdio.h>

#define BOX_SCALE (4.0f / 255) /* the heat map is a byte; its weights were learned on 0 .. 4 */

/* The network being built, and what begins its layers' names. */
struct builder {
    struct duet_network *network;
    const char *head;
    char name[96];
};

/* "guided.context0.project". */
static const char *named(struct builder *b, const char *part)
{
    snprintf(b->name, sizeof b->name, "%s.%s", b->head, part);
    return b->name;
}

static duet_node pointwise(struct builder *b, duet_node input, const char *part, int channels)
{
    return duet_network_conv(
        b->network, input,
        (struct duet_conv){
            .name = named(b, part), .channels = channels, .activation = DUET_RELU, .batch_norm = true});
}

static duet_node depthwise(struct builder *b, duet_node input, const char *part, int rate)
{
    return duet_network_depthwise(
        b->network, input,
        (struct duet_conv){
            .name = named(b, part), .rate = rate, .activation = DUET_RELU, .batch_norm = true});
}

/* input + ReLU(1x1(ReLU(depthwise input))): what is added cannot be negative. */
static duet_node residual(struct builder *b, duet_node input, const char *part, int rate, int channels)
{
    char name[64];
    snprintf(name, sizeof name, "%s.depthwise", part);
    duet_node node = depthwise(b, input, name, rate);
    snprintf(name, sizeof name, "%s.project", part);
    node = pointwise(b, node, name, channels);
    snprintf(name, sizeof name, "%s.add", part);
    return duet_network_add(b->network, named(b, name), input, node);
}

static duet_node concat(struct builder *b, const char *part, const duet_node *inputs, int count)
{
    return duet_network_concat(b->network, named(b, part), inputs, count);
}

static duet_node upsample(struct builder *b, const char *part, duet_node input, duet_node like)
{
    return duet_network_upsample(b->network, named(b, part), input, like);
}

/* The middle of the trunk, what lies above it and the boxes become one map at the middle's size: to each of
 * its pixels the mean of the deepest features is added, as DeepLabv3's image pooling does. */
static duet_node fuse(struct builder *b, const struct duet_guided_config *c, duet_node middle, duet_node deep,
                      duet_node boxes)
{
    duet_node parts[3] = {pointwise(b, middle, "lateral", c->lateral), pointwise(b, deep, "deep", c->depth)};
    parts[1] = upsample(b, "deep_features", parts[1], middle);
    parts[2] = duet_network_subsample(b->network, named(b, "boxes_half"), boxes);
    duet_node joined = depthwise(b, concat(b, "middle", parts, 3), "fuse.depthwise", 1);
    duet_node mean = duet_network_global_mean(b->network, named(b, "pool"), deep);
    mean = duet_network_broadcast(b->network, named(b, "image_features"), mean, middle);
    const duet_node both[2] = {mean, joined};
    return pointwise(b, concat(b, "fuse.concat", both, 2), "fuse.project", c->depth);
}

static enum duet_status check_config(const struct duet_guided_config *c, struct duet_error *error)
{
    const struct {
        const char *field;
        int value, low, high;
    } fields[] = {{"classes", c->classes, 2, 255},
                  {"depth", c->depth, 1, 4096},
                  {"lateral", c->lateral, 1, 4096},
                  {"decoder", c->decoder, 1, 4096},
                  {"skip", c->skip, 1, 4096}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].value < fields[i].low || fields[i].value > fields[i].high)
            return duet_fail(error, DUET_BAD_ARGUMENT, "a guided head: %s is %d, expected %d to %d",
                             fields[i].field, fields[i].value, fields[i].low, fields[i].high);
    return DUET_OK;
}

enum duet_status duet_guided_build(struct duet_network *network, const struct duet_mobilenet_v2 *trunk,
                                   const struct duet_head *head, struct duet_error *error)
{
    DUET_NEEDS(network, error);
    DUET_NEEDS(trunk, error);
    DUET_NEEDS(head, error);
    const struct duet_guided_config *c = &head->config.guided;
    duet_node taps[3]; /* middle [n, n, .], deep [n/2, n/2, .], fine [2n, 2n, .] */
    enum duet_status status = check_config(c, error);
    if (status == DUET_OK) status = duet_head_taps(network, trunk, head, taps, 3, error);
    if (status != DUET_OK) return status;
    struct builder b = {.network = network, .head = head->name};
    const duet_node middle = taps[0], deep = taps[1], fine = taps[2];
    const struct duet_input_type bytes = {DUET_U8, BOX_SCALE, 0};
    duet_node boxes = duet_network_side_input(network, named(&b, "boxes"), c->classes - 1, fine, bytes);
    duet_node node = fuse(&b, c, middle, deep, boxes);
    node = residual(&b, node, "context0", 2, c->depth);
    node = residual(&b, node, "context1", 4, c->depth);
    node = upsample(&b, "up", pointwise(&b, node, "reduce", c->decoder), fine);
    const duet_node decoded[3] = {node, pointwise(&b, fine, "skip", c->skip), boxes};
    node = depthwise(&b, concat(&b, "decoder.concat", decoded, 3), "decoder0.depthwise", 1);
    node = pointwise(&b, node, "decoder0.project", c->decoder);
    node = residual(&b, node, "decoder1", 1, c->decoder);
    node = duet_network_conv(network, node,
                             (struct duet_conv){.name = named(&b, "logits"), .channels = c->classes});
    duet_network_output(network, named(&b, "logits"), node);
    return duet_network_check(network, error);
}
