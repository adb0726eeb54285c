/* Videos through pipes and sockets, and FFmpeg's own sources. */
#include "support/stream_group.h"
#include "support/testing.h"

#include "data/moving/frames.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

/* --- pipes --------------------------------------------------------------------------------------------- */

struct feed {
    int fd;
    const uint8_t *data;
    size_t size;
    pthread_t thread;
};

static void *feed(void *ctx)
{
    struct feed *f = ctx;
    for (size_t at = 0; at < f->size;) {
        ssize_t n = write(f->fd, f->data + at, f->size - at < 3001 ? f->size - at : 3001);
        if (n <= 0) break;
        at += (size_t)n;
    }
    close(f->fd);
    return NULL;
}

/* The frames of what comes through standard input, a pipe; -1 and *e when it fails. */
static int read_piped(const void *data, size_t size, struct duet_error *e)
{
    int ends[2], kept = dup(STDIN_FILENO), count = -1;
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    close(ends[0]);
    struct feed f = {.fd = ends[1], .data = data, .size = size};
    assert_int_equal(pthread_create(&f.thread, NULL, feed, &f), 0);
    struct duet_frames *frames = NULL;
    bool more = true;
    enum duet_status status = duet_frames_open("-", NULL, &frames, e);
    for (; status == DUET_OK && more; count++) {
        struct duet_image image;
        struct duet_frame_info info;
        status = duet_frames_next(frames, &image, &info, &more, e);
        if (more) {
            assert_int_equal(info.frame, count + 1);
            assert_int_equal(clip_number(&image), count + 1);
        }
        duet_image_close(&image);
    }
    duet_frames_close(&frames);
    dup2(kept, STDIN_FILENO); /* the last reader: the writer ends */
    close(kept);
    pthread_join(f.thread, NULL);
    return status == DUET_OK ? count : -1;
}

static void videos_come_through_pipes(void **state)
{
    (void)state;
    static const struct {
        struct clip clip;
        const char *name;
    } kinds[] = {
        {{.codec = "wrapped_avframe", .format = "yuv4mpegpipe", .frames = 40}, "p.y4m"},
        {{.codec = "mpeg4", .frames = 40}, "p.mkv"},
        {{.codec = "mpeg2video", .frames = 40}, "p.ts"},
        {{.codec = "mpeg4", .frames = 40, .format_options = "movflags=faststart"}, "p.mp4"},
        {{.codec = "mpeg4", .frames = 40}, "p.avi"},
        {{.codec = "mjpeg", .format = "mjpeg", .frames = 40}, "p.mjpeg"},
        {{.codec = "mpeg1video", .frames = 40}, "p.m1v"},
    };
    struct duet_error e;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        struct duet_bytes bytes = clip_bytes(&kinds[k].clip, scratch_path(&scratch, kinds[k].name));
        int count = read_piped(bytes.data, bytes.size, &e);
        if (count != 40) fail_msg("%s: %d frames, %s", kinds[k].name, count, e.text);
        if (k == 0) {
            assert_int_equal(read_piped(bytes.data, bytes.size - 100, &e), -1);
            assert_non_null(
                strstr(e.text, "standard input: truncated after 39 frames: 100 bytes are missing"));
        }
        if (k == 1) {
            assert_int_equal(read_piped(bytes.data, bytes.size - 100, &e), -1);
            assert_non_null(strstr(e.text, "frames: 100 bytes are missing"));
        }
        duet_bytes_close(&bytes);
    }
    const struct clip late = {
        .codec = "mpeg4", .width = 640, .height = 480, .frames = 40}; /* more than FFmpeg buffers */
    struct duet_bytes bytes = clip_bytes(&late, scratch_path(&scratch, "late.mp4"));
    assert_int_equal(read_piped(bytes.data, bytes.size, &e), -1);
    assert_non_null(strstr(e.text, "cannot be read from a pipe (an index at the end, perhaps)"));
    duet_bytes_close(&bytes);
}

static bool is_late(void *ctx)
{
    return duet_seconds() > *(double *)ctx;
}

/* Each frame comes before the next one is sent. */
static void a_pipe_is_not_read_to_its_end_first(void **state)
{
    (void)state;
    const struct clip clip = {.codec = "wrapped_avframe", .format = "yuv4mpegpipe", .frames = 4};
    struct duet_bytes bytes = clip_bytes(&clip, scratch_path(&scratch, "step.y4m"));
    const size_t frame = 6 + 64 * 48 * 3 / 2, head = bytes.size - 4 * frame;
    const char *path = scratch_path(&scratch, "step");
    assert_int_equal(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(write(fd, bytes.data, head + frame), (ssize_t)(head + frame));
    double end = duet_seconds() + 5;
    struct duet_frames_options options = {.cancelled = is_late, .ctx = &end};
    struct duet_frames *frames;
    struct duet_error e;
    assert_ok(duet_frames_open(path, &options, &frames, &e), e);
    for (int i = 0; i < 4; i++) {
        struct duet_image image;
        bool more;
        assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
        assert_true(more);
        assert_int_equal(clip_number(&image), i);
        duet_image_close(&image);
        if (i < 3)
            assert_int_equal(write(fd, bytes.data + head + (size_t)(i + 1) * frame, frame), (ssize_t)frame);
    }
    duet_frames_close(&frames);
    close(fd);
    unlink(path);
    duet_bytes_close(&bytes);
}

static void *serve_socket(void *ctx)
{
    int fd = accept(*(int *)ctx, NULL, NULL);
    for (size_t at = 0; fd >= 0 && at < stream.size;) {
        ssize_t n = send(fd, stream.data + at, stream.size - at, MSG_NOSIGNAL);
        if (n <= 0) break;
        at += (size_t)n;
    }
    close(fd);
    return NULL;
}

static void a_socket_in_a_folder_is_a_pipe(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[64];
    snprintf(path, sizeof path, "socket_%d", (int)getpid());
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    pthread_t thread;
    pthread_create(&thread, NULL, serve_socket, &listener);
    struct duet_frames *frames;
    struct duet_error e;
    int count = -1;
    assert_ok(duet_frames_open(path, NULL, &frames, &e), e);
    for (bool more = true; more; count++) {
        struct duet_image image;
        assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
        duet_image_close(&image);
    }
    assert_int_equal(count, FRAMES);
    duet_frames_close(&frames);
    pthread_join(thread, NULL);
    close(listener);
    assert_fails(DUET_IO_ERROR, duet_frames_open(path, NULL, &frames, &e), e);
    unlink(path);
}

/* --- FFmpeg's own sources ------------------------------------------------------------------------------ */

static void graphs_are_sources(void **state)
{
    (void)state;
    static const struct {
        const char *graph;
        int width, height, count;
    } cases[] = {{"lavfi:testsrc2=size=64x48:rate=10:duration=2", 64, 48, 20},
                 {"lavfi:color=red:size=1x1:rate=5:duration=1,format=rgb24", 1, 1, 5},
                 {"lavfi:color=red:size=3x1:rate=5:duration=1,format=rgba", 3, 1, 5},
                 {"lavfi:color=red:size=7680x4320:rate=1:duration=1", 7680, 4320, 1}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct duet_frames *frames;
        struct duet_error e;
        int count = -1;
        assert_ok(duet_frames_open(cases[k].graph, NULL, &frames, &e), e);
        for (bool more = true; more; count++) {
            struct duet_image image;
            assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
            if (more) {
                assert_int_equal(image.width, cases[k].width);
                assert_int_equal(image.height, cases[k].height);
                const uint8_t *last = duet_image_row(&image, image.height - 1) + (image.width - 1) * 3;
                if (k > 0) assert_true(last[0] > 240 && last[1] < 15 && last[2] < 15);
            }
            duet_image_close(&image);
        }
        assert_int_equal(count, cases[k].count);
        duet_frames_close(&frames);
    }
    struct duet_frames *frames;
    struct duet_error e;
    struct duet_image image;
    bool more;
    assert_ok(duet_frames_open("lavfi:color=red@0.5:size=8x8,format=rgba", NULL, &frames, &e), e);
    assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e); /* alpha lies over white */
    assert_true(image.pixels[0] > 250 && abs(image.pixels[1] - 128) < 4 && abs(image.pixels[2] - 128) < 4);
    duet_image_close(&image);
    duet_frames_close(&frames);
    assert_true(duet_frames_open("lavfi:no_such_filter", NULL, &frames, &e) != DUET_OK);
    fprintf(stderr, "# %s\n", e.text);
    assert_non_null(strstr(e.text, "no_such_filter"));
    struct duet_frames_options options = {.picture.max_pixels = 1000};
    assert_fails(DUET_TOO_LARGE, duet_frames_open("lavfi:color=red:size=64x48", &options, &frames, &e), e);
    assert_fails(DUET_TOO_LARGE, duet_frames_open("lavfi:color=red:size=65535x65535", NULL, &frames, &e), e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(videos_come_through_pipes),
        cmocka_unit_test(a_pipe_is_not_read_to_its_end_first),
        cmocka_unit_test(a_socket_in_a_folder_is_a_pipe),
        cmocka_unit_test(graphs_are_sources),
    };
    return cmocka_run_group_tests(tests, make_stream, remove_stream);
}
