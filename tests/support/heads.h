/* heads.h: heads as tests want them, in one line each: their input, output stride, and what their config has.
 */
#ifndef DUET_SUPPORT_HEADS_H
#define DUET_SUPPORT_HEADS_H

#include "duet/model.h"

#define SSDLITE_HEAD(width, height, ...)                                                                     \
    {                                                                                                        \
        .kind = DUET_SSDLITE, .name = "ssdlite", .input = {width, height, DUET_STRETCH, 2.0 / 255, -1},      \
        .output_stride = 32, .taps = {{.layer = "backbone.block13.expand"}, {.layer = "backbone.conv_1"}},   \
        .tap_count = 2, .config.ssdlite = {                                                                  \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define DEEPLABV3_HEAD(width, height, stride_, ...)                                                          \
    {                                                                                                        \
        .kind = DUET_DEEPLABV3, .name = "deeplabv3", .input = {width, height, DUET_PAD, 2.0 / 255, -1},      \
        .output_stride = stride_, .taps = {{.stride = 32}}, .tap_count = 1, .config.deeplabv3 = {            \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define CLASSIFIER_HEAD(width, height, ...)                                                                  \
    {                                                                                                        \
        .kind = DUET_CLASSIFIER, .name = "classifier",                                                       \
        .input = {width, height, DUET_STRETCH, 2.0 / 255, -1}, .output_stride = 32,                          \
        .taps = {{.layer = "backbone.conv_1"}}, .tap_count = 1, .config.classifier = {                       \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }

/* In the initialiser of a config outside of functions. */
#define ONE_HEAD(...) .heads = (const struct duet_head[]){__VA_ARGS__}, .head_count = 1

#endif
