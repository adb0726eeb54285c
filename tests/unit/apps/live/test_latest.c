#include "support/testing.h"

#include "live/latest.h"

static void read_ahead_the_last_frame_is_kept_and_the_others_are_counted(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_frames *frames;
    struct duet_latest *latest;
    struct duet_image image;
    struct duet_latest_info info;
    bool more;
    /* Three pictures one after the other, which are read at once. */
    static const char pnm[] = "P5 1 1 255\nAP5 1 1 255\nBP5 1 1 255\nC";
    assert_ok(duet_frames_open_bytes(pnm, sizeof pnm - 1, "three", NULL, &frames, &e), e);
    assert_ok(duet_latest_open(frames, &latest, &e), e);
    int64_t taken = 0, dropped = 0;
    for (;;) {
        assert_ok(duet_latest_next(latest, &image, &info, &more, &e), e);
        if (!more) break;
        taken++;
        dropped += info.dropped;
        assert_int_equal(info.info.frame, taken + dropped - 1);
        assert_int_equal(image.pixels[0], 'A' + info.info.frame);
        duet_image_close(&image);
    }
    assert_int_equal(taken + dropped, 3);
    assert_int_equal(info.info.frame, 2); /* the last one is never dropped */
    duet_latest_close(&latest);
    assert_null(latest);
    duet_latest_close(&latest);
    duet_frames_close(&frames);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_ahead_the_last_frame_is_kept_and_the_others_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
