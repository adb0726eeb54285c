#include "support/guarded.h"

#include <math.h>

static struct duet_detection detection(int id, const char *label, float score, struct duet_box box)
{
    return (struct duet_detection){id, label, score, box, 0};
}

/* --- styles ------------------------------------------------------------------------------------------- */

static void draw_styled(struct duet_image *image, struct duet_detection *items, size_t count,
                        const struct duet_draw_style *style)
{
    struct duet_error e;
    struct duet_detections all = {.items = items, .count = count};
    assert_ok(duet_draw_detections(image, &all, style, &e), e);
}

static const struct duet_detection three[] = {{18, "dog", 0.93f, {100, 120, 80, 60}, 0},
                                              {3, "car", 0.6f, {20, 40, 90, 70}, 0},
                                              {8, NULL, 0.3f, {200, 150, 100, 90}, 0}};

/* `count` of the three, from `first` on, on grey. */
static struct duet_image drawn(size_t first, size_t count, const struct duet_draw_style *style)
{
    struct duet_error e;
    struct duet_image image;
    struct duet_detection items[3];
    memcpy(items, three, sizeof items);
    assert_ok(duet_image_create(&image, 400, 300, DUET_RGB8, &e), e);
    memset(image.pixels, 128, image.stride * 300);
    draw_styled(&image, items + first, count, style);
    return image;
}

/* Ends both. */
static bool equal(struct duet_image a, struct duet_image b)
{
    bool same = memcmp(a.pixels, b.pixels, a.stride * (size_t)a.height) == 0;
    duet_image_close(&a);
    duet_image_close(&b);
    return same;
}

static void a_zero_style_is_no_style(void **state)
{
    (void)state;
    const struct duet_draw_style zero = {0}, ones = {.scale = 1}, odd = {.scale = NAN, .text = -4};
    assert_true(equal(drawn(0, 3, NULL), drawn(0, 3, &zero)));
    assert_true(equal(drawn(0, 3, NULL), drawn(0, 3, &ones)));
    assert_true(equal(drawn(0, 3, NULL), drawn(0, 3, &odd)));
}

static void what_a_style_leaves_out_is_not_there(void **state)
{
    (void)state;
    bool hidden[256] = {false};
    hidden[18] = true;
    const struct duet_draw_style strong = {.threshold = 0.31f}, hides = {.hidden = hidden};
    assert_true(equal(drawn(0, 2, NULL), drawn(0, 3, &strong)));
    assert_true(equal(drawn(1, 2, NULL), drawn(0, 3, &hides)));
    assert_false(equal(drawn(0, 3, NULL), drawn(0, 3, &hides)));
}

static void tags_tell_tracks(void **state)
{
    (void)state;
    const int none[3] = {0}, some[3] = {4, 0, 0};
    const struct duet_draw_style untracked = {.tracks = none}, tracked = {.tracks = some};
    assert_true(equal(drawn(0, 3, NULL), drawn(0, 3, &untracked)));
    struct duet_image image = drawn(0, 1, &tracked), plain = drawn(0, 1, NULL);
    int wide = 0, narrow = 0; /* of the tag, above the box */
    for (int x = 0; x < 400; x++) wide += has_color(pixel(&image, x, 119), duet_class_color(18));
    for (int x = 0; x < 400; x++) narrow += has_color(pixel(&plain, x, 119), duet_class_color(18));
    float more = duet_draw_text_width(" #4", 13);
    assert_true(fabsf((float)(wide - narrow) - more) < 3);
    duet_image_close(&plain);
    duet_image_close(&image);
}

static void sizes_follow_the_style(void **state)
{
    (void)state;
    const struct duet_draw_style bare = {.no_labels = true}, twice = {.no_labels = true, .scale = 2},
                                 palette = {.palette = DUET_PALETTE_SAFE},
                                 text = {.text = 28, .no_labels = true};
    struct duet_image image = drawn(0, 1, &bare);
    struct duet_rgb color = duet_class_color(18);
    assert_int_equal(pixel(&image, 105, 115)[0], 128); /* no tag */
    assert_true(has_color(pixel(&image, 101, 150), color));
    duet_image_close(&image);
    image = drawn(0, 1, &twice);
    assert_true(has_color(pixel(&image, 103, 150), color));
    assert_int_equal(pixel(&image, 104, 150)[0], 128);
    duet_image_close(&image);
    image = drawn(0, 1, &text);
    assert_true(has_color(pixel(&image, 103, 150), color));
    duet_image_close(&image);
    image = drawn(0, 1, &palette);
    assert_true(has_color(pixel(&image, 100, 150), duet_box_color(DUET_PALETTE_SAFE, 18)));
    duet_image_close(&image);
}

static void the_highlighted_one_lies_on_top_in_white(void **state)
{
    (void)state;
    struct duet_detection items[] = {detection(3, "car", 0.9f, (struct duet_box){20, 60, 100, 80}),
                                     detection(8, "truck", 0.2f, (struct duet_box){20, 60, 100, 80})};
    struct guarded g = guarded_open(200, 200, 0, 128);
    draw_styled(&g.image, items, 2, &(struct duet_draw_style){.highlighted = 2});
    assert_true(has_color(pixel(&g.image, 20, 100), duet_class_color(8)));
    assert_true(has_color(pixel(&g.image, 19, 100), (struct duet_rgb){255, 255, 255}));
    draw_styled(&g.image, items, 2, &(struct duet_draw_style){.highlighted = 99});
    assert_true(has_color(pixel(&g.image, 20, 100), duet_class_color(3)));
    guarded_close(&g, 128);
}

static void ghosts_are_dashed(void **state)
{
    (void)state;
    const struct duet_rgb color = {250, 200, 10};
    struct guarded g = guarded_open(200, 200, 3, 128);
    duet_draw_ghost(&g.image, &(struct duet_box){20, 60, 100, 80}, color, NULL);
    int dashes = 0, gaps = 0;
    for (int x = 20; x < 120; x++) {
        dashes += has_color(pixel(&g.image, x, 60), color);
        gaps += pixel(&g.image, x, 60)[0] < 64;
    }
    assert_int_equal(dashes + gaps, 100);
    assert_true(dashes > 40 && gaps > 40);
    assert_true(has_color(pixel(&g.image, 20, 62), color) && has_color(pixel(&g.image, 119, 62), color));
    assert_int_equal(pixel(&g.image, 22, 62)[0], 128);
    assert_int_equal(pixel(&g.image, 19, 60)[0], 128);
    guarded_close(&g, 128);
}

static void ghosts_stay_inside_too(void **state)
{
    (void)state;
    const float n = NAN, w = INFINITY, far = 3.4e38f;
    const struct duet_box boxes[] = {{-5, -5, 10, 10}, {2, 1, 1e9f, 1e9f}, {-far, -far, far, far},
                                     {0, 0, w, w},     {n, 1, 5, 5},       {3, 3, -2, 4},
                                     {0, 0, 0, 0},     {30, 20, 90, 90}};
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
        for (int side = 1; side < 90; side += 22) {
            struct guarded g = guarded_open(side, 90 - side, 5, 77);
            duet_draw_ghost(&g.image, &boxes[i], (struct duet_rgb){9, 9, 9}, NULL);
            guarded_close(&g, 77);
        }
}

/* --- masks, read plainly ------------------------------------------------------------------------------ */

/* The class to be drawn in a pixel, and whether in full colour. */
static int plain_class(const struct duet_image *classes, const bool *hidden, int x, int y, int step,
                       bool *edge)
{
#define SHOWN(px, py) (hidden[duet_image_row(classes, py)[px]] ? 0 : duet_image_row(classes, py)[px])
    int here = SHOWN(x, y), right = x + step < classes->width ? SHOWN(x + step, y) : here;
    int below = y + step < classes->height ? SHOWN(x, y + step) : here;
    *edge = step > 0 && (right != here || below != here);
    return !*edge || here != 0 ? here : right != 0 ? right : below;
}

static void check_mask(int width, int height, const bool *hidden, float alpha, bool outline, int step)
{
    struct duet_error e;
    struct duet_image classes;
    uint32_t r = (uint32_t)(width * 31 + height);
    static const uint8_t few[] = {0, 0, 0, 5, 5, 15, 255, 20};
    assert_ok(duet_image_create(&classes, width, height, DUET_GRAY8, &e), e);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            if (x % 37 == 0 || (y % 3 == 0 && x % 5 == 0)) r = r * 1664525u + 1013904223u;
            duet_image_row(&classes, y)[x] = few[r >> 29];
        }
    struct guarded g = guarded_open(width, height, 7, 200);
    const struct duet_draw_style style = {.hidden = hidden, .palette = DUET_PALETTE_SAFE};
    assert_ok(duet_draw_mask(&g.image, &classes, alpha, outline, &style, &e), e);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            bool edge;
            int class = plain_class(&classes, hidden, x, y, outline ? step : 0, &edge);
            int weight = class == 0 || class == 255 ? 0 : edge ? 256 : (int)(alpha * 256);
            struct duet_rgb c = duet_mask_color(DUET_PALETTE_SAFE, class);
            const int want[3] = {(200 * (256 - weight) + c.r * weight + 128) >> 8,
                                 (200 * (256 - weight) + c.g * weight + 128) >> 8,
                                 (200 * (256 - weight) + c.b * weight + 128) >> 8};
            for (int k = 0; k < 3; k++)
                if (pixel(&g.image, x, y)[k] != want[k])
                    fail_msg("%dx%d: pixel %d,%d is %d, not %d", width, height, x, y,
                             pixel(&g.image, x, y)[k], want[k]);
        }
    guarded_close(&g, 200);
    duet_image_close(&classes);
}

static void masks_equal_a_plain_reading(void **state)
{
    (void)state;
    bool none[256] = {false}, some[256] = {[5] = true, [255] = true};
    static const int widths[] = {1, 2, 7, 15, 16, 17, 63, 2047, 2048, 2049, 4100};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        check_mask(widths[i], 9, none, 0.5f, true, 1);
        check_mask(widths[i], 6, some, 0.37f, true, 1);
        check_mask(widths[i], 3, some, 0.8f, false, 1);
    }
    check_mask(1, 300, none, 1, true, 1);
    check_mask(2200, 1100, some, 0.5f, true, 3); /* lines are 6 pixels wide there, edges half of it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zero_style_is_no_style),
        cmocka_unit_test(what_a_style_leaves_out_is_not_there),
        cmocka_unit_test(tags_tell_tracks),
        cmocka_unit_test(sizes_follow_the_style),
        cmocka_unit_test(the_highlighted_one_lies_on_top_in_white),
        cmocka_unit_test(ghosts_are_dashed),
        cmocka_unit_test(ghosts_stay_inside_too),
        cmocka_unit_test(masks_equal_a_plain_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
