#include "runner/today.h"

#include <stdlib.h>

const char *duet_head_kind_name(enum duet_head_kind kind)
{
    static const char *const names[DUET_HEAD_KINDS] = {"ssdlite", "deeplabv3", "classifier", "guided"};
    return names[kind];
}

enum duet_task duet_head_task(enum duet_head_kind kind)
{
    return kind == DUET_SSDLITE      ? DUET_DETECTION
           : kind == DUET_CLASSIFIER ? DUET_CLASSIFICATION
                                     : DUET_SEGMENTATION;
}

static void free_heads(struct duet_kept *kept)
{
    free(kept);
}

struct heads *duet_heads_of(const struct duet_model *model)
{
    struct heads *all = calloc(1, sizeof *all);
    if (!all) return NULL;
    duet_kept_init(&all->kept, free_heads);
    struct duet_head *heads = all->items;
    const struct duet_model_config *c = duet_model_config(model);
    int count = 0, side = c->input_width > c->input_height ? c->input_width : c->input_height;
    if (c->has_ssdlite)
        heads[count++] =
            (struct duet_head){.kind = DUET_SSDLITE,
                               .name = "ssdlite",
                               .labels = c->ssdlite_labels,
                               .input = {c->input_width, c->input_height, DUET_STRETCH, 2 / 255.0, -1},
                               .output_stride = 32,
                               .config.ssdlite = c->ssdlite};
    if (c->has_deeplabv3)
        heads[count++] = (struct duet_head){.kind = DUET_DEEPLABV3,
                                            .name = "deeplabv3",
                                            .labels = c->deeplabv3_labels,
                                            .input = {side, side, DUET_PAD, 2 / 255.0, -1},
                                            .output_stride = duet_model_output_stride(c),
                                            .config.deeplabv3 = c->deeplabv3};
    if (c->has_classifier)
        heads[count++] =
            (struct duet_head){.kind = DUET_CLASSIFIER,
                               .name = "classifier",
                               .labels = c->classifier_labels,
                               .input = {c->input_width, c->input_height, DUET_STRETCH, 2 / 255.0, -1},
                               .output_stride = 32,
                               .config.classifier = c->classifier};
    all->count = count;
    return all;
}
