#include "support/testing.h"

#include "duet/ssdlite_decode.h"

#include "core/os.h"

#include <math.h>

static const int sides[DUET_SSDLITE_MAPS] = {19, 10, 5, 3, 2, 1};

static void anchors_are_the_graphs(void **state)
{
    (void)state;
    testing_need_shared(shared);
    char path[4500];
    struct duet_error e;
    struct duet_bytes bytes;
    static struct duet_anchor anchors[1917];
    snprintf(path, sizeof path, "%s/golden/ssdlite/anchors_ymin_xmin_ymax_xmax.bin", shared);
    assert_ok(duet_read_file(path, 1 << 20, &bytes, &e), e);
    assert_int_equal(bytes.size, 1917 * 16);
    int at = 0;
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++) {
        duet_anchors_fill(m, sides[m], sides[m], 300, 300, anchors + at);
        at += sides[m] * sides[m] * duet_ssdlite_anchors_per_cell(m);
    }
    assert_int_equal(at, 1917);
    for (int i = 0; i < 1917; i++) {
        float want[4];
        memcpy(want, bytes.data + 16 * i, 16);
        struct duet_anchor a = anchors[i];
        float got[4] = {a.y - a.height / 2, a.x - a.width / 2, a.y + a.height / 2, a.x + a.width / 2};
        for (int k = 0; k < 4; k++) assert_true(fabsf(got[k] - want[k]) <= 2e-7f);
    }
    duet_bytes_close(&bytes);
}

static void boxes_decode_around_their_anchor(void **state)
{
    (void)state;
    struct duet_anchor anchor = {0.5f, 0.25f, 0.2f, 0.1f};
    struct duet_corners same = duet_box_decode((float[4]){0, 0, 0, 0}, anchor);
    assert_true(fabsf(same.ymin - 0.4f) < 1e-6f && fabsf(same.xmax - 0.3f) < 1e-6f);
    struct duet_corners moved =
        duet_box_decode((float[4]){10, 0, 5 * logf(2), 0}, anchor); /* down by a height, twice as tall */
    assert_true(fabsf(moved.ymin - 0.5f) < 1e-6f && fabsf(moved.ymax - 0.9f) < 1e-6f);
}

static void iou_of_degenerate_boxes_is_zero(void **state)
{
    (void)state;
    struct duet_corners unit = {0, 0, 1, 1}, half = {0, 0, 1, 0.5f}, line = {0, 0, 1, 0},
                        inverted = {1, 1, 0, 0};
    struct duet_corners nan = {NAN, 0, 1, 1};
    assert_true(duet_iou(unit, half) == 0.5f);
    assert_true(duet_iou(unit, unit) == 1);
    assert_true(duet_iou(unit, line) == 0 && duet_iou(line, line) == 0);
    assert_true(duet_iou(unit, inverted) == 0 && duet_iou(unit, nan) == 0);
    assert_true(duet_iou(unit, (struct duet_corners){1, 1, 2, 2}) == 0);
}

static void nms_keeps_the_best_and_breaks_ties_by_anchor(void **state)
{
    (void)state;
    struct duet_corners unit = {0, 0, 1, 1}, far = {5, 5, 6, 6};
    struct duet_candidate c[] = {
        {0.5f, 9, unit}, {0.9f, 7, unit}, {0.9f, 3, unit}, {0.2f, 1, far}, {0.9f, 8, far},
    };
    assert_int_equal(duet_nms(c, 5, 0.6f, 100), 2);
    assert_int_equal(c[0].anchor, 3);
    assert_int_equal(c[1].anchor, 8);
    /* Exactly at the threshold is not above it. */
    struct duet_candidate d[] = {{0.9f, 0, unit}, {0.8f, 1, {0, 0, 1, 0.5f}}};
    assert_int_equal(duet_nms(d, 2, 0.5f, 100), 2);
    struct duet_candidate f[] = {{0.9f, 0, unit}, {0.8f, 1, far}};
    assert_int_equal(duet_nms(f, 2, 0.5f, 1), 1);
}

/* --- decoding ------------------------------------------------------------------------------------------ */

#define CLASSES 3
static float boxes[1917 * 4], logits[1917 * (CLASSES + 1)];

static struct duet_ssdlite_decoder *make(struct duet_ssdlite_decoder_options options,
                                         struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS])
{
    struct duet_error e;
    struct duet_ssdlite_decoder *decoder;
    size_t at = 0;
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++) {
        maps[m] = (struct duet_ssdlite_map){sides[m], sides[m], boxes + at * 4, logits + at * (CLASSES + 1)};
        at += (size_t)(sides[m] * sides[m] * duet_ssdlite_anchors_per_cell(m));
    }
    memset(boxes, 0, sizeof boxes);
    for (size_t i = 0; i < sizeof logits / sizeof logits[0]; i++) logits[i] = -30;
    assert_ok(duet_ssdlite_decoder_create(&options, maps, 300, 300, &decoder, &e), e);
    assert_int_equal(duet_ssdlite_decoder_anchor_count(decoder), 1917);
    return decoder;
}

static const struct duet_affine picture = {200, 100, 0, 0, 200, 100};

static void decode_thresholds_sorts_and_clips(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS];
    struct duet_detections got;
    struct duet_ssdlite_decoder *decoder =
        make((struct duet_ssdlite_decoder_options){CLASSES, 0.5f, 0.6f, 100, 100, NULL, NULL}, maps);
    assert_ok(duet_ssdlite_decode(decoder, maps, picture, &got, &e), e);
    assert_int_equal(got.count, 0);
    assert_null(got.items);
    logits[1916 * 4 + 2] = 1; /* the last anchor: in the middle, larger than the picture's middle */
    logits[1911 * 4 + 1] = 2;
    logits[0 * 4 + 3] = 0; /* exactly 0.5 is not above the threshold */
    logits[5 * 4 + 1] = NAN;
    boxes[1916 * 4 + 2] = boxes[1916 * 4 + 3] = 50; /* so large that it is clipped to the picture */
    assert_ok(duet_ssdlite_decode(decoder, maps, picture, &got, &e), e);
    assert_int_equal(got.count, 2);
    assert_int_equal(got.items[0].category_id, 1);
    assert_int_equal(got.items[0].anchor, 1911);
    assert_int_equal(got.items[1].category_id, 2);
    assert_true(got.items[1].box.x == 0 && got.items[1].box.width == 200 && got.items[1].box.height == 100);
    assert_true(fabsf(got.items[1].score - 0.7310586f) < 1e-6f);
    duet_detections_close(&got);
    boxes[1916 * 4 + 1] = 1e6f; /* wholly outside: nothing is left after clipping */
    boxes[1911 * 4] = NAN;
    assert_ok(duet_ssdlite_decode(decoder, maps, picture, &got, &e), e);
    assert_int_equal(got.count, 0);
    duet_ssdlite_decoder_close(&decoder);
}

static void decode_keeps_the_best_of_all_classes(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS];
    struct duet_detections got, all;
    struct duet_ssdlite_decoder *few =
        make((struct duet_ssdlite_decoder_options){CLASSES, 1e-8f, 0.6f, 100, 10, NULL, NULL}, maps);
    struct duet_ssdlite_decoder *many =
        make((struct duet_ssdlite_decoder_options){CLASSES, 1e-8f, 0.6f, 1917, 3 * 1917, NULL, NULL}, maps);
    uint32_t x = 12345;
    for (size_t i = 0; i < sizeof logits / sizeof logits[0]; i++) {
        x = x * 1664525u + 1013904223u;
        logits[i] = (float)(x >> 16) / 8192 - 6;
    }
    assert_ok(duet_ssdlite_decode(few, maps, picture, &got, &e), e);
    assert_ok(duet_ssdlite_decode(many, maps, picture, &all, &e), e);
    assert_int_equal(got.count, 10);
    assert_true(all.count > 100);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(got.items[i].anchor, all.items[i].anchor);
        assert_int_equal(got.items[i].category_id, all.items[i].category_id);
    }
    duet_detections_close(&got);
    duet_detections_close(&all);
    duet_ssdlite_decoder_close(&few);
    duet_ssdlite_decoder_close(&many);
    float of_class[CLASSES + 1] = {0, 1e-8f, 1, 0.99f};
    struct duet_ssdlite_decoder *by_class = make(
        (struct duet_ssdlite_decoder_options){CLASSES, 1e-8f, 0.6f, 100, 3 * 1917, of_class, NULL}, maps);
    for (size_t i = 0; i < sizeof logits / sizeof logits[0]; i++) logits[i] = 3; /* scores 0.95 */
    assert_ok(duet_ssdlite_decode(by_class, maps, picture, &got, &e), e);
    assert_int_equal(got.count, 100);
    for (size_t i = 0; i < got.count; i++) assert_int_equal(got.items[i].category_id, 1);
    duet_detections_close(&got);
    duet_ssdlite_decoder_close(&by_class);
    bool only_two[CLASSES + 1] = {false, false, true, false};
    struct duet_ssdlite_decoder *two =
        make((struct duet_ssdlite_decoder_options){CLASSES, 1e-20f, 0.6f, 100, 10, NULL, only_two}, maps);
    assert_ok(duet_ssdlite_decode(two, maps, picture, &got, &e), e);
    assert_int_equal(got.count, 10);
    for (size_t i = 0; i < got.count; i++) assert_int_equal(got.items[i].category_id, 2);
    duet_detections_close(&got);
    duet_ssdlite_decoder_close(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anchors_are_the_graphs),
        cmocka_unit_test(boxes_decode_around_their_anchor),
        cmocka_unit_test(iou_of_degenerate_boxes_is_zero),
        cmocka_unit_test(nms_keeps_the_best_and_breaks_ties_by_anchor),
        cmocka_unit_test(decode_thresholds_sorts_and_clips),
        cmocka_unit_test(decode_keeps_the_best_of_all_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
