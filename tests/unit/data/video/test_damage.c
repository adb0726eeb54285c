/* Videos that are cut off, bent, empty, too large, or no videos; and sizes that change. */
#include "support/clips.h"
#include "support/mutation.h"
#include "support/scratch_group.h"
#include "support/testing.h"

#include "data/moving/frames.h"

#include <pthread.h>
#include <time.h>

/* A sum of a picture's size and pixels. */
static uint64_t sum_of(const struct duet_image *image)
{
    uint64_t sum = (uint64_t)image->width << 32 | (uint64_t)image->height;
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width * 3; x++) sum = sum * 31 + duet_image_row(image, y)[x];
    return sum;
}

struct outcome {
    enum duet_status status; /* DUET_OK: the end was reached */
    char text[DUET_ERROR_TEXT];
    int count;
    uint64_t sums[256];
};

static void play(const void *data, size_t size, struct outcome *outcome)
{
    struct duet_frames_options options = {.picture.max_pixels = 1 << 16};
    struct duet_frames *frames;
    struct duet_error e = {.text = ""};
    struct duet_image image;
    bool more = true;
    outcome->count = 0;
    outcome->status = duet_frames_open_bytes(data, size, "clip", &options, &frames, &e);
    while (outcome->status == DUET_OK && more && outcome->count < 256) {
        outcome->status = duet_frames_next(frames, &image, NULL, &more, &e);
        assert_true((outcome->status == DUET_OK && more) == (image.pixels != NULL));
        if (image.pixels) outcome->sums[outcome->count++] = sum_of(&image);
        duet_image_close(&image);
    }
    duet_frames_close(&frames);
    snprintf(outcome->text, sizeof outcome->text, "%s", e.text);
}

static const struct {
    struct clip clip;
    const char *name;
    bool tells; /* that it is cut off, wherever that is */
} kinds[] = {
    {{.codec = "libx264", .frames = 30, .b_frames = 2, .format_options = "movflags=faststart"},
     "fast.mp4",
     true},
    {{.codec = "mpeg4", .frames = 30}, "a.mp4", true},
    {{.codec = "libx264", .frames = 30, .format_options = "movflags=frag_keyframe+empty_moov"},
     "frag.mp4",
     true},
    {{.codec = "libx264", .frames = 30, .b_frames = 2}, "x.mkv", true},
    {{.codec = "mpeg4", .frames = 30}, "a.avi", true},
    {{.codec = "gif", .frames = 10}, "g.gif", true},
    {{.codec = "wrapped_avframe", .format = "yuv4mpegpipe", .frames = 5}, "y.y4m", true},
    {{.codec = "libx264", .frames = 30, .b_frames = 2}, "x.ts", false},
    {{.codec = "mpeg2video", .frames = 30, .b_frames = 2}, "a.mpg", false},
    {{.codec = "libvpx-vp9", .frames = 20, .codec_options = "deadline=realtime:cpu-used=8"}, "v.webm", true},
    {{.codec = "flv", .frames = 30}, "f.flv", false},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void a_truncated_video_is_an_error_after_its_frames(void **state)
{
    (void)state;
    static struct outcome whole, cut;
    for (int k = 0; k < KINDS; k++) {
        if (!clip_can(kinds[k].clip.codec)) continue;
        struct duet_bytes bytes = clip_bytes(&kinds[k].clip, scratch_path(&scratch, kinds[k].name));
        play(bytes.data, bytes.size, &whole);
        if (whole.status != DUET_OK) fail_msg("%s: %s", kinds[k].name, whole.text);
        assert_int_equal(whole.count, kinds[k].clip.frames);
        size_t step = bytes.size / 60 + 1;
        int most = 0;
        for (size_t size = 0; size < bytes.size;
             size += size + step < bytes.size || size + 1 == bytes.size ? step : bytes.size - 1 - size) {
            play(bytes.data, size, &cut);
            /* Where the end cannot be told, frames that come after lost ones in their order may be shown. */
            int sure = kinds[k].tells ? cut.count : cut.count - 3;
            for (int i = 0; i < sure; i++)
                if (cut.sums[i] != whole.sums[i])
                    fail_msg("%s: cut at %zu of %zu: frame %d is another", kinds[k].name, size, bytes.size,
                             i);
            bool whole_frames =
                strstr(kinds[k].name, ".y4m") && cut.count > 0 &&
                (bytes.size - size) % (6 + 64 * 48 * 3 / 2) == 0; /* cut between two: no fault */
            if (cut.status == DUET_OK && ((kinds[k].tells && !whole_frames) || cut.count > whole.count))
                fail_msg("%s: cut at %zu of %zu: %d frames and no error", kinds[k].name, size, bytes.size,
                         cut.count);
            if (cut.status != DUET_OK && strncmp(cut.text, "clip: ", 6) != 0) fail_msg("'%s'", cut.text);
            if (cut.count > most) most = cut.count;
        }
        fprintf(stderr, "# %s: %zu bytes, %d frames at most; %s\n", kinds[k].name, bytes.size, most,
                cut.text);
        duet_bytes_close(&bytes);
    }
}

static double cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void bent_videos_do_no_harm(void **state)
{
    (void)state;
    static struct outcome outcome;
    uint64_t random = 5;
    for (int k = 0; k < KINDS; k++) {
        if (!clip_can(kinds[k].clip.codec)) continue;
        struct duet_bytes bytes = clip_bytes(&kinds[k].clip, scratch_path(&scratch, kinds[k].name));
        uint8_t *bent = malloc(bytes.size);
        assert_non_null(bent);
        int good = 0, bad = 0;
        double end = cpu_seconds() + 0.4;
        for (int i = 0; i < 150 && cpu_seconds() < end; i++) {
            memcpy(bent, bytes.data, bytes.size);
            mutate(bent, i % 2 ? bytes.size : bytes.size < 2000 ? bytes.size : 2000, &random);
            play(bent, bytes.size, &outcome);
            if (outcome.status == DUET_OK)
                good++;
            else
                bad++;
            assert_true(outcome.status == DUET_OK || strncmp(outcome.text, "clip: ", 6) == 0);
        }
        fprintf(stderr, "# %s: %d passed, %d refused\n", kinds[k].name, good, bad);
        assert_true(bad > 0 || good < 60); /* a slow machine bends few */
        free(bent);
        duet_bytes_close(&bytes);
    }
}

/* --- what is no video ----------------------------------------------------------------------------------- */

static void check_refused(enum duet_status want, const char *says, const void *data, size_t size)
{
    static struct outcome outcome;
    play(data, size, &outcome);
    if (outcome.status != want || !strstr(outcome.text, says))
        fail_msg("%s: '%s', expected '%s'", duet_status_name(outcome.status), outcome.text, says);
    assert_int_equal(outcome.count, 0);
}

static void what_is_no_video_is_called_by_its_name(void **state)
{
    (void)state;
    static const char list[] = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:2,\nhttp://127.0.0.1:9/t.ts\n";
    static const char concat[] = "ffconcat version 1.0\nfile /etc/passwd\n";
    static const char dash[] = "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" "
                               "profiles=\"urn:mpeg:dash:profile:isoff-live:2011\"></MPD>";
    static const char sdp[] = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
                              "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n";
    uint8_t wave[44 + 8000] =
        "RIFF\x64\x1f\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\10\0data\x40\x1f\0";
    check_refused(DUET_BAD_FORMAT, "clip: is empty", "", 0);
    check_refused(DUET_BAD_FORMAT, "clip: not a picture or video this build knows", "hello, world", 12);
    check_refused(DUET_UNSUPPORTED, "a list of other files or addresses (hls)", list, sizeof list - 1);
    check_refused(DUET_UNSUPPORTED, "a list of other files or addresses (concat)", concat, sizeof concat - 1);
    check_refused(DUET_UNSUPPORTED, "a list of other files or addresses (sdp)", sdp, sizeof sdp - 1);
    check_refused(DUET_UNSUPPORTED, "a list of other files or addresses (dash)", dash, sizeof dash - 1);
    check_refused(DUET_BAD_FORMAT, "no video in it", wave, sizeof wave);
}

/* --- sizes ---------------------------------------------------------------------------------------------- */

static void the_size_may_change_on_the_way(void **state)
{
    (void)state;
    if (!clip_can("libx264")) skip(); /* FFmpeg's MPEG-2 decoder loses a frame there */
    struct clip small = {.codec = "libx264", .frames = 10}, large = small;
    large.width = 96;
    large.height = 80;
    large.first = 10;
    large.offset = 400;
    struct duet_bytes a = clip_bytes(&small, scratch_path(&scratch, "a.ts")),
                      b = clip_bytes(&large, scratch_path(&scratch, "b.ts"));
    uint8_t *both = malloc(a.size + b.size);
    assert_non_null(both);
    memcpy(both, a.data, a.size);
    memcpy(both + a.size, b.data, b.size);
    struct duet_frames *frames;
    struct duet_error e;
    assert_ok(duet_frames_open_bytes(both, a.size + b.size, "x", NULL, &frames, &e), e);
    for (int i = 0; i <= 20; i++) {
        struct duet_image image;
        struct duet_frame_info info;
        bool more;
        assert_ok(duet_frames_next(frames, &image, &info, &more, &e), e);
        assert_true(more == (i < 20));
        if (!more) break;
        assert_int_equal(image.width, i < 10 ? 64 : 96);
        assert_int_equal(image.height, i < 10 ? 48 : 80);
        assert_int_equal(clip_number(&image), i);
        assert_int_equal(info.frame, i);
        duet_image_close(&image);
    }
    duet_frames_close(&frames);
    free(both);
    duet_bytes_close(&a);
    duet_bytes_close(&b);
}

static void large_ones_are_refused_before_memory_is_taken(void **state)
{
    (void)state;
    struct clip clip = {.codec = "mpeg4", .width = 320, .height = 240, .frames = 3};
    struct duet_bytes bytes = clip_bytes(&clip, scratch_path(&scratch, "large.mp4"));
    check_refused(DUET_TOO_LARGE, "frames of 320x240 pixels, the limit is 65536 in all", bytes.data,
                  bytes.size);
    duet_bytes_close(&bytes);
    clip.codec = "mpeg2video"; /* its size is found by decoding */
    bytes = clip_bytes(&clip, scratch_path(&scratch, "large.ts"));
    static struct outcome outcome;
    play(bytes.data, bytes.size, &outcome);
    assert_int_equal(outcome.status, DUET_TOO_LARGE);
    duet_bytes_close(&bytes);
    static const char huge[] = "YUV4MPEG2 W60000 H60000 F25:1\nFRAME\nabc";
    check_refused(DUET_TOO_LARGE, "60000x60000", huge, sizeof huge - 1);
    static const char most[] = "YUV4MPEG2 W16384 H16384 F25:1\nFRAME\nabc";
    struct duet_frames *frames;
    struct duet_error e;
    assert_fails(DUET_TOO_LARGE, duet_frames_open_bytes(most, sizeof most - 1, "x", NULL, &frames, &e), e);
    assert_string_equal(e.text, "x: frames of 16384x16384 pixels, more than FFmpeg takes");
    static const char none[] = "YUV4MPEG2 W0 H0 F25:1\nFRAME\nabc";
    play(none, sizeof none - 1, &outcome);
    assert_int_not_equal(outcome.status, DUET_OK);
}

/* --- odd stamps, and files that become others -------------------------------------------------------------
 */

enum { Y4M_FRAMES = 20 };

/* A Y4M of 2x2 pixels at such a rate; its size. */
static size_t make_y4m(char *data, size_t size, const char *rate)
{
    static const char frame[] = "FRAME\n\x80\x80\x80\x80\x80\x80";
    size_t at = (size_t)snprintf(data, size, "YUV4MPEG2 W2 H2 F%s C420jpeg\n", rate);
    for (int i = 0; i < Y4M_FRAMES; i++, at += sizeof frame - 1) {
        assert_true(at + sizeof frame < size);
        memcpy(data + at, frame, sizeof frame - 1);
    }
    return at;
}

/* Times ascend as they are told, to the nanosecond, however close the stamps are, or far. */
static void times_ascend_at_any_rate(void **state)
{
    (void)state;
    static const char *const rates[] = {"25:1",         "2147483647:1", "1000000000:1", "1:2147483647",
                                        "1:1000000000", "0:0",          "1:0",          "-1:25"};
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        char data[512];
        size_t size = make_y4m(data, sizeof data, rates[r]);
        struct duet_frames *frames;
        struct duet_error e;
        double last = -1;
        assert_ok(duet_frames_open_bytes(data, size, "x", NULL, &frames, &e), e);
        for (int i = 0; i < Y4M_FRAMES; i++) {
            struct duet_image image;
            struct duet_frame_info info;
            bool more;
            assert_ok(duet_frames_next(frames, &image, &info, &more, &e), e);
            if (!more || !(info.time > last))
                fail_msg("%s: frame %d at %g s after %g s", rates[r], i, info.time, last);
            last = info.time;
            duet_image_close(&image);
        }
        duet_frames_close(&frames);
    }
}

/* Somebody writes another file over the one that is read. */
static void a_file_may_become_another(void **state)
{
    (void)state;
    static const char *const others[] = {"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:2,\nt.ts\n", "nothing"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char data[512];
        size_t size = make_y4m(data, sizeof data, "25:1");
        struct duet_frames *frames;
        struct duet_error e;
        struct duet_image image;
        bool more;
        assert_ok(duet_frames_open_bytes(data, size, "x", NULL, &frames, &e), e);
        assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
        duet_image_close(&image);
        memset(data, '\n', sizeof data);
        memcpy(data, others[i], strlen(others[i]));
        assert_true(duet_frames_seek(frames, 0, &e) != DUET_OK);
        fprintf(stderr, "# %s\n", e.text);
        assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e); /* nothing comes after an error */
        assert_false(more);
        assert_fails(DUET_UNSUPPORTED, duet_frames_seek(frames, 0, &e), e);
        duet_frames_close(&frames);
    }
}

/* --- threads -------------------------------------------------------------------------------------------- */

struct reader {
    int number;
    struct duet_bytes bytes;
    size_t size; /* that it sees */
    char text[DUET_ERROR_TEXT];
    pthread_t thread;
};

static void *read_again(void *ctx)
{
    struct reader *reader = ctx;
    char name[32];
    snprintf(name, sizeof name, "clip %d", reader->number);
    for (int i = 0; i < 12; i++) {
        struct duet_frames *frames = NULL;
        struct duet_error e = {.text = ""};
        bool more = true;
        enum duet_status status =
            duet_frames_open_bytes(reader->bytes.data, reader->size, name, NULL, &frames, &e);
        while (status == DUET_OK && more) {
            struct duet_image image;
            status = duet_frames_next(frames, &image, NULL, &more, &e);
            duet_image_close(&image);
        }
        if (i == 5 && frames) duet_frames_seek(frames, 0.4, &e);
        duet_frames_close(&frames);
        snprintf(reader->text, sizeof reader->text, "%s", e.text);
    }
    return NULL;
}

static void readers_do_not_mix(void **state)
{
    (void)state;
    static const struct clip clips[] = {
        {.codec = "mpeg4", .frames = 20, .format_options = "movflags=faststart"},
        {.codec = "mpeg2video", .frames = 20},
        {.codec = "mjpeg", .frames = 20},
        {.codec = "mpeg4", .frames = 20}};
    static const char *const names[] = {"t.mp4", "t.mpg", "t.avi", "t.mkv"};
    static const int cuts[] = {300, 0, 50, 99999999};
    struct reader readers[4];
    for (int i = 0; i < 4; i++) {
        readers[i] =
            (struct reader){.number = i, .bytes = clip_bytes(&clips[i], scratch_path(&scratch, names[i]))};
        readers[i].size =
            cuts[i] < (int)readers[i].bytes.size ? readers[i].bytes.size - (size_t)cuts[i] : 100;
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_again, &readers[i]), 0);
    for (int i = 0; i < 4; i++) pthread_join(readers[i].thread, NULL);
    for (int i = 0; i < 4; i++) {
        char begin[16];
        snprintf(begin, sizeof begin, "clip %d: ", i);
        fprintf(stderr, "# %s\n", readers[i].text);
        assert_true((i == 1) == (readers[i].text[0] == '\0'));
        if (i != 1) assert_memory_equal(readers[i].text, begin, strlen(begin));
        duet_bytes_close(&readers[i].bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_truncated_video_is_an_error_after_its_frames),
        cmocka_unit_test(bent_videos_do_no_harm),
        cmocka_unit_test(what_is_no_video_is_called_by_its_name),
        cmocka_unit_test(the_size_may_change_on_the_way),
        cmocka_unit_test(large_ones_are_refused_before_memory_is_taken),
        cmocka_unit_test(times_ascend_at_any_rate),
        cmocka_unit_test(a_file_may_become_another),
        cmocka_unit_test(readers_do_not_mix),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
