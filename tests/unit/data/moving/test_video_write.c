/* Videos written, and read back by our own reader: times, sizes, colours; full disks and other mishaps. */
#include "support/scratch_group.h"
#include "support/testing.h"

#include "data/moving/frames.h"
#include "data/moving/video_write.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

/* The path of a name in the scratch folder, until the next call but three. */
static const char *at(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s", scratch_path(&scratch, name));
    return path;
}

static struct duet_image plain(int width, int height, unsigned rgb)
{
    struct duet_image image;
    struct duet_error e;
    assert_ok(duet_image_create(&image, width, height, DUET_RGB8, &e), e);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++) duet_image_row(&image, y)[3 * x + c] = (uint8_t)(rgb >> (16 - 8 * c));
    return image;
}

static struct duet_video_writer *begin(const char *path, int width, int height, int num, int den)
{
    struct duet_error e;
    struct duet_video_writer *writer;
    const struct duet_video_writer_options options = {
        .width = width, .height = height, .rate_num = num, .rate_den = den};
    assert_ok(duet_video_writer_open(path, &options, &writer, &e), e);
    return writer;
}

static void add(struct duet_video_writer *writer, int width, int height, unsigned rgb, double time)
{
    struct duet_error e;
    struct duet_image image = plain(width, height, rgb);
    assert_ok(duet_video_writer_add(writer, &image, time, &e), e);
    duet_image_close(&image);
}

static void commit(struct duet_video_writer *writer)
{
    struct duet_error e;
    assert_ok(duet_video_writer_commit(&writer, &e), e);
    assert_null(writer);
}

/* What a video says when it is read. */
struct seen {
    int count, width, height;
    double times[80];
    int rgb[80][3]; /* of a pixel off the middle */
    struct duet_frames_about about;
    struct duet_frame_info info; /* of the last frame */
    char kind[80];
};

static struct seen look(const char *path)
{
    struct seen seen = {0};
    struct duet_frames *frames;
    struct duet_frame_info info;
    struct duet_image image;
    struct duet_error e;
    bool more = true;
    assert_ok(duet_frames_open(path, NULL, &frames, &e), e);
    duet_frames_describe(frames, &seen.about);
    snprintf(seen.kind, sizeof seen.kind, "%s", seen.about.kind);
    for (;;) {
        assert_ok(duet_frames_next(frames, &image, &info, &more, &e), e);
        if (!more) break;
        assert_true(seen.count < 80);
        assert_int_equal(info.frame, seen.count);
        seen.info = info;
        seen.width = image.width;
        seen.height = image.height;
        const uint8_t *pixel = duet_image_row(&image, image.height / 3) + image.width / 3 * 3;
        for (int c = 0; c < 3; c++) seen.rgb[seen.count][c] = pixel[c];
        seen.times[seen.count++] = info.time;
        duet_image_close(&image);
    }
    duet_frames_close(&frames);
    return seen;
}

static void expect_color(const int rgb[3], unsigned want, int within)
{
    for (int c = 0; c < 3; c++) {
        int wanted = (int)(want >> (16 - 8 * c) & 255);
        if (abs(rgb[c] - wanted) > within)
            fail_msg("%d %d %d where %06x was drawn", rgb[0], rgb[1], rgb[2], want);
    }
}

static const unsigned colors[] = {0xffffff, 0x000000, 0xc02020, 0x20c020, 0x2020c0,
                                  0xe0e020, 0x808080, 0x20c0c0, 0xff8000, 0x404040};
enum { COLORS = sizeof colors / sizeof *colors };

static void names_tell(void **state)
{
    (void)state;
    const char *videos[] = {"a.mp4", "a.MP4", "x/a.b.mov", "a.mkv", "a.webm", "a.Avi"};
    const char *others[] = {"mp4", ".mp4", "a.mp4/", "a.png", "a", "", "a.mp4x", "mp4/a", "a.mpg"};
    for (size_t i = 0; i < sizeof videos / sizeof *videos; i++) assert_true(duet_video_name(videos[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) assert_false(duet_video_name(others[i]));
}

static void every_container_keeps_frames_times_and_colors(void **state)
{
    (void)state;
    static const struct {
        const char *name, *kind;
        int within; /* of a colour's 255 */
    } files[] = {{"a.mp4", "h264 in mov", 6},
                 {"a.mov", "h264 in mov", 6},
                 {"a.mkv", "h264 in matroska", 6},
                 {"a.webm", "vp9 in matroska", 8},
                 {"a.avi", "h264 in avi", 6}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct duet_video_writer *writer = begin(at(files[i].name), 64, 48, 25, 1);
        for (int n = 0; n < COLORS; n++) {
            /* What is not complete is not there. */
            assert_false(duet_path_exists(at(files[i].name)));
            add(writer, 64, 48, colors[n], 7 + n * 0.04); /* the first one's time becomes 0 */
        }
        commit(writer);
        struct seen seen = look(at(files[i].name));
        assert_int_equal(seen.count, COLORS);
        assert_int_equal(seen.width, 64);
        assert_int_equal(seen.height, 48);
        assert_true(strncmp(seen.kind, files[i].kind, strlen(files[i].kind)) == 0 ||
                    strncmp(seen.kind, "mpeg4", 5) == 0);
        assert_true(fabs((double)seen.about.rate_num / seen.about.rate_den - 25) < 0.01);
        assert_true(fabs(seen.about.duration - COLORS * 0.04) < 0.002);
        for (int n = 0; n < COLORS; n++) {
            assert_true(fabs(seen.times[n] - n * 0.04) < 1e-6);
            expect_color(seen.rgb[n], colors[n], files[i].within);
        }
    }
    assert_int_equal(scratch_count(&scratch, ""), 5); /* and nothing else was left */
}

/* Large videos are told in another matrix; whoever reads them as we say gets the colours back. */
static void large_videos_keep_their_colors(void **state)
{
    (void)state;
    struct duet_video_writer *writer = begin(at("large.mp4"), 1280, 720, 25, 1);
    for (int n = 0; n < COLORS; n++) add(writer, 1280, 720, colors[n], n);
    commit(writer);
    struct seen seen = look(at("large.mp4"));
    assert_int_equal(seen.count, COLORS);
    for (int n = 0; n < COLORS; n++) expect_color(seen.rgb[n], colors[n], 6);
}

static void uneven_times_are_kept(void **state)
{
    (void)state;
    static const double times[] = {0, 0.04, 0.1, 0.5, 0.5333, 2.25, 2.2501, 60.125};
    enum { COUNT = sizeof times / sizeof *times };
    const char *names[] = {"uneven.mp4", "uneven.mkv", "uneven.webm", "uneven.avi"};
    const double within[] = {1e-5, 1.1e-3, 1.1e-3}; /* Matroska counts in ms */
    for (int i = 0; i < 4; i++) {
        struct duet_video_writer *writer = begin(at(names[i]), 32, 32, 25, 1);
        for (int n = 0; n < COUNT; n++) add(writer, 32, 32, colors[n], times[n]);
        commit(writer);
        struct seen seen = look(at(names[i]));
        /* An AVI counts in frames: the last is where it was, those before are at a frame's time each. */
        if (i == 3) assert_true(fabs(seen.times[seen.count - 1] - times[COUNT - 1]) < 0.05);
        if (i == 3) continue;
        assert_int_equal(seen.count, COUNT);
        for (int n = 0; n < COUNT; n++)
            if (!(fabs(seen.times[n] - times[n]) <= within[i]))
                fail_msg("%s: frame %d at %.6f, expected %.6f", names[i], n, seen.times[n], times[n]);
    }
}

static void odd_rates_are_exact(void **state)
{
    (void)state;
    static const int rates[][2] = {{30000, 1001}, {24, 1}, {1, 3}, {1000000, 33333}, {240, 1}, {0, 0}};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        int num = rates[i][0] ? rates[i][0] : 25, den = rates[i][1] ? rates[i][1] : 1;
        char name[32];
        snprintf(name, sizeof name, "rate%zu.mp4", i);
        struct duet_video_writer *writer = begin(at(name), 32, 32, rates[i][0], rates[i][1]);
        for (int n = 0; n < 20; n++) add(writer, 32, 32, colors[n % COLORS], (double)n * den / num);
        commit(writer);
        struct seen seen = look(at(name));
        assert_int_equal(seen.count, 20);
        for (int n = 0; n < 20; n++)
            assert_true(fabs(seen.times[n] - (double)n * den / num) < 1e-9 * (1 + n));
        assert_true(fabs(seen.about.duration - 20.0 * den / num) < 2e-3);
        assert_true(fabs((double)seen.about.rate_num / seen.about.rate_den * den / num - 1) < 1e-3);
    }
}

static void a_single_frame_lasts_its_time(void **state)
{
    (void)state;
    struct duet_video_writer *writer = begin(at("one.mp4"), 32, 32, 5, 1);
    add(writer, 32, 32, 0xc02020, -3);
    commit(writer);
    struct seen seen = look(at("one.mp4"));
    assert_int_equal(seen.count, 1);
    assert_true(fabs(seen.about.duration - 0.2) < 1e-3);
}

static void sizes_become_even_and_frames_fit(void **state)
{
    (void)state;
    static const struct {
        int width, height, video_width, video_height;
    } sizes[] = {{33, 17, 32, 16}, {1, 1, 2, 2}, {1, 50, 2, 50}, {31, 2, 30, 2}, {2, 2, 2, 2}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int w = sizes[i].width, h = sizes[i].height;
        char name[32];
        snprintf(name, sizeof name, "size%zu.mp4", i);
        struct duet_video_writer *writer = begin(at(name), w, h, 25, 1);
        add(writer, w, h, 0xc02020, 0);
        add(writer, 100, 80, 0x20c020, 1); /* of another size */
        add(writer, 3, 200, 0x2020c0, 2);
        add(writer, w, h, 0x808080, 3);
        commit(writer);
        struct seen seen = look(at(name));
        assert_int_equal(seen.count, 4);
        assert_int_equal(seen.width, sizes[i].video_width);
        assert_int_equal(seen.height, sizes[i].video_height);
        expect_color(seen.rgb[0], 0xc02020, 8);
        expect_color(seen.rgb[1], 0x20c020, 8);
        expect_color(seen.rgb[2], 0x2020c0, 8);
        expect_color(seen.rgb[3], 0x808080, 8);
    }
}

/* The last column and row are what is lost, not a share of every one. */
static void an_odd_picture_is_cut_not_scaled(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_image image = plain(65, 33, 0x000000);
    for (int y = 0; y < 33; y++) memset(duet_image_row(&image, y) + 3 * 32, 255, 3 * 33);
    struct duet_video_writer *writer = begin(at("cut.mp4"), 65, 33, 25, 1);
    assert_ok(duet_video_writer_add(writer, &image, 0, &e), e);
    commit(writer);
    duet_image_close(&image);
    struct duet_frames *frames;
    bool more;
    assert_ok(duet_frames_open(at("cut.mp4"), NULL, &frames, &e), e);
    assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
    assert_true(duet_image_row(&image, 10)[3 * 31] < 40); /* the edge is where it was */
    assert_true(duet_image_row(&image, 10)[3 * 32] > 215);
    duet_image_close(&image);
    duet_frames_close(&frames);
}

static void the_same_frames_give_the_same_bytes(void **state)
{
    (void)state;
    char *bytes[2];
    size_t sizes[2];
    for (int i = 0; i < 2; i++) {
        struct duet_video_writer *writer = begin(at(i ? "s2.mp4" : "s1.mp4"), 64, 48, 25, 1);
        for (int n = 0; n < 30; n++) add(writer, 64, 48, colors[n % COLORS], n * 0.04);
        commit(writer);
        struct duet_bytes file;
        struct duet_error e;
        assert_ok(duet_read_file(at(i ? "s2.mp4" : "s1.mp4"), 1 << 24, &file, &e), e);
        sizes[i] = file.size;
        bytes[i] = malloc(file.size);
        assert_non_null(bytes[i]);
        memcpy(bytes[i], file.data, file.size);
        duet_bytes_close(&file);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], sizes[0]);
    free(bytes[0]);
    free(bytes[1]);
}

static enum duet_status try_open(const char *path, int width, int height, int num, int den,
                                 struct duet_error *e)
{
    struct duet_video_writer *writer;
    const struct duet_video_writer_options options = {
        .width = width, .height = height, .rate_num = num, .rate_den = den};
    enum duet_status status = duet_video_writer_open(path, &options, &writer, e);
    assert_null(writer);
    return status;
}

static void mistakes_are_told(void **state)
{
    (void)state;
    struct duet_error e;
    scratch_write(&scratch, "there.mp4", "x", 1);
    assert_fails(DUET_EXISTS, try_open(at("there.mp4"), 32, 32, 25, 1, &e), e);
    assert_fails(DUET_NOT_FOUND, try_open(at("no/folder.mp4"), 32, 32, 25, 1, &e), e);
    assert_non_null(strstr(e.text, "no/folder.mp4"));
    assert_fails(DUET_BAD_ARGUMENT, try_open(at("a.png"), 32, 32, 25, 1, &e), e);
    assert_non_null(strstr(e.text, ".webm"));
    assert_fails(DUET_BAD_ARGUMENT, try_open(at("b.mp4"), 0, 32, 25, 1, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, try_open(at("b.mp4"), 32, -1, 25, 1, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, try_open(at("b.mp4"), 70000, 32, 25, 1, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, try_open(at("b.mp4"), 32, 32, -25, 1, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, try_open(at("b.mp4"), 32, 32, 25, 0, &e), e);
    assert_int_equal(mkdir(at("folder.mp4"), 0777), 0);
    assert_fails(DUET_BAD_ARGUMENT, try_open(at("folder.mp4"), 32, 32, 25, 1, &e), e);
    char *there = scratch_read(&scratch, "there.mp4");
    assert_string_equal(there, "x");
    free(there);
}

/* A frame that is refused is as if it had not been. */
static void refused_frames_leave_the_video_alone(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_video_writer *writer = begin(at("refused.mp4"), 32, 32, 25, 1);
    struct duet_image image = plain(32, 32, 0xff8000), gray;
    assert_ok(duet_image_create(&gray, 32, 32, DUET_GRAY8, &e), e);
    const struct duet_image none = {0};
    assert_fails(DUET_BAD_ARGUMENT, duet_video_writer_add(writer, &gray, 0, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_video_writer_add(writer, &none, 0, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_video_writer_add(writer, &image, (double)NAN, &e), e);
    assert_ok(duet_video_writer_add(writer, &image, 1, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_video_writer_add(writer, &image, 1, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_video_writer_add(writer, &image, 0.5, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_video_writer_add(writer, &image, (double)INFINITY, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_video_writer_add(writer, &image, 1e18, &e), e);
    assert_ok(duet_video_writer_add(writer, &image, 2, &e), e);
    commit(writer);
    duet_image_close(&image);
    duet_image_close(&gray);
    struct seen seen = look(at("refused.mp4"));
    assert_int_equal(seen.count, 2);
    assert_true(fabs(seen.times[1] - 1) < 1e-6);
}

/* Pixels that are not square stay as they are; how they are to be shown stands in the file. */
static void shapes_of_pixels_are_kept(void **state)
{
    (void)state;
    static const int shapes[][2] = {{2, 1}, {10, 11}, {64, 45}, {1, 1}, {0, 0}, {1, 100}};
    const char *names[] = {"shape.mp4", "shape.mov", "shape.mkv", "shape.webm", "shape.avi"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
            struct duet_video_writer *writer;
            struct duet_error e;
            const struct duet_video_writer_options options = {.width = 64,
                                                              .height = 48,
                                                              .aspect_num = shapes[k][0],
                                                              .aspect_den = shapes[k][1],
                                                              .force = true};
            assert_ok(duet_video_writer_open(at(names[i]), &options, &writer, &e), e);
            add(writer, 64, 48, 0x808080, 0);
            commit(writer);
            struct seen seen = look(at(names[i]));
            bool sane = shapes[k][0] > 0 && shapes[k][1] < 100; /* 1:100 is no pixel */
            double want = sane ? (double)shapes[k][0] / shapes[k][1] : 1;
            double got = (double)seen.info.aspect_num / seen.info.aspect_den;
            double at_first = (double)seen.about.aspect_num / seen.about.aspect_den;
            /* WebM keeps the width that is shown, in whole pixels. */
            if (fabs(got - want) > 0.5 / 64 || fabs(at_first - want) > 0.5 / 64 || seen.width != 64)
                fail_msg("%s: %d:%d is %g, at first %g", names[i], shapes[k][0], shapes[k][1], got, at_first);
        }
}

static struct duet_video_writer *begin_in_place(const char *path)
{
    struct duet_error e;
    struct duet_video_writer *writer;
    const struct duet_video_writer_options options = {
        .width = 64, .height = 48, .rate_num = 10, .rate_den = 1, .in_place = true};
    assert_ok(duet_video_writer_open(path, &options, &writer, &e), e);
    return writer;
}

/* So many frames, at 10 a second, as add() was given them. */
static void expect_frames(const char *name, const struct seen *seen, int least, int most)
{
    if (seen->count < least || seen->count > most)
        fail_msg("%s: %d frames, expected %d to %d", name, seen->count, least, most);
    for (int n = 0; n < seen->count; n++) {
        assert_true(fabs(seen->times[n] - n * 0.1) < 2e-3);
        expect_color(seen->rgb[n], colors[n % COLORS], 8);
    }
}

/* A process that is killed leaves what is in the file at that moment. */
static void a_video_in_place_plays_up_to_the_last_second(void **state)
{
    (void)state;
    const char *names[] = {"place.mp4", "place.mov", "place.mkv", "place.webm", "place.avi"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct duet_video_writer *writer = begin_in_place(at(names[i]));
        for (int n = 0; n < 62; n++) {
            add(writer, 64, 48, colors[n % COLORS], n * 0.1);
            if (n % 20 != 19) continue;
            struct seen seen = look(at(names[i]));
            expect_frames(names[i], &seen, n + 1 - 11, n + 1);
        }
        commit(writer);
        struct seen seen = look(at(names[i]));
        expect_frames(names[i], &seen, 62, 62);
    }
    struct duet_video_writer *writer = begin_in_place(at("discarded.mp4"));
    assert_true(duet_path_exists(at("discarded.mp4")));
    duet_video_writer_discard(&writer);
    assert_false(duet_path_exists(at("discarded.mp4"))); /* there was no frame in it */
}

static void *copy_pipe(void *ctx)
{
    const char *const *paths = ctx;
    FILE *from = fopen(paths[0], "rb"), *to = fopen(paths[1], "wb");
    char block[4096];
    for (size_t got; from && to && (got = fread(block, 1, sizeof block, from)) > 0;)
        if (fwrite(block, 1, got, to) != got) break;
    if (from) fclose(from);
    if (to) fclose(to);
    return NULL;
}

/* There is no way back in a pipe; AVI says so in its head and plays all the same. */
static void a_pipe_takes_a_video(void **state)
{
    (void)state;
    const char *names[] = {"pipe.mp4", "pipe.mov", "pipe.mkv", "pipe.webm", "pipe.avi"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char pipe[512], copied[512];
        const char *paths[] = {pipe, copied};
        pthread_t thread;
        snprintf(pipe, sizeof pipe, "%s", at(names[i]));
        snprintf(copied, sizeof copied, "%s", at("copied"));
        assert_int_equal(mkfifo(pipe, 0600), 0);
        assert_int_equal(pthread_create(&thread, NULL, copy_pipe, paths), 0);
        struct duet_video_writer *writer = begin(pipe, 64, 48, 10, 1);
        for (int n = 0; n < 25; n++) add(writer, 64, 48, colors[n % COLORS], n * 0.1);
        commit(writer);
        pthread_join(thread, NULL);
        struct stat st;
        assert_true(stat(pipe, &st) == 0 && S_ISFIFO(st.st_mode));
        struct seen seen = look(copied);
        expect_frames(names[i], &seen, 25, 25);
        unlink(pipe);
        unlink(copied);
    }
}

static void nothing_half_done_is_left(void **state)
{
    (void)state;
    struct duet_error e;
    int before = scratch_count(&scratch, "");
    struct duet_video_writer *writer = begin(at("gone.mp4"), 32, 32, 25, 1);
    assert_int_equal(scratch_count(&scratch, ""), before + 1); /* under another name */
    add(writer, 32, 32, 0, 0);
    duet_video_writer_discard(&writer);
    assert_null(writer);
    duet_video_writer_discard(&writer);
    duet_video_writer_discard(NULL);
    writer = begin(at("empty.mp4"), 32, 32, 25, 1);
    assert_fails(DUET_BAD_ARGUMENT, duet_video_writer_commit(&writer, &e), e);
    assert_null(writer);
    assert_int_equal(scratch_count(&scratch, ""), before);
}

static void force_replaces(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_video_writer *writer;
    scratch_write(&scratch, "old.mp4", "old", 3);
    const struct duet_video_writer_options options = {.width = 32, .height = 32, .force = true};
    assert_ok(duet_video_writer_open(at("old.mp4"), &options, &writer, &e), e);
    add(writer, 32, 32, 0x808080, 0);
    char *old = scratch_read(&scratch, "old.mp4"); /* until all is well */
    assert_string_equal(old, "old");
    free(old);
    commit(writer);
    assert_int_equal(look(at("old.mp4")).count, 1);
}

/* Noise, which takes room. */
static struct duet_image noise(unsigned seed)
{
    struct duet_image image = plain(128, 128, 0);
    for (int y = 0; y < 128; y++)
        for (int x = 0; x < 3 * 128; x++) {
            seed = seed * 1664525 + 1013904223;
            duet_image_row(&image, y)[x] = (uint8_t)(seed >> 24);
        }
    return image;
}

/* Write noise until it fails, into a file that may not grow beyond `limit`. The text of what was said. */
static struct duet_error fill_up(const char *name, rlim_t limit, bool in_place)
{
    const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY}, few = {limit, RLIM_INFINITY};
    struct duet_error e = {0};
    struct duet_video_writer *writer = NULL;
    const struct duet_video_writer_options options = {.width = 128, .height = 128, .in_place = in_place};
    setrlimit(RLIMIT_FSIZE, &few);
    enum duet_status status = duet_video_writer_open(at(name), &options, &writer, &e);
    for (unsigned n = 0; n < 60 && status == DUET_OK; n++) {
        struct duet_image image = noise(n);
        status = duet_video_writer_add(writer, &image, n * 0.2, &e);
        if (status != DUET_OK) /* and so it stays */
            assert_int_equal(duet_video_writer_add(writer, &image, n, &e), status);
        duet_image_close(&image);
    }
    if (writer) status = duet_video_writer_commit(&writer, &e);
    setrlimit(RLIMIT_FSIZE, &none);
    assert_int_equal(status, DUET_IO_ERROR);
    return e;
}

/* A file may grow to so many bytes here, as on a disk that is nearly full; the limit is met at every stage:
 * header, frames, end. What was complete then is a video, and nothing else is left. */
static void a_full_disk_is_told_and_what_was_whole_stays(void **state)
{
    (void)state;
    const char *names[] = {"full.mp4", "full.mkv", "full.webm", "full.avi"};
    int kept[4] = {0}, empty[4] = {0};
    signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; i < 8; i++) {
        const char *name = names[i / 2];
        int last = 0;
        for (rlim_t limit = 0; limit < 500000; limit = limit ? limit * 4 : 10) {
            int before = scratch_count(&scratch, "");
            struct duet_error e = fill_up(name, limit, i % 2);
            if (!strstr(e.text, ": cannot write: File too large") || !strstr(e.text, name))
                fail_msg("%s", e.text);
            bool there = strstr(e.text, "; the video ends with what came before");
            assert_int_equal(scratch_count(&scratch, ""), before + there);
            empty[i / 2] += !there;
            if (!there) continue;
            struct seen seen = look(at(name));
            if (seen.count < last || seen.count < 1)
                fail_msg("%s: %d frames in %lld bytes", name, seen.count, (long long)limit);
            last = seen.count;
            kept[i / 2]++;
            unlink(at(name));
        }
    }
    for (int i = 0; i < 4; i++)
        if (kept[i] < 2 || empty[i] < 2) fail_msg("%s: kept %d, empty %d", names[i], kept[i], empty[i]);
    signal(SIGXFSZ, SIG_DFL);
}

static void without_the_module_it_is_said_what_is_missing(void **state)
{
    (void)state;
    struct duet_error e;
    setenv("DUET_VIDEO_MODULE", "/nowhere/duet-video.so", 1);
    assert_fails(DUET_UNSUPPORTED, try_open(at("c.mp4"), 32, 32, 25, 1, &e), e);
    unsetenv("DUET_VIDEO_MODULE");
    assert_non_null(strstr(e.text, "FFmpeg"));
    assert_non_null(strstr(e.text, "/nowhere/duet-video.so"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_tell),
        cmocka_unit_test(every_container_keeps_frames_times_and_colors),
        cmocka_unit_test(large_videos_keep_their_colors),
        cmocka_unit_test(uneven_times_are_kept),
        cmocka_unit_test(odd_rates_are_exact),
        cmocka_unit_test(a_single_frame_lasts_its_time),
        cmocka_unit_test(sizes_become_even_and_frames_fit),
        cmocka_unit_test(an_odd_picture_is_cut_not_scaled),
        cmocka_unit_test(the_same_frames_give_the_same_bytes),
        cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(refused_frames_leave_the_video_alone),
        cmocka_unit_test(shapes_of_pixels_are_kept),
        cmocka_unit_test(a_video_in_place_plays_up_to_the_last_second),
        cmocka_unit_test(a_pipe_takes_a_video),
        cmocka_unit_test(nothing_half_done_is_left),
        cmocka_unit_test(force_replaces),
        cmocka_unit_test(a_full_disk_is_told_and_what_was_whole_stays),
        cmocka_unit_test(without_the_module_it_is_said_what_is_missing),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
