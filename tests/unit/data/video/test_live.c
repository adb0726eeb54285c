/* Streams that go away and come back, waits that are called off. (A camera
 * cannot be had here: V4L2 shares all of this but the opening.) */
#include "support/stream_group.h"
#include "support/testing.h"

#include "data/moving/frames.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <math.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>

static void pause_for(double seconds)
{
    struct timespec t = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};
    nanosleep(&t, NULL);
}

/* --- a server ------------------------------------------------------------------------------------------ */

/* What it does with one connection after the other. */
struct visit {
    double away;      /* seconds without a server, before */
    const char *head; /* to send first, once something was asked for: HTTP */
    size_t bytes;     /* of the stream to send */
    const void *part; /* instead of the stream: `bytes` of this, behind `part_head` ... */
    const char *part_head;
    int parts;    /* ... so many times ... */
    double pause; /* ... with so many seconds between */
    bool hang;    /* then say no more until the test is over, instead of closing */
};

struct server {
    const struct visit *visits;
    int count;
    int port, listener;
    atomic_bool over;
    atomic_int served;
    double pace; /* seconds from part to part, as they were sent at last */
    pthread_t thread;
};

static int listen_on(int *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

static int accept_one(struct server *server, int listener)
{
    while (!server->over) {
        struct pollfd one = {.fd = listener, .events = POLLIN};
        if (poll(&one, 1, 20) > 0) return accept(listener, NULL, NULL);
    }
    return -1;
}

static void send_all(int fd, const void *data, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t n = send(fd, (const uint8_t *)data + sent, size - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += (size_t)n;
    }
}

static void *serve(void *ctx)
{
    struct server *server = ctx;
    int listener = server->listener;
    for (int i = 0; i < server->count && !server->over && listener >= 0; i++) {
        const struct visit *visit = &server->visits[i];
        if (visit->away > 0) {
            close(listener);
            pause_for(visit->away);
            listener = listen_on(&server->port);
        }
        int fd = accept_one(server, listener);
        if (fd < 0) break;
        if (visit->head) {
            char request[4096];
            if (recv(fd, request, sizeof request, 0) > 0)
                send(fd, visit->head, strlen(visit->head), MSG_NOSIGNAL);
        }
        double begun = duet_seconds();
        for (int part = 0; part < visit->parts; part++) {
            if (part > 0) pause_for(visit->pause);
            if (visit->part_head) send_all(fd, visit->part_head, strlen(visit->part_head));
            send_all(fd, visit->part, visit->bytes);
            if (part > 0) server->pace = (duet_seconds() - begun) / part;
        }
        if (!visit->part) send_all(fd, stream.data, visit->bytes);
        while (visit->hang && !server->over) pause_for(0.01);
        close(fd);
        server->served++;
    }
    if (listener >= 0) close(listener);
    return NULL;
}

/* Begin to serve; the address. */
static const char *start_server(struct server *server, const struct visit *visits, int count)
{
    static char address[64];
    *server = (struct server){.visits = visits, .count = count};
    server->listener = listen_on(&server->port); /* on a free port */
    assert_true(server->listener >= 0);
    snprintf(address, sizeof address, "tcp://127.0.0.1:%d", server->port);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
    return address;
}

static void stop_server(struct server *server)
{
    server->over = true;
    pthread_join(server->thread, NULL);
}

/* --- being called off ---------------------------------------------------------------------------------- */

struct call {
    atomic_bool off, spared;
    double when; /* duet_seconds() */
    double after;
    pthread_t thread;
};

static bool is_off(void *ctx)
{
    return ((struct call *)ctx)->off;
}

static void *call_off(void *ctx)
{
    struct call *call = ctx;
    for (double end = duet_seconds() + call->after; duet_seconds() < end && !call->spared;) pause_for(0.005);
    call->when = duet_seconds();
    call->off = true;
    return NULL;
}

/* Stands before the C library's: a name server that does not answer for a while. */
__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints, struct addrinfo **found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
    memcpy(&real, &symbol, sizeof real);
    if (!node || strcmp(node, "slow.test") != 0) return real(node, service, hints, found);
    pause_for(1);
    return EAI_AGAIN;
}

/* Open and read until it is called off, after `after` seconds; it must end soon then. */
static void check_called_off(const char *path, double reconnect, double after)
{
    struct call call = {.after = after};
    struct duet_frames_options options = {.reconnect = reconnect, .cancelled = is_off, .ctx = &call};
    struct duet_frames *frames = NULL;
    struct duet_error e;
    bool more = true;
    assert_int_equal(pthread_create(&call.thread, NULL, call_off, &call), 0);
    enum duet_status status = duet_frames_open(path, &options, &frames, &e);
    while (status == DUET_OK && more) {
        struct duet_image image;
        status = duet_frames_next(frames, &image, NULL, &more, &e);
        duet_image_close(&image);
    }
    double now = duet_seconds();
    pthread_join(call.thread, NULL);
    duet_frames_close(&frames);
    if (status != DUET_INTERRUPTED) fail_msg("%s: %s", path, status ? e.text : "ended");
    assert_non_null(strstr(e.text, "stopped on request"));
    fprintf(stderr, "# %.3f s after the call\n", now - call.when);
    assert_true(now - call.when < 0.25); /* 0.1 and what a busy machine takes */
}

/* --- going away and coming back ------------------------------------------------------------------------ */

static void a_stream_comes_back_after_a_gap(void **state)
{
    (void)state;
    struct server server;
    const struct visit visits[] = {{.bytes = stream.size}, {.away = 0.6, .bytes = stream.size}};
    const char *address = start_server(&server, visits, 2);
    struct duet_frames_options options = {.reconnect = 1.5};
    struct duet_frames *frames;
    struct duet_frames_about about;
    struct duet_error e;
    assert_ok(duet_frames_open(address, &options, &frames, &e), e);
    duet_frames_describe(frames, &about);
    assert_true(about.moving && about.live && !about.seekable);
    assert_fails(DUET_UNSUPPORTED, duet_frames_seek(frames, 0, &e), e);
    double last = -1;
    for (int i = 0; i < 2 * FRAMES + 1; i++) {
        struct duet_image image;
        struct duet_frame_info info;
        bool more;
        assert_ok(duet_frames_next(frames, &image, &info, &more, &e), e);
        assert_true(more && info.live && info.moving);
        assert_true(fabs(info.captured - (double)time(NULL)) < 5);
        assert_int_equal(info.frame, i <= FRAMES ? i : i - 1);
        if (i == FRAMES) {
            assert_null(image.pixels);
            fprintf(stderr, "# away for %.2f s, %d attempts\n", info.gap, info.attempts);
            assert_true(info.gap > 0.3 && info.gap < 1.5 && info.attempts >= 2);
            continue;
        }
        assert_true(info.gap == 0 && info.time > last);
        assert_int_equal(clip_number(&image), i < FRAMES ? i : i - 1 - FRAMES);
        last = info.time;
        duet_image_close(&image);
    }
    struct duet_image image;
    bool more;
    double begin = duet_seconds();
    assert_fails(DUET_IO_ERROR, duet_frames_next(frames, &image, NULL, &more, &e), e);
    assert_true(duet_seconds() - begin > 1.4 && duet_seconds() - begin < 10);
    fprintf(stderr, "# %s\n", e.text);
    assert_non_null(strstr(e.text, "given up after"));
    assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
    assert_false(more);
    duet_frames_describe(frames, &about);
    duet_frames_close(&frames);
    stop_server(&server);
}

/* A camera that is switched on after us: it is waited for, and a gap tells how long. */
static void a_stream_that_is_not_up_yet_is_waited_for(void **state)
{
    (void)state;
    struct server server;
    const struct visit visits[] = {{.away = 0.6, .bytes = stream.size}};
    const char *address = start_server(&server, visits, 1);
    struct duet_frames_options options = {.reconnect = 30};
    struct duet_frames *frames;
    struct duet_frame_info info;
    struct duet_image image;
    struct duet_error e;
    bool more;
    pause_for(0.1); /* until nobody listens any more */
    assert_ok(duet_frames_open(address, &options, &frames, &e), e);
    assert_ok(duet_frames_next(frames, &image, &info, &more, &e), e);
    fprintf(stderr, "# late by %.2f s, %d attempts\n", info.gap, info.attempts);
    assert_true(more && info.live && info.gap > 0.3 && info.attempts >= 1 && info.frame == 0);
    assert_null(image.pixels);
    for (int i = 0; i < FRAMES; i++) {
        assert_ok(duet_frames_next(frames, &image, &info, &more, &e), e);
        assert_true(more && info.gap == 0);
        assert_int_equal(info.frame, i);
        assert_int_equal(clip_number(&image), i);
        duet_image_close(&image);
    }
    duet_frames_close(&frames);
    stop_server(&server);
    /* Now nobody comes. */
    options.reconnect = 0.6;
    double begin = duet_seconds();
    assert_fails(DUET_IO_ERROR, duet_frames_open(address, &options, &frames, &e), e);
    assert_non_null(strstr(e.text, "given up after"));
    assert_true(duet_seconds() - begin > 0.5 && duet_seconds() - begin < 10);
    /* What no waiting helps is said at once. */
    options.reconnect = 60;
    assert_fails(DUET_UNSUPPORTED, duet_frames_open("gopher://host/x", &options, &frames, &e), e);
    check_called_off(address, 60, 0.4);
    check_called_off("/dev/video4711", 60, 0.4);
}

static void without_reconnect_the_end_is_the_end(void **state)
{
    (void)state;
    struct server server;
    const struct visit visits[] = {{.bytes = stream.size}};
    const char *address = start_server(&server, visits, 1);
    struct duet_frames *frames;
    struct duet_error e;
    bool more = true;
    int count = -1;
    struct duet_frames_options options = {.every = 3};
    assert_ok(duet_frames_open(address, &options, &frames, &e), e);
    for (; more; count++) {
        struct duet_image image;
        assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
        duet_image_close(&image);
    }
    assert_int_equal(count, FRAMES / 3);
    duet_frames_close(&frames);
    stop_server(&server);
    assert_fails(DUET_IO_ERROR, duet_frames_open(address, &options, &frames, &e), e);
    assert_non_null(strstr(e.text, "refused"));
    assert_fails(DUET_IO_ERROR, duet_frames_open("rtsp://u:secret@no.such.host.invalid/x", NULL, &frames, &e),
                 e);
    assert_non_null(strstr(e.text, "rtsp://u:***@no.such.host.invalid/x: cannot open: "));
    assert_fails(DUET_UNSUPPORTED, duet_frames_open("gopher://u:secret@host/x", NULL, &frames, &e), e);
    assert_non_null(strstr(e.text, "gopher://u:***@host/x: unknown kind of address"));
    assert_fails(DUET_UNSUPPORTED, duet_frames_open("file:///etc/passwd", NULL, &frames, &e), e);
    assert_fails(DUET_UNSUPPORTED, duet_frames_open("concat://a|b", NULL, &frames, &e), e);
}

static void broken_frames_of_a_stream_are_left_out(void **state)
{
    (void)state;
    struct server server;
    const struct visit visits[] = {{.bytes = stream.size}};
    uint8_t *bytes = (uint8_t *)(uintptr_t)stream.data, kept[188 * 2];
    size_t at = stream.size / 188 / 2 * 188;
    memcpy(kept, bytes + at, sizeof kept);
    memset(bytes + at + 4, 0xaa, 180); /* two packets' contents */
    memset(bytes + at + 188 + 4, 0x55, 180);
    const char *address = start_server(&server, visits, 1);
    struct duet_frames *frames;
    struct duet_error e;
    bool more = true;
    int count = -1;
    assert_ok(duet_frames_open(address, NULL, &frames, &e), e);
    for (; more; count++) {
        struct duet_image image;
        struct duet_frame_info info;
        assert_ok(duet_frames_next(frames, &image, &info, &more, &e), e);
        if (more) assert_int_equal(info.frame, count + 1);
        duet_image_close(&image);
    }
    fprintf(stderr, "# %d of %d frames\n", count, FRAMES);
    assert_true(count >= FRAMES / 2 && count < FRAMES);
    duet_frames_close(&frames);
    stop_server(&server);
    memcpy(bytes + at, kept, sizeof kept);
}

#define HTTP_OK  "HTTP/1.0 200 OK\r\nContent-Length: %zu\r\n\r\n"
#define PLAYLIST "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.2,\n%s\n#EXT-X-ENDLIST\n"

/* Count the frames of the list at /list.m3u8; -1: it is not opened, *e says why. */
static int play_list(struct server *server, const char *list, struct duet_error *e)
{
    char head[512], body[64], address[128];
    snprintf(head, sizeof head, HTTP_OK "%s", strlen(list), list);
    snprintf(body, sizeof body, HTTP_OK, stream.size);
    const struct visit visits[] = {{.head = head}, {.head = body, .bytes = stream.size}};
    const char *tcp = start_server(server, visits, 2);
    snprintf(address, sizeof address, "http%s/list.m3u8", strstr(tcp, "://"));
    struct duet_frames *frames;
    bool more = duet_frames_open(address, NULL, &frames, e) == DUET_OK;
    int count = -1;
    for (; more; count++) {
        struct duet_image image;
        assert_ok(duet_frames_next(frames, &image, NULL, &more, e), *e);
        duet_image_close(&image);
    }
    duet_frames_close(&frames);
    stop_server(server);
    return count;
}

/* The same of a playlist whose only part is `part`. */
static int play(struct server *server, const char *part, struct duet_error *e)
{
    char list[256];
    snprintf(list, sizeof list, PLAYLIST, part);
    return play_list(server, list, e);
}

/* What a stream names on its own server is part of it; elsewhere it has no business. */
static void parts_of_a_playlist_come_from_its_server(void **state)
{
    (void)state;
    struct server server;
    struct duet_error e;
    int count = play(&server, "part.ts", &e);
    assert_int_equal(count, FRAMES);
    assert_int_equal(server.served, 2);
    static const char *const elsewhere[] = {"http://127.0.0.1:9/part.ts", "https://127.0.0.1/part.ts",
                                            "file:///etc/part.ts", "/etc/passwd", "concat:part.ts"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        count = play(&server, elsewhere[i], &e);
        /* Of the later ones FFmpeg says in its own words why not. */
        bool told = i > 1 || strstr(e.text, "it asks for another file or address");
        if (count >= 0 || server.served > 2 || !told)
            fail_msg("%s: %d frames, %d served; %s", elsewhere[i], count, server.served, e.text);
    }
}

/* FFmpeg's demuxers of these open what they name without asking us. */
static void lists_of_other_kinds_are_not_opened(void **state)
{
    (void)state;
    struct server server;
    struct duet_error e;
    static const char *const lists[] = {"ffconcat version 1.0\nfile 'next.ts'\n",
                                        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
                                        "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        int count = play_list(&server, lists[i], &e);
        if (count >= 0 || server.served > 1 || !strstr(e.text, "a list of other files or addresses"))
            fail_msg("%d frames, %d served; %s", count, server.served, e.text);
    }
}

/* --- cameras and pictures of web servers -----------------------------------------------------------------
 */

static struct duet_bytes a_jpeg(void)
{
    const struct clip clip = {.codec = "mjpeg", .frames = 1, .format = "mjpeg"};
    return clip_bytes(&clip, scratch_path(&scratch, "one.jpg"));
}

/* The times of a camera's frames are those at which they come: FFmpeg makes 25 a second of whatever they are.
 */
static void frames_without_stamps_have_the_times_they_come_at(void **state)
{
    (void)state;
    enum { PARTS = 12 };
    struct duet_bytes jpeg = a_jpeg();
    char part_head[128];
    snprintf(part_head, sizeof part_head,
             "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %zu\r\n\r\n", jpeg.size);
    const struct visit visit = {.bytes = jpeg.size, .part = jpeg.data, .parts = PARTS, .pause = 0.1};
    struct visit kinds[] = {visit, visit, visit};
    kinds[0].head = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n";
    kinds[0].part_head = part_head;
    kinds[1].head = "HTTP/1.1 200 OK\r\nContent-Type: video/x-motion-jpeg\r\n\r\n"; /* kinds[2]: bare TCP */
    for (int kind = 0; kind < 3; kind++) {
        struct server server;
        char address[128];
        const char *tcp = start_server(&server, &kinds[kind], 1);
        snprintf(address, sizeof address, "%s%s", kind < 2 ? "http" : "tcp", strstr(tcp, "://"));
        if (kind < 2) strcat(address, "/camera.jpg");
        struct duet_frames *frames;
        struct duet_frames_about about;
        struct duet_frame_info info = {0};
        struct duet_image image;
        struct duet_error e;
        bool more = true;
        int count = 0;
        double times[PARTS + 1] = {0};
        assert_ok(duet_frames_open(address, NULL, &frames, &e), e);
        duet_frames_describe(frames, &about);
        assert_true(about.live && about.rate_num == 0);
        for (;; count++) {
            assert_ok(duet_frames_next(frames, &image, &info, &more, &e), e);
            if (!more) break;
            assert_int_equal(clip_number(&image), 0);
            duet_image_close(&image);
            assert_true(count < PARTS && info.time == info.pts);
            times[count] = info.time;
            assert_true(count == 0 || times[count] > times[count - 1]);
        }
        duet_frames_close(&frames);
        stop_server(&server);
        /* The first 2048 bytes, which are three parts here, wait until the format is known; the last part may
         * come with the end. */
        double each = (times[PARTS - 2] - times[4]) / (PARTS - 6);
        fprintf(stderr, "# kind %d: %.3f s a frame, sent every %.3f s\n", kind, each, server.pace);
        assert_int_equal(count, PARTS);
        assert_true(each > 0.8 * server.pace && each < 1.2 * server.pace);
    }
    duet_bytes_close(&jpeg);
}

/* A picture is one however its length is said, or not; half of it is none. */
static void pictures_of_a_web_server_are_read(void **state)
{
    (void)state;
    struct duet_bytes jpeg = a_jpeg();
    char lengths[3][128];
    const char *type = "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n";
    snprintf(lengths[0], sizeof lengths[0], "%s\r\n", type);
    snprintf(lengths[1], sizeof lengths[1], "%sContent-Length: %zu\r\n\r\n", type, jpeg.size);
    snprintf(lengths[2], sizeof lengths[2], "%sTransfer-Encoding: chunked\r\n\r\n%zx\r\n", type, jpeg.size);
    for (int i = 0; i < 5; i++) { /* the last two: half of it, with Content-Length and without */
        struct server server;
        char address[128];
        size_t size = i < 3 ? jpeg.size : jpeg.size / 2;
        const struct visit visit = {
            .head = lengths[i < 3 ? i : 4 - i], .bytes = size, .part = jpeg.data, .parts = 1};
        const char *tcp = start_server(&server, &visit, 1);
        snprintf(address, sizeof address, "http%s/x.jpg", strstr(tcp, "://"));
        struct duet_frames *frames;
        struct duet_frame_info info = {0};
        struct duet_image image;
        struct duet_error e;
        bool more;
        assert_ok(duet_frames_open(address, NULL, &frames, &e), e);
        enum duet_status status = duet_frames_next(frames, &image, &info, &more, &e);
        if (i == 3) {
            char said[64];
            snprintf(said, sizeof said, "the server sent %zu bytes, expected %zu", size, jpeg.size);
            assert_int_equal(status, DUET_IO_ERROR);
            if (!strstr(e.text, said)) fail_msg("%s", e.text);
        } else if (i == 4) {
            assert_int_equal(status, DUET_BAD_FORMAT);
            if (!strstr(e.text, "damaged or cut off")) fail_msg("%s", e.text);
        } else {
            assert_ok(status, e);
            assert_true(more && !info.moving);
            assert_int_equal(clip_number(&image), 0);
            duet_image_close(&image);
            assert_ok(duet_frames_next(frames, &image, &info, &more, &e), e);
            assert_false(more);
        }
        duet_frames_close(&frames);
        stop_server(&server);
    }
    duet_bytes_close(&jpeg);
}

/* --- waiting ------------------------------------------------------------------------------------------- */

static void waits_can_be_called_off(void **state)
{
    (void)state;
    struct server server;
    const struct visit silent[] = {{.hang = true}}, stalls[] = {{.bytes = stream.size / 2, .hang = true}},
                       leaves[] = {{.bytes = stream.size}};
    check_called_off(start_server(&server, silent, 1), 0, 0.2);
    stop_server(&server);
    check_called_off(start_server(&server, stalls, 1), 5, 0.5);
    stop_server(&server);
    check_called_off(start_server(&server, leaves, 1), 60, 1);
    stop_server(&server);
    check_called_off("http://slow.test/x", 0, 0.2);
    const char *fifo = scratch_path(&scratch, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    check_called_off(fifo, 0, 0.15); /* nobody has it open */
    int fd = open(fifo, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, stream.data, 20000 < stream.size ? 20000 : stream.size / 2),
                     20000 < stream.size ? 20000 : (ssize_t)(stream.size / 2));
    check_called_off(fifo, 0, 0.3); /* in the middle of a video */
    close(fd);
    unlink(fifo);
}

/* Files with a hole behind the video, which holds nothing and is long to read. */
static void reading_a_file_can_be_called_off(void **state)
{
    (void)state;
    static const struct {
        struct clip clip;
        const char *name;
    } files[] = {{{.codec = "mpeg2video", .frames = 20}, "hole.mpg"},
                 {{.codec = "mjpeg", .frames = 20}, "hole.avi"},
                 {{.codec = "mjpeg", .frames = 20, .format = "mjpeg"}, "hole.mjpeg"}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = scratch_path(&scratch, files[i].name);
        if (!clip_write(&files[i].clip, path)) fail_msg("cannot make %s", path);
        if (truncate(path, (off_t)1 << 34) != 0) skip(); /* no holes in files here */
        check_called_off(path, 0, 0.3);
        unlink(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_comes_back_after_a_gap),
        cmocka_unit_test(a_stream_that_is_not_up_yet_is_waited_for),
        cmocka_unit_test(without_reconnect_the_end_is_the_end),
        cmocka_unit_test(parts_of_a_playlist_come_from_its_server),
        cmocka_unit_test(lists_of_other_kinds_are_not_opened),
        cmocka_unit_test(broken_frames_of_a_stream_are_left_out),
        cmocka_unit_test(frames_without_stamps_have_the_times_they_come_at),
        cmocka_unit_test(pictures_of_a_web_server_are_read),
        cmocka_unit_test(waits_can_be_called_off),
        cmocka_unit_test(reading_a_file_can_be_called_off),
    };
    return cmocka_run_group_tests(tests, make_stream, remove_stream);
}
