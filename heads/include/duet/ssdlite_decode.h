/* ssdlite_decode.h: raw head outputs to detections, as TensorFlow's SSD post-processing does it
 * (ssdlite_mobilenet_v2_coco.config: batch_non_max_suppression).
 *
 * Per class: candidates that score above the threshold; greedy NMS on boxes that are not yet clipped, the
 * lower anchor first among equals; at most max_per_class. Then all classes together, highest score first;
 * boxes clipped to the picture, empty ones dropped, at most max_detections.
 */
#ifndef DUET_SSDLITE_DECODE_H
#define DUET_SSDLITE_DECODE_H

#include "duet/nms.h"
#include "duet/results.h"

DUET_C_BEGIN

/* No field has a default here: duet_detector_options has. */
struct duet_ssdlite_decoder_options {
    int classes;        /* without background */
    float threshold;    /* detections score above it */
    float nms_iou;      /* overlap above which the lower score goes */
    int max_per_class;  /* 0 and less: none */
    int max_detections; /* of a picture */
    const float
        *thresholds; /* [classes + 1], each in the place of `threshold`; NULL: that one for all. Copied */
    const bool *selected; /* [classes + 1], [0] unused; NULL: all classes. Copied */
};

/* Outputs of one feature map. */
struct duet_ssdlite_map {
    int height, width;
    const float *boxes;  /* [height * width * A][4] */
    const float *logits; /* [height * width * A][classes + 1], background first */
};

/* Takes normalised coordinates (0..1 over the network's input) to the picture's pixels: pixel = normalised *
 * scale + offset. */
struct duet_affine {
    float scale_x, scale_y, offset_x, offset_y;
    float width, height; /* of the picture: boxes are clipped to it */
};

struct duet_ssdlite_decoder; /* opaque: anchors and scratch; one thread at a time */

/* `sizes`: height and width of each map (its pointers are not read). Errors: DUET_BAD_ARGUMENT (no
 * classes, sides or counts out of range), DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_ssdlite_decoder_create(const struct duet_ssdlite_decoder_options *options,
                                                      const struct duet_ssdlite_map sizes[DUET_SSDLITE_MAPS],
                                                      int input_height, int input_width,
                                                      struct duet_ssdlite_decoder **decoder,
                                                      struct duet_error *error);
/* Accepts NULL; sets *decoder to NULL. */
DUET_API void duet_ssdlite_decoder_close(struct duet_ssdlite_decoder **decoder);

/* Of all maps together: 1917 for 300x300. */
DUET_API int duet_ssdlite_decoder_anchor_count(const struct duet_ssdlite_decoder *decoder);

/* category_id is the class's column; labels are left NULL. *detections is owned by the caller.
 * Errors: DUET_BAD_ARGUMENT (maps of another size), DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_ssdlite_decode(struct duet_ssdlite_decoder *decoder,
                                              const struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS],
                                              struct duet_affine to_pixels,
                                              struct duet_detections *detections, struct duet_error *error);

/* Why there are not more: what suppression threw away because of each of `detections`, which
 * duet_ssdlite_decode found with the same decoder, maps and to_pixels (see duet_detector_suppressed).
 * *suppressions is owned by the caller. Errors: those of duet_ssdlite_decode. */
DUET_API enum duet_status duet_ssdlite_suppressed(struct duet_ssdlite_decoder *decoder,
                                                  const struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS],
                                                  struct duet_affine to_pixels,
                                                  const struct duet_detections *detections,
                                                  struct duet_suppressions *suppressions,
                                                  struct duet_error *error);

DUET_C_END
#endif
