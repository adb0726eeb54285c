#include "support/testing.h"

#include "preprocess/pad.h"

#include <math.h>

static struct duet_affine pad(const struct duet_image *image, int width, int height, float *input)
{
    struct duet_error e;
    struct preprocess preprocess;
    struct duet_pool pool = duet_pool_single();
    assert_ok(duet_preprocess_create(
                  &(struct duet_head_input){width, height, DUET_PAD, 2.0 / 255, -1}, &preprocess, &e), e);
    struct duet_affine way_back = duet_preprocess_run(&preprocess, NULL, image, &pool, input);
    duet_preprocess_close(&preprocess);
    return way_back;
}

static void small_pictures_stand_at_the_top_left(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_image image;
    static float input[10 * 12 * 3];
    assert_ok(duet_image_create(&image, 5, 4, DUET_RGB8, &e), e);
    for (int y = 0; y < 4; y++) memset(duet_image_row(&image, y), y == 0 ? 255 : 0, 15);
    struct duet_affine way_back = pad(&image, 12, 10, input);
    assert_true(way_back.scale_x == 12 && way_back.scale_y == 10);
    for (int y = 0; y < 10; y++)
        for (int x = 0; x < 36; x++)
            assert_true(input[y * 36 + x] == (y >= 4 || x >= 15 ? 0 : y == 0 ? 1 : -1));
    duet_image_close(&image);
}

static void large_pictures_are_averaged(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_image image;
    static float input[33 * 33 * 3];
    int width, height;
    assert_ok(duet_image_create(&image, 1000, 70, DUET_RGB8, &e), e);
    double sum = 0, got = 0;
    uint32_t x = 1;
    for (int y = 0; y < 70; y++)
        for (int i = 0; i < 3000; i++) {
            x = x * 1664525u + 1013904223u;
            duet_image_row(&image, y)[i] = (uint8_t)(x >> 24);
            sum += (double)(x >> 24) / 127.5 - 1;
        }
    duet_pad_size(&image, 33, 33, &height, &width);
    assert_int_equal(width, 33);
    assert_int_equal(height, 2);
    struct duet_affine way_back = pad(&image, 33, 33, input);
    assert_true(way_back.scale_x == 1000 && way_back.scale_y == 70 * 33 / 2.0f);
    for (int i = 0; i < 2 * 99; i++) got += (double)input[i];
    assert_true(fabs(got / (2 * 99) - sum / (70 * 3000)) < 1e-3); /* every source pixel counts alike */
    duet_pad_size(&image, 5000, 5000, &height, &width);
    assert_int_equal(width, 1000);
    duet_image_close(&image);
    assert_ok(duet_image_create(&image, 65535, 1, DUET_RGB8, &e), e);
    duet_pad_size(&image, 513, 513, &height, &width);
    assert_int_equal(height, 1);
    duet_image_close(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_pictures_stand_at_the_top_left),
        cmocka_unit_test(large_pictures_are_averaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
