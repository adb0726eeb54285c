/* golden.h: what the tests against reference outputs share. */
#ifndef DUET_GOLDEN_H
#define DUET_GOLDEN_H

#include "support/testing.h"

#include "core/os.h"
#include "data/moving/frames.h"
#include "duet/model.h"
#include "kernels/kernels.h"

#include <math.h>

/* The named model of this build, or NULL with a word why not. Owned: duet_model_close. */
static inline struct duet_model *golden_model(const char *name)
{
    const char *build = getenv("DUET_BUILD_DIR");
    struct duet_error e;
    struct duet_model *model = NULL;
    char path[4500];
    snprintf(path, sizeof path, "%s/models/%s.safetensors", build ? build : "build", name);
    if (duet_model_open(path, &model, &e) != DUET_OK) fprintf(stderr, "# skipped: %s\n", e.text);
    return model;
}

/* golden/FOLDER/NAME.EXTENSION as floats. Owned: duet_bytes_close. */
static inline struct duet_bytes golden_floats(const char *shared, const char *folder, const char *name,
                                              const char *extension, size_t count)
{
    char path[4500];
    struct duet_error e;
    struct duet_bytes bytes;
    snprintf(path, sizeof path, "%s/golden/%s/%s.%s", shared, folder, name, extension);
    assert_ok(duet_read_file(path, (size_t)1 << 30, &bytes, &e), e);
    assert_int_equal(bytes.size, count * sizeof(float));
    return bytes;
}

/* Owned: duet_image_close. */
static inline struct duet_image golden_image(const char *shared, const char *folder, const char *name,
                                             const char *extension)
{
    char path[4500];
    struct duet_error e;
    struct duet_frames *frames;
    struct duet_image image;
    bool more;
    snprintf(path, sizeof path, "%s/golden/%s/%s.%s", shared, folder, name, extension);
    struct duet_frames_options options = {0};
    assert_ok(duet_frames_open(path, &options, &frames, &e), e);
    assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
    assert_true(more);
    duet_frames_close(&frames);
    return image;
}

static inline double golden_difference(const float *a, const float *b, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        double d = fabs((double)a[i] - (double)b[i]);
        if (!(d <= most)) most = d; /* a NaN shows */
    }
    return most;
}

#endif
