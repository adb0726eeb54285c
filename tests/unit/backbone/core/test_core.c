#include "support/testing.h"

#include "core/checked.h"
#include "core/fail.h"
#include "core/file.h"
#include "core/os.h"
#include "duet/image.h"
#include "duet/tensor.h"
#include "duet/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

static void every_status_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < DUET_STATUS_COUNT; i++)
        assert_string_not_equal(duet_status_name((enum duet_status)i), "unknown");
    assert_string_equal(duet_status_name((enum duet_status)999), "unknown");
}

static void an_error_is_one_line(void **state)
{
    (void)state;
    struct duet_error e;
    assert_int_equal(duet_fail(&e, DUET_NOT_FOUND, "%s: gone", "a\nb"), DUET_NOT_FOUND);
    assert_string_equal(e.text, "a\\x0ab: gone");
    assert_int_equal(duet_fail(NULL, DUET_TOO_LARGE, "x"), DUET_TOO_LARGE);
    assert_int_equal(duet_fail_errno(&e, ENOENT, "f"), DUET_NOT_FOUND);
    assert_string_equal(e.text, "f: No such file or directory");
}

static void sizes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    size_t n = 7;
    assert_false(duet_mul_size(SIZE_MAX, 2, &n));
    assert_false(duet_add_size(SIZE_MAX, 1, &n));
    assert_false(duet_round_up_size(SIZE_MAX, 64, &n));
    assert_int_equal(n, 7);
    assert_true(duet_round_up_size(65, 64, &n));
    assert_int_equal(n, 128);
    struct duet_shape s = {2, {SIZE_MAX, 3}};
    assert_false(duet_shape_elements(&s, &n));
}

static void images_have_limits(void **state)
{
    (void)state;
    struct duet_image image;
    struct duet_error e;
    assert_fails(DUET_BAD_ARGUMENT, duet_image_create(&image, 0, 5, DUET_RGB8, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_image_create(&image, 5, 65536, DUET_RGB8, &e), e);
    assert_ok(duet_image_create(&image, 3, 2, DUET_RGB8, &e), e);
    assert_int_equal(image.stride, 9);
    duet_image_close(&image);
    assert_null(image.pixels);
}

static void a_paths_extension_is_that_of_its_last_name(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"a/b.tar.gz", ".gz"}, {"b.", "."},  {"a.d/b", ""},
                                           {"a/.hidden", ""},     {".png", ""}, {".a.png", ".png"},
                                           {"a.png/", ""},        {"", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(duet_path_extension(cases[i][0]), cases[i][1]);
}

static void a_file_is_read_within_limits(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_bytes bytes;
    char folder[] = "core_test_XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *path = duet_path_join(folder, "a file");
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs("two", file);
    assert_int_equal(fclose(file), 0);
    assert_ok(duet_read_file(path, 100, &bytes, &e), e);
    assert_int_equal(bytes.size, 3);
    duet_bytes_close(&bytes);
    assert_fails(DUET_TOO_LARGE, duet_read_file(path, 2, &bytes, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_read_file(folder, 100, &bytes, &e), e);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    free(path);
}

static void a_folder_without_a_name_is_refused(void **state)
{
    (void)state;
    struct duet_error e;
    assert_fails(DUET_BAD_ARGUMENT, duet_make_folders("", &e), e);
}

static void a_pipe_is_no_file_and_is_not_waited_for(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_file file;
    char folder[] = "core_test_XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *path = duet_path_join(folder, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_fails(DUET_BAD_ARGUMENT, duet_file_open(path, &file, &e), e);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    free(path);
}

/* A file of 1000000 numbers under a new name. */
static void make_file(char *path)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *stream = fdopen(fd, "wb");
    assert_non_null(stream);
    for (int i = 0; i < 1000000; i++) putc(i % 251, stream);
    assert_int_equal(fclose(stream), 0);
}

struct seen {
    int pieces;
    size_t bytes;
    bool right;
};

static void see(void *ctx, const void *bytes, size_t count)
{
    struct seen *seen = ctx;
    for (size_t i = 0; i < count; i++)
        seen->right = seen->right && ((const uint8_t *)bytes)[i] == (seen->bytes + i) % 251;
    seen->pieces++;
    seen->bytes += count;
}

static void a_file_is_read_where_and_as_far_as_asked(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_file file;
    uint8_t bytes[4];
    char path[] = "core_file_XXXXXX";
    make_file(path);
    assert_ok(duet_file_open(path, &file, &e), e);
    assert_int_equal(file.size, 1000000);
    assert_ok(duet_file_read(&file, 502, 4, bytes, &e), e);
    assert_memory_equal(bytes, "\x00\x01\x02\x03", 4);
    struct seen seen = {.right = true};
    assert_ok(duet_file_walk(&file, 0, file.size, see, &seen, &e), e);
    assert_true(seen.right && seen.bytes == 1000000 && seen.pieces == 16);
    duet_file_close(&file);
    duet_file_close(&file);
    assert_fails(DUET_NOT_FOUND, duet_file_open("no/such/file", &file, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_file_open(".", &file, &e), e);
    assert_int_equal(unlink(path), 0);
}

static void a_file_that_changes_under_its_reader_is_told(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_file file;
    uint8_t byte;
    char path[] = "core_file_XXXXXX", other[] = "core_file_XXXXXX";
    make_file(path);
    make_file(other);
    assert_ok(duet_file_open(path, &file, &e), e);
    assert_int_equal(rename(other, path), 0); /* the one that is open stays */
    assert_ok(duet_file_read(&file, 999999, 1, &byte, &e), e);
    duet_file_close(&file);
    assert_ok(duet_file_open(path, &file, &e), e);
    const struct timespec long_ago[2] = {{1, 0}, {1, 0}}; /* as if written to: the clock may be too coarse */
    assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
    assert_fails(DUET_IO_ERROR, duet_file_read(&file, 0, 1, &byte, &e), e);
    assert_non_null(strstr(e.text, "changed while it was in use"));
    duet_file_close(&file);
    assert_ok(duet_file_open(path, &file, &e), e);
    assert_int_equal(truncate(path, 999), 0);
    assert_fails(DUET_IO_ERROR, duet_file_read(&file, 5000, 1, &byte, &e), e);
    assert_non_null(strstr(e.text, "it has 999 bytes, and had 1000000"));
    struct seen seen = {.right = true};
    assert_fails(DUET_IO_ERROR, duet_file_walk(&file, 0, file.size, see, &seen, &e), e);
    assert_int_equal(seen.pieces, 0);
    duet_file_close(&file);
    assert_int_equal(unlink(path), 0);
}

static void count_task(void *arg, int index, int worker)
{
    (void)worker;
    atomic_fetch_add(&((atomic_int *)arg)[index], 1);
}

static void a_pool_runs_every_index_once(void **state)
{
    (void)state;
    struct duet_error e;
    static atomic_int seen[100];
    for (int threads = 1; threads <= 5; threads++) {
        struct duet_pool pool;
        assert_ok(duet_pool_create(threads, &pool, &e), e);
        for (int count = 0; count <= 100; count += 25) {
            memset(seen, 0, sizeof seen);
            pool.run(pool.ctx, count_task, seen, count);
            for (int i = 0; i < 100; i++) assert_int_equal(seen[i], i < count);
        }
        duet_pool_close(&pool);
        assert_int_equal(pool.threads, 1);
    }
    struct duet_pool pool;
    assert_fails(DUET_BAD_ARGUMENT, duet_pool_create(0, &pool, &e), e);
}

static void byte_order_marks_are_passed_over_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size, begin;
        const char *encoding; /* refused as that */
    } cases[] = {{"", 0, 0, NULL},
                 {"a.jpg", 5, 0, NULL},
                 {"\xef\xbb", 2, 0, NULL},
                 {"\xef\xbb\xbf", 3, 3, NULL},
                 {"\xef\xbb\xbfx", 4, 3, NULL},
                 {"\xef\xbb\xbf\xef\xbb\xbf", 6, 3, NULL}, /* one is a mark, the second is text */
                 {"\xff\xfe.\0", 4, 0, "UTF-16"},
                 {"\xfe\xff\0.", 4, 0, "UTF-16"},
                 {"\xff\xfe\0\0.\0\0\0", 8, 0, "UTF-32"},
                 {"\0\0\xfe\xff\0\0\0.", 8, 0, "UTF-32"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct duet_error e = {0};
        size_t begin = 99;
        enum duet_status status = duet_bom_check("list", cases[i].text, cases[i].size, &begin, &e);
        assert_int_equal(status, cases[i].encoding ? DUET_BAD_FORMAT : DUET_OK);
        assert_int_equal(begin, cases[i].begin);
        if (cases[i].encoding) assert_non_null(strstr(e.text, cases[i].encoding));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name),
        cmocka_unit_test(an_error_is_one_line),
        cmocka_unit_test(sizes_that_do_not_fit_are_refused),
        cmocka_unit_test(images_have_limits),
        cmocka_unit_test(byte_order_marks_are_passed_over_or_refused),
        cmocka_unit_test(a_paths_extension_is_that_of_its_last_name),
        cmocka_unit_test(a_file_is_read_within_limits),
        cmocka_unit_test(a_folder_without_a_name_is_refused),
        cmocka_unit_test(a_pipe_is_no_file_and_is_not_waited_for),
        cmocka_unit_test(a_file_is_read_where_and_as_far_as_asked),
        cmocka_unit_test(a_file_that_changes_under_its_reader_is_told),
        cmocka_unit_test(a_pool_runs_every_index_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
