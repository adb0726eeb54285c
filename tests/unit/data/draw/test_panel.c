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

struct place {
    int x, y, width, height;
};

/* What is changed of an image that was grey all over. */
static struct place changed_part(const struct duet_image *image, uint8_t level)
{
    int x0 = image->width, y0 = image->height, x1 = 0, y1 = 0;
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            if (!is_changed(image, x, y, level)) continue;
            x0 = x < x0 ? x : x0, x1 = x >= x1 ? x + 1 : x1;
            y0 = y < y0 ? y : y0, y1 = y + 1;
        }
    return (struct place){x0, y0, x1 - x0, y1 - y0};
}

static void panels_lie_in_their_corners(void **state)
{
    (void)state;
    for (int place = DUET_TOP_LEFT; place <= DUET_CENTRE; place++) {
        struct guarded g = guarded_open(500, 400, 5, 255);
        const struct duet_panel panel = {.lines = lines, .count = LINES, .place = (enum duet_place)place};
        duet_draw_panel(&g.image, &panel, NULL);
        const struct place a = changed_part(&g.image, 255);
        assert_true(a.width > 100 && a.width < 300 && a.height > 80 && a.height < 200);
        bool left = place == DUET_TOP_LEFT || place == DUET_BOTTOM_LEFT;
        bool top = place == DUET_TOP_LEFT || place == DUET_TOP_RIGHT;
        if (place == DUET_CENTRE) {
            assert_true(abs(2 * a.x + a.width - 500) <= 1 && abs(2 * a.y + a.height - 400) <= 1);
        } else {
            assert_true(left ? a.x < 15 : a.x + a.width > 485);
            assert_true(top ? a.y < 15 : a.y + a.height > 385);
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
        duet_draw_panel(&g.image, &panel, NULL);
        const struct place a = changed_part(&g.image, (uint8_t)level);
        const int first_y = a.y + 24, line_height = 54; /* 0.6 and 1.35 of the text's height */
        const uint8_t *p = pixel(&g.image, a.x + a.width / 2, a.y + 2);
        const struct duet_rgb ground = {p[0], p[1], p[2]};
        float on = 0, off = 0; /* the best ink of the lines that are on, and of the one that is off */
        for (int y = first_y; y < first_y + 4 * line_height; y++)
            for (int x = a.x + a.width / 3; x < a.x + a.width; x++) {
                p = pixel(&g.image, x, y);
                float contrast = duet_contrast((struct duet_rgb){p[0], p[1], p[2]}, ground);
                if ((y - first_y) / line_height == 2)
                    off = fmaxf(off, contrast);
                else
                    on = fmaxf(on, contrast);
            }
        if (on < 7 || off < 4.5f || off >= on)
            fail_msg("on %d: contrast %g, %g where off", level, (double)on, (double)off);
        guarded_close(&g, (uint8_t)level);
    }
}

/* The class's colour, hollow where the class is off. */
static void swatches_have_their_colors(void **state)
{
    (void)state;
    struct guarded g = guarded_open(900, 400, 0, 60);
    duet_draw_panel(&g.image, &(struct duet_panel){.lines = lines, .count = LINES, .columns = 2}, NULL);
    int with_color = 0, of_hollow = 0;
    for (int y = 0; y < g.image.height; y++)
        for (int x = 0; x < g.image.width; x++) {
            with_color += has_color(pixel(&g.image, x, y), (struct duet_rgb){200, 10, 10});
            of_hollow += has_color(pixel(&g.image, x, y), (struct duet_rgb){10, 200, 10});
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
    duet_draw_panel(&g.image, &panel, NULL);
    const struct place one = changed_part(&g.image, 9);
    guarded_close(&g, 9);
    g = guarded_open(1200, 900, 0, 9);
    duet_draw_panel(&g.image, &panel, &(struct duet_draw_style){.scale = 2});
    const struct place two = changed_part(&g.image, 9);
    assert_true(abs(two.width - 2 * one.width) <= 8 && abs(two.height - 2 * one.height) <= 8);
    guarded_close(&g, 9);
    g = guarded_open(one.width * 2 / 3 + 20, 900, 0, 9);
    duet_draw_panel(&g.image, &panel, NULL);
    const struct place small = changed_part(&g.image, 9);
    assert_true(small.width <= g.image.width && small.height < one.height);
    guarded_close(&g, 9);
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
    const struct duet_panel panels[] = {{.lines = lines, .count = LINES},
                                        {.lines = many, .count = 200, .columns = 3, .place = DUET_CENTRE},
                                        {.lines = odd, .count = 2, .place = DUET_BOTTOM_RIGHT},
                                        {.lines = odd, .count = 2, .columns = 999},
                                        {.lines = lines, .count = 3, .text = NAN, .place = DUET_TOP_RIGHT},
                                        {.lines = lines, .count = 3, .text = 399, .place = DUET_BOTTOM_LEFT}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t p = 0; p < sizeof panels / sizeof *panels; p++)
            for (int scale = 0; scale < 3; scale++) {
                struct guarded g = guarded_open(sizes[s][0], sizes[s][1], 3, 99);
                duet_draw_panel(&g.image, &panels[p], &(struct duet_draw_style){.scale = (float)scale * 8});
                guarded_close(&g, 99);
            }
}

static void nothing_means_nothing(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_image grey;
    struct guarded g = guarded_open(60, 60, 0, 3);
    duet_draw_panel(&g.image, &(struct duet_panel){0}, NULL);
    assert_int_equal(guarded_close(&g, 3), 0);
    assert_ok(duet_image_create(&grey, 20, 20, DUET_GRAY8, &e), e);
    duet_draw_panel(&grey, &(struct duet_panel){.lines = lines, .count = LINES}, NULL);
    for (size_t i = 0; i < 400; i++) assert_int_equal(grey.pixels[i], 0);
    duet_image_close(&grey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panels_lie_in_their_corners),
        cmocka_unit_test(panels_can_be_read_on_any_picture),
        cmocka_unit_test(swatches_have_their_colors),
        cmocka_unit_test(text_follows_scale_and_room),
        cmocka_unit_test(nothing_is_drawn_beside_the_picture),
        cmocka_unit_test(nothing_means_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
