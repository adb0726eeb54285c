/* Both networks over pictures whose truth is known to the pixel, because the project drew them. */
#include "golden/golden.h"

#include "data/scene/scene.h"
#include "duet/detector.h"
#include "duet/segmenter.h"

enum { MOMENTS = 3 };

static struct duet_scene draw(enum duet_scene_kind kind, int moment)
{
    struct duet_error e;
    struct duet_scene scene;
    struct duet_scene_options options = {.kind = kind, .moment = (double)moment / (MOMENTS - 1)};
    assert_ok(duet_scene_draw(&options, &scene, &e), e);
    return scene;
}

static double box_iou(struct duet_box a, struct duet_box b)
{
    float w = fminf(a.x + a.width, b.x + b.width) - fmaxf(a.x, b.x);
    float h = fminf(a.y + a.height, b.y + b.height) - fmaxf(a.y, b.y);
    if (w <= 0 || h <= 0) return 0;
    return (double)(w * h / (a.width * a.height + b.width * b.height - w * h));
}

/* The object must be found as what it is, where it is; nothing else may score as well. */
static void check_object(const struct duet_scene_object *object, const struct duet_detections *found)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct duet_detection *d = &found->items[i];
        if (d->category_id != object->category_id) continue;
        double iou = box_iou(d->box, object->box);
        printf("# %s: score %.3f, IOU %.3f\n", object->label, (double)d->score, iou);
        assert_true(d->score > 0.9f && iou > 0.6);
        return;
    }
    fail_msg("%s was not found", object->label);
}

static void drawn_objects_are_detected(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_detector *detector;
    struct duet_model *model = golden_model("ssdlite-coco");
    if (!model) skip();
    assert_ok(duet_detector_create(model, NULL, &detector, &e), e);
    for (int kind = 0; kind < DUET_SCENE_COUNT; kind++) {
        struct duet_scene scene = draw((enum duet_scene_kind)kind, MOMENTS / 2);
        struct duet_detections found;
        assert_ok(duet_detector_run(detector, &scene.picture, NULL, &found, &e), e);
        for (size_t i = 0; i < scene.count; i++) check_object(&scene.objects[i], &found);
        duet_detections_close(&found);
        duet_scene_close(&scene);
    }
    duet_detector_close(&detector);
    duet_model_close(&model);
}

static double mask_iou(const struct duet_image *a, const struct duet_image *b, int class_id)
{
    size_t both = 0, either = 0;
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < a->width; x++) {
            bool in_a = duet_image_row(a, y)[x] == class_id, in_b = duet_image_row(b, y)[x] == class_id;
            both += in_a && in_b;
            either += in_a || in_b;
        }
    return either ? (double)both / (double)either : 0;
}

static void drawn_objects_are_segmented(void **state)
{
    (void)state;
    static const struct {
        enum duet_scene_kind kind;
        int class_id;
    } cases[] = {{DUET_SCENE_AEROPLANE, 1}, {DUET_SCENE_BUS, 6}, {DUET_SCENE_DEMO, 1}, {DUET_SCENE_DEMO, 6}};
    struct duet_error e;
    struct duet_segmenter *segmenter;
    struct duet_model *model = golden_model("deeplabv3-voc");
    if (!model) skip();
    assert_ok(duet_segmenter_create(model, NULL, &segmenter, &e), e);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int moment = 0; moment < MOMENTS; moment++) {
            struct duet_scene scene = draw(cases[i].kind, moment);
            struct duet_segmentation found;
            assert_ok(duet_segmenter_run(segmenter, &scene.picture, NULL, &found, &e), e);
            double iou = mask_iou(&scene.classes, &found.classes, cases[i].class_id);
            printf("# scene %d, class %d: mask IOU %.3f\n", (int)cases[i].kind, cases[i].class_id, iou);
            assert_true(iou > 0.6);
            duet_segmentation_close(&found);
            duet_scene_close(&scene);
        }
    duet_segmenter_close(&segmenter);
    duet_model_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_objects_are_detected),
        cmocka_unit_test(drawn_objects_are_segmented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
