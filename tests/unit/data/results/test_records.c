/* Records in every format, to the byte. */
#include "support/records.h"

#include "support/comma_locale.h"

#include <jansson.h>
#include <math.h>

/* --- the table of formats ------------------------------------------------------------------------------- */

static void formats_have_names(void **state)
{
    (void)state;
    static const char *const names[DUET_FORMAT_COUNT] = {"table", "ndjson", "coco", "csv", "yolo", "voc"};
    for (int i = 0; i < DUET_FORMAT_COUNT; i++) {
        assert_string_equal(duet_format_name((enum duet_format)i), names[i]);
        assert_int_equal(duet_format_is_folder((enum duet_format)i), i >= DUET_FORMAT_YOLO);
    }
    assert_string_equal(duet_format_name(DUET_FORMAT_COUNT), "unknown");
    assert_false(duet_format_is_folder(DUET_FORMAT_COUNT));
}

/* --- exact bytes ---------------------------------------------------------------------------------------- */

/* 0 1 0 / 0 1 1 / 0 0 0, class 12 where there is a 1: its runs are 3 2 2 1 1, background's 0 3 2 2 1 1. */
static void ndjson_has_masks_on_request(void **state)
{
    (void)state;
    uint8_t pixels[] = {0, 12, 0, 0, 12, 12, 0, 0, 0};
    struct duet_image classes = {3, 3, DUET_GRAY8, 3, pixels};
    struct into_memory m = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_NDJSON});
    struct duet_record r = still(0, "a.jpg", NULL);
    r.width = r.height = 3;
    r.segments = &segments;
    r.classes = &classes;
    put(&m, &r);
    char *text = finish(&m);
    assert_non_null(
        strstr(text, ",\"segmentation\":{\"size\":[3,3],\"counts\":\"032OOO\"}},{\"class\":\"dog\""));
    assert_non_null(strstr(text, ",\"segmentation\":{\"size\":[3,3],\"counts\":\"322OO\"}}]}\n"));
    free(text);
}

static void ndjson_tells_tracks(void **state)
{
    (void)state;
    const int tracks[] = {0, 12};
    struct into_memory m = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_NDJSON});
    struct duet_record r = still(0, "a.mp4", &two);
    r.moving = true, r.tracks = tracks;
    put(&m, &r);
    char *text = text_so_far(m.stream);
    assert_non_null(strstr(text, "50.1]},{")); /* 0: not told */
    assert_non_null(strstr(text, "639.99994],\"track\":12}]}\n"));
    free(text);
    free(finish(&m));
}

static void ndjson_is_one_line_a_record(void **state)
{
    (void)state;
    struct into_memory m = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_NDJSON});
    struct duet_record r = still(0, "a.jpg", &two);
    put(&m, &r);
    static const char first[] =
        "{\"index\":0,\"source\":\"a.jpg\",\"width\":640,\"height\":480,\"detections\":["
        "{\"class\":\"dog\",\"category_id\":18,\"score\":0.93,\"bbox\":[10.5,20.25,100,50.1]},"
        "{\"class\":\"traffic "
        "light\",\"category_id\":10,\"score\":0.33333334,\"bbox\":[0,0,1e-05,639.99994]}]}\n";
    char *text = text_so_far(m.stream); /* there before the end: flushed */
    assert_string_equal(text, first);
    free(text);
    r = still(1, "b.jpg", &none);
    put(&m, &r);
    r = still(2, "c.jpg", NULL);
    r.segments = &segments;
    put(&m, &r);
    r = still(3, "v.mp4", &none);
    r.moving = true, r.frame = 12, r.pts = 1.48, r.time = 0.48, r.segments = &segments;
    put(&m, &r);
    struct duet_error fault = {DUET_BAD_FORMAT, "d.jpg: not a \"picture\""};
    r = (struct duet_record){.index = 4, .source = "d.jpg", .error = &fault};
    put(&m, &r);
    r = (struct duet_record){.index = 5, .source = "w.mp4", .moving = true, .frame = 3, .error = &fault};
    put(&m, &r);
    r = still(6, "e.jpg", NULL);
    put(&m, &r);
    r = still(7, "rtsp://x", &none);
    r.moving = true, r.frame = 3, r.pts = 9000.5, r.time = 0.1, r.captured = 1795323662.3449;
    put(&m, &r);
    r = (struct duet_record){
        .index = 7, .source = "rtsp://x", .moving = true, .frame = 4, .gap = 3.25, .attempts = 2};
    put(&m, &r);
    char *want = duet_text(
        "%s%s%s%s%s%s%s%s", first,
        "{\"index\":1,\"source\":\"b.jpg\",\"width\":640,\"height\":480,\"detections\":[]}\n",
        "{\"index\":2,\"source\":\"c.jpg\",\"width\":640,\"height\":480,\"segments\":["
        "{\"class\":\"background\",\"class_id\":0,\"pixels\":299970,\"share\":0.9764648437500001,"
        "\"bbox\":[0,0,640,480],\"confidence\":0.99},"
        "{\"class\":\"dog\",\"class_id\":12,\"pixels\":7230,\"share\":0.0235351562,"
        "\"bbox\":[10,20,100,80.5],\"confidence\":0.5}]}\n",
        "{\"index\":3,\"source\":\"v.mp4\",\"frame\":12,\"pts\":1.48,\"time\":0.48,\"width\":640,"
        "\"height\":480,"
        "\"detections\":[],\"segments\":["
        "{\"class\":\"background\",\"class_id\":0,\"pixels\":299970,\"share\":0.9764648437500001,"
        "\"bbox\":[0,0,640,480],\"confidence\":0.99},"
        "{\"class\":\"dog\",\"class_id\":12,\"pixels\":7230,\"share\":0.0235351562,"
        "\"bbox\":[10,20,100,80.5],\"confidence\":0.5}]}\n",
        "{\"index\":4,\"source\":\"d.jpg\",\"error\":{\"code\":\"bad-format\","
        "\"message\":\"d.jpg: not a \\\"picture\\\"\"}}\n",
        "{\"index\":5,\"source\":\"w.mp4\",\"frame\":3,\"pts\":0,\"time\":0,\"error\":{\"code\":"
        "\"bad-format\","
        "\"message\":\"d.jpg: not a \\\"picture\\\"\"}}\n",
        "{\"index\":6,\"source\":\"e.jpg\",\"width\":640,\"height\":480}\n",
        "{\"index\":7,\"source\":\"rtsp://x\",\"frame\":3,\"pts\":9000.5,\"time\":0.1,"
        "\"captured\":\"2026-11-22T05:01:02.345Z\",\"width\":640,\"height\":480,\"detections\":[]}\n"
        "{\"index\":7,\"source\":\"rtsp://x\",\"frame\":4,\"gap\":{\"seconds\":3.25,\"attempts\":2}}\n");
    ends_as(&m, want);
    free(want);
}

static void coco_is_one_array(void **state)
{
    (void)state;
    struct into_memory m = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_COCO});
    struct duet_record r = still(0, "x/000000000139.jpg", &two);
    put(&m, &r);
    r = still(1, "2.jpg", &none);
    put(&m, &r);
    struct duet_error fault = {DUET_BAD_FORMAT, "x"};
    r = (struct duet_record){.index = 2, .source = "no digits", .error = &fault};
    put(&m, &r);
    r = still(3, "3.jpg", &one);
    put(&m, &r);
    ends_as(&m, "[\n"
                "{\"image_id\":139,\"category_id\":18,\"bbox\":[10.5,20.25,100,50.1],\"score\":0.93},\n"
                "{\"image_id\":139,\"category_id\":10,\"bbox\":[0,0,1e-05,639.99994],\"score\":0.33333334},\n"
                "{\"image_id\":3,\"category_id\":18,\"bbox\":[10.5,20.25,100,50.1],\"score\":0.93}\n"
                "]\n");
}

static void coco_is_an_empty_array_when_there_is_nothing(void **state)
{
    (void)state;
    struct into_memory m = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_COCO});
    ends_as(&m, "[]\n");
    m = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_COCO});
    struct duet_record r = still(0, "1.jpg", &none);
    put(&m, &r);
    ends_as(&m, "[]\n");
}

static void csv_is_one_row_an_object(void **state)
{
    (void)state;
    struct into_memory m = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_CSV});
    struct duet_record r = still(0, "a b.jpg", &two);
    put(&m, &r);
    r = still(1, "none.jpg", &none);
    put(&m, &r);
    r = still(2, "a, \"b\"\nc.jpg", &one);
    put(&m, &r);
    r = still(3, "v.mp4", &one);
    r.moving = true, r.frame = 7, r.time = 0.28;
    put(&m, &r);
    r = (struct duet_record){
        .index = 3, .source = "v.mp4", .moving = true, .frame = 8, .gap = 3.25, .attempts = 2};
    put(&m, &r); /* has no row */
    r = still(4, "a,b.jpg", &one);
    put(&m, &r);
    r = still(5, "\"", &one);
    put(&m, &r);
    r = still(6, "a\rb", &one);
    put(&m, &r);
    ends_as(&m, "index,source,frame,time,class,category_id,score,x,y,width,height\n"
                "0,a b.jpg,,,dog,18,0.93,10.5,20.25,100,50.1\n"
                "0,a b.jpg,,,traffic light,10,0.33333334,0,0,1e-05,639.99994\n"
                "2,\"a, \"\"b\"\"\nc.jpg\",,,dog,18,0.93,10.5,20.25,100,50.1\n"
                "3,v.mp4,7,0.28,dog,18,0.93,10.5,20.25,100,50.1\n"
                "4,\"a,b.jpg\",,,dog,18,0.93,10.5,20.25,100,50.1\n"
                "5,\"\"\"\",,,dog,18,0.93,10.5,20.25,100,50.1\n"
                "6,\"a\rb\",,,dog,18,0.93,10.5,20.25,100,50.1\n");
    m = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_CSV});
    ends_as(&m, "index,source,frame,time,class,category_id,score,x,y,width,height\n");
    m = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_CSV, .segments = true});
    r = still(0, "a.jpg", &two);
    put(&m, &r); /* no segmenter ran */
    r.segments = &segments;
    put(&m, &r);
    ends_as(&m, "index,source,frame,time,class,class_id,pixels,share,x,y,width,height,confidence\n"
                "0,a.jpg,,,background,0,299970,0.9764648437500001,0,0,640,480,0.99\n"
                "0,a.jpg,,,dog,12,7230,0.0235351562,10,20,100,80.5,0.5\n");
}

static void the_table_stays_aligned(void **state)
{
    (void)state;
    struct into_memory m = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_TABLE});
    struct duet_record r = still(0, "a.jpg", &two);
    put(&m, &r);
    r = still(1, "none.jpg", &none);
    put(&m, &r);
    r = still(2, "a/very/long/path/to/somewhere/beyond/the/column.jpg", &one);
    put(&m, &r);
    r = still(3, "caf\xc3\xa9/\xe7\x8c\xab/e\xcc\x81.jpg", &one);
    put(&m, &r);
    r = still(4, "bad\n\x1b[31m\xff\xc2\x9b.jpg", &one);
    put(&m, &r);
    r = still(5, "v.mp4", &one);
    r.moving = true, r.frame = 1234, r.time = 49.36;
    put(&m, &r);
    r = (struct duet_record){
        .index = 5, .source = "cam", .moving = true, .frame = 8, .gap = 3.25, .attempts = 2};
    put(&m, &r);
    ends_as(
        &m,
        "source                            class           score      x      y  width height\n"
        "a.jpg                             dog              0.93     11     20    100     50\n"
        "a.jpg                             traffic light    0.33      0      0      0    640\n"
        "none.jpg                          nothing found\n"
        "\xe2\x80\xa6somewhere/beyond/the/column.jpg  dog              0.93     11     20    100     50\n"
        "caf\xc3\xa9/\xe7\x8c\xab/e\xcc\x81.jpg                     dog              0.93     11     20    "
        "100     50\n"
        "bad\\x0a\\x1b[31m\\xff\\u009b.jpg     dog              0.93     11     20    100     50\n"
        "v.mp4 #1234 49.36s                dog              0.93     11     20    100     50\n"
        "cam #8                            was away for 3.2 s\n");
    m = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_TABLE, .segments = true});
    r = still(0, "a.jpg", NULL);
    r.segments = &segments;
    put(&m, &r);
    ends_as(&m, "source                            class           share    pixels      x      y  width "
                "height confidence\n"
                "a.jpg                             background      97.6%    299970      0      0    640    "
                "480       0.99\n"
                "a.jpg                             dog              2.4%      7230     10     20    100     "
                "81       0.50\n");
}

static void yolo_is_one_file_a_picture(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_labels labels = three_labels();
    char *folder = duet_path_join(scratch.folder, "yolo/deep"); /* made on the way */
    struct duet_writer_options options = to_path(DUET_FORMAT_YOLO, folder);
    struct duet_writer *writer;
    options.labels = &labels;
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_ok(duet_writer_check(writer, "in/a b.jpg", NULL, &e), e);
    struct duet_record r = still(0, "in/a b.jpg", &two);
    assert_ok(duet_writer_write(writer, &r, &e), e);
    holds("yolo/deep/a b.txt", "2 0.0945312 0.094375 0.15625 0.104375 0.93\n"
                               "1 7.8125e-09 0.666667 1.5625e-08 1.33333 0.333333\n");
    r = still(1, "empty.tar.png", &none);
    assert_ok(duet_writer_write(writer, &r, &e), e);
    holds("yolo/deep/empty.tar.txt", "");
    r = still(2, "v.mp4", &one);
    r.moving = true, r.frame = 5;
    assert_ok(duet_writer_write(writer, &r, &e), e);
    holds("yolo/deep/v_000005.txt", "2 0.0945312 0.094375 0.15625 0.104375 0.93\n");
    r = still(3, "-", &none);
    assert_ok(duet_writer_write(writer, &r, &e), e);
    holds("yolo/deep/stdin.txt", "");
    r = still(4, "no detector.jpg", NULL);
    assert_ok(duet_writer_write(writer, &r, &e), e);
    assert_null(scratch_read(&scratch, "yolo/deep/classes.txt"));
    assert_ok(duet_writer_commit(&writer, &e), e);
    holds("yolo/deep/classes.txt", "person\ntraffic light\ndog\n");
    assert_int_equal(scratch_count(&scratch, "yolo/deep"), 5);
    free(folder);
}

static void voc_is_one_file_a_class(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_labels labels = three_labels();
    char *folder = duet_path_join(scratch.folder, "voc");
    struct duet_writer_options options = to_path(DUET_FORMAT_VOC, folder);
    struct duet_writer *writer;
    options.labels = &labels;
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    struct duet_record r = still(0, "in/2007_000032.jpg", &two);
    assert_ok(duet_writer_write(writer, &r, &e), e);
    r = still(1, "b.png", &one);
    assert_ok(duet_writer_write(writer, &r, &e), e);
    assert_null(scratch_read(&scratch, "voc/comp4_det_test_dog.txt")); /* not before the end */
    assert_ok(duet_writer_commit(&writer, &e), e);
    holds("voc/comp4_det_test_dog.txt", "2007_000032 0.93 11.5 21.25 110.5 70.35\n"
                                        "b 0.93 11.5 21.25 110.5 70.35\n");
    holds("voc/comp4_det_test_traffic_light.txt", "2007_000032 0.33333334 1 1 1e-05 640\n");
    holds("voc/comp4_det_test_person.txt", "");
    assert_int_equal(scratch_count(&scratch, "voc"), 3);
    free(folder);
}

/* --- names and numbers ---------------------------------------------------------------------------------- */

/* Any bytes a file's name may hold: what a JSON parser reads back is the name, bad UTF-8 replaced. */
static void json_reads_back(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"plain 1.jpg", "plain 1.jpg"},
        {"quote\" back\\slash 2.jpg", "quote\" back\\slash 2.jpg"},
        {"new\nline\ttab\x01 3.jpg", "new\nline\ttab\x01 3.jpg"},
        {"caf\xc3\xa9 \xf0\x9f\x90\x88 4.jpg", "caf\xc3\xa9 \xf0\x9f\x90\x88 4.jpg"},
        {"latin\xe9 5.jpg", "latin\xef\xbf\xbd 5.jpg"},
        {"</script> \xe2\x80\xa8 6.jpg", "</script> \xe2\x80\xa8 6.jpg"},
    };
    enum { COUNT = sizeof names / sizeof names[0] };
    struct into_memory m = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_NDJSON});
    struct into_memory c = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_COCO});
    for (size_t i = 0; i < COUNT; i++) {
        struct duet_record r = still(i, names[i][0], &two);
        put(&m, &r);
        put(&c, &r);
    }
    char *lines = finish(&m), *array = finish(&c), *rest = lines;
    json_error_t fault;
    for (size_t i = 0; i < COUNT; i++) {
        char *line = strsep(&rest, "\n");
        json_t *record = json_loads(line, JSON_REJECT_DUPLICATES, &fault);
        if (!record) fail_msg("%s: %s", line, fault.text);
        assert_string_equal(json_string_value(json_object_get(record, "source")), names[i][1]);
        json_t *d = json_array_get(json_object_get(record, "detections"), 1);
        assert_true((float)json_number_value(json_object_get(d, "score")) == dog_and_light[1].score);
        json_decref(record);
    }
    assert_string_equal(rest, "");
    json_t *results = json_loads(array, JSON_REJECT_DUPLICATES, &fault);
    assert_non_null(results);
    assert_int_equal(json_array_size(results), 2 * COUNT);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(results, 7), "image_id")), 4);
    json_decref(results);
    free(lines);
    free(array);
}

static void a_locale_with_a_comma_changes_nothing(void **state)
{
    if (!comma_locale(&scratch)) skip();
    ndjson_is_one_line_a_record(state);
    coco_is_one_array(state);
    csv_is_one_row_an_object(state);
    the_table_stays_aligned(state);
    setlocale(LC_NUMERIC, "C");
}

static void numbers_that_are_none_are_refused(void **state)
{
    (void)state;
    for (int format = 0; format < DUET_FORMAT_YOLO; format++) {
        struct into_memory m =
            memory_writer((struct duet_writer_options){.format = (enum duet_format)format});
        struct duet_detection item = dog_and_light[0];
        struct duet_segment segment = two_segments[0];
        struct duet_detections list = {.items = &item, .count = 1};
        struct duet_segments segment_list = {.items = &segment, .count = 1};
        struct duet_record r = still(0, "1.jpg", &list);
        item.score = NAN;
        refused(&m, &r, "1.jpg: detections[0].score is not a finite number");
        item.score = 0.5f, item.box.width = INFINITY;
        refused(&m, &r, "1.jpg: detections[0].bbox.width is not a finite number");
        item.box.width = 1, item.box.y = -INFINITY;
        refused(&m, &r, "1.jpg: detections[0].bbox.y is not a finite number");
        item.box.y = 1, item.label = NULL;
        refused(&m, &r, "1.jpg: detections[0] has no label");
        item.label = "x", r.segments = &segment_list, segment.share = (double)NAN;
        refused(&m, &r, "1.jpg: segments[0].share is not a finite number");
        segment.share = 1, segment.confidence = NAN;
        refused(&m, &r, "1.jpg: segments[0].confidence is not a finite number");
        segment.confidence = 1, r.moving = true, r.pts = (double)NAN;
        refused(&m, &r, "1.jpg: pts is not a finite number");
        r.moving = false, r.width = 0;
        refused(&m, &r, "1.jpg: a picture of 0 x 480 pixels");
        char *text = text_so_far(m.stream);
        assert_string_equal(text, "");
        free(text);
        r.width = 640; /* and the writer goes on as if nothing had been */
        put(&m, &r);
        text = finish(&m);
        assert_null(strstr(text, "nan"));
        assert_non_null(strstr(text, format == DUET_FORMAT_COCO ? "]\n" : "x"));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_have_names),
        cmocka_unit_test(ndjson_has_masks_on_request),
        cmocka_unit_test(ndjson_tells_tracks),
        cmocka_unit_test(ndjson_is_one_line_a_record),
        cmocka_unit_test(coco_is_one_array),
        cmocka_unit_test(coco_is_an_empty_array_when_there_is_nothing),
        cmocka_unit_test(csv_is_one_row_an_object),
        cmocka_unit_test(the_table_stays_aligned),
        cmocka_unit_test(yolo_is_one_file_a_picture),
        cmocka_unit_test(voc_is_one_file_a_class),
        cmocka_unit_test(json_reads_back),
        cmocka_unit_test(a_locale_with_a_comma_changes_nothing),
        cmocka_unit_test(numbers_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
