/* A libFuzzer target: any bytes as a picture. See CMakeLists.txt here for how to run it. */
#include "support/pictures.h"

#include "data/moving/frames.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Decode all frames; every byte of a picture is touched, so that sanitizers see what was not written. */
static unsigned decode(const uint8_t *data, size_t size, enum duet_exif exif)
{
    struct duet_frames_options options = {.picture.exif = exif, .picture.max_pixels = 1 << 16};
    struct duet_frames *frames;
    struct duet_error error;
    struct duet_image image;
    bool more = true;
    unsigned sum = 0;
    if (duet_frames_open_bytes(data, size, "fuzz", &options, &frames, &error) != DUET_OK) return 0;
    while (more) {
        if (duet_frames_next(frames, &image, NULL, &more, &error) != DUET_OK && (more || image.pixels))
            abort();
        for (int y = 0; y < image.height; y++)
            for (int x = 0; x < image.width * 3; x++) sum += duet_image_row(&image, y)[x];
        duet_image_close(&image);
    }
    duet_frames_close(&frames);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static volatile unsigned sink;
    setenv("DUET_VIDEO_MODULE", "/none", 0); /* FFmpeg is fuzzed by others, and takes most of the time */
    uint8_t *mended = malloc(size + !size);  /* no mutation of a PNG gets past its checksums otherwise */
    memcpy(mended, data, size);
    picture_mend_png(mended, size);
    sink = decode(mended, size, size % 2 ? DUET_EXIF_APPLY : DUET_EXIF_IGNORE);
    free(mended);
    (void)sink;
    return 0;
}
