#include "support/testing.h"

#include "core/os.h"
#include "data/scene/scene.h"

#include <jansson.h>
#include <math.h>
#include <unistd.h>

static struct duet_scene_options scene_options(enum duet_scene_kind kind, int width, int height,
                                               unsigned seed)
{
    return (struct duet_scene_options){kind, width, height, seed, 0.5};
}

static struct duet_scene drawn(const struct duet_scene_options *options)
{
    struct duet_scene scene;
    struct duet_error e;
    assert_ok(duet_scene_draw(options, &scene, &e), e);
    return scene;
}

static bool same_image(const struct duet_image *a, const struct duet_image *b)
{
    return a->width == b->width && a->height == b->height && a->format == b->format &&
           a->stride == b->stride && memcmp(a->pixels, b->pixels, a->stride * (size_t)a->height) == 0;
}

static void same_options_give_the_same_bytes(void **state)
{
    (void)state;
    for (int kind = 0; kind < DUET_SCENE_COUNT; kind++) {
        struct duet_scene_options o = scene_options((enum duet_scene_kind)kind, 120, 90, 7);
        struct duet_scene a = drawn(&o), b = drawn(&o);
        assert_true(same_image(&a.picture, &b.picture));
        assert_true(same_image(&a.owners, &b.owners));
        assert_true(same_image(&a.classes, &b.classes));
        o.seed = 8;
        struct duet_scene other = drawn(&o);
        assert_false(same_image(&a.picture, &other.picture));
        assert_false(same_image(&a.owners, &other.owners));
        duet_scene_close(&a);
        duet_scene_close(&b);
        duet_scene_close(&other);
        assert_null(a.picture.pixels);
    }
}

/* The box and the number of pixels of an object, counted again from the masks. */
static void check_object(const struct duet_scene *scene, size_t index)
{
    const struct duet_scene_object *object = &scene->objects[index];
    int x0 = INT32_MAX, y0 = INT32_MAX, x1 = -1, y1 = -1;
    uint64_t pixels = 0;
    for (int y = 0; y < scene->owners.height; y++)
        for (int x = 0; x < scene->owners.width; x++) {
            if (duet_image_row(&scene->owners, y)[x] != index + 1) continue;
            assert_int_equal(duet_image_row(&scene->classes, y)[x], object->class_id);
            pixels++;
            x0 = x < x0 ? x : x0, x1 = x > x1 ? x : x1;
            y0 = y < y0 ? y : y0, y1 = y > y1 ? y : y1;
        }
    assert_true(pixels > 0);
    assert_int_equal(object->pixels, pixels);
    assert_true(object->box.x == (float)x0 && object->box.y == (float)y0);
    assert_true(object->box.width == (float)(x1 - x0 + 1) && object->box.height == (float)(y1 - y0 + 1));
}

static void the_truth_is_what_was_drawn(void **state)
{
    (void)state;
    const struct {
        int category_id, class_id;
        const char *label;
    } all[] = {{5, 1, "airplane"}, {6, 6, "bus"}, {13, 0, "stop sign"}};
    static const size_t first[] = {0, 2, 1, 0}, count[] = {3, 1, 1, 1}; /* of a kind, in `all` */
    for (int kind = 0; kind < DUET_SCENE_COUNT; kind++)
        for (unsigned seed = 0; seed < 3; seed++) {
            struct duet_scene_options o = scene_options((enum duet_scene_kind)kind, 320, 240, seed);
            o.moment = seed / 2.0;
            struct duet_scene scene = drawn(&o);
            assert_int_equal(scene.count, count[kind]);
            for (size_t i = 0; i < scene.count; i++) {
                assert_int_equal(scene.objects[i].category_id, all[first[kind] + i].category_id);
                assert_int_equal(scene.objects[i].class_id, all[first[kind] + i].class_id);
                assert_string_equal(scene.objects[i].label, all[first[kind] + i].label);
                assert_true(scene.objects[i].pixels >
                            1500); /* 2 % of the picture: large enough to be found */
                check_object(&scene, i);
            }
            for (size_t i = 0; i < 320 * 240; i++) {
                assert_true(scene.owners.pixels[i] <= scene.count);
                int class = scene.classes.pixels[i];
                assert_true(class == 0 || class == 1 || class == 6);
                if (scene.owners.pixels[i] == 0) assert_int_equal(class, 0);
            }
            duet_scene_close(&scene);
        }
}

static const uint8_t *center(const struct duet_scene *scene, const struct duet_box *box, float across,
                             float down)
{
    int x = (int)(box->x + across * box->width), y = (int)(box->y + down * box->height);
    return duet_image_row(&scene->picture, y) + 3 * x;
}

/* The sign is an octagon: red inside, not owned in its corners, and it stands within the picture. */
static void the_sign_is_a_red_octagon(void **state)
{
    (void)state;
    struct duet_scene_options o = scene_options(DUET_SCENE_STOP, 320, 240, 0);
    struct duet_scene scene = drawn(&o);
    struct duet_box box = scene.objects[0].box;
    const uint8_t *red = center(&scene, &box, 0.5f, 0.2f);
    assert_true(red[0] > 150 && red[1] < 60 && red[2] < 70);
    assert_int_equal(duet_image_row(&scene.owners, (int)box.y + 1)[(int)box.x + 1], 0);
    assert_int_equal(duet_image_row(&scene.owners, (int)(box.y + box.height / 2))[(int)box.x + 1], 1);
    float filled = (float)scene.objects[0].pixels / (box.width * box.height);
    assert_true(fabsf(filled - 0.8284f) < 0.02f); /* an octagon's share of its square */
    duet_scene_close(&scene);
}

static void things_move(void **state)
{
    (void)state;
    struct duet_scene_options o = scene_options(DUET_SCENE_DEMO, 320, 240, 3);
    float last[3] = {-1, -1, -1};
    for (int i = 0; i <= 4; i++) {
        o.moment = i / 4.0;
        struct duet_scene scene = drawn(&o);
        assert_int_equal(scene.count, 3);
        for (int k = 0; k < 2; k++) { /* aeroplane and bus, to the right */
            float middle = scene.objects[k].box.x + scene.objects[k].box.width / 2;
            assert_true(middle > last[k] + 1);
            last[k] = middle;
        }
        assert_true(scene.objects[2].box.width >= last[2]); /* the sign comes nearer */
        last[2] = scene.objects[2].box.width;
        duet_scene_close(&scene);
    }
}

/* Every size shows the same middle: boxes scale with the picture (what is thinner than half a pixel, like
 * wing tips and mirrors in a thumbnail, is lost). */
static void any_size_can_be_drawn(void **state)
{
    (void)state;
    static const int sizes[][2] = {{16, 16}, {17, 400}, {333, 18}, {99, 77}, {641, 483}};
    struct duet_scene_options o = scene_options(DUET_SCENE_DEMO, 0, 0, 1);
    struct duet_scene whole = drawn(&o);
    assert_int_equal(whole.picture.width, 640);
    assert_int_equal(whole.picture.height, 480);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        o = scene_options(DUET_SCENE_DEMO, sizes[s][0], sizes[s][1], 1);
        struct duet_scene scene = drawn(&o);
        assert_int_equal(scene.count, 3);
        float w = (float)sizes[s][0], h = (float)sizes[s][1], scale = fminf(w / 640, h / 480);
        for (size_t i = 0; i < 3; i++) {
            struct duet_box a = whole.objects[i].box, b = scene.objects[i].box;
            check_object(&scene, i);
            assert_true(fabsf((a.x - 320) * scale + w / 2 - b.x) < 2.5f);
            assert_true(fabsf((a.y - 240) * scale + h / 2 - b.y) < 2.5f);
            assert_true(fabsf(a.width * scale - b.width) < 4);
            assert_true(fabsf(a.height * scale - b.height) < 4);
        }
        duet_scene_close(&scene);
    }
    duet_scene_close(&whole);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    const struct duet_scene_options bad[] = {
        {DUET_SCENE_COUNT, 64, 64, 0, 0},   {DUET_SCENE_DEMO, 15, 64, 0, 0},
        {DUET_SCENE_DEMO, 64, 8193, 0, 0},  {DUET_SCENE_DEMO, -64, 64, 0, 0},
        {DUET_SCENE_DEMO, 64, 64, 0, -0.1}, {DUET_SCENE_DEMO, 64, 64, 0, 1.1},
        {DUET_SCENE_DEMO, 64, 64, 0, NAN}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct duet_scene scene;
        struct duet_error e;
        assert_fails(DUET_BAD_ARGUMENT, duet_scene_draw(&bad[i], &scene, &e), e);
        assert_null(scene.picture.pixels);
        duet_scene_close(&scene);
    }
    duet_scene_close(NULL);
}

/* --- the instances file ------------------------------------------------------------------------------- */

/* Draw the runs of an annotation and compare with the mask. */
static void check_runs(const json_t *annotation, const struct duet_scene *scene, uint8_t owner)
{
    const json_t *segmentation = json_object_get(annotation, "segmentation");
    const json_t *size = json_object_get(segmentation, "size"),
                 *counts = json_object_get(segmentation, "counts");
    int height = scene->owners.height, width = scene->owners.width;
    assert_int_equal(json_integer_value(json_array_get(size, 0)), height);
    assert_int_equal(json_integer_value(json_array_get(size, 1)), width);
    int at = 0;
    for (size_t i = 0; i < json_array_size(counts); i++)
        for (json_int_t n = json_integer_value(json_array_get(counts, i)); n > 0; n--, at++) {
            assert_true(at < width * height);
            bool on = duet_image_row(&scene->owners, at % height)[at / height] == owner;
            assert_int_equal(on, i % 2 == 1);
        }
    assert_int_equal(at, width * height);
}

static void check_annotation(const json_t *annotation, const struct duet_scene *scene, size_t index)
{
    const struct duet_scene_object *object = &scene->objects[index];
    const float box[] = {object->box.x, object->box.y, object->box.width, object->box.height};
    assert_int_equal(json_integer_value(json_object_get(annotation, "category_id")), object->category_id);
    assert_int_equal(json_integer_value(json_object_get(annotation, "area")), object->pixels);
    assert_int_equal(json_integer_value(json_object_get(annotation, "iscrowd")), 0);
    for (size_t k = 0; k < 4; k++)
        assert_true(json_number_value(json_array_get(json_object_get(annotation, "bbox"), k)) == box[k]);
    check_runs(annotation, scene, (uint8_t)(index + 1));
}

static void the_instances_file_says_it_all(void **state)
{
    (void)state;
    char folder[] = "scene_test_XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *path = duet_path_join(folder, "a.json");
    const char *const names[] = {"scene_0000.png", "a \"quoted\"\nname"};
    struct duet_scene scenes[2];
    struct duet_scene_truth *truth;
    struct duet_error e;
    assert_ok(duet_scene_truth_open(path, &truth, &e), e);
    for (size_t i = 0; i < 2; i++) {
        struct duet_scene_options o =
            scene_options(i ? DUET_SCENE_STOP : DUET_SCENE_DEMO, 60, 40 + (int)i, 2);
        scenes[i] = drawn(&o);
        assert_ok(duet_scene_truth_add(truth, names[i], (int64_t)i * 40, &scenes[i], &e), e);
    }
    assert_false(duet_path_exists(path));
    assert_ok(duet_scene_truth_commit(&truth, &e), e);
    assert_null(truth);
    json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    const json_t *images = json_object_get(json, "images"),
                 *annotations = json_object_get(json, "annotations");
    assert_int_equal(json_array_size(images), 2);
    assert_int_equal(json_array_size(annotations), 4);
    assert_int_equal(json_array_size(json_object_get(json, "categories")), 3);
    for (size_t i = 0; i < 2; i++) {
        const json_t *image = json_array_get(images, i);
        assert_string_equal(json_string_value(json_object_get(image, "file_name")), names[i]);
        assert_int_equal(json_integer_value(json_object_get(image, "id")), i * 40);
        assert_int_equal(json_integer_value(json_object_get(image, "height")), 40 + i);
    }
    for (size_t i = 0; i < 4; i++) {
        const json_t *annotation = json_array_get(annotations, i);
        assert_int_equal(json_integer_value(json_object_get(annotation, "id")), i + 1);
        assert_int_equal(json_integer_value(json_object_get(annotation, "image_id")), i < 3 ? 0 : 40);
        check_annotation(annotation, &scenes[i / 3], i % 3);
    }
    json_decref(json);
    duet_scene_close(&scenes[0]);
    duet_scene_close(&scenes[1]);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    free(path);
    assert_fails(DUET_NOT_FOUND, duet_scene_truth_open("no/such/folder.json", &truth, &e), e);
    assert_null(truth);
    duet_scene_truth_discard(&truth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_options_give_the_same_bytes),
        cmocka_unit_test(the_truth_is_what_was_drawn),
        cmocka_unit_test(the_sign_is_a_red_octagon),
        cmocka_unit_test(things_move),
        cmocka_unit_test(any_size_can_be_drawn),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(the_instances_file_says_it_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
