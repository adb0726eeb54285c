/* today.h: the heads of a model as one list. Goes as soon as duet/model.h has one. Internal. */
#ifndef DUET_HEADS_RUNNER_TODAY_H
#define DUET_HEADS_RUNNER_TODAY_H

#include "core/kept.h"
#include "duet/model.h"
#include "heads/preprocess.h"

enum duet_head_kind { DUET_SSDLITE, DUET_DEEPLABV3, DUET_CLASSIFIER, DUET_GUIDED, DUET_HEAD_KINDS };
enum duet_task { DUET_DETECTION, DUET_SEGMENTATION, DUET_CLASSIFICATION };

struct duet_head_input {
    int width, height;
    enum duet_resize resize;
    double scale, shift;
};

struct duet_head {
    enum duet_head_kind kind;
    const char *name;
    struct duet_labels labels;
    struct duet_head_input input;
    int output_stride;
    union {
        struct duet_ssdlite_config ssdlite;
        struct duet_deeplabv3_config deeplabv3;
        struct duet_classifier_config classifier;
    } config;
};

struct heads {
    struct duet_kept kept;
    int count;
    struct duet_head items[3];
};

/* NULL when out of memory. */
struct heads *duet_heads_of(const struct duet_model *model);
const char *duet_head_kind_name(enum duet_head_kind kind);
enum duet_task duet_head_task(enum duet_head_kind kind);

#endif
