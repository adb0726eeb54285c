/* The viewer's small parts: sizes, places, the legend's numbers. */
#include "support/testing.h"

#include "viewer/screen/layout.h"
#include "viewer/screen/legend.h"
#include "viewer/screen/scale.h"
#include "viewer/stages/frame.h"

#include <math.h>

/* --- scale ---------------------------------------------------------------------------------------------- */

static void make(struct duet_image *image, int width, int height)
{
    struct duet_error error;
    assert_ok(duet_image_create(image, width, height, DUET_RGB8, &error), error);
}

static double mean_of(const struct duet_image *image, int channel)
{
    double sum = 0;
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) sum += duet_image_row(image, y)[3 * x + channel];
    return sum / image->width / image->height;
}

static void scaling_keeps_the_mean_and_the_bounds(void **state)
{
    (void)state;
    const int sizes[][4] = {{64, 48, 32, 24},  {100, 70, 33, 17}, {7, 5, 640, 480},     {1, 1, 50, 40},
                            {3000, 2, 10, 10}, {2, 3000, 10, 10}, {640, 480, 641, 479}, {5, 5, 1, 1}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct duet_image from, to;
        struct duet_error error;
        unsigned random = 12345;
        make(&from, sizes[s][0], sizes[s][1]);
        make(&to, sizes[s][2], sizes[s][3]);
        for (size_t i = 0; i < from.stride * (size_t)from.height; i++)
            from.pixels[i] = (uint8_t)(100 + ((random = random * 1103515245 + 12345) >> 16) % 50);
        assert_ok(viewer_scale(&from, &to, &error), error);
        for (int c = 0; c < 3; c++)
            assert_true(fabs(mean_of(&from, c) - mean_of(&to, c)) < (to.width > from.width ? 8.0 : 1.0));
        for (size_t i = 0; i < to.stride * (size_t)to.height; i++) assert_in_range(to.pixels[i], 99, 150);
        duet_image_close(&from);
        duet_image_close(&to);
    }
}

static void the_same_size_is_the_same_picture_and_much_larger_shows_pixels(void **state)
{
    (void)state;
    struct duet_image from, same, large;
    struct duet_error error;
    make(&from, 5, 4);
    make(&same, 5, 4);
    make(&large, 50, 40);
    for (int i = 0; i < 60; i++) from.pixels[i] = (uint8_t)(i * 4);
    assert_ok(viewer_scale(&from, &same, &error), error);
    assert_memory_equal(from.pixels, same.pixels, 60);
    assert_ok(viewer_scale(&from, &large, &error), error);
    for (int y = 0; y < 40; y++)
        for (int x = 0; x < 50; x++)
            assert_memory_equal(duet_image_row(&large, y) + 3 * x,
                                duet_image_row(&from, y / 10) + 3 * (x / 10), 3);
    duet_image_close(&from);
    duet_image_close(&same);
    duet_image_close(&large);
}

static void classes_are_never_mixed(void **state)
{
    (void)state;
    struct duet_image from, to;
    struct duet_error error;
    assert_ok(duet_image_create(&from, 4, 2, DUET_GRAY8, &error), error);
    assert_ok(duet_image_create(&to, 9, 5, DUET_GRAY8, &error), error);
    for (int i = 0; i < 8; i++) from.pixels[i] = i % 2 ? 7 : 15;
    assert_ok(viewer_scale_classes(&from, &to, &error), error);
    for (int i = 0; i < 45; i++) assert_true(to.pixels[i] == 7 || to.pixels[i] == 15);
    assert_int_equal(to.pixels[0], 15);
    assert_int_equal(to.pixels[44], 7);
    duet_image_close(&from);
    duet_image_close(&to);
}

/* --- layout --------------------------------------------------------------------------------------------- */

static bool inside(struct viewer_rect a, struct viewer_rect b)
{
    return a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height;
}

static void pictures_lie_within_the_view(void **state)
{
    (void)state;
    const int canvases[][2] = {{640, 546}, {1920, 1080}, {320, 240}, {64, 64}, {1, 1}, {3, 2000}};
    const int pictures[][2] = {{640, 480}, {1, 1}, {65535, 1}, {1, 65535}, {1080, 1920}};
    for (size_t c = 0; c < sizeof canvases / sizeof *canvases; c++) {
        for (size_t p = 0; p < 2 * sizeof pictures / sizeof *pictures; p++) {
            struct duet_image canvas;
            make(&canvas, canvases[c][0], canvases[c][1]);
            const struct viewer_rect all = {0, 0, canvas.width, canvas.height};
            struct viewer_layout l =
                viewer_layout_make(&canvas, 1, true, p % 2, pictures[p / 2][0], pictures[p / 2][1]);
            assert_true(inside(l.view, all) && l.view.height > 0);
            for (int i = 0; i < l.pane_count; i++) {
                assert_true(inside(l.panes[i], l.view));
                assert_true(l.panes[i].width >= 1 && l.panes[i].height >= 1);
            }
            if (l.pane_count == 2) assert_int_equal(l.panes[0].width, l.panes[1].width);
            duet_image_close(&canvas);
        }
    }
}

static void a_window_made_for_a_picture_shows_it_pixel_by_pixel(void **state)
{
    (void)state;
    struct duet_image canvas;
    make(&canvas, 640, 480 + VIEWER_TOP_BAR + VIEWER_BOTTOM_BAR);
    struct viewer_layout l = viewer_layout_make(&canvas, 1, true, false, 640, 480);
    assert_int_equal(l.panes[0].width, 640);
    assert_int_equal(l.panes[0].height, 480);
    assert_int_equal(l.panes[0].y, VIEWER_TOP_BAR);
    duet_image_close(&canvas);
}

/* --- legend --------------------------------------------------------------------------------------------- */

static void numbers_stay_while_classes_come_and_go(void **state)
{
    (void)state;
    struct viewer_legend legend = {0};
    struct duet_detection both[] = {{.category_id = 1, .label = "person", .score = 0.9f},
                                    {.category_id = 18, .label = "dog", .score = 0.6f}};
    struct viewer_results results = {.detections = {.items = both, .count = 2}};
    viewer_legend_update(&legend, &results, VIEWER_BOXES, 0.5f);
    assert_int_equal(legend.count, 2);
    assert_string_equal(legend.rows[1].label, "dog");
    assert_string_equal(viewer_legend_toggle(&legend, 2)->label, "dog");
    assert_true(legend.hidden_boxes[18] && !legend.hidden_boxes[1]);
    assert_null(viewer_legend_toggle(&legend, 3));
    assert_null(viewer_legend_toggle(&legend, 0));
    viewer_legend_update(&legend, &results, VIEWER_BOXES, 0.7f); /* the dog is under the threshold now */
    assert_int_equal(legend.count, 2);
    assert_int_equal(legend.rows[1].boxes, 0);
    assert_true(legend.rows[1].unseen > 0 && legend.hidden_boxes[18]);
    viewer_legend_update(&legend, &results, 0, 0.5f); /* results that are not there are not read */
    assert_int_equal(legend.rows[0].boxes, 0);
}

static void a_box_and_a_mask_of_one_thing_are_one_row(void **state)
{
    (void)state;
    struct viewer_legend legend = {0};
    struct duet_detection box[] = {{.category_id = 5, .label = "airplane", .score = 0.9f}};
    struct duet_segment mask[] = {{.class_id = 0, .label = "background", .share = 0.8},
                                  {.class_id = 1, .label = "aeroplane", .share = 0.2}};
    struct viewer_results results = {.detections = {.items = box, .count = 1},
                                     .segmentation = {.segments = {.items = mask, .count = 2}}};
    viewer_legend_update(&legend, &results, VIEWER_BOXES | VIEWER_MASKS, 0.5f);
    assert_int_equal(legend.count, 1);
    viewer_legend_toggle(&legend, 1);
    assert_true(legend.hidden_boxes[5] && legend.hidden_masks[1]);
}

static void a_new_class_takes_the_number_that_was_away_longest(void **state)
{
    (void)state;
    struct viewer_legend legend = {0};
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"};
    for (int i = 0; i < 11; i++) {
        struct duet_detection box = {.category_id = i + 1, .label = names[i], .score = 0.9f};
        struct viewer_results results = {.detections = {.items = &box, .count = 1}};
        viewer_legend_update(&legend, &results, VIEWER_BOXES, 0.5f);
        if (i == 0) viewer_legend_toggle(&legend, 1); /* what is hidden keeps its number */
    }
    assert_int_equal(legend.count, VIEWER_LEGEND_ROWS);
    assert_string_equal(legend.rows[0].label, "a");
    assert_string_equal(legend.rows[1].label, "j");
    assert_string_equal(legend.rows[2].label, "k");
    assert_true(legend.hidden_boxes[1]);
}

/* A picture is stretched, never squeezed: no pixel of it is lost. */
static void pixels_that_are_not_square_are_shown_in_their_shape(void **state)
{
    (void)state;
    static const struct {
        int num, den, width, height;
    } shapes[] = {{1, 1, 160, 240}, {2, 1, 320, 240}, {1, 2, 160, 480}, {16, 11, 233, 240}, {0, 0, 160, 240}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct viewer_frame frame = {.info = {.aspect_num = shapes[i].num, .aspect_den = shapes[i].den},
                                           .image = {.width = 160, .height = 240}};
        int width, height;
        viewer_frame_shape(&frame, &width, &height);
        assert_int_equal(width, shapes[i].width);
        assert_int_equal(height, shapes[i].height);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scaling_keeps_the_mean_and_the_bounds),
        cmocka_unit_test(pixels_that_are_not_square_are_shown_in_their_shape),
        cmocka_unit_test(the_same_size_is_the_same_picture_and_much_larger_shows_pixels),
        cmocka_unit_test(classes_are_never_mixed),
        cmocka_unit_test(pictures_lie_within_the_view),
        cmocka_unit_test(a_window_made_for_a_picture_shows_it_pixel_by_pixel),
        cmocka_unit_test(numbers_stay_while_classes_come_and_go),
        cmocka_unit_test(a_box_and_a_mask_of_one_thing_are_one_row),
        cmocka_unit_test(a_new_class_takes_the_number_that_was_away_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
