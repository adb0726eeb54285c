/* What an inspector asks: why there are not more boxes, and what else a pixel could be. */
#include "support/scratch.h"
#include "support/tiny_model.h"

#include "duet/duet.h"
#include "duet/ssdlite_decode.h"

/* --- what was suppressed -------------------------------------------------------------------------------- */

#define CLASSES 3
#define ANCHORS 1917

static const int sides[DUET_SSDLITE_MAPS] = {19, 10, 5, 3, 2, 1};
static const struct duet_affine picture = {200, 100, 0, 0, 200, 100};
static float boxes[ANCHORS * 4], logits[ANCHORS * (CLASSES + 1)];

static void random_outputs(uint64_t seed, struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS])
{
    size_t at = 0;
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++) {
        maps[m] = (struct duet_ssdlite_map){sides[m], sides[m], boxes + at * 4, logits + at * (CLASSES + 1)};
        at += (size_t)(sides[m] * sides[m] * duet_ssdlite_anchors_per_cell(m));
    }
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) boxes[i] = 3 * random_weight(&seed);
    for (size_t i = 0; i < sizeof logits / sizeof *logits; i++) logits[i] = floorf(6 * random_weight(&seed));
}

/* Every candidate of a class, unclipped, from a decoder that suppresses nothing. */
struct plain {
    float score;
    int anchor, by; /* by: -1 kept, -2 cut off, else index of its keeper among the plain ones */
    struct duet_corners box;
};

static int before(const void *a, const void *b)
{
    const struct plain *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->anchor - y->anchor;
}

/* Greedy suppression as the books have it: the best one left is kept, and all that overlap it go. */
static int read_plainly(int category, float threshold, float iou, int most, struct plain *all)
{
    static struct duet_anchor anchors[ANCHORS];
    int count = 0, at = 0, kept = 0;
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++) {
        duet_anchors_fill(m, sides[m], sides[m], 300, 300, anchors + at);
        at += sides[m] * sides[m] * duet_ssdlite_anchors_per_cell(m);
    }
    for (int i = 0; i < ANCHORS; i++) {
        double score = 1 / (1 + exp(-(double)logits[i * (CLASSES + 1) + category]));
        if (score > (double)threshold)
            all[count++] = (struct plain){(float)score, i, -2, duet_box_decode(boxes + 4 * i, anchors[i])};
    }
    qsort(all, (size_t)count, sizeof *all, before);
    for (int i = 0; i < count && kept < most; i++) {
        if (all[i].by != -2) continue;
        all[i].by = -1;
        kept++;
        for (int k = i + 1; k < count; k++)
            if (all[k].by == -2 && duet_iou(all[i].box, all[k].box) > iou) all[k].by = i;
    }
    return count;
}

static size_t index_of(const struct duet_detections *found, int category, int anchor)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->items[i].category_id == category && found->items[i].anchor == anchor) return i;
    return SIZE_MAX;
}

static const struct duet_suppressed *look_up(const struct duet_suppressions *s, size_t by, int anchor)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->items[i].by == by && s->items[i].anchor == anchor) return &s->items[i];
    return NULL;
}

static void check_order(const struct duet_suppressions *s, const struct duet_detections *found, float iou)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct duet_suppressed *b = &s->items[i], *a = i > 0 ? b - 1 : NULL;
        assert_true(b->by < found->count && b->score <= found->items[b->by].score && b->iou > iou);
        assert_true(b->box.width > 0 && b->box.x >= 0 && b->box.x + b->box.width <= 200.001f);
        if (a)
            assert_true(
                a->by < b->by ||
                (a->by == b->by && (a->score > b->score || (a->score == b->score && a->anchor < b->anchor))));
    }
}

static void check_outputs(uint64_t seed, struct duet_ssdlite_decoder_options options)
{
    static struct plain all[ANCHORS];
    struct duet_error e;
    struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS];
    struct duet_ssdlite_decoder *decoder;
    struct duet_detections found;
    struct duet_suppressions got;
    random_outputs(seed, maps);
    assert_ok(duet_ssdlite_decoder_create(&options, maps, 300, 300, &decoder, &e), e);
    assert_ok(duet_ssdlite_decode(decoder, maps, picture, &found, &e), e);
    struct duet_ssdlite_map others[DUET_SSDLITE_MAPS]; /* the decoder has no memory of what it saw last */
    static float nothing[ANCHORS * (CLASSES + 1)];
    for (int i = 0; i < ANCHORS * (CLASSES + 1); i++) nothing[i] = -30;
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++) others[m] = maps[m], others[m].logits = nothing;
    assert_ok(duet_ssdlite_decode(decoder, others, picture, &(struct duet_detections){0}, &e), e);
    assert_ok(duet_ssdlite_suppressed(decoder, maps, picture, &found, &got, &e), e);
    check_order(&got, &found, options.nms_iou);
    size_t expected = 0;
    for (int c = 1; c <= CLASSES; c++) {
        int count = read_plainly(c, options.threshold, options.nms_iou, options.max_per_class, all);
        for (int i = 0; i < count; i++) {
            const struct plain *p = &all[i];
            if (p->by < 0) continue;
            size_t by = index_of(&found, c, all[p->by].anchor);
            const struct duet_suppressed *s = by == SIZE_MAX ? NULL : look_up(&got, by, p->anchor);
            bool off = p->box.xmax <= 0 || p->box.ymax <= 0 || p->box.xmin >= 1 || p->box.ymin >= 1;
            if (!s && (by == SIZE_MAX || off)) continue;
            if (!s)
                fail_msg("class %d, anchor %d: not told that %d suppressed it", c, p->anchor,
                         all[p->by].anchor);
            assert_true(fabsf(s->score - p->score) < 1e-6f && s->iou == duet_iou(p->box, all[p->by].box));
            expected++;
        }
    }
    assert_int_equal(got.count, expected);
    assert_true(got.count > 3);
    duet_suppressions_close(&got);
    assert_true(!got.items && got.count == 0);
    duet_detections_close(&found);
    duet_ssdlite_decoder_close(&decoder);
}

static void suppressed_boxes_are_those_of_a_plain_reading(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 6; seed++) {
        struct duet_ssdlite_decoder_options options = {.classes = CLASSES,
                                                       .threshold = 0.3f,
                                                       .nms_iou = 0.2f + 0.1f * (float)(seed % 3),
                                                       .max_per_class = 100,
                                                       .max_detections = 100};
        check_outputs(seed, options);
        options.max_per_class = 7; /* limits cut off, they do not suppress */
        check_outputs(seed, options);
        options.max_per_class = 2000;
        options.max_detections = 9; /* the decoder looks at less then */
        check_outputs(seed, options);
    }
}

static void a_trace_keeps_what_suppression_keeps(void **state)
{
    (void)state;
    uint64_t seed = 9;
    for (int round = 0; round < 50; round++) {
        struct duet_candidate a[60], b[60];
        int keeper[60], most = 1 + round % 12;
        for (int i = 0; i < 60; i++) {
            float x = random_weight(&seed), y = random_weight(&seed);
            a[i] = b[i] = (struct duet_candidate){floorf(4 * random_weight(&seed)), i, {y, x, y + 1, x + 1}};
        }
        int kept = duet_nms(a, 60, 0.4f, most), seen = 0;
        assert_int_equal(duet_nms_trace(b, 60, 0.4f, most, keeper), kept);
        for (int i = 0; i < 60; i++)
            if (keeper[i] == i) assert_int_equal(b[i].anchor, a[seen++].anchor);
        assert_int_equal(seen, kept);
    }
    assert_int_equal(duet_nms_trace(NULL, 0, 0.5f, 3, NULL), 0);
}

static struct scratch scratch;
static struct duet_model *model;

static int set_up(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_model_config config = tiny_model_config(true, true);
    scratch_make(&scratch);
    tiny_model_write(scratch_path(&scratch, "tiny.safetensors"), &config, &config);
    assert_ok(duet_model_open(scratch.path, &model, &e), e);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    duet_model_close(&model);
    scratch_remove(&scratch);
    return 0;
}

static void detectors_and_clones_tell(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_detector *detector, *clone;
    const struct duet_detector_options eager = {
        .struct_size = sizeof eager, .threshold = 0.1f, .nms_iou = 0.1f, .max_per_class = 100, .max_detections = 20};
    struct duet_image image = tiny_picture(90, 70, 5), other = tiny_picture(30, 30, 6);
    struct duet_detections found, again, none = {0};
    struct duet_suppressions first = {.items = (void *)1, .count = 1}, second;
    assert_ok(duet_detector_create(model, &eager, &detector, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_detector_suppressed(detector, &none, &first, &e), e);
    assert_true(!first.items && first.count == 0);
    assert_ok(duet_detector_run(detector, &image, NULL, &found, &e), e);
    assert_ok(duet_detector_clone(detector, &clone, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_detector_suppressed(clone, &found, &first, &e), e);
    assert_ok(duet_detector_run(clone, &other, NULL, &again, &e), e);
    duet_detections_close(&again);
    assert_ok(duet_detector_run(clone, &image, NULL, &again, &e), e);
    assert_ok(duet_detector_suppressed(detector, &found, &first, &e), e);
    assert_ok(duet_detector_suppressed(clone, &again, &second, &e), e);
    assert_true(first.count > 3);
    assert_int_equal(first.count, second.count);
    for (size_t i = 0; i < first.count; i++) {
        const struct duet_suppressed *a = &first.items[i], *b = &second.items[i];
        assert_true(a->by == b->by && a->anchor == b->anchor && a->score == b->score && a->iou == b->iou);
        assert_memory_equal(&a->box, &b->box, sizeof a->box);
        assert_true(a->box.x + a->box.width <= 90.001f);
    }
    duet_suppressions_close(&second);
    assert_ok(duet_detector_suppressed(detector, &none, &second, &e), e);
    assert_int_equal(second.count, 0);
    image.format = DUET_GRAY8;
    duet_detections_close(&again);
    assert_fails(DUET_BAD_ARGUMENT, duet_detector_run(clone, &image, NULL, &again, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_detector_suppressed(clone, &found, &second, &e), e);
    duet_suppressions_close(&first);
    duet_suppressions_close(NULL);
    duet_detections_close(&found);
    duet_image_close(&image);
    duet_image_close(&other);
    duet_detector_close(&clone);
    duet_detector_close(&detector);
}

/* --- pixels --------------------------------------------------------------------------------------------- */

static void check_pixel(const struct duet_segmentation *s, int x, int y)
{
    static const char *const names[] = {"background", "sky", "sea"};
    struct duet_class_probability top[5];
    int count = duet_segmentation_probe(s, x, y, top, 5);
    assert_int_equal(count, 3); /* the model has no more */
    assert_int_equal(top[0].class_id, duet_image_row(&s->classes, y)[x]);
    if (s->confidence.pixels)
        assert_int_equal((int)(top[0].probability * 255 + 0.5f), duet_image_row(&s->confidence, y)[x]);
    float sum = 0;
    int seen = 0;
    for (int i = 0; i < count; i++) {
        assert_true(top[i].probability >= 0 && top[i].probability <= 1);
        assert_true(i == 0 || top[i].probability <= top[i - 1].probability);
        assert_string_equal(top[i].label, names[top[i].class_id]);
        seen |= 1 << top[i].class_id;
        sum += top[i].probability;
    }
    assert_int_equal(seen, 7);
    assert_true(fabsf(sum - 1) < 1e-4f);
}

static struct duet_segmentation segment(struct duet_segmenter_options options, const struct duet_image *image)
{
    struct duet_error e;
    struct duet_segmenter *segmenter, *clone;
    struct duet_segmentation s;
    options.struct_size = sizeof options;
    assert_ok(duet_segmenter_create(model, &options, &segmenter, &e), e);
    assert_ok(duet_segmenter_clone(segmenter, &clone, &e), e);
    duet_segmenter_close(&segmenter);
    assert_ok(duet_segmenter_run(clone, image, NULL, &s, &e), e);
    duet_segmenter_close(&clone);
    return s;
}

static void check_segmenter(struct duet_segmenter_options options, int width, int height)
{
    struct duet_image image = tiny_picture(width, height, 3);
    struct duet_segmentation plain = segment(options, &image);
    struct duet_class_probability top[3];
    assert_null(plain.logits);
    assert_int_equal(duet_segmentation_probe(&plain, 0, 0, top, 3), 0);
    options.probe = true;
    struct duet_segmentation s = segment(options, &image);
    assert_memory_equal(s.classes.pixels, plain.classes.pixels, (size_t)width * (size_t)height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) check_pixel(&s, x, y);
    assert_int_equal(duet_segmentation_probe(&s, -1, 0, top, 3), 0);
    assert_int_equal(duet_segmentation_probe(&s, width, 0, top, 3), 0);
    assert_int_equal(duet_segmentation_probe(&s, 0, height, top, 3), 0);
    assert_int_equal(duet_segmentation_probe(&s, 0, 0, top, 0), 0);
    assert_int_equal(duet_segmentation_probe(&s, 0, 0, top, 1), 1);
    duet_segmentation_close(&s);
    assert_null(s.logits);
    duet_segmentation_close(&plain);
    duet_image_close(&image);
}

static void every_pixel_agrees_with_the_class_map(void **state)
{
    (void)state;
    static const float scales[] = {0.5f, 1.25f};
    check_segmenter((struct duet_segmenter_options){.confidence = true}, 64, 64);
    check_segmenter((struct duet_segmenter_options){.output_stride = 8, .confidence = true}, 200, 131);
    check_segmenter((struct duet_segmenter_options){.size = 33}, 1, 90);
    check_segmenter((struct duet_segmenter_options){.no_resize = true, .confidence = true}, 99, 40);
    check_segmenter((struct duet_segmenter_options){.flip = true, .confidence = true}, 130, 97);
    check_segmenter(
        (struct duet_segmenter_options){.scales = scales, .scale_count = 2, .flip = true, .confidence = true},
        75, 60);
}

/* A class that is not wanted stays the pixel's most probable one. */
static void filters_do_not_hide_what_the_network_said(void **state)
{
    (void)state;
    static const bool none[3] = {false};
    struct duet_image image = tiny_picture(64, 64, 3);
    struct duet_segmentation all = segment((struct duet_segmenter_options){.probe = true}, &image);
    struct duet_segmentation s =
        segment((struct duet_segmenter_options){.probe = true, .classes = none}, &image);
    int other = 0;
    for (int y = 0; y < 64; y++)
        for (int x = 0; x < 64; x++) {
            struct duet_class_probability top;
            assert_int_equal(duet_segmentation_probe(&s, x, y, &top, 1), 1);
            assert_int_equal(top.class_id, duet_image_row(&all.classes, y)[x]);
            assert_int_equal(duet_image_row(&s.classes, y)[x], 0);
            other += top.class_id != 0;
        }
    assert_true(other > 100);
    duet_segmentation_close(&all);
    duet_segmentation_close(&s);
    duet_image_close(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suppressed_boxes_are_those_of_a_plain_reading),
        cmocka_unit_test(a_trace_keeps_what_suppression_keeps),
        cmocka_unit_test(detectors_and_clones_tell),
        cmocka_unit_test(every_pixel_agrees_with_the_class_map),
        cmocka_unit_test(filters_do_not_hide_what_the_network_said),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
