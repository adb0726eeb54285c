/* Moving inputs that need no FFmpeg: pictures one after the other, numbered pictures. */
#include "support/pictures.h"
#include "support/scratch_group.h"
#include "support/testing.h"

#include "data/moving/frames.h"
#include "picture/scan.h"

#include <math.h>

/* A grey JPEG of one level. */
static struct picture grey(int width, int height, int level)
{
    uint8_t pixels[64 * 64];
    assert_true(width * height <= (int)sizeof pixels);
    memset(pixels, level, sizeof pixels);
    const struct picture_jpeg how = {
        .width = width, .height = height, .in = JCS_GRAYSCALE, .stored = JCS_GRAYSCALE};
    return picture_jpeg(&how, pixels);
}

static void append(struct picture *to, const void *data, size_t size)
{
    to->data = realloc(to->data, to->size + size);
    assert_non_null(to->data);
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

/* `count` JPEGs of the levels 0, 2, 4 ... with `between` between them. */
static struct picture film(int count, const char *between, size_t between_size)
{
    struct picture all = {NULL, 0};
    for (int i = 0; i < count; i++) {
        struct picture one = grey(16, 8, i * 2);
        append(&all, one.data, one.size);
        if (i + 1 < count && between_size > 0) append(&all, between, between_size);
        free(one.data);
    }
    return all;
}

static struct duet_frames *open_bytes(struct picture p, const struct duet_frames_options *options)
{
    struct duet_error e;
    struct duet_frames *frames;
    assert_ok(duet_frames_open_bytes(p.data, p.size, "x", options, &frames, &e), e);
    return frames;
}

/* Take the next frame: its level / 2 and number, -1 at the end. */
static int take(struct duet_frames *frames, struct duet_frame_info *info)
{
    struct duet_error e;
    struct duet_image image;
    bool more;
    assert_ok(duet_frames_next(frames, &image, info, &more, &e), e);
    if (!more) return -1;
    int level = image.pixels[0];
    duet_image_close(&image);
    return (level + 1) / 2;
}

static void jpegs_one_after_the_other_are_frames(void **state)
{
    (void)state;
    static const char *const between[] = {"", "\0\0\0", "\r\n"};
    for (int b = 0; b < 3; b++) {
        struct picture all = film(60, between[b], b == 1 ? 3 : strlen(between[b]));
        struct duet_frames *frames = open_bytes(all, NULL);
        struct duet_frames_about about;
        struct duet_frame_info info;
        struct duet_error e;
        duet_frames_describe(frames, &about);
        assert_true(about.moving && !about.live && about.seekable && about.rate_num == 25 &&
                    about.width == 16);
        for (int i = 0; i < 60; i++) {
            assert_int_equal(take(frames, &info), i);
            assert_true(info.moving && !info.live && info.frame == i && fabs(info.time - i / 25.0) < 1e-9);
        }
        assert_int_equal(take(frames, &info), -1);
        for (int i = 0, n = 7; i < 30; i++, n = (n * 29 + 3) % 60) {
            assert_ok(duet_frames_seek(frames, n / 25.0 + (i % 3) * 0.013, &e), e);
            assert_int_equal(take(frames, &info), n);
            assert_int_equal(info.frame, n);
            if (n < 59) assert_int_equal(take(frames, &info), n + 1);
        }
        assert_ok(duet_frames_seek(frames, 60 / 25.0, &e), e);
        assert_int_equal(take(frames, &info), -1);
        duet_frames_close(&frames);
        struct duet_frames_options options = {.every = 7, .start = 0.5, .duration = 1};
        frames = open_bytes(all, &options);
        for (int i = 14; i <= 35; i += 7) assert_int_equal(take(frames, &info), i);
        assert_int_equal(take(frames, &info), -1);
        assert_ok(duet_frames_seek(frames, 1.3, &e), e); /* frame 32: the one before that is asked for */
        assert_int_equal(take(frames, &info), 28);
        duet_frames_close(&frames);
        frames = open_bytes(all, NULL); /* a seek first of all */
        assert_ok(duet_frames_seek(frames, 1, &e), e);
        assert_int_equal(take(frames, &info), 25);
        duet_frames_close(&frames);
        free(all.data);
    }
}

static void check_still(struct picture p, bool still)
{
    struct duet_frames *frames = open_bytes(p, NULL);
    struct duet_frames_about about;
    struct duet_frame_info info;
    duet_frames_describe(frames, &about);
    assert_true(about.moving == !still);
    assert_int_equal(take(frames, &info), 10);
    assert_true(info.moving == !still);
    if (still) assert_int_equal(take(frames, &info), -1);
    duet_frames_close(&frames);
}

static void what_follows_a_still_does_not_make_it_move(void **state)
{
    (void)state;
    static const char *const tails[] = {
        "trailing", "\xff", "\xff\xd8", "\xff\xd8\xff", "\xff\xd8\xff\xe0garbage", "\0\0\0\30ftypmp42"};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        struct picture one = grey(16, 8, 20);
        append(&one, tails[i], i == 5 ? 12 : strlen(tails[i]));
        check_still(one, true);
        free(one.data);
    }
    struct picture one = grey(16, 8, 20), preview = grey(8, 8, 20), same = grey(16, 8, 40);
    size_t alone = one.size;
    append(&one, preview.data, preview.size); /* of another size */
    check_still(one, true);
    one.size = alone;
    append(&one, same.data, same.size);
    check_still(one, false);
    /* The same with what telephones write into the first one: MPF in an APP2. */
    static const char mpf[] = "\xff\xd8\xff\xe2\0\x0aMPF\0II*\0";
    struct picture several = {NULL, 0};
    append(&several, mpf, sizeof mpf - 1);
    append(&several, one.data + 2, one.size - 2);
    check_still(several, true);
    free(several.data);
    free(one.data);
    free(preview.data);
    free(same.data);
}

static void a_film_that_breaks_off_says_so(void **state)
{
    (void)state;
    struct picture all = film(5, "", 0), one = grey(16, 8, 0);
    size_t two = 0; /* where the third begins */
    for (int i = 0; i < 2; i++) {
        struct picture p = grey(16, 8, i * 2);
        two += p.size;
        free(p.data);
    }
    for (size_t size = two + 3; size < two + one.size - 8; size += 7) {
        struct duet_frames *frames = open_bytes((struct picture){all.data, size}, NULL);
        struct duet_frame_info info;
        struct duet_error e;
        struct duet_image image;
        bool more;
        assert_int_equal(take(frames, &info), 0);
        assert_int_equal(take(frames, &info), 1);
        assert_fails(DUET_BAD_FORMAT, duet_frames_next(frames, &image, &info, &more, &e), e);
        assert_string_equal(e.text, "x: cut off after 2 frames, expected another picture");
        assert_int_equal(take(frames, &info), -1);
        assert_fails(DUET_UNSUPPORTED, duet_frames_seek(frames, 0, &e), e);
        duet_frames_close(&frames);
    }
    /* Of the last one only the end marker is missing. */
    struct duet_frames *frames = open_bytes((struct picture){all.data, all.size - 2}, NULL);
    struct duet_frame_info info;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(duet_frames_warnings(frames)->count, 0);
        assert_int_equal(take(frames, &info), i);
    }
    assert_string_equal(duet_frames_warnings(frames)->texts[0], "JPEG without an end marker (EOI)");
    assert_int_equal(take(frames, &info), -1);
    duet_frames_close(&frames);
    memcpy(all.data + two, "garbage", 7);
    frames = open_bytes(all, NULL);
    struct duet_error e;
    struct duet_image image;
    bool more;
    assert_int_equal(take(frames, &info), 0);
    assert_int_equal(take(frames, &info), 1);
    assert_fails(DUET_BAD_FORMAT, duet_frames_next(frames, &image, &info, &more, &e), e);
    assert_string_equal(e.text, "x: damaged after 2 frames, expected another picture");
    duet_frames_close(&frames);
    free(all.data);
    free(one.data);
}

/* --- through a pipe ------------------------------------------------------------------------------------- */

static void a_pipe_of_jpegs_is_read_as_it_comes(void **state)
{
    (void)state;
    int ends[2], kept = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    struct duet_error e;
    struct duet_frames *frames;
    struct duet_frame_info info;
    struct picture pictures[6];
    for (int i = 0; i < 6; i++)
        pictures[i] = grey(i % 2 ? 16 : 32, 8, i * 2); /* in a pipe sizes may differ */
    for (int i = 0; i < 2; i++)
        assert_int_equal(write(ends[1], pictures[i].data, pictures[i].size), (ssize_t)pictures[i].size);
    assert_ok(duet_frames_open("-", NULL, &frames, &e), e); /* hangs if it waited for the end */
    for (int i = 0; i < 6; i++) {
        assert_int_equal(take(frames, &info), i);
        assert_int_equal(info.frame, i);
        if (i > 0 && i < 5)
            assert_int_equal(write(ends[1], pictures[i + 1].data, pictures[i + 1].size),
                             (ssize_t)pictures[i + 1].size);
    }
    close(ends[1]);
    assert_int_equal(take(frames, &info), -1);
    assert_fails(DUET_UNSUPPORTED, duet_frames_seek(frames, 0, &e), e);
    assert_string_equal(e.text, "standard input: there is no way back in what comes through a pipe");
    duet_frames_close(&frames);
    /* One alone is a still, and so is one with something behind it. */
    for (int tail = 0; tail < 2; tail++) {
        assert_int_equal(pipe(ends), 0);
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        assert_int_equal(write(ends[1], pictures[5].data, pictures[5].size), (ssize_t)pictures[5].size);
        if (tail) assert_int_equal(write(ends[1], "tail", 4), 4);
        close(ends[1]);
        assert_ok(duet_frames_open("-", NULL, &frames, &e), e);
        assert_int_equal(take(frames, &info), 5);
        assert_false(info.moving);
        assert_int_equal(take(frames, &info), -1);
        duet_frames_close(&frames);
    }
    dup2(kept, STDIN_FILENO);
    close(kept);
    for (int i = 0; i < 6; i++) free(pictures[i].data);
}

/* Standard input becomes a pipe that holds this. What it was before: for end_pipe. */
static int begin_pipe(struct picture p)
{
    int ends[2], kept = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    assert_int_equal(write(ends[1], p.data, p.size), (ssize_t)p.size); /* less than a pipe holds */
    close(ends[1]);
    return kept;
}

static void end_pipe(int kept)
{
    dup2(kept, STDIN_FILENO);
    close(kept);
}

static struct duet_image decode_alone(struct picture p)
{
    struct duet_frames *frames = open_bytes(p, NULL);
    struct duet_error e;
    struct duet_image image;
    bool more;
    assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
    duet_frames_close(&frames);
    return image;
}

/* The frames of standard input are these pictures, each as it is when alone; then comes the end. */
static void check_frames(const struct picture *pictures, int count, bool moving)
{
    struct duet_error e;
    struct duet_frames *frames;
    struct duet_frame_info info;
    struct duet_image image;
    bool more;
    assert_ok(duet_frames_open("-", NULL, &frames, &e), e);
    for (int i = 0; i < count; i++) {
        struct duet_image want = decode_alone(pictures[i]);
        assert_ok(duet_frames_next(frames, &image, &info, &more, &e), e);
        if (!more) fail_msg("%d of %d frames", i, count);
        assert_true(info.moving == moving && info.frame == i);
        assert_int_equal(duet_frames_warnings(frames)->count, 0);
        assert_int_equal(image.width, want.width);
        assert_int_equal(image.height, want.height);
        assert_memory_equal(image.pixels, want.pixels, want.stride * (size_t)want.height);
        duet_image_close(&want);
        duet_image_close(&image);
    }
    assert_ok(duet_frames_next(frames, &image, &info, &more, &e), e);
    assert_false(more);
    duet_frames_close(&frames);
}

static void pictures_of_all_kinds_come_through_one_pipe(void **state)
{
    (void)state;
    static const char *const between[] = {"", "\n", "\0\0\r\n "};
    struct picture *pictures = malloc(sizeof *pictures * (size_t)picture_count);
    for (int i = 0; i < picture_count; i++) {
        const char *name;
        pictures[i] = picture_at(i, &name);
    }
    for (int b = 0; b < 3; b++) {
        struct picture all = {NULL, 0};
        for (int i = 0; i < picture_count; i++) { /* nothing but a space can end a plain PNM */
            bool plain = pictures[i].data[0] == 'P' && pictures[i].data[1] <= '3';
            append(&all, pictures[i].data, pictures[i].size);
            append(&all, between[b], b == 2 ? 5 : strlen(between[b]));
            if (plain && b == 0) append(&all, "\n", 1);
        }
        int kept = begin_pipe(all);
        check_frames(pictures, picture_count, true);
        end_pipe(kept);
        free(all.data);
    }
    for (int i = 0; i < picture_count; i++) { /* each alone is a still */
        int kept = begin_pipe(pictures[i]);
        check_frames(&pictures[i], 1, false);
        end_pipe(kept);
        free(pictures[i].data);
    }
    free(pictures);
}

/* Of every beginning it is known that it is none of the whole, and of the whole where it ends. */
static void check_scan(const char *name, struct picture p, bool plain)
{
    struct picture longer = {NULL, 0};
    append(&longer, p.data, p.size);
    append(&longer, "\nP6 garbage", 11);
    struct duet_scan by_bytes = {0};
    for (size_t size = DUET_SCAN_SIGN < p.size ? DUET_SCAN_SIGN : p.size; size <= longer.size; size++) {
        struct duet_scan at_once = {0};
        duet_scan_more(&at_once, longer.data, size);
        if (!by_bytes.ended) duet_scan_more(&by_bytes, longer.data, size);
        bool ended = size >= p.size + plain;
        if (at_once.ended != ended || by_bytes.ended != ended || at_once.broken || by_bytes.broken)
            fail_msg("%s: %zu of %zu bytes: ended %d %d, broken %d %d", name, size, p.size, at_once.ended,
                     by_bytes.ended, at_once.broken, by_bytes.broken);
        assert_int_equal(at_once.length, ended ? p.size : size);
    }
    assert_int_equal(by_bytes.length, p.size);
    assert_true(by_bytes.width > 0 && by_bytes.height > 0);
    free(longer.data);
}

static void the_end_of_a_picture_is_known(void **state)
{
    (void)state;
    for (int i = 0; i < picture_count; i++) {
        const char *name;
        struct picture p = picture_at(i, &name);
        check_scan(name, p, p.data[0] == 'P' && (p.data[1] == '2' || p.data[1] == '3'));
        free(p.data);
    }
    /* 3x2 pixels of 24 bit: rows of 12 bytes. What it says of its length may be nonsense. */
    uint8_t bmp[54 + 24] = "BM\0\0\0\0\0\0\0\0\66\0\0\0\50\0\0\0\3\0\0\0\2\0\0\0\1\0\30";
    for (int i = 0; i < 4; i++) {
        bmp[2] = i % 2 ? sizeof bmp : 5;
        memcpy(bmp + 22, i < 2 ? "\2\0\0\0" : "\xfe\xff\xff\xff", 4); /* from above to below */
        check_scan("bmp", (struct picture){bmp, sizeof bmp}, false);
    }
    uint8_t webp[] = "RIFF\22\0\0\0WEBPVP8 \5\0\0\0abcde";
    check_scan("webp", (struct picture){webp, sizeof webp}, false);
}

static void what_is_lost_behind_pictures_is_told(void **state)
{
    (void)state;
    const char *name;
    for (int i = 0; i < picture_count; i++) {
        struct picture p = picture_at(i, &name), two = {NULL, 0};
        struct duet_error e;
        struct duet_frames *frames;
        struct duet_image image;
        bool more;
        if (p.data[0] == 'P' && p.data[1] <= '3') append(&p, "\n", 1);
        append(&two, p.data, p.size);
        append(&two, p.data, p.size);
        append(&p, "garbage", 7);
        int kept = begin_pipe(p); /* one, and something */
        assert_ok(duet_frames_open("-", NULL, &frames, &e), e);
        assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
        assert_int_equal(duet_frames_warnings(frames)->count, 1);
        assert_string_equal(duet_frames_warnings(frames)->texts[0],
                            "7 bytes behind the picture are passed over");
        duet_image_close(&image);
        duet_frames_close(&frames);
        end_pipe(kept);
        append(&two, "garbage", 7);
        kept = begin_pipe(two); /* two, and something */
        assert_ok(duet_frames_open("-", NULL, &frames, &e), e);
        for (int k = 0; k < 2; k++) {
            assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
            assert_true(more);
            duet_image_close(&image);
        }
        assert_fails(DUET_BAD_FORMAT, duet_frames_next(frames, &image, NULL, &more, &e), e);
        assert_string_equal(e.text, "standard input: damaged after 2 frames, expected another picture");
        duet_frames_close(&frames);
        end_pipe(kept);
        free(p.data);
        free(two.data);
    }
}

/* In a file, too, pictures follow each other; only behind a JPEG there may be anything. */
static void pngs_in_a_file_are_frames(void **state)
{
    (void)state;
    const char *name;
    for (int i = 0; i < picture_count; i++) {
        struct picture p = picture_at(i, &name), two = {NULL, 0};
        struct duet_frame_info info;
        if (p.data[0] == 'P' && p.data[1] <= '3') append(&p, "\n", 1);
        append(&two, p.data, p.size);
        append(&two, p.data, p.size);
        struct duet_frames *frames = open_bytes(two, NULL);
        assert_true(take(frames, &info) >= 0);
        assert_true(info.moving);
        assert_true(take(frames, &info) >= 0);
        assert_int_equal(take(frames, &info), -1);
        duet_frames_close(&frames);
        memset(two.data + p.size, 'x', p.size);
        frames = open_bytes(two, NULL);
        assert_true(take(frames, &info) >= 0);
        assert_false(info.moving);
        assert_int_equal(duet_frames_warnings(frames)->count, 0);
        duet_frames_close(&frames);
        free(p.data);
        free(two.data);
    }
}

/* --- numbered pictures ---------------------------------------------------------------------------------- */

static void put(const char *name, int level)
{
    struct picture p = grey(16, 8, level);
    scratch_write(&scratch, name, p.data, p.size);
    free(p.data);
}

/* "FOLDER/PATTERN" */
static const char *pattern(const char *name)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/%s", scratch.folder, name);
    return path;
}

static void check_numbered(const char *name, const int *numbers, int count)
{
    struct duet_error e;
    struct duet_frames *frames;
    struct duet_frame_info info;
    assert_ok(duet_frames_open(pattern(name), NULL, &frames, &e), e);
    for (int i = 0; i < count; i++) {
        assert_int_equal(take(frames, &info), numbers[i]);
        assert_true(info.moving && info.frame == i);
        assert_true(fabs(info.time - (numbers[i] - numbers[0]) / 25.0) < 1e-9);
    }
    assert_int_equal(take(frames, &info), -1);
    for (int i = count - 1; i >= 0; i--) {
        assert_ok(duet_frames_seek(frames, (numbers[i] - numbers[0]) / 25.0 + 0.01, &e), e);
        assert_int_equal(take(frames, &info), numbers[i]);
        assert_int_equal(info.frame, i);
    }
    duet_frames_close(&frames);
}

static void numbered_pictures_are_a_video(void **state)
{
    (void)state;
    static const int padded[] = {8, 9, 10, 12, 100}, plain[] = {3, 20, 21};
    for (int i = 0; i < 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "f_%04d.jpg", padded[i]);
        put(name, padded[i] * 2);
        if (i < 3) {
            snprintf(name, sizeof name, "p%d", plain[i]);
            put(name, plain[i] * 2);
        }
    }
    put("f_007.jpg", 14); /* none of these fits */
    put("f_00005.jpg", 10);
    put("f_0001.jpeg", 2);
    put("f_0002.jpg.old", 4);
    put("p", 0);
    put("p007", 14);
    put("p-1", 2);
    check_numbered("f_%04d.jpg", padded, 5);
    check_numbered("p%d", plain, 3);
    put("100%_01", 2);
    put("100%_02", 4);
    check_numbered("100%%_%02d", (const int[]){1, 2}, 2);
    put("q_%02d", 4); /* a file of that very name */
    put("q_01", 2);
    struct duet_error e;
    struct duet_frames *frames;
    struct duet_frame_info info;
    assert_ok(duet_frames_open(pattern("q_%02d"), NULL, &frames, &e), e);
    assert_int_equal(take(frames, &info), 2);
    assert_false(info.moving);
    duet_frames_close(&frames);
}

static void numbered_pictures_fail_one_by_one(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_frames *frames;
    struct duet_frame_info info;
    assert_fails(DUET_NOT_FOUND, duet_frames_open(pattern("none_%04d.jpg"), NULL, &frames, &e), e);
    assert_non_null(strstr(e.text, "no file has a name of that kind"));
    assert_fails(DUET_NOT_FOUND, duet_frames_open("no/folder/%04d.jpg", NULL, &frames, &e), e);
    assert_fails(DUET_NOT_FOUND, duet_frames_open(pattern("%04d_%04d.jpg"), NULL, &frames, &e),
                 e); /* a name */
    put("g_1", 2);
    scratch_write(&scratch, "g_2", "no picture", 10);
    assert_ok(duet_frames_open(pattern("g_%d"), NULL, &frames, &e), e);
    assert_int_equal(take(frames, &info), 1);
    struct duet_image image;
    bool more;
    assert_fails(DUET_BAD_FORMAT, duet_frames_next(frames, &image, &info, &more, &e), e);
    assert_non_null(strstr(e.text, "/g_2: not a picture or video this build knows"));
    duet_frames_close(&frames);
}

/* --- beginnings ----------------------------------------------------------------------------------------- */

static void videos_are_told_by_their_beginning(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        bool video;
    } cases[] = {
        {"\0\0\0\30ftypisom", 12, true},
        {"\0\0\0\30ftypheic", 12, false},
        {"\0\0\0\30ftypM4A ", 12, false},
        {"\x1a\x45\xdf\xa3", 4, true},
        {"RIFF\1\2\3\4AVI ", 12, true},
        {"RIFF\1\2\3\4WAVE", 12, false},
        {"OggS", 4, false},
        {"FLV\1\5", 5, true},
        {"FLV\1\4", 5, false},
        {"YUV4MPEG2 W1", 12, true},
        {"\0\0\1\xba", 4, true},
        {"\x30\x26\xb2\x75\x8e\x66\xcf\x11", 8, true},
        {"GNU General", 11, false},
        {"P6 1 1 255 ", 11, false},
        {"", 0, false},
        {"GIF89a", 6, true},
        {"\0\0\0\30ftypavif", 12, true},
        {"DKIF\0\0", 6, true},
        {"\0\0\0\1\x67", 5, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (duet_frames_sniff_video((const uint8_t *)cases[i].bytes, cases[i].size) != cases[i].video)
            fail_msg("case %zu", i);
    uint8_t packets[400] = {0x47};
    assert_false(duet_frames_sniff_video(packets, sizeof packets));
    packets[188] = 0x47;
    assert_true(duet_frames_sniff_video(packets, sizeof packets));
    assert_false(duet_frames_sniff_video(packets, 188));
    uint8_t page[40] = "OggS";
    memcpy(page + 28, "\x80theora", 7);
    assert_true(duet_frames_sniff_video(page, sizeof page));
}

static void stills_of_ffmpeg_are_told_by_their_beginning(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        bool still;
    } cases[] = {
        {"BM\1\2\3\4\0\0\0\0\66\0\0\0\50\0\0\0", 18, true},
        {"BM\1\2\3\4\0\0\0\0\66\0\0\0\50\0\0\0", 17, false},
        {"BMW is a maker of cars", 22, false},
        {"RIFF\1\2\3\4WEBPVP8 ", 16, true},
        {"RIFF\1\2\3\4WAVE", 12, false},
        {"II*\0\10\0\0\0", 8, true},
        {"MM\0*\0\0\0\10", 8, true},
        {"\0\0\0\14jP  \r\n\x87\n", 12, true},
        {"\xff\x4f\xff\x51", 4, true},
        {"qoif", 4, true},
        {"\12\5\1\10", 4, true},
        {"\12\n\n\n", 4, false},
        {"GIF89a", 6, false},
        {"P6\n1", 4, false},
        {"", 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (duet_frames_sniff_still((const uint8_t *)cases[i].bytes, cases[i].size) != cases[i].still)
            fail_msg("case %zu", i);
}

static void names_end_like_pictures_and_videos(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum duet_ending ending;
    } cases[] = {
        {"a.jpg", DUET_ENDING_PICTURE},  {"x.y/a.JPEG", DUET_ENDING_PICTURE}, {"a.b.webp", DUET_ENDING_PICTURE},
        {"a.mp4", DUET_ENDING_VIDEO},    {"a.MOV", DUET_ENDING_VIDEO},        {"a.ts", DUET_ENDING_OTHER},
        {"x.jpg/a", DUET_ENDING_OTHER},  {".jpg", DUET_ENDING_OTHER},         {"a.jpg.txt", DUET_ENDING_OTHER},
        {"a.", DUET_ENDING_OTHER},       {"", DUET_ENDING_OTHER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (duet_frames_ending(cases[i].path) != cases[i].ending) fail_msg("%s", cases[i].path);
}

static void addresses_are_told_from_files(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum duet_address kind;
        const char *shown;
    } cases[] = {
        {"rtsp://host/x", DUET_ADDRESS_STREAM, "rtsp://host/x"},
        {"rtsp://u:p@host/x", DUET_ADDRESS_STREAM, "rtsp://u:***@host/x"},
        {"http://u:p/w@host", DUET_ADDRESS_STREAM, "http://u:p/w@host"}, /* the host is "u:p" */
        {"http://u:@host", DUET_ADDRESS_STREAM, "http://u:***@host"},
        {"http://host/a@b:c", DUET_ADDRESS_STREAM, "http://host/a@b:c"},
        {"lavfi:testsrc", DUET_ADDRESS_GRAPH, "lavfi:testsrc"},
        {"/dev/video4711", DUET_ADDRESS_CAMERA, "/dev/video4711"},
        {"a/%03d.png", DUET_ADDRESS_NUMBERED, "a/%03d.png"},
        {"a/%d%d.png", DUET_ADDRESS_FILE, "a/%d%d.png"},
        {"a/%3d.png", DUET_ADDRESS_FILE, "a/%3d.png"},
        {"a/%%d", DUET_ADDRESS_FILE, "a/%%d"},
        {"a/%", DUET_ADDRESS_FILE, "a/%"},
        {"%", DUET_ADDRESS_FILE, "%"},
        {"%099d", DUET_ADDRESS_FILE, "%099d"},
        {"C:/x", DUET_ADDRESS_FILE, "C:/x"},
        {"http:/x", DUET_ADDRESS_FILE, "http:/x"},
        {"3gp://x", DUET_ADDRESS_FILE, "3gp://x"},
        {"", DUET_ADDRESS_FILE, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (duet_frames_address(cases[i].path) != cases[i].kind) fail_msg("%s", cases[i].path);
        assert_int_equal(duet_frames_is_address(cases[i].path), cases[i].kind != DUET_ADDRESS_FILE);
        char *shown = duet_frames_shown(cases[i].path);
        assert_string_equal(shown, cases[i].shown);
        free(shown);
    }
    scratch_write(&scratch, "%03d.png", "x", 1); /* there is a file of that name */
    assert_int_equal(duet_frames_address(scratch_path(&scratch, "%03d.png")), DUET_ADDRESS_FILE);
    assert_int_equal(unlink(scratch_path(&scratch, "%03d.png")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jpegs_one_after_the_other_are_frames),
        cmocka_unit_test(what_follows_a_still_does_not_make_it_move),
        cmocka_unit_test(a_film_that_breaks_off_says_so),
        cmocka_unit_test(a_pipe_of_jpegs_is_read_as_it_comes),
        cmocka_unit_test(the_end_of_a_picture_is_known),
        cmocka_unit_test(pictures_of_all_kinds_come_through_one_pipe),
        cmocka_unit_test(what_is_lost_behind_pictures_is_told),
        cmocka_unit_test(pngs_in_a_file_are_frames),
        cmocka_unit_test(numbered_pictures_are_a_video),
        cmocka_unit_test(numbered_pictures_fail_one_by_one),
        cmocka_unit_test(videos_are_told_by_their_beginning),
        cmocka_unit_test(stills_of_ffmpeg_are_told_by_their_beginning),
        cmocka_unit_test(names_end_like_pictures_and_videos),
        cmocka_unit_test(addresses_are_told_from_files),
    };
    setenv("DUET_VIDEO_MODULE", "/no/module", 1); /* so that nothing here can lean on it */
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
