/* segmenter.h: pictures to class maps. */
#ifndef DUET_SEGMENTER_H
#define DUET_SEGMENTER_H

#include "duet/image.h"
#include "duet/model.h"
#include "duet/results.h"
#include "duet/run.h"

DUET_C_BEGIN

/* The scales that the published multi-scale scores were measured with. */
#define DUET_SEGMENTER_SCALES                                                                                \
    {                                                                                                        \
        0.5f, 0.75f, 1.0f, 1.25f, 1.5f, 1.75f                                                                \
    }

#define DUET_SEGMENTER_MAX_SCALES 16

/* Start from DUET_SEGMENTER_OPTIONS. */
struct duet_segmenter_options {
    size_t struct_size;  /* sizeof(struct duet_segmenter_options): lets the struct grow */
    int output_stride;   /* 8, 16 or 32; 0: what the head was made for */
    int size;            /* side of the network's input, 33 .. 8192; 0: the head's own (513x513) */
    bool no_resize;      /* pictures larger than the input are not scaled down: the input grows with them */
    const float *scales; /* mean of the probabilities over these scales, 0.1 .. 4; NULL: {1}. Copied */
    int scale_count;
    bool flip;       /* the same over the mirrored picture */
    bool confidence; /* compute probabilities too */
    /* One flag a label of the head: pixels of other classes become background; NULL: all. Copied. */
    const bool *classes;
    const char *cpu; /* kernel level, see duet_compile_options */
    bool probe;      /* keep what duet_segmentation_probe needs: the coarse logits, 33x33x21 floats (92 kB) a
                        scale for the published model at output stride 16 */
    size_t max_memory; /* bytes that its networks may take to run, together (duet_segmenter_bytes); 0: 4 GiB
                        * each */
    const char *head;  /* name or kind of the head that segments; NULL: the first */
    /* What the networks compute in; DUET_PRECISION_MODEL: what the model file says. */
    enum duet_precision precision;
};
#define DUET_SEGMENTER_OPTIONS                                                                               \
    {                                                                                                        \
        sizeof(struct duet_segmenter_options), 0, 0, false, NULL, 0, false, false, NULL, NULL, false, 0,     \
            NULL, DUET_PRECISION_MODEL                                                                       \
    }

struct duet_segmentation_logits; /* opaque */

/* What was found. Owned: end with duet_segmentation_close. */
struct duet_segmentation {
    struct duet_image classes;     /* GRAY8, the picture's size: the class of each pixel, 0 = background */
    struct duet_image confidence;  /* GRAY8: probability of that class * 255; no pixels unless asked for */
    struct duet_segments segments; /* the classes present; confidence 0 unless asked for */
    struct duet_segmentation_logits *logits; /* NULL unless asked for by options.probe */
};

/* The `count` most probable classes of pixel x, y into top[0 .. count), best first. Returns how many there
 * are: `count`, or the number of classes if that is less; 0 when no logits were kept or x, y is off the
 * picture. top[0] is the class in `classes` and its probability, times 255 and rounded, the byte in
 * `confidence`, bit for bit; only where options.classes made a pixel background, top[0] still is what the
 * network said. With scales and flip they are means, as there. Labels are borrowed from the segmentation.
 * Allocates nothing; any number of threads may ask at once. */
DUET_API int duet_segmentation_probe(const struct duet_segmentation *segmentation, int x, int y,
                                     struct duet_class_probability *top, int count);

/* Free and zero. Accepts NULL and a zeroed struct. */
DUET_API void duet_segmentation_close(struct duet_segmentation *segmentation);

struct duet_segmenter; /* opaque; one thread at a time, which is checked: see duet_segmenter_clone */

/* Holds a reference to the model: that may be closed at any time. Errors: DUET_BAD_ARGUMENT (an option out of
 * range; the text names it), DUET_UNSUPPORTED (the model has no segmentation head, or no ranges for that
 * precision), DUET_NOT_FOUND (none of that name), those of duet_compile (DUET_TOO_LARGE: max_memory). */
DUET_API enum duet_status duet_segmenter_create(const struct duet_model *model,
                                                const struct duet_segmenter_options *options,
                                                struct duet_segmenter **segmenter, struct duet_error *error);

/* A second segmenter for another thread: shares what is compiled, has memory of its own. Errors: DUET_BUSY
 * (the first is running in another thread), DUET_TOO_LARGE (max_memory), DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_segmenter_clone(const struct duet_segmenter *segmenter,
                                               struct duet_segmenter **clone, struct duet_error *error);

/* Label every pixel. Where the head's input is padded, a picture that fits into it stands in its top left
 * corner, the rest filled with the mean colour; a larger one is first scaled down so that its longer side
 * fits. `image` is RGB8. On success *segmentation is owned by the caller (duet_segmentation_close) and
 * outlives segmenter and model; it does not depend on the number of threads. Errors: DUET_BAD_ARGUMENT (not
 * RGB8, a pool of no threads), DUET_BUSY (it is running in another thread), DUET_INTERRUPTED (cancelled),
 * DUET_TOO_LARGE (no_resize and a side over 8192, max_memory), DUET_OUT_OF_MEMORY. */
DUET_API enum duet_status duet_segmenter_run(struct duet_segmenter *segmenter, const struct duet_image *image,
                                             const struct duet_run_options *options,
                                             struct duet_segmentation *segmentation,
                                             struct duet_error *error);

/* The memory that its networks take to run, in bytes: packed weights, which segmenters of a model share, are
 * not counted. NULL takes none. */
DUET_API size_t duet_segmenter_bytes(const struct duet_segmenter *segmenter);

/* What it computes in, never DUET_PRECISION_MODEL but for NULL. */
DUET_API enum duet_precision duet_segmenter_precision(const struct duet_segmenter *segmenter);

DUET_API void duet_segmenter_close(struct duet_segmenter **segmenter);

DUET_C_END
#endif
