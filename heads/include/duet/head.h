/* head.h: a head as a model file describes it: of which kind it is, what it is fed, which features of the
 * trunk it takes, and what its classes are called. */
#ifndef DUET_HEAD_H
#define DUET_HEAD_H

#include "duet/classifier.h"
#include "duet/deeplabv3.h"
#include "duet/guided.h"
#include "duet/results.h"
#include "duet/ssdlite.h"

DUET_C_BEGIN

/* How a picture comes to fill the input. */
enum duet_resize {
    DUET_STRETCH, /* to the input's size, the aspect ratio not kept, by bilinear interpolation without
                   * half-pixel centres */
    DUET_PAD /* in the top left corner; one that is too large is scaled down, by the mean of the area that
              * each pixel covers; the rest is 0, the mean colour */
};
DUET_API const char *duet_resize_name(enum duet_resize resize); /* "stretch", "pad"; NULL: no such thing */

/* A byte of the picture becomes byte * scale + shift, as the graphs do that the heads come from: DUET_STRETCH
 * multiplies by f32(scale), DUET_PAD divides by f32(1 / scale). */
struct duet_head_input {
    int width, height; /* pixels, 1 .. 8192: what the head was made for */
    enum duet_resize resize;
    double scale, shift; /* 2/255 and -1: [-1, 1] */
};

/* Features that a head takes: a layer by its name, or (NULL) the last block of the trunk at that stride: 2,
 * 4, 8, 16 and 32 are blocks 0, 2, 5, 12 and 16, whatever the output stride makes of them. */
struct duet_tap {
    const char *layer;
    int stride;
};
#define DUET_MAX_TAPS 8

enum duet_head_kind { DUET_SSDLITE, DUET_DEEPLABV3, DUET_CLASSIFIER, DUET_GUIDED, DUET_HEAD_KINDS };
enum duet_head_task { DUET_DETECTION, DUET_SEGMENTATION, DUET_CLASSIFICATION };

/* "ssdlite", "deeplabv3", "classifier", "guided". NULL for what is no kind. */
DUET_API const char *duet_head_kind_name(enum duet_head_kind kind);
/* What a head of that kind does; DUET_GUIDED segments. */
DUET_API enum duet_head_task duet_head_task(enum duet_head_kind kind);

/* Borrowed from what handed it out, with all that it points to. May grow at its end. */
struct duet_head {
    enum duet_head_kind kind;
    /* First part of the names of its layers and outputs ("ssdlite.box0"): 1 to 32 letters, digits, '_' and
     * '-'; another one for each head of a model. */
    const char *name;
    struct duet_labels
        labels; /* ids ascending from 0, of DUET_SSDLITE from 1; not every class needs a name */
    struct duet_head_input input;
    int output_stride; /* of the trunk that it was made for: 8, 16 or 32 */
    struct duet_tap taps[DUET_MAX_TAPS];
    int tap_count; /* as many as its kind takes, see duet_head_usual */
    union {
        struct duet_ssdlite_config ssdlite;
        struct duet_deeplabv3_config deeplabv3;
        struct duet_classifier_config classifier;
        struct duet_guided_config guided;
    } config; /* that of its kind */
};

/* A head of that kind as it was published: 300x300 pixels and 90 classes for DUET_SSDLITE (0 for DUET_GUIDED,
 * whose lists are missing), and so on; to be changed where another one differs. For what is no kind: zeros,
 * and DUET_HEAD_KINDS. */
DUET_API struct duet_head duet_head_usual(enum duet_head_kind kind);

/* The layers that the head's taps name, into nodes[0 .. count-1]; `count` is what its kind takes. Errors:
 * DUET_BAD_ARGUMENT (another number, no such layer, one that is made of a side input, no such stride; the
 * text begins with the field), DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_head_taps(const struct duet_network *network,
                                         const struct duet_mobilenet_v2 *backbone,
                                         const struct duet_head *head, duet_node *nodes, int count,
                                         struct duet_error *error);

/* How many classes it tells apart, as its config has it; 0 for NULL. */
DUET_API int duet_head_classes(const struct duet_head *head);

DUET_C_END
#endif
