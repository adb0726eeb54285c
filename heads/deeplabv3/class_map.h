/* class_map.h: logits of a coarse map to a class and a probability for every pixel, without ever storing the
 * upsampled logits. Internal to heads. */
#ifndef DUET_HEADS_DEEPLABV3_CLASS_MAP_H
#define DUET_HEADS_DEEPLABV3_CLASS_MAP_H

#include "kernels/upsample.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a pixel row or column lies between two of the map: at low * (1 - fraction) + (low + 1) * fraction. */
struct map_tap {
    uint32_t low;
    float fraction;
};

/* Pixel i of `count` lies at position i * pitch + offset of an input, whose positions 0 and `last` the first and
 * the last of the map's `cells` have. Positions are clamped to these. */
void duet_map_taps(size_t count, float pitch, float offset, float last, size_t cells, struct map_tap *taps);

/* A coarse map [height][width][classes]. */
struct logit_map {
    const float *logits;
    size_t height, width, classes;
    bool mirrored; /* its columns run from right to left */
    duet_upsample_fn *upsample;
};

/* Floats of scratch that the two functions below need: row buffers of one worker. */
size_t duet_map_scratch(const struct logit_map *map, size_t pixels);

/* One pixel row: the best class of each pixel (the lowest among equals) and, unless NULL, its softmax
 * probability. */
void duet_map_argmax_row(const struct logit_map *map, struct map_tap row, const struct map_tap *columns,
                         size_t pixels, float *scratch, uint8_t *classes, float *probability);

/* One pixel row: softmax over classes added to sums[classes][pixels]; and the best class by these logits. */
void duet_map_softmax_row(const struct logit_map *map, struct map_tap row, const struct map_tap *columns,
                          size_t pixels, float *scratch, uint8_t *classes, float *sums);

#endif
