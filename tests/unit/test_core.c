#include "support/testing.h"

#include "core/bom.h"
#include "core/checked.h"
#include "core/fail.h"
#include "core/os.h"
#include "duet/image.h"
#include "duet/tensor.h"
#include "duet/threads.h"

#include <errno.h>
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

static void a_pipe_is_not_mapped_and_not_waited_for(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_bytes bytes;
    char folder[] = "core_test_XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *path = duet_path_join(folder, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_fails(DUET_BAD_ARGUMENT, duet_map_file(path, &bytes, &e), e);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    free(path);
}

/* How much of the mapping is in memory for this process, in KiB, as Linux tells. */
static long resident_kib(const void *mapping)
{
    char line[256], begin[32];
    long kib = -1;
    snprintf(begin, sizeof begin, "%lx-", (unsigned long)(uintptr_t)mapping);
    FILE *maps = fopen("/proc/self/smaps", "r");
    assert_non_null(maps);
    for (bool here = false; kib < 0 && fgets(line, sizeof line, maps);) {
        here = here || strncmp(line, begin, strlen(begin)) == 0;
        if (here) sscanf(line, "Rss: %ld", &kib);
    }
    fclose(maps);
    return kib;
}

static void what_is_forgotten_leaves_memory_and_is_read_again(void **state)
{
    (void)state;
    enum { SIZE = 3 << 20 };
    struct duet_error e;
    struct duet_output out;
    struct duet_bytes bytes;
    char path[] = "forget_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_ok(duet_output_open(&out, path, DUET_OUTPUT_FORCE, &e), e);
    for (int i = 0; i < SIZE; i++) putc(i % 251, out.stream);
    assert_ok(duet_output_commit(&out, &e), e);
    assert_ok(duet_map_file(path, &bytes, &e), e);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < SIZE; i++) assert_int_equal(bytes.data[i], i % 251);
        assert_true(resident_kib(bytes.data) >= SIZE / 1024);
        duet_bytes_forget(&bytes, bytes.data + 77, SIZE - 1000);
        assert_true(resident_kib(bytes.data) <= 16); /* its first and last pages */
    }
    duet_bytes_close(&bytes);
    assert_ok(duet_read_file(path, SIZE, &bytes, &e), e);
    duet_bytes_forget(&bytes, bytes.data, SIZE); /* not mapped: stays */
    for (int i = 0; i < SIZE; i++) assert_int_equal(bytes.data[i], i % 251);
    duet_bytes_close(&bytes);
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
        assert_int_equal(duet_bom_size(cases[i].text, cases[i].size), cases[i].begin);
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
        cmocka_unit_test(a_file_is_read_within_limits),
        cmocka_unit_test(a_folder_without_a_name_is_refused),
        cmocka_unit_test(a_pipe_is_not_mapped_and_not_waited_for),
        cmocka_unit_test(what_is_forgotten_leaves_memory_and_is_read_again),
        cmocka_unit_test(a_pool_runs_every_index_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
