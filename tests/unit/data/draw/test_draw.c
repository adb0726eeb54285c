#include "support/guarded.h"

#include <math.h>

static struct duet_detection detection(int id, const char *label, float score, struct duet_box box)
{
    return (struct duet_detection){id, label, score, box, 0};
}

static void draw_all(struct duet_image *image, struct duet_detection *items, size_t count)
{
    struct duet_error e;
    struct duet_detections all = {.items = items, .count = count};
    assert_ok(duet_draw_detections(image, &all, NULL, &e), e);
}

static void nothing_is_drawn_outside(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {1, 90}, {90, 1}, {7, 5}, {33, 64}, {321, 200}, {1200, 700}};
    const float w = INFINITY, n = NAN, h = 3.4e38f;
    const struct duet_box boxes[] = {
        {0, 0, 0, 0},    {-5, -5, 3, 3},  {-5, -5, 10, 10},     {2, 1, 1e9f, 1e9f}, {-h, -h, h, h},
        {-h, 0, w, 2},   {-w, -w, w, w},  {0, 0, w, w},         {n, 1, 5, 5},       {1, n, 5, 5},
        {1, 1, n, 5},    {1, 1, 5, n},    {3, 3, -2, 4},        {3, 3, 4, -2},      {w, w, 1, 1},
        {1e6f, 0, 9, 9}, {0, 1e6f, 9, 9}, {0.4f, 0.4f, 90, 60}, {300, 180, 40, 40}, {0, 0, 1e-30f, 1e-30f}};
    struct duet_detection items[sizeof boxes / sizeof *boxes];
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
            items[i] = detection((int)i * 7 - 20, i % 3 ? "a rather long label" : NULL,
                                 i % 5 ? (float)i / 19 : n, boxes[i]);
        struct guarded g = guarded_open(sizes[s][0], sizes[s][1], s % 2 ? 13 : 0, 77);
        draw_all(&g.image, items, sizeof boxes / sizeof *boxes);
        assert_true(guarded_close(&g, 77) > 0);
    }
}

static void boxes_off_the_picture_leave_it_alone(void **state)
{
    (void)state;
    struct duet_detection items[] = {detection(1, "a", 0.9f, (struct duet_box){-50, 5, 10, 10}),
                                     detection(1, "a", 0.9f, (struct duet_box){5, 200, 10, 10}),
                                     detection(1, "a", 0.9f, (struct duet_box){NAN, 5, 10, 10}),
                                     detection(1, "a", 0.9f, (struct duet_box){5, 5, -1, 10})};
    struct guarded g = guarded_open(64, 48, 5, 30);
    draw_all(&g.image, items, 4);
    draw_all(&g.image, NULL, 0);
    assert_int_equal(guarded_close(&g, 30), 0);
}

static void a_box_has_its_border_where_it_says(void **state)
{
    (void)state;
    struct duet_detection item = detection(18, "dog", 0.93f, (struct duet_box){100, 120, 80, 60});
    struct duet_rgb color = duet_class_color(18);
    struct guarded g = guarded_open(400, 300, 0, 128);
    draw_all(&g.image, &item, 1);
    assert_true(has_color(pixel(&g.image, 100, 150), color));
    assert_true(has_color(pixel(&g.image, 101, 150), color));
    assert_true(has_color(pixel(&g.image, 179, 150), color));
    assert_true(has_color(pixel(&g.image, 140, 120), color));
    assert_true(has_color(pixel(&g.image, 140, 179), color));
    assert_true(has_color(pixel(&g.image, 100, 115), color)); /* the tag's left edge, above the box */
    assert_int_equal(pixel(&g.image, 99, 150)[0], 64);        /* the dark edge around it */
    assert_int_equal(pixel(&g.image, 98, 150)[0], 128);
    assert_int_equal(pixel(&g.image, 102, 150)[0], 128);
    assert_int_equal(pixel(&g.image, 140, 150)[0], 128);
    guarded_close(&g, 128);
}

static void the_stronger_lies_on_top_whatever_the_order(void **state)
{
    (void)state;
    const struct duet_box box = {20, 60, 100, 80};
    for (int order = 0; order < 2; order++) {
        struct duet_detection items[] = {detection(order ? 3 : 8, "x", order ? 0.9f : 0.2f, box),
                                         detection(order ? 8 : 3, "x", order ? 0.2f : 0.9f, box)};
        struct guarded g = guarded_open(200, 200, 0, 128);
        draw_all(&g.image, items, 2);
        assert_true(has_color(pixel(&g.image, 20, 100), duet_class_color(3)));
        guarded_close(&g, 128);
    }
}

/* Tags of boxes at one place stand side by side: both colours are seen near the upper edge. */
static void tags_evade_each_other(void **state)
{
    (void)state;
    struct duet_detection items[] = {detection(3, "car", 0.9f, (struct duet_box){50, 100, 200, 80}),
                                     detection(8, "truck", 0.5f, (struct duet_box){51, 101, 199, 79})};
    struct guarded g = guarded_open(300, 300, 0, 128);
    draw_all(&g.image, items, 2);
    int car = 0, truck = 0;
    for (int y = 84; y < 99; y++)
        for (int x = 0; x < 300; x++) {
            car += has_color(pixel(&g.image, x, y), duet_class_color(3));
            truck += has_color(pixel(&g.image, x, y), duet_class_color(8));
        }
    assert_true(car > 300 && truck > 300);
    guarded_close(&g, 128);
}

static struct duet_image labelled(float score)
{
    struct duet_error e;
    struct duet_image image;
    struct duet_detection item = detection(1, "x", score, (struct duet_box){20, 60, 100, 80});
    assert_ok(duet_image_create(&image, 200, 200, DUET_RGB8, &e), e);
    draw_all(&image, &item, 1);
    return image;
}

/* Does 0.999 look as `score` does? */
static bool looks_like_almost_certain(float score)
{
    struct duet_image a = labelled(0.999f), b = labelled(score);
    bool same = memcmp(a.pixels, b.pixels, 200 * 200 * 3) == 0;
    duet_image_close(&a);
    duet_image_close(&b);
    return same;
}

static void only_certainty_is_100_percent(void **state)
{
    (void)state;
    assert_true(looks_like_almost_certain(0.99f));
    assert_false(looks_like_almost_certain(0.98f));
    assert_false(looks_like_almost_certain(1));
}

static void only_rgb_pictures_take_boxes(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_image grey;
    struct duet_detections none = {0};
    assert_ok(duet_image_create(&grey, 20, 20, DUET_GRAY8, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_draw_detections(&grey, &none, NULL, &e), e);
    duet_draw_text(&grey, "ignored", 1, 1, 12, (struct duet_rgb){9, 9, 9});
    for (size_t i = 0; i < 400; i++) assert_int_equal(grey.pixels[i], 0);
    duet_image_close(&grey);
}

static void text_has_the_width_it_announces(void **state)
{
    (void)state;
    for (float height = 8; height < 90; height *= 1.7f) {
        struct guarded g = guarded_open(1000, 120, 1, 0);
        float width = duet_draw_text_width("Hamburg 42%", height);
        assert_true(width > 3 * height && width < 9 * height);
        duet_draw_text(&g.image, "Hamburg 42%", 10, 4, height, (struct duet_rgb){255, 255, 255});
        int first = 1000, last = -1, top = 120, bottom = -1;
        for (int y = 0; y < 120; y++)
            for (int x = 0; x < 1000; x++)
                if (pixel(&g.image, x, y)[0] > 40) {
                    first = x < first ? x : first, last = x > last ? x : last;
                    top = y < top ? y : top, bottom = y;
                }
        assert_in_range(first, 10, 11 + (int)(height / 6));
        assert_true((float)last <= 10 + width && (float)last > 10 + width - height / 4);
        assert_true(top >= 4 && (float)bottom < 4 + height + 1);
        guarded_close(&g, 0);
    }
    assert_true(duet_draw_text_width("", 20) == 0);
    assert_true(duet_draw_text_width("x", 20) * 2 <= duet_draw_text_width("xx", 20) + 0.01f);
}

static void text_takes_any_bytes_and_places(void **state)
{
    (void)state;
    const char *const texts[] = {"\xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x8c",
                                 "\xff\xfe\x80 \xc3",
                                 "\xe2\x82",
                                 "\xf0\x9f\x9a",
                                 "a\nb\tc\x7f",
                                 "\xf8\xbf\xed\xa0\x80",
                                 ""};
    const float places[] = {-40, -1e5f, -1e9f, 0, 63.9f, 70, 1e9f, INFINITY, -INFINITY, NAN};
    const float heights[] = {0, -3, 0.01f, 1, 13.3f, 150, 5000, 1e30f, INFINITY, NAN};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
        for (size_t p = 0; p < 10; p++)
            for (size_t h = 0; h < 10; h++) {
                struct guarded g = guarded_open(64, 40, 3, 200);
                duet_draw_text(&g.image, texts[t], places[p], places[9 - p], heights[h],
                               (struct duet_rgb){1, 2, 3});
                duet_draw_text(&g.image, texts[t], 3, places[p], heights[h], (struct duet_rgb){1, 2, 3});
                guarded_close(&g, 200);
            }
    /* A cut character costs itself, not the rest of the text, and what is not plain reads as in a table. */
    const float cut = duet_draw_text_width("\xe2\x82z", 20),
                turned = duet_draw_text_width("\xe2\x80\xae", 20);
    assert_true(fabsf(cut - duet_draw_text_width("\\xe2\\x82z", 20)) < 0.01f);
    assert_true(fabsf(turned - duet_draw_text_width("\\u202e", 20)) < 0.01f);
}

static void every_glyph_of_the_basic_plane_can_be_drawn(void **state)
{
    (void)state;
    struct guarded g = guarded_open(60, 60, 7, 0);
    for (unsigned code = 0x20; code < 0x10000; code += 3) {
        char text[4] = {(char)(0xe0 | code >> 12), (char)(0x80 | (code >> 6 & 63)),
                        (char)(0x80 | (code & 63)), 0};
        duet_draw_text(&g.image, text, (float)(code % 50), (float)(code % 40), 9 + (float)(code % 23),
                       (struct duet_rgb){255, 255, 255});
    }
    assert_true(guarded_close(&g, 0) > 1000);
}

static double luminance(struct duet_rgb c)
{
    return 0.299 * c.r + 0.587 * c.g + 0.114 * c.b;
}

static void class_colors_are_stable_and_apart(void **state)
{
    (void)state;
    for (int i = 0; i <= 90; i++) {
        struct duet_rgb a = duet_class_color(i), again = duet_class_color(i);
        assert_memory_equal(&a, &again, sizeof a);
        assert_in_range((int)luminance(a), 60, 220); /* seen in the dark and in the snow */
        for (int k = 0; k < i; k++) {
            struct duet_rgb b = duet_class_color(k);
            int distance = abs(a.r - b.r) + abs(a.g - b.g) + abs(a.b - b.b);
            if (distance < (i - k < 12 ? 45 : 12)) fail_msg("classes %d and %d: %d apart", k, i, distance);
        }
    }
    duet_class_color(-1);
    duet_class_color(INT32_MIN);
    duet_class_color(INT32_MAX);
}

static void voc_colors_are_the_published_ones(void **state)
{
    (void)state;
    const struct {
        int id;
        struct duet_rgb color;
    } known[] = {{0, {0, 0, 0}},  {1, {128, 0, 0}},      {2, {0, 128, 0}},   {6, {0, 128, 128}},
                 {8, {64, 0, 0}}, {15, {192, 128, 128}}, {20, {0, 64, 128}}, {255, {224, 224, 192}}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct duet_rgb c = duet_voc_color(known[i].id);
        assert_memory_equal(&c, &known[i].color, sizeof c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_drawn_outside),
        cmocka_unit_test(boxes_off_the_picture_leave_it_alone),
        cmocka_unit_test(a_box_has_its_border_where_it_says),
        cmocka_unit_test(the_stronger_lies_on_top_whatever_the_order),
        cmocka_unit_test(tags_evade_each_other),
        cmocka_unit_test(only_certainty_is_100_percent),
        cmocka_unit_test(only_rgb_pictures_take_boxes),
        cmocka_unit_test(text_has_the_width_it_announces),
        cmocka_unit_test(text_takes_any_bytes_and_places),
        cmocka_unit_test(every_glyph_of_the_basic_plane_can_be_drawn),
        cmocka_unit_test(class_colors_are_stable_and_apart),
        cmocka_unit_test(voc_colors_are_the_published_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
