/* networks.h: boxes and masks as the programs find them: models found and opened, classes chosen by name, one
 * or both run over each picture, one overlay drawn. What `detect` and `segment` have in common.
 *
 * A model file may have heads for both: then it is opened once, and where its heads are fed alike, both come
 * from one pass over the trunk. */
#ifndef DUET_APPS_BATCH_NETWORKS_H
#define DUET_APPS_BATCH_NETWORKS_H

#include "batch/batch.h"
#include "cli/options.h"
#include "duet/runner.h"

#define DUET_DETECT_MODEL  "ssdlite-coco"
#define DUET_SEGMENT_MODEL "deeplabv3-voc"

/* Which boxes to look for. */
struct duet_detect_settings {
    const char *model; /* NULL: see duet_networks_open */
    const char *classes, *except, *thresholds;
    double threshold, nms_iou;
    int max_detections;
    int palette; /* of the overlay: index in duet_palette_words, an enum duet_palette */
};

/* Which masks to look for, and how. */
struct duet_segment_settings {
    const char *model; /* NULL: the same */
    const char *classes, *except;
    int output_stride; /* index in duet_stride_words; see duet_segment_stride */
    int size;          /* 0: the model's */
    const char *scales;
    bool flip, no_resize;
    bool confidence; /* compute probabilities: a format or a map asks for them */
    bool probe;      /* keep what duet_segmentation_probe needs */
    double alpha;    /* of the overlay */
    int palette;     /* the same as above, where there are no boxes */
};

extern const char *const duet_palette_words[]; /* "normal", "safe" */
extern const char *const duet_stride_words[];  /* "model", "8", "16", "32" */
/* The output stride that an index of them asks for; 0: the model's own. */
int duet_segment_stride(int index);
/* What the option for it says. */
#define DUET_STRIDE_HELP                                                                                     \
    "pixels of the input to one of the network's map: 8, 16 or 32; smaller is finer and slower; model: "     \
    "that "                                                                                                  \
    "of the graph it came from"

#define DUET_DETECT_DEFAULTS                                                                                 \
    {                                                                                                        \
        .model = DUET_DETECT_MODEL, .threshold = 0.5, .nms_iou = 0.6, .max_detections = 100                  \
    }
#define DUET_SEGMENT_DEFAULTS                                                                                \
    {                                                                                                        \
        .model = DUET_SEGMENT_MODEL, .scales = "1", .confidence = true, .alpha = 0.5                         \
    }

struct duet_networks {
    const struct duet_program *program;
    const struct duet_detect_settings *detect;       /* NULL: no boxes */
    const struct duet_segment_settings *segment;     /* NULL: no masks */
    struct duet_model *detect_model, *segment_model; /* NULL: not wanted; the same one where it has both */
    /* The first worker's; the others have clones. Where one model has both heads there is `both`, and the
     * others only when duet_networks_split was called; else there is one for each that is wanted. */
    struct duet_runner *both, *boxes, *masks;
    /* What they are made from. */
    struct duet_detector_options detector;
    struct duet_segmenter_options segmenter;
    bool *classes[2]; /* of boxes, of masks: by label; NULL: all */
    float *thresholds, scales[DUET_SEGMENTER_MAX_SCALES];
    struct duet_compute_settings compute;
    size_t max_memory; /* bytes that one may take */
    bool lent;
};

/* Open the models and make the networks, within pictures' --max-memory; messages go to stderr. The settings
 * are borrowed. Where both are wanted and one of the models is not named, it is
 * that of the other if that has such a head; else it is DUET_DETECT_MODEL or DUET_SEGMENT_MODEL. Returns
 * DUET_GO_ON or an exit code; duet_networks_close either way. */
int duet_networks_open(struct duet_networks *networks, const struct duet_program *program,
                       const struct duet_detect_settings *detect, const struct duet_segment_settings *segment,
                       const struct duet_picture_settings *pictures,
                       const struct duet_compute_settings *compute);
void duet_networks_close(struct duet_networks *networks);

/* Beside `both`, a runner for each alone: for programs that leave one out now and then. */
int duet_networks_split(struct duet_networks *networks);

/* What the option for the second model says when it is not given. */
#define DUET_SECOND_MODEL(usual) "that of --model where it has both; else " usual

/* The batch's task that runs them; the caller adds what else is to be written. */
struct duet_batch_task duet_networks_task(struct duet_networks *networks);

/* What a program does with its command line when it has read it: open the networks, run the batch, close
 * them. `detect` and `segment` as above. `more` brings what else is to be written and how: pictures, runs,
 * segments_first. Returns the code to exit with. */
int duet_networks_batch(const struct duet_program *program, const struct duet_arguments *arguments,
                        const struct duet_detect_settings *detect,
                        const struct duet_segment_settings *segment,
                        const struct duet_batch_settings *settings, const struct duet_batch_task *more);

#endif
