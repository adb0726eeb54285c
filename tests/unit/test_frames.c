#include "support/testing.h"

#include "duet/frames.h"

#include <jansson.h>
#include <nettle/sha2.h>
#include <unistd.h>

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
        cmocka_unit_test(photographs_are_decoded_as_the_reference_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
