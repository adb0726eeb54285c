/* make_heads FOLDER: small models of random numbers, for tests of the programs. Each tensor is the same in
 * all: both.safetensors   heads for boxes and masks that are fed alike: one pass over the trunk
 *   boxes.safetensors  masks.safetensors  the same trunk with one of them
 *   apart.safetensors  both, the masks fed as DeepLabv3 usually is: two passes
 *   padded.safetensors its trunk and masks
 *   guided.safetensors boxes, and masks by a head that reads them, all in one pass; weights of its own */
#include "support/random_weights.h"

#include "support/heads.h"

#include "core/os.h"
#include "heads/metadata.h"

#include <stdio.h>

enum { SIDE = 96 };

static const struct duet_label things[] = {{1, "ant"}, {2, "bee"}, {3, "cow"}, {4, "dog"}};
static const struct duet_label stuff[] = {{0, "background"}, {1, "sky"}, {2, "sea"}, {3, "big \"rock\""}};

/* Write the tensors of `all` that the config's network needs. */
static void write(const char *folder, const char *name, const struct duet_head *heads, int head_count,
                  const struct duet_weights *all)
{
    const struct duet_model_config config = {
        .backbone = {0.35, 8}, .heads = heads, .head_count = head_count, .source = {.name = name}};
    struct duet_error e;
    struct duet_network *network;
    struct duet_weights *weights;
    assert_ok(duet_model_network(&config, 0, &network, &e), e);
    assert_ok(duet_weights_create(&weights, &e), e);
    for (int i = 0; i < duet_network_layer_count(network); i++) {
        static const char *const parts[] = {"weight", "bias"};
        for (int part = 0; part < 2; part++) {
            char tensor[256];
            snprintf(tensor, sizeof tensor, "%s.%s", duet_network_layer(network, i)->name, parts[part]);
            const struct duet_tensor *t = duet_weights_find(all, tensor);
            if (t) assert_ok(duet_weights_add(weights, tensor, t->dtype, &t->shape, t->data, &e), e);
        }
    }
    char *json = duet_metadata_write(&config, NULL), *path = duet_text("%s/%s.safetensors", folder, name);
    assert_true(json && path);
    assert_ok(duet_weights_set_metadata(weights, json, &e), e);
    assert_ok(duet_weights_save(weights, path, &e), e);
    free(json);
    free(path);
    duet_weights_close(&weights);
    duet_network_close(&network);
}

/* The usual guided head, with fewer channels. */
static void write_guided(const char *folder, const struct duet_head *boxes)
{
    static const int categories[] = {1, 0, 4};
    struct duet_head heads[2] = {*boxes, duet_head_usual(DUET_GUIDED)};
    heads[1].labels = (struct duet_labels){stuff, 4};
    heads[1].input = boxes->input;
    heads[1].output_stride = boxes->output_stride;
    heads[1].config.guided = (struct duet_guided_config){.classes = 4,
                                                         .depth = 24,
                                                         .lateral = 16,
                                                         .decoder = 16,
                                                         .skip = 8,
                                                         .boxes_of = boxes->name,
                                                         .box_threshold = 0.05f,
                                                         .categories = categories};
    const struct duet_model_config config = {.backbone = {0.35, 8}, .heads = heads, .head_count = 2};
    struct duet_error e;
    struct duet_network *network;
    assert_ok(duet_model_network(&config, 0, &network, &e), e);
    struct duet_weights *weights = random_weights(network, 2);
    write(folder, "guided", heads, 2, weights);
    duet_weights_close(&weights);
    duet_network_close(&network);
}

int main(int argc, char **argv)
{
    const struct duet_head boxes = SSDLITE_HEAD(SIDE, SIDE, 4),
                           masks = DEEPLABV3_HEAD(SIDE, SIDE, 32, 4, 32, false);
    struct duet_head both[2] = {boxes, masks}, apart[2];
    struct duet_model_config config = {.backbone = {0.35, 8}, .heads = both, .head_count = 2};
    struct duet_error e;
    struct duet_network *network;
    if (argc != 2) return 2;
    both[0].labels = (struct duet_labels){things, 4};
    both[1].labels = (struct duet_labels){stuff, 4};
    memcpy(apart, both, sizeof both);
    both[1].input.resize = DUET_STRETCH;
    apart[1].output_stride = 16;
    assert_ok(duet_model_network(&config, 0, &network, &e), e);
    struct duet_weights *weights = random_weights(network, 1);
    write(argv[1], "both", both, 2, weights);
    write(argv[1], "boxes", both, 1, weights);
    write(argv[1], "masks", both + 1, 1, weights);
    write(argv[1], "apart", apart, 2, weights);
    write(argv[1], "padded", apart + 1, 1, weights);
    write_guided(argv[1], both);
    duet_weights_close(&weights);
    duet_network_close(&network);
    return 0;
}
