#include "support/testing.h"

#include "core/os.h"
#include "data/labels/labels.h"

static const struct duet_label *coco(const char *name)
{
    struct duet_labels labels = duet_labels_coco();
    return duet_labels_find(&labels, name);
}

static const struct duet_label *voc(const char *name)
{
    struct duet_labels labels = duet_labels_voc();
    return duet_labels_find(&labels, name);
}

static void the_tables_are_the_data_sets(void **state)
{
    (void)state;
    struct duet_labels c = duet_labels_coco(), v = duet_labels_voc();
    assert_int_equal(c.count, 80);
    assert_int_equal(v.count, 21);
    assert_int_equal(c.items[0].id, 1);
    assert_int_equal(c.items[79].id, 90);
    for (size_t i = 1; i < c.count; i++) assert_true(c.items[i].id > c.items[i - 1].id);
    for (size_t i = 0; i < v.count; i++) assert_int_equal(v.items[i].id, i);
    /* The ten numbers that COCO's 91 things had and its 80 classes have not. */
    static const int gaps[] = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83};
    for (size_t i = 0; i < 10; i++) assert_null(duet_labels_by_id(&c, gaps[i]));
    assert_string_equal(duet_labels_by_id(&c, 44)->name, "bottle");
    assert_string_equal(duet_labels_by_id(&v, 0)->name, "background");
    assert_string_equal(duet_labels_by_id(&v, 20)->name, "tvmonitor");
    assert_null(duet_labels_by_id(&v, 21));
    assert_null(duet_labels_by_id(&v, -1));
}

/* Every name and id stands in the official annotations. */
static void the_coco_table_is_the_official_one(void **state)
{
    (void)state;
    testing_need_shared(shared);
    struct duet_error e;
    struct duet_bytes bytes;
    char *path = duet_text("%s/data/coco/instances_val2017_dev200.json", shared);
    assert_ok(duet_read_file(path, (size_t)1 << 24, &bytes, &e), e);
    struct duet_labels c = duet_labels_coco();
    for (size_t i = 0; i < c.count; i++) {
        char *a = duet_text("\"id\": %d, \"name\": \"%s\"", c.items[i].id, c.items[i].name);
        char *b = duet_text("\"id\":%d,\"name\":\"%s\"", c.items[i].id, c.items[i].name);
        if (!memmem(bytes.data, bytes.size, a, strlen(a)) && !memmem(bytes.data, bytes.size, b, strlen(b)))
            fail_msg("not in the annotations: %s", a);
        free(a);
        free(b);
    }
    duet_bytes_close(&bytes);
    free(path);
}

static void every_way_of_writing_a_name_is_understood(void **state)
{
    (void)state;
    static const char *const spellings[] = {"traffic light", "traffic_light", "traffic-light",
                                            "trafficlight",  "Traffic Light", " TRAFFICLIGHT "};
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        assert_non_null(coco(spellings[i]));
        assert_int_equal(coco(spellings[i])->id, 10);
    }
    assert_null(coco(""));
    assert_null(coco(" -_"));
    assert_null(coco("traffic lights"));
    struct duet_labels c = duet_labels_coco(), v = duet_labels_voc();
    for (size_t i = 0; i < c.count; i++) assert_ptr_equal(coco(c.items[i].name), &c.items[i]);
    for (size_t i = 0; i < v.count; i++) assert_ptr_equal(voc(v.items[i].name), &v.items[i]);
}

static void coco_and_voc_understand_each_other(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"airplane", "aeroplane"}, {"motorcycle", "motorbike"},     {"couch", "sofa"},
        {"tv", "tvmonitor"},       {"dining table", "diningtable"}, {"potted plant", "pottedplant"}};
    for (size_t i = 0; i < 6; i++) {
        assert_non_null(coco(pairs[i][1]));
        assert_string_equal(coco(pairs[i][1])->name, pairs[i][0]);
        assert_non_null(voc(pairs[i][0]));
        assert_string_equal(voc(pairs[i][0])->name, pairs[i][1]);
    }
    assert_string_equal(coco("TV-Monitor")->name, "tv");
    struct duet_labels v = duet_labels_voc(), c = duet_labels_coco();
    for (size_t i = 1; i < v.count; i++) /* all of VOC is in COCO */
        assert_non_null(duet_labels_find(&c, v.items[i].name));
    /* A set that has both words keeps them apart. */
    static const struct duet_label both[] = {{1, "tv"}, {2, "tv monitor"}};
    struct duet_labels two = {both, 2};
    assert_int_equal(duet_labels_find(&two, "tvmonitor")->id, 2);
    assert_int_equal(duet_labels_find(&two, "tv")->id, 1);
}

static void a_slip_gets_a_suggestion(void **state)
{
    (void)state;
    struct duet_labels c = duet_labels_coco();
    static const char *const slips[][2] = {{"persn", "person"},   {"hosre", "horse"},
                                           {"dgo", "dog"},        {"trafic lihgt", "traffic light"},
                                           {"girafe", "giraffe"}, {"aeroplne", "airplane"}};
    for (size_t i = 0; i < 6; i++) {
        const struct duet_label *near = duet_labels_suggest(&c, slips[i][0]);
        assert_non_null(near);
        assert_string_equal(near->name, slips[i][1]);
    }
    assert_null(duet_labels_suggest(&c, "xy"));
    assert_null(duet_labels_suggest(&c, ""));
    assert_null(duet_labels_suggest(&c, "spaceship"));
    char huge[5000];
    memset(huge, 'a', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_null(duet_labels_suggest(&c, huge));
    assert_null(duet_labels_find(&c, huge));
    huge[64] = '\0'; /* as long as a name may be */
    assert_null(duet_labels_suggest(&c, huge));
}

static void a_list_selects_labels(void **state)
{
    (void)state;
    struct duet_labels c = duet_labels_coco();
    struct duet_error e;
    bool selected[80];
    memset(selected, true, sizeof selected);
    assert_ok(duet_labels_select(&c, "person, car,traffic light ,sofa,person", selected, &e), e);
    size_t count = 0;
    for (size_t i = 0; i < 80; i++) count += selected[i];
    assert_int_equal(count, 4);
    assert_true(selected[0] && selected[2] && selected[9]);
    assert_true(selected[coco("couch") - c.items]);

    assert_fails(DUET_NOT_FOUND, duet_labels_select(&c, "car,persn", selected, &e), e);
    assert_string_equal(e.text, "unknown class 'persn'; did you mean 'person'?");
    assert_fails(DUET_NOT_FOUND, duet_labels_select(&c, "spaceship", selected, &e), e);
    assert_string_equal(e.text, "unknown class 'spaceship'; the model knows 80 classes");
    static const char *const empty[] = {"", " ", ",", "person,", ",person", "person,,car"};
    for (size_t i = 0; i < 6; i++)
        assert_fails(DUET_BAD_ARGUMENT, duet_labels_select(&c, empty[i], selected, &e), e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_are_the_data_sets),
        cmocka_unit_test(the_coco_table_is_the_official_one),
        cmocka_unit_test(every_way_of_writing_a_name_is_understood),
        cmocka_unit_test(coco_and_voc_understand_each_other),
        cmocka_unit_test(a_slip_gets_a_suggestion),
        cmocka_unit_test(a_list_selects_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
