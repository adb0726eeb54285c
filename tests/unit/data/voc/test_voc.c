#include "support/testing.h"

#include "data/labels/labels.h"
#include "data/voc/voc.h"
#include "support/scratch_group.h"
#include "json/plain_number.h"

#include <math.h>

static int make_folders(void **state)
{
    make_scratch(state);
    assert_int_equal(mkdir(scratch_path(&scratch, "ImageSets"), 0777), 0);
    assert_int_equal(mkdir(scratch_path(&scratch, "ImageSets/Segmentation"), 0777), 0);
    assert_int_equal(mkdir(scratch_path(&scratch, "ImageSets/Main"), 0777), 0);
    assert_int_equal(mkdir(scratch_path(&scratch, "JPEGImages"), 0777), 0);
    return 0;
}

/* --- numbers ------------------------------------------------------------------------------------------ */

static void plain_numbers_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},      {"12", 12}, {"-0.5", -0.5}, {"+1e-3", 0.001},
                {".5", 0.5},   {"5.", 5},  {"1E+2", 100},  {"45.7000007", 45.7000007},
                {"1e-400", 0}, {"007", 7}};
    static const char *const bad[] = {"",    " 1", "1 ", "nan",   "inf", "0x10",  "1,5", "--1", "1e",
                                      "1e+", ".",  "-",  "1.2.3", "e5",  "1e999", "1f",  "+-1"};
    double value;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(duet_plain_number(good[i].text, strlen(good[i].text), &value));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (duet_plain_number(bad[i], strlen(bad[i]), &value)) fail_msg("'%s' was read", bad[i]);
}

/* --- lists -------------------------------------------------------------------------------------------- */

static enum duet_status open_list(const char *text, size_t size, struct duet_voc_list **list,
                                  struct duet_error *e)
{
    scratch_write(&scratch, "ImageSets/Segmentation/list.txt", text, size);
    return duet_voc_list_open(scratch.folder, DUET_VOC_SEGMENTATION, "list", list, e);
}

static void ids_are_read(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbf"
                               "2007_000032\r\n\n  a-b.c \t\r\n2007_000039";
    struct duet_error e;
    struct duet_voc_list *list;
    assert_ok(open_list(text, sizeof text - 1, &list, &e), e);
    assert_int_equal(duet_voc_list_count(list), 3);
    assert_string_equal(duet_voc_list_id(list, 0), "2007_000032");
    assert_string_equal(duet_voc_list_id(list, 1), "a-b.c");
    assert_string_equal(duet_voc_list_id(list, 2), "2007_000039");
    assert_int_equal(duet_voc_list_find(list, "a-b.c", 5), 1);
    assert_true(duet_voc_list_find(list, "a-b", 3) == SIZE_MAX);
    duet_voc_list_close(&list);
    assert_null(list);
    duet_voc_list_close(&list);
    duet_voc_list_close(NULL);
}

static void ids_are_found_in_what_stands_around_them(void **state)
{
    (void)state;
    static const char text[] =
        "JPEGImages/2007_000032.jpg\n\"im 1\"\r\n'./a b.JPG' -1\nim_1 -1\nim_2  0 \nim_3\t1 0.5\n"
        "C:\\voc\\JPEGImages\\d.e.png\n/abs/f.jpeg\ng.txt\n../../h.jpg\nx/../../i\n..j\n";
    static const char *const ids[] = {"2007_000032", "im 1", "a b",   "im_1",        "im_2",     "im_3",
                                      "d.e",         "f",    "g.txt", "../../h.jpg", "x/../../i"};
    struct duet_error e;
    struct duet_voc_list *list;
    assert_ok(open_list(text, sizeof text - 1 - 4, &list, &e), e);
    assert_int_equal(duet_voc_list_count(list), 11);
    for (size_t i = 0; i < 11; i++) assert_string_equal(duet_voc_list_id(list, i), ids[i]);
    for (size_t i = 0; i < 9; i++) assert_ok(duet_voc_id_check(ids[i], &e), e);
    assert_ok(duet_voc_id_check("a..b", &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_voc_id_check(ids[9], &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_voc_id_check(ids[10], &e), e);
    duet_voc_list_close(&list);
    assert_fails(DUET_BAD_FORMAT, open_list(text, sizeof text - 1, &list, &e), e); /* "..j" */
}

static void bad_ids_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size; /* 0: strlen */
        const char *words;
    } bad[] = {
        {".hidden\n", 0, "line 1: the id '.hidden' begins with '.'"},
        {"\n\n2007_000032 b\n", 0,
         "line 3: '2007_000032 b' has white space in it: expected one id a line (in quotes when it has "
         "spaces), and numbers"},
        {"a\nx/a.jpg 1\n", 0, "line 2: the id 'a' stands in line 1 already"},
        {"x/.png\n", 0, "line 1: the id '.png' begins with '.'"},
        {"x/\n", 0, "line 1: the id '' is empty"},
        {"a\nb\nc\r\nb \n", 0, "line 4: the id 'b' stands in line 2 already"},
        {"a\x01z\n", 0, "line 1: the id 'a\\x01z' has a control character in it"},
        {"a\0z\n", 4, "line 1: the id 'a' has a control character in it"},
        {"", 0, "no ids in it"},
        {" \r\n\n", 0, "no ids in it"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct duet_error e;
        struct duet_voc_list *list;
        size_t size = bad[i].size ? bad[i].size : strlen(bad[i].text);
        assert_fails(DUET_BAD_FORMAT, open_list(bad[i].text, size, &list, &e), e);
        assert_null(list);
        char *whole = duet_text("%s/ImageSets/Segmentation/list.txt: %s", scratch.folder, bad[i].words);
        assert_string_equal(e.text, whole);
        free(whole);
    }
    char longer[300];
    memset(longer, 'x', sizeof longer);
    struct duet_error e;
    struct duet_voc_list *list;
    assert_fails(DUET_BAD_FORMAT, open_list(longer, sizeof longer, &list, &e), e);
    assert_non_null(strstr(e.text, "is longer than 200 bytes"));
}

static void lists_are_found(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_voc_list *list;
    scratch_write(&scratch, "ImageSets/Segmentation/both.txt", "seg\n", 4);
    scratch_write(&scratch, "ImageSets/Main/both.txt", "main\n", 5);
    scratch_write(&scratch, "mine", "x\n", 2);
    assert_ok(duet_voc_list_open(scratch.folder, DUET_VOC_MAIN, "both", &list, &e), e);
    assert_string_equal(duet_voc_list_id(list, 0), "main");
    duet_voc_list_close(&list);
    assert_ok(duet_voc_list_open(scratch.folder, DUET_VOC_SEGMENTATION, "both", &list, &e), e);
    assert_string_equal(duet_voc_list_id(list, 0), "seg");
    duet_voc_list_close(&list);
    unlink(scratch_path(&scratch, "ImageSets/Main/both.txt"));
    assert_ok(duet_voc_list_open(scratch.folder, DUET_VOC_MAIN, "both", &list, &e), e);
    assert_string_equal(duet_voc_list_id(list, 0), "seg");
    duet_voc_list_close(&list);
    assert_ok(duet_voc_list_open("/nowhere", DUET_VOC_MAIN, scratch_path(&scratch, "mine"), &list, &e), e);
    assert_string_equal(duet_voc_list_id(list, 0), "x");
    duet_voc_list_close(&list);

    assert_fails(DUET_NOT_FOUND, duet_voc_list_open(scratch.folder, DUET_VOC_MAIN, "none", &list, &e), e);
    assert_non_null(strstr(e.text, "none.txt: no such list; there: "));
    assert_non_null(strstr(e.text, "both"));
    assert_fails(DUET_NOT_FOUND, duet_voc_list_open("/nowhere", DUET_VOC_SEGMENTATION, "val", &list, &e), e);
    assert_non_null(strstr(e.text, "/nowhere/ImageSets/Segmentation: no such folder"));
    assert_fails(DUET_NOT_FOUND, duet_voc_list_open("x", DUET_VOC_MAIN, "no/such", &list, &e), e);
}

static void paths_are_put_together(void **state)
{
    (void)state;
    char *path = duet_voc_mask_path("a", "id");
    assert_string_equal(path, "a/SegmentationClass/id.png");
    free(path);
    path = duet_voc_annotation_path("a/", "id");
    assert_string_equal(path, "a/Annotations/id.xml");
    free(path);
    path = duet_voc_image_path(scratch.folder, "p");
    assert_string_equal(path, scratch_path(&scratch, "JPEGImages/p.jpg"));
    free(path);
    scratch_write(&scratch, "JPEGImages/p.png", "x", 1);
    path = duet_voc_image_path(scratch.folder, "p");
    assert_string_equal(path, scratch_path(&scratch, "JPEGImages/p.png"));
    free(path);
    scratch_write(&scratch, "JPEGImages/p.jpg", "x", 1);
    path = duet_voc_image_path(scratch.folder, "p");
    assert_string_equal(path, scratch_path(&scratch, "JPEGImages/p.jpg"));
    free(path);
}

/* --- annotations -------------------------------------------------------------------------------------- */

static enum duet_status open_xml(const void *bytes, size_t size, struct duet_voc_annotation *annotation,
                                 struct duet_error *error)
{
    return duet_voc_annotation_open(scratch_memory(&scratch, bytes, size), annotation, error);
}

static const char sample[] =
    "<?xml version=\"1.0\"?>\n<!-- made by hand -->\n<annotation>\n"
    " <folder>VOC2012</folder><size><width>500</width><height>281</height><depth>3</depth></size>\n"
    " <object><name> aeroplane\n</name><pose>Left</pose><truncated>1</truncated>\n"
    "  <part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>\n"
    "  <bndbox><ymin>78</ymin><xmin>104.5</xmin><xmax>375</xmax><ymax>1.83e2</ymax></bndbox></object>\n"
    " <object><bndbox><xmin>0</xmin><ymin>1</ymin><xmax>501</xmax><ymax>281</ymax></bndbox>\n"
    "  <name>t&#118;monitor<![CDATA[2]]></name><difficult>1</difficult></object>\n"
    "</annotation>\n";

static void annotations_are_read(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_voc_annotation a;
    assert_ok(open_xml(sample, sizeof sample - 1, &a, &e), e);
    assert_int_equal(a.width, 500);
    assert_int_equal(a.height, 281);
    assert_int_equal(a.count, 2);
    const struct duet_voc_object *o = a.objects;
    assert_string_equal(o[0].name, "aeroplane");
    assert_true(o[0].xmin == 104.5 && o[0].ymin == 78 && o[0].xmax == 375 && o[0].ymax == 183);
    assert_true(!o[0].difficult);
    assert_string_equal(o[1].name, "tvmonitor2");
    assert_true(o[1].difficult);
    assert_int_equal(a.outside, 1);
    duet_voc_annotation_close(&a);
    assert_null(a.objects);
    duet_voc_annotation_close(&a);
    duet_voc_annotation_close(NULL);
    assert_ok(open_xml("<annotation/>", 13, &a, &e), e);
    assert_int_equal(a.count, 0);
    duet_voc_annotation_close(&a);
}

#define BOX "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox>"

static void bad_annotations_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        enum duet_status status;
        const char *xml, *words;
    } bad[] = {
        {DUET_BAD_FORMAT, "", "line 1, column 1: broken XML: no element found"},
        {DUET_BAD_FORMAT, "<annotation>\n  <object>\n</annotation>",
         "line 3, column 3: broken XML: mismatched tag"},
        {DUET_BAD_FORMAT, "<instances/>", "line 1, column 1: expected <annotation>, got <instances>"},
        {DUET_UNSUPPORTED, "<!DOCTYPE annotation>\n<annotation/>",
         "line 1, column 21: a document type (<!DOCTYPE>): annotations have none, and entities are not "
         "expanded"},
        {DUET_BAD_FORMAT, "<annotation><name>&lol;</name></annotation>",
         "line 1, column 19: broken XML: undefined entity"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct duet_error e;
        struct duet_voc_annotation a = {.count = 9};
        assert_fails(bad[i].status, open_xml(bad[i].xml, strlen(bad[i].xml), &a, &e), e);
        assert_true(a.objects == NULL && a.count == 0);
        char *whole = duet_text("%s: %s", scratch.path, bad[i].words);
        assert_string_equal(e.text, whole);
        free(whole);
    }
}

#define OBJECT(inside) "<object><name>a</name>" BOX inside "</object>"

/* An object that cannot be used, between two that can. */
static void an_odd_object_costs_itself_alone(void **state)
{
    (void)state;
    static const struct {
        const char *object, *why;
    } odd[] = {
        {"<object>" BOX "</object>", "object 2 has no <name>"},
        {"<object><name>a</name></object>", "object 2 has no <xmin>"},
        {"<object><name> </name>" BOX "</object>", "object 2 has a <name> of 0 bytes: expected 1 to 63"},
        {"<object><name>a</name><bndbox><xmin>left</xmin></bndbox></object>",
         "object 2 has no number from -1e6 to 1e6 as <xmin>: 'left'"},
        {"<object><name>a</name><bndbox><xmin>1</xmin><ymin>nan</ymin></bndbox></object>",
         "object 2 has no number from -1e6 to 1e6 as <ymin>: 'nan'"},
    };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct duet_error e;
        struct duet_voc_annotation a;
        char *xml = duet_text("<annotation>" OBJECT("") "%s" OBJECT("") "</annotation>", odd[i].object);
        assert_ok(open_xml(xml, strlen(xml), &a, &e), e);
        assert_int_equal(a.count, 2);
        assert_int_equal(a.left_out, 1);
        if (!strstr(a.why, odd[i].why)) fail_msg("got \"%s\", expected \"%s\"", a.why, odd[i].why);
        free(xml);
        duet_voc_annotation_close(&a);
    }
}

static void fields_that_score_nothing_cost_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *inside;
        bool difficult;
        size_t unclear;
    } cases[] = {
        {"<truncated>0.0597</truncated>", false, 0},
        {"<truncated>Unspecified</truncated><difficult>Unspecified</difficult>", false, 1},
        {"<truncated></truncated><difficult/>", false, 1},
        {"<difficult>False</difficult><truncated>True</truncated>", false, 0},
        {"<difficult> TRUE </difficult>", true, 0},
        {"<difficult>2</difficult>", true, 0},
        {"<difficult>1</difficult><difficult>0</difficult>" BOX "<name>b</name>", true, 0},
        {"<part><name>x</name>" BOX "</part><difficult>0</difficult>", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct duet_error e;
        struct duet_voc_annotation a;
        char *xml =
            duet_text("\xef\xbb\xbf<annotation><size><width>500.5</width><height>-1</height></size>" OBJECT(
                          "%s") "</annotation>",
                      cases[i].inside);
        assert_ok(open_xml(xml, strlen(xml), &a, &e), e);
        assert_int_equal(a.count, 1);
        assert_true(a.width == 500.5 && a.height == 0);
        assert_string_equal(a.objects[0].name, "a");
        assert_true(a.objects[0].xmin == 1);
        assert_int_equal(a.objects[0].difficult, cases[i].difficult);
        assert_int_equal(a.unclear, cases[i].unclear);
        free(xml);
        duet_voc_annotation_close(&a);
    }
    struct duet_error e;
    struct duet_voc_annotation a;
    static const char reversed[] = "<annotation><object><name>a</name><bndbox><xmin>5</xmin><ymin>2</ymin>"
                                   "<xmax>3.5</xmax><ymax>4</ymax></bndbox></object></annotation>";
    assert_ok(open_xml(reversed, sizeof reversed - 1, &a, &e), e);
    assert_true(a.count == 1 && a.reversed == 1 && a.objects[0].xmax == 3.5);
    duet_voc_annotation_close(&a);
}

static void bombs_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_voc_annotation a;
    static const char laughs[] = "<?xml version=\"1.0\"?><!DOCTYPE annotation [<!ENTITY a \"lol\">"
                                 "<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;\">]>"
                                 "<annotation><object><name>&c;</name></object></annotation>";
    static const char outside[] = "<!DOCTYPE annotation [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
                                  "<annotation><filename>&x;</filename></annotation>";
    assert_fails(DUET_UNSUPPORTED, open_xml(laughs, sizeof laughs - 1, &a, &e), e);
    assert_fails(DUET_UNSUPPORTED, open_xml(outside, sizeof outside - 1, &a, &e), e);

    enum { COUNT = 100000 };
    static char many[COUNT * 7 + 32];
    char *at = many + sprintf(many, "<annotation>");
    for (int i = 0; i < COUNT; i++) at += sprintf(at, "<deep>");
    assert_fails(DUET_TOO_LARGE, open_xml(many, (size_t)(at - many), &a, &e), e);
    assert_non_null(strstr(e.text, "nested deeper than 32"));

    at = many + sprintf(many, "<annotation><object><name>");
    memset(at, 'x', 5000);
    at += 5000 + sprintf(at + 5000, "</name>" BOX "</object></annotation>");
    assert_ok(open_xml(many, (size_t)(at - many), &a, &e), e); /* no more of it is kept than a name has */
    assert_int_equal(a.left_out, 1);
    duet_voc_annotation_close(&a);

    at = many + sprintf(many, "<annotation>");
    memset(at, ' ', sizeof many - 32);
    FILE *big = fopen(scratch_path(&scratch, "big.xml"), "wb");
    assert_non_null(big);
    for (size_t i = 0; i < 24; i++) fwrite(many, 1, sizeof many, big);
    fclose(big);
    assert_fails(DUET_TOO_LARGE, duet_voc_annotation_open(scratch_path(&scratch, "big.xml"), &a, &e), e);
}

static void objects_are_limited(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_voc_annotation a;
    static const char one[] = "<object><name>a</name>" BOX "</object>";
    enum { LIMIT = 65536 };
    size_t length = sizeof one - 1, head = strlen("<annotation>");
    char *text = malloc(head + (LIMIT + 1) * length + 32);
    assert_non_null(text);
    strcpy(text, "<annotation>");
    for (size_t i = 0; i <= LIMIT; i++) memcpy(text + head + i * length, one, length);
    strcpy(text + head + LIMIT * length, "</annotation>");
    assert_ok(open_xml(text, strlen(text), &a, &e), e);
    assert_int_equal(a.count, LIMIT);
    duet_voc_annotation_close(&a);
    strcpy(text + head + LIMIT * length, one);
    assert_fails(DUET_TOO_LARGE, open_xml(text, strlen(text), &a, &e), e);
    free(text);
}

static void a_file_cut_anywhere_is_broken(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof sample - 3; size++) {
        struct duet_error e;
        struct duet_voc_annotation a;
        assert_fails(DUET_BAD_FORMAT, open_xml(sample, size, &a, &e), e);
        assert_null(a.objects);
    }
}

static void a_file_with_any_byte_changed_is_answered(void **state)
{
    (void)state;
    static const unsigned char replacements[] = {0, '<', '>', '&', '/', '9', '-', ' ', 0xff};
    char bytes[sizeof sample - 1];
    for (size_t at = 0; at < sizeof bytes; at++)
        for (size_t i = 0; i < sizeof replacements; i++) {
            struct duet_error e;
            struct duet_voc_annotation a;
            memcpy(bytes, sample, sizeof bytes);
            bytes[at] = (char)replacements[i];
            enum duet_status status = open_xml(bytes, sizeof bytes, &a, &e);
            if (status != DUET_OK) assert_null(a.objects);
            for (size_t j = 0; j < a.count; j++)
                assert_true(a.objects[j].name[0] && (a.reversed || a.objects[j].xmin <= a.objects[j].xmax));
            duet_voc_annotation_close(&a);
        }
}

/* --- the real thing ----------------------------------------------------------------------------------- */

static void the_real_annotations_make_sense(void **state)
{
    (void)state;
    testing_need_shared(shared);
    char *root = duet_text("%s/data/voc/VOC2012", shared);
    struct duet_labels labels = duet_labels_voc();
    struct duet_voc_list *list;
    struct duet_error e;
    size_t files = 0, objects = 0, outside = 0, difficult = 0;
    assert_ok(duet_voc_list_open(root, DUET_VOC_MAIN, "train_311", &list, &e), e);
    assert_int_equal(duet_voc_list_count(list), 311);
    for (size_t i = 0; i < duet_voc_list_count(list); i++) {
        struct duet_voc_annotation a;
        char *path = duet_voc_annotation_path(root, duet_voc_list_id(list, i));
        if (!duet_path_exists(path)) {
            free(path);
            continue;
        }
        assert_ok(duet_voc_annotation_open(path, &a, &e), e);
        assert_true(a.width > 0 && a.height > 0 && a.count > 0);
        files++;
        objects += a.count;
        outside += a.outside;
        for (size_t j = 0; j < a.count; j++) {
            assert_non_null(duet_labels_find(&labels, a.objects[j].name));
            difficult += a.objects[j].difficult;
        }
        duet_voc_annotation_close(&a);
        free(path);
    }
    printf("# %zu annotations, %zu objects, %zu difficult, %zu reach outside\n", files, objects, difficult,
           outside);
    assert_true(files > 300 && objects > 2 * files && difficult > 0);
    duet_voc_list_close(&list);
    free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_numbers_are_read),
        cmocka_unit_test(ids_are_read),
        cmocka_unit_test(ids_are_found_in_what_stands_around_them),
        cmocka_unit_test(bad_ids_are_named),
        cmocka_unit_test(lists_are_found),
        cmocka_unit_test(paths_are_put_together),
        cmocka_unit_test(annotations_are_read),
        cmocka_unit_test(bad_annotations_are_refused_with_their_place),
        cmocka_unit_test(an_odd_object_costs_itself_alone),
        cmocka_unit_test(fields_that_score_nothing_cost_nothing),
        cmocka_unit_test(bombs_are_refused),
        cmocka_unit_test(objects_are_limited),
        cmocka_unit_test(a_file_cut_anywhere_is_broken),
        cmocka_unit_test(a_file_with_any_byte_changed_is_answered),
        cmocka_unit_test(the_real_annotations_make_sense),
    };
    return cmocka_run_group_tests(tests, make_folders, remove_scratch);
}
