#include "support/testing.h"

#include "scene/raster.h"

#include <math.h>

#define SIDE 40 /* more than one band */

struct drawing {
    struct duet_image picture, owners;
};

static struct drawing render(void (*draw)(struct raster *, const void *), const void *ctx)
{
    struct duet_error e;
    struct drawing d;
    assert_ok(duet_image_create(&d.picture, SIDE, SIDE, DUET_RGB8, &e), e);
    assert_ok(duet_image_create(&d.owners, SIDE, SIDE, DUET_GRAY8, &e), e);
    assert_ok(duet_raster_render(draw, ctx, &d.picture, &d.owners, &e), e);
    return d;
}

static void drawing_close(struct drawing *d)
{
    duet_image_close(&d->picture);
    duet_image_close(&d->owners);
}

static int red(const struct drawing *d, int x, int y)
{
    return duet_image_row(&d->picture, y)[3 * x];
}

static int owner(const struct drawing *d, int x, int y)
{
    return duet_image_row(&d->owners, y)[x];
}

static struct brush pixels(struct raster *raster, int who)
{
    return (struct brush){raster, duet_mapping_pixels(), who};
}

static void draw_edge(struct raster *raster, const void *ctx)
{
    struct brush b = pixels(raster, 3);
    duet_brush_rectangle(&b, 10, 10, *(const float *)ctx, 30, 0, duet_fill_plain(duet_color(0xffffff)));
}

/* A pixel's colour is the share that is covered, in sixteenths; its owner who has most of it, or half. */
static void a_pixel_belongs_to_who_covers_it_most(void **state)
{
    (void)state;
    for (int quarters = 0; quarters <= 4; quarters++) {
        float right = 20 + (float)quarters / 4;
        struct drawing d = render(draw_edge, &right);
        assert_int_equal(red(&d, 19, 29), 255);
        assert_int_equal(red(&d, 19, 30), 0);
        assert_int_equal(red(&d, 9, 20), 0);
        assert_int_equal(red(&d, 10, 10), 255);
        assert_in_range(red(&d, 20, 20), 255 * quarters / 4, 255 * quarters / 4 + 1);
        assert_int_equal(owner(&d, 20, 20), quarters >= 2 ? 3 : 0);
        assert_int_equal(owner(&d, 19, 20), 3);
        drawing_close(&d);
    }
}

/* Samples lie in the middles of a pixel's quarters: at 1/8, 3/8, 5/8, 7/8. */
static void samples_lie_in_the_middle(void **state)
{
    (void)state;
    const struct {
        float right;
        int level;
    } cases[] = {{20.12f, 0}, {20.13f, 64}, {20.37f, 64}, {20.38f, 128}, {20.87f, 191}, {20.88f, 255}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct drawing d = render(draw_edge, &cases[i].right);
        assert_int_equal(red(&d, 20, 20), cases[i].level);
        drawing_close(&d);
    }
}

static void draw_overlap(struct raster *raster, const void *ctx)
{
    (void)ctx;
    struct brush b = pixels(raster, 1);
    /* Once around a large square and once around a small one within it, both clockwise; the third turns the
     * other way and so cuts a hole. */
    const struct point outline[] = {{2, 2},   {38, 2},  {38, 38}, {2, 38}, {2, 2},   {5, 5},
                                    {15, 5},  {15, 15}, {5, 15},  {5, 5},  {20, 20}, {20, 30},
                                    {30, 30}, {30, 20}, {20, 20}, {5, 5}};
    duet_brush_polygon(&b, outline, sizeof outline / sizeof *outline, duet_fill_plain(duet_color(0xffffff)));
}

static void outlines_fill_by_the_nonzero_rule(void **state)
{
    (void)state;
    struct drawing d = render(draw_overlap, NULL);
    assert_int_equal(red(&d, 10, 8), 255); /* wound twice */
    assert_int_equal(red(&d, 25, 27), 0);  /* once and back */
    assert_int_equal(red(&d, 35, 10), 255);
    assert_int_equal(red(&d, 1, 10), 0);
    drawing_close(&d);
}

static void draw_neighbours(struct raster *raster, const void *ctx)
{
    (void)ctx;
    struct brush left = pixels(raster, 1), right = pixels(raster, 2);
    const struct point corners[] = {{0, 0}, {40, 0}, {0, 40}}, others[] = {{40, 40}, {40, 0}, {0, 40}};
    duet_brush_polygon(&left, corners, 3, duet_fill_plain(duet_color(0x808080)));
    duet_brush_polygon(&right, others, 3, duet_fill_plain(duet_color(0x808080)));
}

static void neighbours_leave_no_seam(void **state)
{
    (void)state;
    struct drawing d = render(draw_neighbours, NULL);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            assert_int_equal(red(&d, x, y), 0x80);
            assert_int_not_equal(owner(&d, x, y), 0);
        }
    drawing_close(&d);
}

static void draw_hostile(struct raster *raster, const void *ctx)
{
    (void)ctx;
    struct brush b = pixels(raster, 1);
    const float values[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-30f};
    for (int i = 0; i < 6; i++) {
        const struct point points[] = {
            {values[i], 3}, {30, values[(i + 1) % 6]}, {5, 30}, {values[i], values[i]}};
        duet_brush_polygon(&b, points, 4, duet_fill_plain(duet_color_alpha(0xffffff, 0.5f)));
        duet_brush_ellipse(&b, values[i], 5, 3, values[i], duet_fill_plain(duet_color(0xff)));
    }
    b.map.m[8] = 0; /* everything at infinity */
    duet_brush_rectangle(&b, 1, 1, 5, 5, 1, duet_fill_plain(duet_color(0xff)));
    duet_brush_text(&b, "", 1, 1, 5, 5, 1, duet_fill_plain(duet_color(0xff)));
    duet_brush_polygon(&b, NULL, 0, duet_fill_plain(duet_color(0xff)));
}

static void nonsense_stays_on_the_raster(void **state)
{
    (void)state;
    struct drawing d = render(draw_hostile, NULL); /* sanitizers watch */
    drawing_close(&d);
}

static void draw_letters(struct raster *raster, const void *ctx)
{
    (void)ctx;
    struct brush b = pixels(raster, 1);
    b.map.m[4] = -1; /* y upwards from the bottom */
    b.map.m[5] = SIDE;
    duet_brush_text(&b, "OH", 4, 10, 32, 20, 0, duet_fill_plain(duet_color(0xffffff)));
}

static void letters_fill_their_box(void **state)
{
    (void)state;
    struct drawing d = render(draw_letters, NULL);
    int x0 = SIDE, x1 = -1, y0 = SIDE, y1 = -1;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            if (owner(&d, x, y)) {
                x0 = x < x0 ? x : x0, x1 = x > x1 ? x : x1;
                y0 = y < y0 ? y : y0, y1 = y > y1 ? y : y1;
            }
    assert_in_range(x0, 3, 5);
    assert_in_range(x1, 34, 36);
    assert_in_range(y0, 9, 10); /* a round letter reaches over the line a little */
    assert_in_range(y1, 29, 31);
    assert_int_equal(owner(&d, 12, 20), 0); /* the hole of the O */
    drawing_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pixel_belongs_to_who_covers_it_most), cmocka_unit_test(samples_lie_in_the_middle),
        cmocka_unit_test(outlines_fill_by_the_nonzero_rule),     cmocka_unit_test(neighbours_leave_no_seam),
        cmocka_unit_test(nonsense_stays_on_the_raster),          cmocka_unit_test(letters_fill_their_box),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
