#include "heads/kinds.h"

#include <stddef.h>

#define CONFIG(kind, member)                                                                                 \
    (offsetof(struct duet_head, config) + offsetof(struct duet_##kind##_config, member))
#define WHOLE(kind, member, low, high)                                                                       \
    {                                                                                                        \
#member, DUET_FIELD_INT, CONFIG(kind, member), true, low, high                                       \
    }
#define UNIT_RANGE .scale = 2.0 / 255, .shift = -1

static const struct duet_head_type types[DUET_HEAD_KINDS] = {
    [DUET_SSDLITE] = {"ssdlite",
                      DUET_DETECTION,
                      1,
                      {.input = {300, 300, DUET_STRETCH, UNIT_RANGE},
                       .output_stride = 32,
                       .taps = {{.layer = "backbone.block13.expand"}, {.layer = "backbone.conv_1"}},
                       .tap_count = 2,
                       .config.ssdlite = {90}},
                      {WHOLE(ssdlite, classes, 1, 10000)},
                      duet_ssdlite_build},
    [DUET_DEEPLABV3] = {"deeplabv3",
                        DUET_SEGMENTATION,
                        0,
                        {.input = {513, 513, DUET_PAD, UNIT_RANGE},
                         .output_stride = 16,
                         .taps = {{.stride = 32}},
                         .tap_count = 1,
                         .config.deeplabv3 = {21, 256, false}},
                        {WHOLE(deeplabv3, classes, 2, 255),
                         WHOLE(deeplabv3, depth, 1, 4096),
                         {"atrous_branches", DUET_FIELD_FLAG, CONFIG(deeplabv3, atrous_branches), false, 0,
                          0}},
                        duet_deeplabv3_build},
    [DUET_CLASSIFIER] = {"classifier",
                         DUET_CLASSIFICATION,
                         0,
                         {.input = {224, 224, DUET_STRETCH, UNIT_RANGE},
                          .output_stride = 32,
                          .taps = {{.layer = "backbone.conv_1"}},
                          .tap_count = 1,
                          .config.classifier = {1001}},
                         {WHOLE(classifier, classes, 1, 10000)},
                         duet_classifier_build},
    [DUET_GUIDED] = {"guided",
                     DUET_SEGMENTATION,
                     0,
                     {.input = {300, 300, DUET_STRETCH, UNIT_RANGE},
                      .output_stride = 32,
                      .taps = {{.layer = "backbone.block13.expand"}, {.stride = 32}, {.stride = 8}},
                      .tap_count = 3,
                      .config.guided = {0, 256, 128, 128, 32, "ssdlite", 0.05f, NULL}},
                     {WHOLE(guided, classes, 2, 255),
                      WHOLE(guided, depth, 1, 4096),
                      WHOLE(guided, lateral, 1, 4096),
                      WHOLE(guided, decoder, 1, 4096),
                      WHOLE(guided, skip, 1, 4096),
                      {"boxes_of", DUET_FIELD_TEXT, CONFIG(guided, boxes_of), true, 0, 0},
                      {"box_threshold", DUET_FIELD_FLOAT, CONFIG(guided, box_threshold), false, 0, 1}},
                     duet_guided_build},
};

static bool is_kind(enum duet_head_kind kind)
{
    return (int)kind >= 0 && kind < DUET_HEAD_KINDS;
}

const struct duet_head_type *duet_head_type(enum duet_head_kind kind)
{
    return &types[kind];
}

const char *duet_head_kind_name(enum duet_head_kind kind)
{
    return is_kind(kind) ? types[kind].name : NULL;
}

enum duet_head_task duet_head_task(enum duet_head_kind kind)
{
    return is_kind(kind) ? types[kind].task : DUET_DETECTION;
}

struct duet_head duet_head_usual(enum duet_head_kind kind)
{
    if (!is_kind(kind)) return (struct duet_head){.kind = DUET_HEAD_KINDS};
    struct duet_head head = types[kind].usual;
    head.kind = kind;
    head.name = types[kind].name;
    return head;
}

int duet_head_classes(const struct duet_head *head)
{
    return head ? head->config.ssdlite.classes : 0; /* all configs begin with it */
}

const char *duet_resize_name(enum duet_resize resize)
{
    return resize == DUET_STRETCH ? "stretch" : resize == DUET_PAD ? "pad" : NULL;
}
