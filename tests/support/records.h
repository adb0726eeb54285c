/* records.h: records to write, and what came of them. */
#ifndef DUET_SUPPORT_RECORDS_H
#define DUET_SUPPORT_RECORDS_H

#include "support/testing.h"

#include "data/labels/labels.h"
#include "data/results/record.h"
#include "support/scratch_group.h"

static struct duet_detection dog_and_light[] = {
    {18, "dog", 0.93f, {10.5f, 20.25f, 100.0f, 50.1f}, 7},
    {10, "traffic light", 0.333333343f, {0, 0, 1e-5f, 639.99994f}, 8},
};
static struct duet_segment two_segments[] = {
    {0, "background", 299970, 0.9764648437500001, {0, 0, 640, 480}, 0.99f},
    {12, "dog", 7230, 0.0235351562, {10, 20, 100, 80.5f}, 0.5f},
};
static const struct duet_detections two = {.items = dog_and_light, .count = 2},
                                    one = {.items = dog_and_light, .count = 1}, none = {0};
static const struct duet_segments segments = {.items = two_segments, .count = 2};

static inline struct duet_record still(size_t index, const char *source,
                                       const struct duet_detections *detections)
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

static inline struct into_memory memory_writer(struct duet_writer_options options)
{
    struct into_memory m = {0};
    struct duet_error e;
    options.stream = m.stream = tmpfile();
    assert_non_null(m.stream);
    assert_ok(duet_writer_open(&options, &m.writer, &e), e);
    return m;
}

static inline void put(struct into_memory *m, const struct duet_record *record)
{
    struct duet_error e;
    assert_ok(duet_writer_write(m->writer, record, &e), e);
}

/* What was written so far; free() it. */
static inline char *text_so_far(FILE *stream)
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

static inline char *finish(struct into_memory *m)
{
    struct duet_error e;
    assert_ok(duet_writer_commit(&m->writer, &e), e);
    assert_null(m->writer);
    char *text = text_so_far(m->stream);
    fclose(m->stream);
    return text;
}

static inline void ends_as(struct into_memory *m, const char *want)
{
    char *text = finish(m);
    assert_string_equal(text, want);
    free(text);
}

static inline struct duet_writer_options to_path(enum duet_format format, const char *output)
{
    return (struct duet_writer_options){.format = format, .output = output};
}

static inline struct duet_labels three_labels(void)
{
    static const struct duet_label items[] = {{1, "person"}, {10, "traffic light"}, {18, "dog"}};
    return (struct duet_labels){items, 3};
}

/* A file below the scratch folder holds exactly this. */
static inline void holds(const char *name, const char *want)
{
    char *text = scratch_read(&scratch, name);
    if (!text) fail_msg("%s is not there", name);
    assert_string_equal(text, want);
    free(text);
}

/* A new folder below the scratch folder, its whole path; free() it. */
static inline char *new_folder(const char *name)
{
    char *path = duet_path_join(scratch.folder, name);
    assert_non_null(path);
    assert_int_equal(mkdir(path, 0777), 0);
    return path;
}

static inline void refused(struct into_memory *m, const struct duet_record *record, const char *text)
{
    struct duet_error e;
    assert_fails(DUET_BAD_ARGUMENT, duet_writer_write(m->writer, record, &e), e);
    assert_string_equal(e.text, text);
}

#endif
