/* tiny_model.h: a model file small enough to be made by every test that wants one. */
#ifndef DUET_TINY_MODEL_H
#define DUET_TINY_MODEL_H

#include "support/heads.h"
#include "support/random_weights.h"

#include "duet/image.h"
#include "heads/metadata.h"

#define TINY_MODEL_SIDE 64

/* Width 0.35, 64x64, random weights; class 3 has no name, as some of COCO's have none. Heads as asked for. */
static inline struct duet_model_config tiny_model_config(bool ssdlite, bool deeplabv3)
{
    static const struct duet_label things[] = {{1, "ant"}, {2, "bee"}, {4, "cow"}, {5, "dog"}};
    static const struct duet_label stuff[] = {{0, "background"}, {1, "sky"}, {2, "sea"}};
    static const struct duet_head heads[2] = {SSDLITE_HEAD(TINY_MODEL_SIDE, TINY_MODEL_SIDE, 5),
                                              DEEPLABV3_HEAD(TINY_MODEL_SIDE, TINY_MODEL_SIDE, 16, 3, 32, false)};
    static struct duet_head named[2];
    memcpy(named, heads, sizeof named);
    named[0].labels = (struct duet_labels){things, 4};
    named[1].labels = (struct duet_labels){stuff, 3};
    return (struct duet_model_config){.backbone = {0.35, 8},
                                      .heads = ssdlite ? named : named + 1,
                                      .head_count = ssdlite + deeplabv3,
                                      .source = {.name = "tiny"}};
}

/* Write weights for the network of `weights_of` under the metadata of `metadata_of`: twice the same config,
 * unless the file is to lie. */
static inline void tiny_model_write(const char *path, const struct duet_model_config *weights_of,
                                    const struct duet_model_config *metadata_of)
{
    struct duet_error e;
    struct duet_network *network;
    assert_ok(duet_model_network(weights_of, 0, &network, &e), e);
    struct duet_weights *weights = random_weights(network, 1);
    char *json = duet_metadata_write(metadata_of, NULL);
    assert_non_null(json);
    assert_ok(duet_weights_set_metadata(weights, json, &e), e);
    assert_ok(duet_weights_save(weights, path, &e), e);
    free(json);
    duet_weights_close(&weights);
    duet_network_close(&network);
}

/* Noise, the same for the same seed. Owned: duet_image_close. */
static inline struct duet_image tiny_picture(int width, int height, uint64_t seed)
{
    struct duet_error e;
    struct duet_image image;
    assert_ok(duet_image_create(&image, width, height, DUET_RGB8, &e), e);
    for (size_t i = 0; i < image.stride * (size_t)height; i++)
        image.pixels[i] = (uint8_t)((random_weight(&seed) + 1) * 127);
    return image;
}

#endif
