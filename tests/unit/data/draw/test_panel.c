#include "support/guarded.h"

#include <math.h>

static const struct duet_panel_line lines[] = {
    {.text = "Classes", .heading = true},
    {.key = "1", .swatch = true, .color = {200, 10, 10}, .text = "bus", .value = "12 %"},
    {.key = "2", .swatch = true, .color = {10, 200, 10}, .text = "person", .value = "<1 %", .off = true},
    {.text = "drops 0   threads 2"},
    {0}};
#define LINES (sizeof lines / sizeof *lines)

static bool is_changed(const struct duet_image *image, int x, int y, uint8_t level)
{
    const uint8_t *p = pixel(image, x, y);
    return p[0] != level || p[1] != level || p[2] != level;
}

static void panels_lie_where_they_say(void **state)
{
    (void)state;
    for (int place = DUET_TOP_LEFT; place <= DUET_CENTRE; place++) {
        struct guarded g = guarded_open(500, 400, 5, 255);
        struct duet_panel_area a;
        struct duet_panel panel = {
            .lines = lines, .count = LINES, .place = (enum duet_place)place, .inset_y = 20};
        duet_draw_panel(&g.image, &panel, NULL, &a);
        assert_true(a.width > 100 && a.width < 300 && a.height > 80 && a.height < 200);
        bool left = place == DUET_TOP_LEFT || place == DUET_BOTTOM_LEFT;
        bool top = place == DUET_TOP_LEFT || place == DUET_TOP_RIGHT;
        if (place == DUET_CENTRE) {
            assert_true(abs(2 * a.x + a.width - 500) <= 1 && abs(2 * a.y + a.height - 400) <= 1);
        } else {
            assert_true(left ? a.x < 15 : a.x + a.width > 485);
            assert_true(top ? a.y > 20 && a.y < 35 : a.y + a.height < 380 && a.y + a.height > 365);
        }
        for (int y = 0; y < 400; y++)
            for (int x = 0; x < 500; x++) {
                bool inside = x >= a.x && x < a.x + a.width && y >= a.y && y < a.y + a.height;
                if (!inside && is_changed(&g.image, x, y, 255)) fail_msg("pixel %d,%d is outside", x, y);
            }
        assert_true(is_changed(&g.image, a.x + a.width / 2, a.y, 255));
        assert_true(is_changed(&g.image, a.x, a.y + a.height / 2, 255));
        assert_false(is_changed(&g.image, a.x, a.y, 255)); /* the corner is round */
        guarded_close(&g, 255);
    }
}

/* On any picture: the ground that a white and a black one leave bounds all others. */
static void panels_can_be_read_on_any_picture(void **state)
{
    (void)state;
    const struct duet_panel panel = {.lines = lines, .count = LINES, .text = 40};
    for (int level = 0; level < 256; level += 51) {
        struct guarded g = guarded_open(900, 600, 0, (uint8_t)level);
        struct duet_panel_area a;
        duet_draw_panel(&g.image, &panel, NULL, &a);
        const uint8_t *p = pixel(&g.image, a.x + a.width / 2, a.y + 2);
        const struct duet_rgb ground = {p[0], p[1], p[2]};
        float on = 0, off = 0; /* the best ink of the lines that are on, and of the one that is off */
        for (int y = a.first_y; y < a.first_y + 4 * a.line_height; y++)
            for (int x = a.x + a.width / 3; x < a.x + a.width; x++) {
                p = pixel(&g.image, x, y);
                float contrast = duet_contrast((struct duet_rgb){p[0], p[1], p[2]}, ground);
                if ((y - a.first_y) / a.line_height == 2)
                    off = fmaxf(off, contrast);
                else
                    on = fmaxf(on, contrast);
            }
        if (on < 7 || off < 4.5f || off >= on)
            fail_msg("on %d: contrast %g, %g where off", level, (double)on, (double)off);
        guarded_close(&g, (uint8_t)level);
    }
}

static void the_mouse_finds_lines(void **state)
{
    (void)state;
    struct guarded g = guarded_open(900, 400, 0, 60);
    struct duet_panel_area a;
    duet_draw_panel(&g.image, &(struct duet_panel){.lines = lines, .count = LINES, .columns = 2}, NULL, &a);
    assert_int_equal(a.rows, 3);
    int x = a.x + 12, y = a.first_y + a.line_height / 2;
    assert_int_equal(duet_panel_line_at(&a, x, y), 0);
    assert_int_equal(duet_panel_line_at(&a, x, y + a.line_height), 1);
    assert_int_equal(duet_panel_line_at(&a, x, y + 2 * a.line_height), 2);
    assert_int_equal(duet_panel_line_at(&a, x + a.column_width, y), 3);
    assert_int_equal(duet_panel_line_at(&a, x, y + 3 * a.line_height), -1);
    assert_int_equal(duet_panel_line_at(&a, x, a.first_y - 1), -1);
    assert_int_equal(duet_panel_line_at(&a, a.x - 1, y), -1);
    assert_int_equal(duet_panel_line_at(&a, a.x + a.width, y), -1);
    assert_int_equal(duet_panel_line_at(&(struct duet_panel_area){0}, 0, 0), -1);
    /* The swatch: the class's colour, hollow where the class is off. */
    int with_color = 0, of_hollow = 0;
    for (int py = a.first_y; py < a.first_y + 3 * a.line_height; py++)
        for (int px = a.x; px < a.x + a.column_width; px++) {
            with_color += has_color(pixel(&g.image, px, py), (struct duet_rgb){200, 10, 10});
            of_hollow += has_color(pixel(&g.image, px, py), (struct duet_rgb){10, 200, 10});
        }
    assert_in_range(with_color, 40, 14 * 14);
    assert_int_equal(of_hollow, 0);
    guarded_close(&g, 60);
}

static void text_follows_scale_and_room(void **state)
{
    (void)state;
    struct guarded g = guarded_open(1200, 900, 0, 9);
    const struct duet_panel panel = {.lines = lines, .count = LINES};
    struct duet_panel_area one, two, small;
    duet_draw_panel(&g.image, &panel, NULL, &one);
    duet_draw_panel(&g.image, &panel, &(struct duet_draw_style){.scale = 2}, &two);
    assert_true(abs(two.width - 2 * one.width) <= 8 && abs(two.line_height - 2 * one.line_height) <= 1);
    guarded_close(&g, 9);
    g = guarded_open(one.width * 2 / 3 + 20, 900, 0, 9);
    duet_draw_panel(&g.image, &panel, NULL, &small);
    assert_true(small.width <= g.image.width && small.line_height < one.line_height);
    guarded_close(&g, 9);
}

static void bars_are_as_high_as_their_values(void **state)
{
    (void)state;
    const float values[] = {99, 5, 10, NAN, -3, INFINITY, 20, 2.5f};
    const struct duet_graph graph = {values + 1, 7, 20, 15};
    struct guarded g = guarded_open(400, 300, 0, 0);
    struct duet_panel_area a;
    duet_draw_panel(&g.image, &(struct duet_panel){.graph = &graph, .text = 20}, NULL, &a);
    assert_true(a.rows == 0 && a.height > 50);
    const struct duet_rgb usual = {0x56, 0xb4, 0xe9}, late = {0xd5, 0x5e, 0};
    int heights[7], late_ones[7], right = a.x + a.width - 12; /* padding: 0.6 of the text */
    for (int i = 0; i < 7; i++) {
        heights[i] = late_ones[i] = 0;
        for (int y = a.y; y < a.y + a.height; y++) {
            const uint8_t *p = pixel(&g.image, right - 4 * (7 - i), y);
            heights[i] += has_color(p, usual) || has_color(p, late);
            late_ones[i] += has_color(p, late);
        }
    }
    int full = heights[5] + 1; /* the line of the mark crosses it */
    assert_int_equal(full, 50);
    assert_int_equal(heights[0], 12);
    assert_int_equal(heights[1], full / 2);
    assert_true(heights[2] == 0 && heights[3] == 0);
    assert_true(heights[4] == full - 1 && late_ones[4] == full - 1 && late_ones[5] == full - 1);
    assert_int_equal(late_ones[1], 0);
    assert_int_equal(heights[6], 6);
    guarded_close(&g, 0);
}

/* More values than pixels: the last ones show. */
static void a_graph_shows_the_newest(void **state)
{
    (void)state;
    static float values[5000];
    for (int i = 0; i < 5000; i++) values[i] = i < 4940 ? 1 : 0;
    const struct duet_graph graph = {values, 5000, 1, 0};
    struct guarded g = guarded_open(400, 100, 0, 0);
    duet_draw_panel(&g.image, &(struct duet_panel){.graph = &graph, .place = DUET_TOP_RIGHT}, NULL, NULL);
    for (int y = 0; y < 100; y++)
        for (int x = 0; x < 400; x++)
            assert_false(has_color(pixel(&g.image, x, y), (struct duet_rgb){0x56, 0xb4, 0xe9}));
    guarded_close(&g, 0);
}

static void nothing_is_drawn_beside_the_picture(void **state)
{
    (void)state;
    static char endless[20000];
    memset(endless, 'W', sizeof endless - 1);
    static const int sizes[][2] = {{1, 1}, {1, 90}, {90, 1}, {20, 20}, {64, 48}, {300, 20}};
    struct duet_panel_line many[200];
    for (int i = 0; i < 200; i++) many[i] = lines[i % (int)LINES];
    const struct duet_panel_line odd[] = {{.text = endless},
                                          {.key = "\xff\xfe", .value = "\xe2\x82", .swatch = true}};
    const float values[] = {1, INFINITY, NAN};
    const struct duet_graph graph = {values, 3, NAN, NAN};
    const struct duet_panel panels[] = {
        {.lines = lines, .count = LINES},
        {.lines = many, .count = 200, .columns = 3, .place = DUET_CENTRE},
        {.lines = odd, .count = 2, .place = DUET_BOTTOM_RIGHT, .graph = &graph},
        {.lines = odd, .count = 2, .columns = 999, .inset_x = INT32_MAX, .inset_y = INT32_MIN},
        {.lines = lines, .count = 3, .text = NAN, .place = DUET_TOP_RIGHT, .inset_x = 30},
        {.lines = lines, .count = 3, .text = 399, .place = DUET_BOTTOM_LEFT}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t p = 0; p < sizeof panels / sizeof *panels; p++)
            for (int scale = 0; scale < 3; scale++) {
                struct guarded g = guarded_open(sizes[s][0], sizes[s][1], 3, 99);
                duet_draw_panel(&g.image, &panels[p], &(struct duet_draw_style){.scale = (float)scale * 8},
                                NULL);
                guarded_close(&g, 99);
            }
}

static void nothing_means_nothing(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_image grey;
    struct duet_panel_area a = {1, 1, 1, 1, 1, 1, 1, 1};
    struct guarded g = guarded_open(60, 60, 0, 3);
    duet_draw_panel(&g.image, &(struct duet_panel){0}, NULL, &a);
    assert_int_equal(a.width, 0);
    assert_int_equal(guarded_close(&g, 3), 0);
    assert_ok(duet_image_create(&grey, 20, 20, DUET_GRAY8, &e), e);
    duet_draw_panel(&grey, &(struct duet_panel){.lines = lines, .count = LINES}, NULL, &a);
    for (size_t i = 0; i < 400; i++) assert_int_equal(grey.pixels[i], 0);
    duet_image_close(&grey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panels_lie_where_they_say),
        cmocka_unit_test(panels_can_be_read_on_any_picture),
        cmocka_unit_test(the_mouse_finds_lines),
        cmocka_unit_test(text_follows_scale_and_room),
        cmocka_unit_test(bars_are_as_high_as_their_values),
        cmocka_unit_test(a_graph_shows_the_newest),
        cmocka_unit_test(nothing_is_drawn_beside_the_picture),
        cmocka_unit_test(nothing_means_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
