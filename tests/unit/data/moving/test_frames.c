/* Where pictures come from: opening, telling kinds apart, limits, hostile bytes. */
#include "support/pictures.h"
#include "support/testing.h"

#include "data/moving/frames.h"

#include <jansson.h>
#include <nettle/sha2.h>
#include <unistd.h>

/* --- opening -------------------------------------------------------------------------------------------- */

static void check_open_fails(enum duet_status want, const char *says, const char *path)
{
    struct duet_error e;
    struct duet_frames *frames;
    assert_fails(want, duet_frames_open(path, NULL, &frames, &e), e);
    assert_null(frames);
    if (!strstr(e.text, says)) fail_msg("'%s' does not say '%s'", e.text, says);
}

static void check_bytes_fail(enum duet_status want, const char *says, const void *data, size_t size,
                             const struct duet_frames_options *options)
{
    struct duet_error e;
    struct duet_frames *frames;
    assert_fails(want, duet_frames_open_bytes(data, size, "a name", options, &frames, &e), e);
    assert_null(frames);
    if (!strstr(e.text, says)) fail_msg("'%s' does not say '%s'", e.text, says);
}

static void what_cannot_be_opened_says_why(void **state)
{
    (void)state;
    check_open_fails(DUET_NOT_FOUND, "no/such/file: cannot open", "no/such/file");
    check_open_fails(DUET_BAD_ARGUMENT, "is a folder", ".");
    check_open_fails(DUET_BAD_FORMAT, "/dev/null: is empty", "/dev/null");
    check_bytes_fail(DUET_BAD_FORMAT, "a name: is empty", "", 0, NULL);
    check_bytes_fail(DUET_BAD_FORMAT, "(begins with 23 21 2f 62 69 6e 2f 73 ...; known: JPEG, PNG, PNM",
                     "#!/bin/sh", 9, NULL);
    check_bytes_fail(DUET_BAD_FORMAT, "(begins with 50;", "P", 1, NULL);
    struct duet_frames_options options = {.picture.max_bytes = 10};
    check_bytes_fail(DUET_TOO_LARGE, "limit of 10 bytes", "P5 1 1 255 a", 12, &options);
}

static void a_still_has_one_frame(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_frames *frames;
    struct duet_image image;
    struct duet_frame_info info = {.moving = true, .frame = 7, .pts = 7};
    bool more = false;
    assert_ok(duet_frames_open_bytes("P5 1 1 255 a", 12, "x", NULL, &frames, &e), e);
    assert_ok(duet_frames_next(frames, &image, &info, &more, &e), e);
    assert_true(more);
    assert_false(info.moving);
    assert_int_equal(info.frame, 0);
    duet_image_close(&image);
    for (int i = 0; i < 2; i++) {
        image.pixels = (uint8_t *)&image;
        assert_ok(duet_frames_next(frames, &image, &info, &more, &e), e);
        assert_false(more);
        assert_null(image.pixels);
    }
    duet_frames_close(&frames);
    duet_frames_close(&frames);
    duet_frames_close(NULL);
}

static void a_file_and_standard_input_are_read(void **state)
{
    (void)state;
    char path[] = "frames_test_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "P5 2 1 255 ab", 13), 13);
    close(fd);
    for (int i = 0; i < 2; i++) {
        struct duet_error e;
        struct duet_frames *frames;
        struct duet_image image;
        bool more;
        if (i == 1) assert_non_null(freopen(path, "rb", stdin));
        assert_ok(duet_frames_open(i == 1 ? "-" : path, NULL, &frames, &e), e);
        assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
        assert_memory_equal(image.pixels, "aaabbb", 6);
        duet_image_close(&image);
        duet_frames_close(&frames);
    }
    check_open_fails(DUET_BAD_FORMAT, "standard input: is empty", "-");
    unlink(path);
}

static void kinds_are_told_by_content(void **state)
{
    (void)state;
    for (int i = 0; i < picture_count; i++) {
        const char *name;
        struct picture p = picture_at(i, &name);
        assert_true(duet_frames_sniff(p.data, p.size < 16 ? p.size : 16));
        assert_false(duet_frames_sniff(p.data + 1, p.size - 1));
        free(p.data);
    }
    static const char *const others[] = {"P2 is a text", "P7\n1 1 1",   "P5", "P41 1 1",
                                         "\xff\xd8",     "\x89PNG\n\n", ""};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(duet_frames_sniff((const uint8_t *)others[i], strlen(others[i])));
}

/* --- limits --------------------------------------------------------------------------------------------- */

static void check_next_fails(enum duet_status want, const char *says, const void *data, size_t size,
                             size_t max_pixels)
{
    struct duet_frames_options options = {.picture.max_pixels = max_pixels};
    struct duet_error e;
    struct duet_frames *frames;
    struct duet_image image;
    bool more = true;
    assert_ok(duet_frames_open_bytes(data, size, "a name", &options, &frames, &e), e);
    assert_fails(want, duet_frames_next(frames, &image, NULL, &more, &e), e);
    assert_false(more);
    assert_null(image.pixels);
    if (!strstr(e.text, says) || strncmp(e.text, "a name: ", 8) != 0)
        fail_msg("'%s' does not say '%s'", e.text, says);
    assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e); /* there is no more */
    assert_false(more);
    duet_frames_close(&frames);
}

static void pixels_are_limited(void **state)
{
    (void)state;
    for (int i = 0; i < picture_count; i++) {
        const char *name;
        struct picture p = picture_at(i, &name);
        if (strncmp(name, "jpeg", 4) == 0 || strncmp(name, "png", 3) == 0)
            check_next_fails(DUET_TOO_LARGE, "17x17 pixels, the limit is 288 in all", p.data, p.size, 288);
        free(p.data);
    }
    check_next_fails(DUET_TOO_LARGE, "2x2 pixels, the limit is 3 in all", "P5 2 2 255 abcd", 15, 3);
}

/* A PNG's beginning, and a JPEG's, that promise much. */
static size_t huge_png(uint32_t width, uint32_t height, uint8_t out[33])
{
    memcpy(out, "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", 16);
    for (int i = 0; i < 4; i++) {
        out[16 + i] = (uint8_t)(width >> (24 - 8 * i));
        out[20 + i] = (uint8_t)(height >> (24 - 8 * i));
    }
    memcpy(out + 24, "\10\2\0\0\0", 5);
    picture_mend_png(out, 33);
    return 33;
}

static void huge_promises_are_refused(void **state)
{
    (void)state;
    uint8_t png[33 + 12];
    size_t size = huge_png(100000, 100000, png);
    memcpy(png + size, "\0\0\0\0IDAT\x35\xaf\x06\x1e", 12);
    check_next_fails(DUET_TOO_LARGE, "100000x100000 pixels, the limit is 65535 a side", png, sizeof png, 0);
    huge_png(65535, 65535, png);
    check_next_fails(DUET_TOO_LARGE,
                     "65535x65535 pixels, the limit is 268435456 in all; --max-pixels raises it", png,
                     sizeof png, 0);
    huge_png(16384, 16384, png);
    check_next_fails(DUET_BAD_FORMAT, "truncated PNG (45 bytes cannot hold 16384x16384 pixels)", png,
                     sizeof png, 0);

    const char *name;
    struct picture p = picture_at(0, &name);
    size_t frame = 0;
    while (memcmp(p.data + frame, "\xff\xc0\0\x0b\x08", 5) != 0) frame++;
    memset(p.data + frame + 5, 0xff, 4);
    check_next_fails(DUET_TOO_LARGE, "65500", p.data, p.size, 0);
    memcpy(p.data + frame + 5, "\x7f\xff\x7f\xff", 4);
    check_next_fails(DUET_TOO_LARGE, "32767x32767 pixels, the limit is 268435456 in all", p.data, p.size, 0);
    memcpy(p.data + frame + 5, "\x40\0\x40\0", 4);
    check_next_fails(DUET_BAD_FORMAT, "cannot hold 16384x16384 pixels", p.data, p.size, 0);
    free(p.data);
}

/* --- hostile bytes -------------------------------------------------------------------------------------- */

/* Decode whatever it is; what comes out must hang together. */
static enum duet_status try_bytes(const uint8_t *data, size_t size)
{
    enum { LIMIT = 100000 };
    struct duet_frames_options options = {.picture.max_pixels = LIMIT};
    struct duet_error e = {.text = ""};
    struct duet_frames *frames;
    struct duet_image image;
    bool more = false;
    enum duet_status status = duet_frames_open_bytes(data, size, "x", &options, &frames, &e);
    if (status == DUET_OK) {
        status = duet_frames_next(frames, &image, NULL, &more, &e);
        assert_true(more == (status == DUET_OK));
        assert_true(more == (image.pixels != NULL));
        if (more) {
            assert_in_range((size_t)image.width * (size_t)image.height, 1, LIMIT);
            assert_int_equal(image.stride, image.width * 3);
        }
        duet_image_close(&image);
        duet_frames_close(&frames);
    }
    assert_null(frames);
    if (status != DUET_OK) assert_true(strncmp(e.text, "x: ", 3) == 0 && e.status == status);
    return status;
}

/* The bytes at the very end of a block, so that a sanitizer sees whoever reads on. */
static enum duet_status try_beginning(const struct picture *p, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, p->data, size);
    enum duet_status status = try_bytes(copy, size);
    free(copy);
    return status;
}

/* The picture of some bytes, as stored; is there a warning? */
static struct duet_image decode_stored(const uint8_t *data, size_t size, bool *warned)
{
    struct duet_frames_options options = {.picture.exif = DUET_EXIF_IGNORE};
    struct duet_error e;
    struct duet_frames *frames;
    struct duet_image image;
    bool more;
    assert_ok(duet_frames_open_bytes(data, size, "x", &options, &frames, &e), e);
    assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
    *warned = duet_frames_warnings(frames)->count > 0;
    duet_frames_close(&frames);
    return image;
}

/* Only an end marker and the like may be missing, and it is told. */
static bool is_whole_with_a_warning(const struct picture *p, size_t size)
{
    bool whole_warned, warned;
    struct duet_image whole = decode_stored(p->data, p->size, &whole_warned);
    struct duet_image image = decode_stored(p->data, size, &warned);
    bool same = image.width == whole.width && image.height == whole.height &&
                memcmp(image.pixels, whole.pixels, whole.stride * (size_t)whole.height) == 0;
    duet_image_close(&whole);
    duet_image_close(&image);
    return same && warned && !whole_warned;
}

static void every_beginning_of_a_picture_is_refused_or_whole(void **state)
{
    (void)state;
    for (int i = 0; i < picture_count; i++) {
        const char *name;
        struct picture p = picture_at(i, &name);
        if (try_beginning(&p, p.size) != DUET_OK) fail_msg("%s: the whole is refused", name);
        for (size_t size = 0; size < p.size; size++)
            if (try_beginning(&p, size) != DUET_BAD_FORMAT && !is_whole_with_a_warning(&p, size))
                fail_msg("%s: %zu of %zu bytes are not refused", name, size, p.size);
        free(p.data);
    }
}

static void mutate(struct picture *p, uint64_t *random)
{
    for (uint32_t n = 1 + picture_random(random) % 4; n > 0; n--) {
        size_t at = picture_random(random) % p->size;
        switch (picture_random(random) % 4) {
        case 0:
            p->data[at] ^= (uint8_t)(1u << picture_random(random) % 8);
            break;
        case 1:
            p->data[at] = (uint8_t)picture_random(random);
            break;
        case 2: /* sizes and counts are tried at their ends */
            p->data[at] = picture_random(random) % 2 ? 0xff : 0;
            break;
        default: /* a piece moves */
            memmove(p->data + at, p->data + picture_random(random) % (at + 1), (p->size - at) / 4);
        }
    }
}

static void mutated_pictures_do_no_harm(void **state)
{
    (void)state;
    const char *given = getenv("DUET_TEST_SEED");
    uint64_t random = given ? strtoull(given, NULL, 10) : 20180615;
    fprintf(stderr, "# DUET_TEST_SEED=%llu\n", (unsigned long long)random);
    int decoded = 0, refused = 0;
    for (int i = 0; i < picture_count; i++) {
        const char *name;
        struct picture p = picture_at(i, &name);
        struct picture mutant = {malloc(p.size), p.size};
        for (int k = 0; k < 300; k++) {
            memcpy(mutant.data, p.data, p.size);
            mutate(&mutant, &random);
            if (k % 4) picture_mend_png(mutant.data, mutant.size); /* else all are refused */
            *(try_bytes(mutant.data, mutant.size) == DUET_OK ? &decoded : &refused) += 1;
        }
        free(mutant.data);
        free(p.data);
    }
    assert_true(decoded > 100 && refused > 1000); /* else the mutants say little */
}

/* --- against the reference decode ----------------------------------------------------------------------- */

static struct duet_image decode_file(const char *path)
{
    struct duet_error e;
    struct duet_frames *frames;
    struct duet_image image;
    bool more;
    assert_ok(duet_frames_open(path, NULL, &frames, &e), e);
    assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
    assert_true(more);
    duet_frames_close(&frames);
    return image;
}

static void sha256_of(const struct duet_image *image, char hex[65])
{
    struct sha256_ctx ctx;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&ctx);
    sha256_update(&ctx, image->stride * (size_t)image->height, image->pixels);
    sha256_digest(&ctx, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) snprintf(hex + i * 2, 3, "%02x", digest[i]);
}

static void photographs_are_decoded_as_the_reference_was(void **state)
{
    (void)state;
    testing_need_shared(shared);
    char path[4300];
    snprintf(path, sizeof path, "%s/golden/ssdlite/images.json", shared);
    json_t *list = json_load_file(path, 0, NULL);
    assert_int_equal(json_array_size(list), 6);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *entry = json_array_get(list, i);
        char hex[65];
        snprintf(path, sizeof path, "%s/golden/ssdlite/%s.jpg", shared,
                 json_string_value(json_object_get(entry, "name")));
        struct duet_image image = decode_file(path);
        assert_int_equal(image.width, json_integer_value(json_object_get(entry, "w")));
        assert_int_equal(image.height, json_integer_value(json_object_get(entry, "h")));
        sha256_of(&image, hex);
        assert_string_equal(hex, json_string_value(json_object_get(entry, "rgb_sha256")));
        memcpy(path + strlen(path) - 3, "ppm", 3); /* dog and kite have one */
        if (access(path, R_OK) == 0) {
            struct duet_image same = decode_file(path);
            assert_memory_equal(same.pixels, image.pixels, image.stride * (size_t)image.height);
            duet_image_close(&same);
        }
        duet_image_close(&image);
    }
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_opened_says_why),
        cmocka_unit_test(a_still_has_one_frame),
        cmocka_unit_test(a_file_and_standard_input_are_read),
        cmocka_unit_test(kinds_are_told_by_content),
        cmocka_unit_test(pixels_are_limited),
        cmocka_unit_test(huge_promises_are_refused),
        cmocka_unit_test(every_beginning_of_a_picture_is_refused_or_whole),
        cmocka_unit_test(mutated_pictures_do_no_harm),
        cmocka_unit_test(photographs_are_decoded_as_the_reference_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
