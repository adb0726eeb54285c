/* random_weights.h: weights for any network description, of a size that keeps activations in range. */
#ifndef DUET_RANDOM_WEIGHTS_H
#define DUET_RANDOM_WEIGHTS_H

#include "support/testing.h"

#include "duet/network.h"

#include <math.h>

static inline float random_weight(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (float)((double)(*state >> 33) / 1073741824.0 - 1.0);
}

static inline void add_random(struct duet_weights *weights, const char *layer, const char *part,
                              const struct duet_shape *shape, float scale, uint64_t *state)
{
    struct duet_error e;
    char name[300];
    size_t count;
    assert_true(duet_shape_elements(shape, &count));
    float *data = malloc(count * sizeof *data);
    assert_non_null(data);
    for (size_t i = 0; i < count; i++) data[i] = random_weight(state) * scale;
    snprintf(name, sizeof name, "%s.%s", layer, part);
    assert_ok(duet_weights_add(weights, name, DUET_F32, shape, data, &e), e);
    free(data);
}

/* The same seed gives the same weights. Owned: duet_weights_close. */
static inline struct duet_weights *random_weights(const struct duet_network *network, uint64_t seed)
{
    struct duet_error e;
    struct duet_weights *weights;
    assert_ok(duet_weights_create(&weights, &e), e);
    for (int i = 0; i < duet_network_layer_count(network); i++) {
        const struct duet_layer *layer = duet_network_layer(network, i);
        struct duet_shape shape = duet_network_weight_shape(network, i);
        if (shape.rank == 0) continue;
        size_t fan_in = layer->op == DUET_OP_DEPTHWISE ? 9
                                                       : (size_t)(layer->kernel * layer->kernel) *
                                                             (size_t)duet_network_input_channels(network, i);
        add_random(weights, layer->name, "weight", &shape, 2.5f / sqrtf((float)fan_in), &seed);
        add_random(weights, layer->name, "bias", &(struct duet_shape){1, {(size_t)layer->channels}}, 0.5f,
                   &seed);
    }
    return weights;
}

/* The same weights but for depthwise layers, most of whose channels are made dead: all of layer `victim`.
 * Owned alike. */
static inline struct duet_weights *with_dead_channels(const struct duet_weights *weights, const char *victim)
{
    struct duet_error e;
    struct duet_weights *copy;
    uint64_t seed = 3;
    assert_ok(duet_weights_create(&copy, &e), e);
    for (size_t i = 0; i < duet_weights_count(weights); i++) {
        const struct duet_tensor *t = duet_weights_at(weights, i);
        size_t count, channels = t->shape.dims[t->shape.rank - 1];
        assert_true(duet_shape_elements(&t->shape, &count));
        float *data = malloc(count * sizeof *data);
        assert_non_null(data);
        memcpy(data, t->data, count * sizeof *data);
        bool depthwise = strstr(t->name, ".depthwise."), bias = strstr(t->name, ".bias");
        for (size_t k = 0; depthwise && k < count; k++)
            if (strstr(t->name, victim) || k % channels % 5 != 0)
                data[k] = bias ? -0.5f : random_weight(&seed) / 200; /* at most 9 * 6 / 200 = 0.27 */
        assert_ok(duet_weights_add(copy, t->name, DUET_F32, &t->shape, data, &e), e);
        free(data);
    }
    return copy;
}

#endif
