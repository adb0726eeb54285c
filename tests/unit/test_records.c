#include "support/testing.h"

#include "duet/coco_images.h"
#include "duet/labels.h"
#include "duet/record.h"
#include "support/comma_locale.h"

#include <jansson.h>
#include <math.h>

/* --- what the tests write ------------------------------------------------------------------------------- */

static struct scratch scratch;

static int make_scratch(void **state)
{
    (void)state;
    scratch_make(&scratch);
    return 0;
}

static int remove_scratch(void **state)
{
    (void)state;
    scratch_remove(&scratch);
    return 0;
}

static struct duet_detection dog_and_light[] = {
    {18, "dog", 0.93f, {10.5f, 20.25f, 100.0f, 50.1f}, 7},
    {10, "traffic light", 0.333333343f, {0, 0, 1e-5f, 639.99994f}, 8},
};
static struct duet_segment two_segments[] = {
    {0, "background", 299970, 0.9764648437500001, {0, 0, 640, 480}, 0.99f},
    {12, "dog", 7230, 0.0235351562, {10, 20, 100, 80.5f}, 0.5f},
};
static const struct duet_detections two = {dog_and_light, 2}, one = {dog_and_light, 1}, none = {NULL, 0};
static const struct duet_segments segments = {two_segments, 2};

static struct duet_record still(size_t index, const char *source, const struct duet_detections *detections)
{
    return (struct duet_record){
        .index = index, .source = source, .width = 640, .height = 480, .detections = detections};
}

/* A writer into a memory stream. */
struct into_memory {
    struct duet_writer *writer;
    FILE *stream;
    char *text;
    size_t size;
};

static struct into_memory memory_writer(struct duet_writer_options options)
{
    struct into_memory m = {0};
    struct duet_error e;
    options.struct_size = sizeof options;
    options.stream = m.stream = tmpfile();
    assert_non_null(m.stream);
    assert_ok(duet_writer_open(&options, &m.writer, &e), e);
    return m;
}

static void put(struct into_memory *m, const struct duet_record *record)
{
    struct duet_error e;
    assert_ok(duet_writer_write(m->writer, record, &e), e);
}

/* What was written so far; free() it. */
static char *text_so_far(FILE *stream)
{
    long size = ftell(stream); /* writers flush: nothing may be left in the buffer */
    struct stat st;
    assert_int_equal(fstat(fileno(stream), &st), 0);
    assert_int_equal(st.st_size, size);
    char *text = malloc((size_t)size + 1);
    assert_non_null(text);
    assert_int_equal(pread(fileno(stream), text, (size_t)size, 0), size);
    text[size] = '\0';
    return text;
}

static char *finish(struct into_memory *m)
{
    struct duet_error e;
    assert_ok(duet_writer_commit(&m->writer, &e), e);
    assert_null(m->writer);
    char *text = text_so_far(m->stream);
    fclose(m->stream);
    return text;
}

static void ends_as(struct into_memory *m, const char *want)
{
    char *text = finish(m);
    assert_string_equal(text, want);
    free(text);
}

static struct duet_writer_options to_path(enum duet_format format, const char *output)
{
    return (struct duet_writer_options){
        .struct_size = sizeof(struct duet_writer_options), .format = format, .output = output};
}

static struct duet_labels three_labels(void)
{
    static const struct duet_label items[] = {{1, "person"}, {10, "traffic light"}, {18, "dog"}};
    return (struct duet_labels){items, 3};
}

/* A file below the scratch folder holds exactly this. */
static void holds(const char *name, const char *want)
{
    char *text = scratch_read(&scratch, name);
    if (!text) fail_msg("%s is not there", name);
    assert_string_equal(text, want);
    free(text);
}

/* A new folder below the scratch folder, its whole path; free() it. */
static char *new_folder(const char *name)
{
    char *path = duet_path_join(scratch.folder, name);
    assert_non_null(path);
    assert_int_equal(mkdir(path, 0777), 0);
    return path;
}

/* --- the table of formats ------------------------------------------------------------------------------- */

static void formats_have_names(void **state)
{
    (void)state;
    static const char *const names[DUET_FORMAT_COUNT] = {"table", "ndjson", "coco", "csv", "yolo", "voc"};
    for (int i = 0; i < DUET_FORMAT_COUNT; i++) {
        assert_string_equal(duet_format_name((enum duet_format)i), names[i]);
        assert_int_equal(duet_format_by_name(names[i]), i);
        assert_int_equal(duet_format_is_folder((enum duet_format)i), i >= DUET_FORMAT_YOLO);
    }
    assert_int_equal(duet_format_by_name("xml"), DUET_FORMAT_COUNT);
    assert_int_equal(duet_format_by_name(""), DUET_FORMAT_COUNT);
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
    char *want =
        duet_text("%s%s%s%s%s%s%s", first,
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
                  "{\"index\":6,\"source\":\"e.jpg\",\"width\":640,\"height\":480}\n");
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
    ends_as(
        &m,
        "source                            class           score      x      y  width height\n"
        "a.jpg                             dog              0.93     11     20    100     50\n"
        "a.jpg                             traffic light    0.33      0      0      0    640\n"
        "none.jpg                          nothing found\n"
        "\xe2\x80\xa6somewhere/beyond/the/column.jpg  dog              0.93     11     20    100     50\n"
        "caf\xc3\xa9/\xe7\x8c\xab/e\xcc\x81.jpg                     dog              0.93     11     20    "
        "100     50\n"
        "bad??[31m??.jpg                   dog              0.93     11     20    100     50\n"
        "v.mp4 #1234 49.36s                dog              0.93     11     20    100     50\n");
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
    assert_ok(duet_writer_check(writer, "in/a b.jpg", &e), e);
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

static void refused(struct into_memory *m, const struct duet_record *record, const char *text)
{
    struct duet_error e;
    assert_fails(DUET_BAD_ARGUMENT, duet_writer_write(m->writer, record, &e), e);
    assert_string_equal(e.text, text);
}

static void numbers_that_are_none_are_refused(void **state)
{
    (void)state;
    for (int format = 0; format < DUET_FORMAT_YOLO; format++) {
        struct into_memory m =
            memory_writer((struct duet_writer_options){.format = (enum duet_format)format});
        struct duet_detection item = dog_and_light[0];
        struct duet_segment segment = two_segments[0];
        struct duet_detections list = {&item, 1};
        struct duet_segments segment_list = {&segment, 1};
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

/* --- checks before work --------------------------------------------------------------------------------- */

static void check_fails(struct duet_writer *writer, const char *source, const char *text)
{
    struct duet_error e;
    assert_fails(DUET_BAD_ARGUMENT, duet_writer_check(writer, source, &e), e);
    assert_string_equal(e.text, text);
}

static void coco_wants_image_ids(void **state)
{
    (void)state;
    struct duet_error e;
    struct into_memory m = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_COCO});
    check_fails(m.writer, "cat.jpg",
                "cat.jpg: no image id: its name ends in no digits, and no --coco-images was given");
    assert_ok(duet_writer_check(m.writer, "a/1.jpg", &e), e);
    check_fails(m.writer, "b/0001.jpg", "b/0001.jpg: its image id, 1, is that of a/1.jpg too");
    check_fails(m.writer, "a/1.jpg", "a/1.jpg: given twice, and its image id, 1, can be used once");
    struct duet_record r = still(0, "cat.jpg", &one);
    refused(&m, &r, "cat.jpg: no image id: its name ends in no digits, and no --coco-images was given");
    r = still(0, "1.mp4", &one);
    r.moving = true;
    assert_fails(DUET_UNSUPPORTED, duet_writer_write(m.writer, &r, &e), e);
    ends_as(&m, "[]\n");

    static const char json[] = "{\"images\":[{\"id\":42,\"file_name\":\"cat.jpg\"}]}";
    struct duet_coco_images *images;
    assert_ok(duet_coco_images_open(scratch_write(&scratch, "i.json", json, sizeof json - 1), &images, &e),
              e);
    m = memory_writer((struct duet_writer_options){.format = DUET_FORMAT_COCO, .coco_images = images});
    assert_ok(duet_writer_check(m.writer, "pets/cat.jpg", &e), e);
    check_fails(m.writer, "1.jpg",
                "1.jpg: no image id: the file given as --coco-images does not name it, or by several ids");
    r = still(0, "pets/cat.jpg", &one);
    put(&m, &r);
    ends_as(&m, "[\n{\"image_id\":42,\"category_id\":18,\"bbox\":[10.5,20.25,100,50.1],\"score\":0.93}\n]\n");
    duet_coco_images_close(&images);
}

static void stems_that_collide_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_labels labels = three_labels();
    char *folder = new_folder("stems");
    struct duet_writer_options options = to_path(DUET_FORMAT_YOLO, folder);
    struct duet_writer *writer;
    options.labels = &labels;
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_ok(duet_writer_check(writer, "a/x.jpg", &e), e);
    assert_ok(duet_writer_check(writer, "a/x.y.jpg", &e), e);
    check_fails(writer, "b/x.png", "b/x.png: its file, x.txt, is that of a/x.jpg too");
    check_fails(writer, "a/x.jpg", "a/x.jpg: given twice, and its file, x.txt, can be used once");
    check_fails(writer, "classes.jpg",
                "classes.jpg: its file, classes.txt, is that of the list of classes too");
    struct duet_record r = still(0, "b/x.gif", &none); /* never checked */
    assert_fails(DUET_BAD_ARGUMENT, duet_writer_write(writer, &r, &e), e);
    duet_writer_discard(&writer);

    options.format = DUET_FORMAT_VOC;
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_ok(duet_writer_check(writer, "a/x.jpg", &e), e);
    check_fails(writer, "b/x.png", "b/x.png: its image id, x, is that of a/x.jpg too");
    check_fails(writer, "my cat.jpg", "my cat.jpg: its name is no VOC image id: it has white space in it");
    check_fails(writer, "folder/", "folder/: its name is no VOC image id: it is empty");
    duet_writer_discard(&writer);
    assert_int_equal(scratch_count(&scratch, "stems"), 0);
    free(folder);
}

static void foreign_categories_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_labels labels = three_labels();
    char *folder = new_folder("foreign");
    for (int format = DUET_FORMAT_YOLO; format <= DUET_FORMAT_VOC; format++) {
        struct duet_writer_options options = to_path((enum duet_format)format, folder);
        struct duet_writer *writer;
        options.labels = &labels;
        assert_ok(duet_writer_open(&options, &writer, &e), e);
        struct duet_detection items[2] = {dog_and_light[0], dog_and_light[0]};
        struct duet_detections list = {items, 2};
        items[1].category_id = 2;
        struct duet_record r = still(0, "1.jpg", &list);
        assert_fails(DUET_BAD_ARGUMENT, duet_writer_write(writer, &r, &e), e);
        assert_string_equal(e.text, "1.jpg: detections[1] has the category 2, which is not among the labels");
        duet_writer_discard(&writer);
    }
    assert_int_equal(scratch_count(&scratch, "foreign"), 0);
    free(folder);
}

static void open_fails(enum duet_status status, struct duet_writer_options options, const char *part)
{
    struct duet_error e;
    struct duet_writer *writer = (struct duet_writer *)&e;
    assert_fails(status, duet_writer_open(&options, &writer, &e), e);
    if (!strstr(e.text, part)) fail_msg("\"%s\" says nothing of \"%s\"", e.text, part);
    assert_null(writer);
}

static void options_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct duet_labels labels = three_labels(), nothing = {NULL, 0};
    static const struct duet_label same[] = {{1, "hot dog"}, {2, "hot_dog"}};
    struct duet_labels twins = {same, 2};
    open_fails(DUET_BAD_ARGUMENT, to_path(DUET_FORMAT_COUNT, "x"), "unknown result format");
    open_fails(DUET_BAD_ARGUMENT, to_path(DUET_FORMAT_YOLO, NULL), "yolo needs a folder");
    open_fails(DUET_BAD_ARGUMENT, to_path(DUET_FORMAT_VOC, "-"), "voc needs a folder");
    open_fails(DUET_BAD_ARGUMENT, to_path(DUET_FORMAT_CSV, NULL), "neither a file nor a stream");
    open_fails(DUET_BAD_ARGUMENT, to_path(DUET_FORMAT_CSV, ""), "name is empty");
    char *folder = new_folder("senseless");
    open_fails(DUET_BAD_ARGUMENT, to_path(DUET_FORMAT_YOLO, folder), "labels");
    struct duet_writer_options options = to_path(DUET_FORMAT_VOC, folder);
    options.labels = &nothing;
    open_fails(DUET_BAD_ARGUMENT, options, "labels");
    options.labels = &twins;
    open_fails(DUET_BAD_ARGUMENT, options, "comp4_det_test_hot_dog.txt: the name of two classes' files");
    options.labels = &labels, options.struct_size = 0; /* an empty struct: a table to nowhere */
    open_fails(DUET_BAD_ARGUMENT, options, "neither a file nor a stream");
    assert_int_equal(scratch_count(&scratch, "senseless"), 0);
    free(folder);
}

/* --- files ---------------------------------------------------------------------------------------------- */

static void what_exists_is_kept_unless_forced(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_writer *writer;
    struct duet_labels labels = three_labels();
    char *folder = new_folder("existing"), *path = duet_path_join(folder, "out");
    scratch_write(&scratch, "existing/out", "precious", 8);
    scratch_write(&scratch, "existing/a.txt", "precious", 8);
    for (int format = 0; format < DUET_FORMAT_YOLO; format++)
        open_fails(DUET_EXISTS, to_path((enum duet_format)format, path), path);
    open_fails(DUET_BAD_ARGUMENT, to_path(DUET_FORMAT_CSV, folder), folder);
    struct duet_writer_options options = to_path(DUET_FORMAT_CSV, folder);
    options.force = true; /* not even then is a folder replaced by a file */
    open_fails(DUET_BAD_ARGUMENT, options, "is a folder");

    options = to_path(DUET_FORMAT_YOLO, folder);
    options.labels = &labels;
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_fails(DUET_EXISTS, duet_writer_check(writer, "in/a.jpg", &e), e);
    assert_non_null(strstr(e.text, "existing/a.txt: exists already"));
    struct duet_record r = still(0, "in/a.jpg", &none);
    assert_fails(DUET_EXISTS, duet_writer_write(writer, &r, &e), e);
    duet_writer_discard(&writer);
    holds("existing/a.txt", "precious");
    options.force = true;
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_ok(duet_writer_check(writer, "in/a.jpg", &e), e);
    assert_ok(duet_writer_write(writer, &r, &e), e);
    assert_ok(duet_writer_commit(&writer, &e), e);
    holds("existing/a.txt", "");
    options.force = false;
    open_fails(DUET_EXISTS, options, "existing/classes.txt");

    scratch_write(&scratch, "existing/comp4_det_test_dog.txt", "precious", 8);
    options.format = DUET_FORMAT_VOC;
    open_fails(DUET_EXISTS, options, "existing/comp4_det_test_dog.txt");
    holds("existing/comp4_det_test_dog.txt", "precious");
    holds("existing/out", "precious");
    assert_int_equal(scratch_count(&scratch, "existing"), 4);
    free(path);
    free(folder);
}

static void a_file_appears_when_complete_or_not_at_all(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_writer *writer;
    char *folder = new_folder("atomic"), *path = duet_path_join(folder, "out.json");
    struct duet_writer_options options = to_path(DUET_FORMAT_COCO, path);
    struct duet_record r = still(0, "1.jpg", &one);
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_ok(duet_writer_write(writer, &r, &e), e);
    assert_false(duet_path_exists(path));
    duet_writer_discard(&writer);
    assert_null(writer);
    assert_int_equal(scratch_count(&scratch, "atomic"), 0);
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_ok(duet_writer_commit(&writer, &e), e);
    holds("atomic/out.json", "[]\n");
    options.force = true;
    assert_ok(duet_writer_open(&options, &writer, &e), e);
    assert_ok(duet_writer_write(writer, &r, &e), e);
    holds("atomic/out.json", "[]\n"); /* the old one, until the new one is whole */
    assert_ok(duet_writer_commit(&writer, &e), e);
    holds("atomic/out.json",
          "[\n{\"image_id\":1,\"category_id\":18,\"bbox\":[10.5,20.25,100,50.1],\"score\":0.93}\n]\n");
    assert_int_equal(scratch_count(&scratch, "atomic"), 1);
    duet_writer_discard(&writer);
    duet_writer_discard(NULL);
    free(path);
    free(folder);
}

static void a_place_that_cannot_be_written_is_an_error_at_once(void **state)
{
    (void)state;
    struct duet_labels labels = three_labels();
    scratch_write(&scratch, "a file", "x", 1);
    char *under_a_file = duet_path_join(scratch.folder, "a file/out");
    char *nowhere = duet_path_join(scratch.folder, "no/such/folder/out");
    for (int format = 0; format < DUET_FORMAT_COUNT; format++) {
        struct duet_writer_options options = to_path((enum duet_format)format, under_a_file);
        options.labels = &labels;
        open_fails(format < DUET_FORMAT_YOLO ? DUET_NOT_FOUND : DUET_EXISTS, options, "a file");
        options.output = nowhere;
        if (format < DUET_FORMAT_YOLO) open_fails(DUET_NOT_FOUND, options, nowhere);
    }
    free(under_a_file);
    free(nowhere);
}

static void a_folder_that_may_not_be_written_is_an_error_at_once(void **state)
{
    (void)state;
    struct duet_labels labels = three_labels();
    char *folder = new_folder("read-only"), *path = duet_path_join(folder, "out");
    assert_int_equal(chmod(scratch.folder, 0755), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    /* Permissions do not bind the superuser, who may however become nobody for a while. */
    bool superuser = geteuid() == 0, bound = !superuser || seteuid(65534) == 0;
    bound = bound && eaccess(folder, X_OK) == 0 && eaccess(folder, W_OK) != 0;
    for (int format = 0; bound && format < DUET_FORMAT_COUNT; format++) {
        struct duet_writer_options options =
            to_path((enum duet_format)format, format < DUET_FORMAT_YOLO ? path : folder);
        options.labels = &labels;
        open_fails(DUET_IO_ERROR, options, "read-only");
    }
    if (superuser) assert_int_equal(seteuid(0), 0);
    free(path);
    free(folder);
    if (!bound) {
        fprintf(stderr, "# skipped: nobody who is bound by permissions can reach the build folder\n");
        skip();
    }
}

static void a_full_disk_is_never_silent(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_writer *writer;
    struct duet_record r = still(0, "1.jpg", &one);
    for (int format = 0; format < DUET_FORMAT_YOLO; format++)
        for (int named = 0; named < 2; named++) {
            FILE *full = fopen("/dev/full", "wb");
            if (!full) skip();
            struct duet_writer_options options =
                to_path((enum duet_format)format, named ? "/dev/full" : NULL);
            options.stream = full;
            assert_ok(duet_writer_open(&options, &writer, &e), e); /* a device needs no force */
            assert_fails(DUET_IO_ERROR, duet_writer_write(writer, &r, &e), e);
            assert_non_null(strstr(e.text, "No space left"));
            assert_fails(DUET_IO_ERROR, duet_writer_write(writer, &r, &e), e);
            assert_fails(DUET_IO_ERROR, duet_writer_commit(&writer, &e), e);
            assert_non_null(strstr(e.text, "No space left"));
            assert_null(writer);
            if (format != DUET_FORMAT_NDJSON) { /* and without a record: header or brackets are lost too */
                assert_ok(duet_writer_open(&options, &writer, &e), e);
                assert_fails(DUET_IO_ERROR, duet_writer_commit(&writer, &e), e);
            }
            fclose(full);
        }
    struct stat st;
    assert_int_equal(stat("/dev/full", &st), 0);
    assert_true(S_ISCHR(st.st_mode)); /* still the device */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_have_names),
        cmocka_unit_test(ndjson_tells_tracks),
        cmocka_unit_test(ndjson_is_one_line_a_record),
        cmocka_unit_test(ndjson_has_masks_on_request),
        cmocka_unit_test(coco_is_one_array),
        cmocka_unit_test(coco_is_an_empty_array_when_there_is_nothing),
        cmocka_unit_test(csv_is_one_row_an_object),
        cmocka_unit_test(the_table_stays_aligned),
        cmocka_unit_test(yolo_is_one_file_a_picture),
        cmocka_unit_test(voc_is_one_file_a_class),
        cmocka_unit_test(json_reads_back),
        cmocka_unit_test(a_locale_with_a_comma_changes_nothing),
        cmocka_unit_test(numbers_that_are_none_are_refused),
        cmocka_unit_test(coco_wants_image_ids),
        cmocka_unit_test(stems_that_collide_are_refused),
        cmocka_unit_test(foreign_categories_are_refused),
        cmocka_unit_test(options_that_make_no_sense_are_refused),
        cmocka_unit_test(what_exists_is_kept_unless_forced),
        cmocka_unit_test(a_file_appears_when_complete_or_not_at_all),
        cmocka_unit_test(a_place_that_cannot_be_written_is_an_error_at_once),
        cmocka_unit_test(a_folder_that_may_not_be_written_is_an_error_at_once),
        cmocka_unit_test(a_full_disk_is_never_silent),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
