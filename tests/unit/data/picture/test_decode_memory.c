/* What decoding takes, and what it gives back when there is no more to be had. */
#include "support/memory.h"
#include "support/pictures.h"
#include "support/testing.h"

#include "data/moving/frames.h"

static enum duet_status decode(struct picture p, struct duet_image *image, struct duet_error *error)
{
    struct duet_frames *frames;
    bool more;
    *image = (struct duet_image){0};
    enum duet_status status = duet_frames_open_bytes(p.data, p.size, "x", NULL, &frames, error);
    if (status == DUET_OK) status = duet_frames_next(frames, image, NULL, &more, error);
    duet_frames_close(&frames);
    return status;
}

/* With the fail_at-th allocation failing: the error, or (libjpeg tries again with less) the whole picture.
 * False when there were fewer. */
static bool check_failing(const char *name, struct picture p, long fail_at, const struct duet_image *whole)
{
    struct duet_error e = {.text = ""};
    struct duet_image image;
    memory_watch(fail_at);
    enum duet_status status = decode(p, &image, &e);
    struct duet_image seen = image;
    bool same = status == DUET_OK && image.width == whole->width && image.height == whole->height &&
                memcmp(image.pixels, whole->pixels, whole->stride * (size_t)whole->height) == 0;
    duet_image_close(&image);
    struct memory_report report = memory_unwatch();
    if (report.blocks != 0) fail_msg("%s: allocation %ld fails: %ld leaks", name, fail_at, report.blocks);
    if (status == DUET_OK && !same)
        fail_msg("%s: allocation %ld fails: another picture, %dx%d", name, fail_at, seen.width, seen.height);
    if (status != DUET_OK && (status != DUET_OUT_OF_MEMORY || strncmp(e.text, "x: ", 3) != 0))
        fail_msg("%s: allocation %ld fails: %s, %s", name, fail_at, duet_status_name(status), e.text);
    return report.calls >= fail_at;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (int i = 0; i < picture_count; i++) {
        const char *name;
        struct picture p = picture_at(i, &name);
        struct duet_error e;
        struct duet_image whole;
        assert_ok(decode(p, &whole, &e), e);
        long fail_at = 1;
        while (check_failing(name, p, fail_at, &whole)) fail_at++;
        assert_true(fail_at > 3);
        duet_image_close(&whole);
        free(p.data);
    }
}

static void refused_pictures_leave_nothing_behind(void **state)
{
    (void)state;
    for (int i = 0; i < picture_count; i++) {
        const char *name;
        struct picture p = picture_at(i, &name);
        for (size_t size = 0; size < p.size; size++) {
            struct duet_error e;
            struct duet_image image;
            memory_watch(0);
            enum duet_status status = decode((struct picture){p.data, size}, &image, &e);
            duet_image_close(&image); /* there is one when only the end marker is missing */
            struct memory_report report = memory_unwatch();
            assert_true(status == DUET_BAD_FORMAT || (status == DUET_OK && size + 70 > p.size));
            if (report.blocks != 0) fail_msg("%s: %zu bytes: %ld leaks", name, size, report.blocks);
        }
        free(p.data);
    }
}

/* What duet_frames_cost says of a picture, less its file. */
static size_t cost_of(struct picture p)
{
    struct duet_error e;
    struct duet_frames *frames;
    assert_ok(duet_frames_open_bytes(p.data, p.size, "x", NULL, &frames, &e), e);
    size_t cost = duet_frames_cost(frames);
    duet_frames_close(&frames);
    assert_true(cost > p.size);
    return cost - p.size;
}

/* The most a 640x480 picture takes beside its image, which is told before. */
static void check_peak(const char *kind, struct picture p, ptrdiff_t limit)
{
    struct duet_error e;
    struct duet_image image;
    size_t cost = cost_of(p);
    memory_watch(0);
    assert_ok(decode(p, &image, &e), e);
    struct memory_report report = memory_unwatch();
    ptrdiff_t beside = report.peak_size - (ptrdiff_t)image.stride * image.height;
    fprintf(stderr, "# 640x480 %s: %td bytes beside the image\n", kind, beside);
    assert_true(beside > 0 && beside < limit);
    assert_in_range(cost, report.peak_size, report.peak_size + 200000);
    duet_image_close(&image);
    free(p.data);
}

static void decoding_takes_little_beside_the_image(void **state)
{
    (void)state;
    enum { WIDTH = 640, HEIGHT = 480 };
    uint8_t *pixels = malloc(WIDTH * HEIGHT * 3);
    uint64_t random = 3;
    for (int i = 0; i < WIDTH * HEIGHT * 3; i++) pixels[i] = (uint8_t)(picture_random(&random) & 63);
    struct picture_jpeg jpeg = {.width = WIDTH, .height = HEIGHT, .in = JCS_RGB, .stored = JCS_YCbCr};
    check_peak("JPEG", picture_jpeg(&jpeg, pixels), 200000);
    jpeg.progressive = true; /* all its coefficients, 2 bytes each: 1.5 samples a pixel */
    check_peak("progressive JPEG", picture_jpeg(&jpeg, pixels), 200000 + WIDTH * HEIGHT * 3);
    struct picture_png png = {WIDTH, HEIGHT, 8, PNG_COLOR_TYPE_RGB, .exif = NULL};
    check_peak("PNG", picture_png(&png, pixels), 200000);
    free(pixels);
}

int main(void)
{
    setenv("DUET_VIDEO_MODULE", "/no/module", 1); /* what FFmpeg keeps for good is another matter */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(refused_pictures_leave_nothing_behind),
        cmocka_unit_test(decoding_takes_little_beside_the_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
