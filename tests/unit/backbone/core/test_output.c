/* Files that are written: what a name may lead to, and that nothing is lost or left behind. */
#include "support/scratch_group.h"

#include "duet/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

static const char *at(const char *name)
{
    return scratch_path(&scratch, name);
}

/* Write `text` to `path` and commit; the error's status. */
static enum duet_status put(const char *path, const char *text, unsigned flags, struct duet_error *e)
{
    struct duet_output out;
    enum duet_status status = duet_output_open(&out, path, flags, e);
    if (status != DUET_OK) return status;
    fputs(text, out.stream);
    return duet_output_commit(&out, e);
}

static void assert_holds(const char *path, const char *text)
{
    struct duet_bytes bytes;
    struct duet_error e;
    assert_ok(duet_read_file(path, 1 << 20, &bytes, &e), e);
    assert_int_equal(bytes.size, strlen(text));
    assert_memory_equal(bytes.data, text, bytes.size);
    duet_bytes_close(&bytes);
}

/* How many files in the folder match. */
static size_t count(const char *pattern)
{
    glob_t found;
    int code = glob(at(pattern), GLOB_PERIOD, NULL, &found);
    size_t n = code == 0 ? found.gl_pathc : 0;
    globfree(&found);
    return n;
}

static void assert_no_leftovers(void)
{
    assert_int_equal(count(".*.tmp"), 0);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode;
}

/* --- plain files ---------------------------------------------------------------------------------------- */

static void a_file_appears_whole_or_not_at_all(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_output out;
    assert_ok(duet_output_open(&out, at("whole"), 0, &e), e);
    fputs("one", out.stream);
    fflush(out.stream);
    assert_false(duet_path_exists(at("whole")));
    duet_output_discard(&out);
    assert_false(duet_path_exists(at("whole")));
    assert_ok(put(at("whole"), "two", 0, &e), e);
    assert_holds(at("whole"), "two");
    assert_fails(DUET_EXISTS, put(at("whole"), "three", 0, &e), e);
    assert_fails(DUET_EXISTS, put(at("whole"), "three", DUET_OUTPUT_IN_PLACE, &e), e);
    assert_holds(at("whole"), "two");
    assert_ok(put(at("whole"), "four", DUET_OUTPUT_FORCE, &e), e);
    assert_holds(at("whole"), "four");
    assert_no_leftovers();
}

static void what_replaces_a_file_keeps_its_permissions(void **state)
{
    (void)state;
    struct duet_error e;
    const mode_t modes[] = {0600, 0640, 0666, 0444, 0755};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_ok(put(at("kept"), "before", DUET_OUTPUT_FORCE, &e), e);
        assert_int_equal(chmod(at("kept"), modes[i]), 0);
        assert_ok(put(at("kept"), "after", DUET_OUTPUT_FORCE, &e), e);
        assert_int_equal(mode_of(at("kept")) & 07777, modes[i]);
    }
    if (geteuid() != 0) return;
    struct stat st;
    assert_int_equal(chown(at("kept"), 1234, 5678), 0);
    assert_ok(put(at("kept"), "given", DUET_OUTPUT_FORCE, &e), e);
    assert_int_equal(stat(at("kept"), &st), 0);
    assert_int_equal(st.st_uid, 1234);
    assert_int_equal(st.st_gid, 5678);
}

static void names_that_are_none_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    char *folder = duet_text("%s", at("folder")), *below = duet_text("%s/", at("folder"));
    char *none = duet_text("%s/", at("nothing"));
    assert_int_equal(mkdir(folder, 0777), 0);
    const unsigned flags[] = {0, DUET_OUTPUT_FORCE, DUET_OUTPUT_IN_PLACE | DUET_OUTPUT_FORCE,
                              DUET_OUTPUT_APPEND};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        const char *bad[] = {"", folder, below, none, ".", "/"};
        for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
            assert_fails(DUET_BAD_ARGUMENT, put(bad[k], "x", flags[i], &e), e);
            assert_fails(DUET_BAD_ARGUMENT, duet_output_check(bad[k], flags[i], &e), e);
        }
        assert_fails(DUET_NOT_FOUND, put("no/such/folder/x", "x", flags[i], &e), e);
        assert_fails(DUET_NOT_FOUND, duet_output_check("no/such/folder/x", flags[i], &e), e);
    }
    free(folder);
    free(below);
    free(none);
}

static void asking_says_what_opening_would(void **state)
{
    (void)state;
    struct duet_error e;
    assert_ok(duet_output_check(at("asked"), 0, &e), e);
    assert_false(duet_path_exists(at("asked")));
    assert_ok(put(at("asked"), "x", 0, &e), e);
    assert_fails(DUET_EXISTS, duet_output_check(at("asked"), 0, &e), e);
    assert_ok(duet_output_check(at("asked"), DUET_OUTPUT_FORCE, &e), e);
    assert_ok(duet_output_check(at("asked"), DUET_OUTPUT_APPEND, &e), e);
    assert_ok(duet_output_check("/dev/null", 0, &e), e);
    assert_holds(at("asked"), "x");
}

static void a_long_name_can_be_written(void **state)
{
    (void)state;
    struct duet_error e;
    char name[256] = "";
    memset(name, 'n', 255);
    char *path = duet_text("%s/%s", scratch.folder, name);
    assert_ok(put(path, "long", 0, &e), e);
    assert_holds(path, "long");
    free(path);
    assert_no_leftovers();
}

static void write_and_discard(void *arg, int index, int worker)
{
    (void)worker;
    struct duet_output out;
    struct duet_error e = {.text = ""};
    struct stat st = {0};
    bool good = duet_output_open(&out, arg, 0, &e) == DUET_OK && fstat(out.file, &st) == 0 &&
                (st.st_mode & 0777) == 0640;
    duet_output_discard(&out);
    if (!good) fprintf(stderr, "# %d: mode %o, %s\n", index, st.st_mode, e.text);
    if (!good) abort();
}

static void outputs_of_many_threads_leave_the_umask_alone(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_pool pool;
    char *path = duet_text("%s", at("threads"));
    mode_t before = umask(027);
    assert_ok(duet_pool_create(4, &pool, &e), e);
    pool.run(pool.ctx, write_and_discard, path, 4000);
    duet_pool_close(&pool);
    assert_int_equal(umask(before), 027);
    assert_no_leftovers();
    free(path);
}

/* --- links ---------------------------------------------------------------------------------------------- */

static void links_are_followed_and_stay(void **state)
{
    (void)state;
    struct duet_error e;
    assert_int_equal(mkdir(at("far"), 0777), 0);
    /* A chain: first -> far/second -> ../third, which is not there yet. */
    char *first = duet_text("%s", at("first")), *second = duet_text("%s", at("far/second"));
    assert_int_equal(symlink("far/second", first), 0);
    assert_int_equal(symlink("../third", second), 0);
    assert_ok(put(first, "made", 0, &e), e);
    assert_holds(at("third"), "made");
    assert_fails(DUET_EXISTS, put(first, "x", 0, &e), e);
    assert_ok(put(first, "replaced", DUET_OUTPUT_FORCE, &e), e);
    assert_holds(at("third"), "replaced");
    assert_true(S_ISLNK(mode_of(first)) && S_ISLNK(mode_of(second)) && S_ISREG(mode_of(at("third"))));
    assert_ok(put(first, ", and more", DUET_OUTPUT_APPEND, &e), e);
    assert_holds(at("third"), "replaced, and more");
    assert_no_leftovers();
    assert_int_equal(count("far/.*.tmp"), 0);
    /* To a folder, to a folder that is not there, and in a circle. */
    assert_int_equal(symlink("far", at("to_folder")), 0);
    assert_fails(DUET_BAD_ARGUMENT, put(at("to_folder"), "x", DUET_OUTPUT_FORCE, &e), e);
    assert_int_equal(symlink("gone/x", at("to_nowhere")), 0);
    assert_fails(DUET_NOT_FOUND, put(at("to_nowhere"), "x", DUET_OUTPUT_FORCE, &e), e);
    assert_int_equal(symlink("circle_b", at("circle_a")), 0);
    assert_int_equal(symlink("circle_a", at("circle_b")), 0);
    assert_fails(DUET_IO_ERROR, put(at("circle_a"), "x", DUET_OUTPUT_FORCE, &e), e);
    assert_true(S_ISLNK(mode_of(at("circle_a"))));
    free(first);
    free(second);
}

static void two_names_of_one_file_are_found_out(void **state)
{
    (void)state;
    struct duet_error e;
    char *one = duet_text("%s", at("one")), *two = duet_text("%s", at("two"));
    char *round = duet_text("%s", at("round/../one")), *slash = duet_text("%s", at("round/"));
    assert_int_equal(mkdir(at("round"), 0777), 0);
    assert_int_equal(symlink("one", at("alias")), 0);
    for (int made = 0; made < 2; made++) { /* before there is such a file, and then */
        assert_true(duet_output_same(one, one) && duet_output_same(one, round) &&
                    duet_output_same(round, one));
        assert_true(duet_output_same(one, at("alias")));
        assert_false(duet_output_same(one, two));
        if (!made) assert_ok(put(one, "x", 0, &e), e);
    }
    assert_int_equal(link(one, two), 0);
    assert_true(duet_output_same(one, two));
    assert_true(duet_output_same(slash, at("round")));
    assert_false(duet_output_same(slash, one));
    assert_false(duet_output_same("/dev/null", "/dev/null"));
    free(one);
    free(two);
    free(round);
    free(slash);
}

/* --- devices, pipes, open files ------------------------------------------------------------------------- */

static void devices_and_pipes_are_written_to(void **state)
{
    (void)state;
    struct duet_error e;
    assert_ok(put("/dev/null", "gone", 0, &e), e);
    assert_true(S_ISCHR(mode_of("/dev/null")));
    assert_int_equal(mkfifo(at("pipe"), 0600), 0);
    int reader = open(at("pipe"), O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_ok(put(at("pipe"), "through", DUET_OUTPUT_FORCE, &e), e);
    char text[16];
    assert_int_equal(read(reader, text, sizeof text), 7);
    assert_memory_equal(text, "through", 7);
    assert_true(S_ISFIFO(mode_of(at("pipe"))));
    /* A link to it is the same. */
    assert_int_equal(symlink("pipe", at("to_pipe")), 0);
    assert_ok(put(at("to_pipe"), "linked", 0, &e), e);
    assert_int_equal(read(reader, text, sizeof text), 6);
    assert_true(S_ISLNK(mode_of(at("to_pipe"))));
    close(reader);
    assert_no_leftovers();
}

static void a_made_device_stays_one(void **state)
{
    (void)state;
    struct duet_error e;
    if (mknod(at("null"), S_IFCHR | 0666, (dev_t)0x103) != 0) {
        fprintf(stderr, "# skipped: cannot make a device node: %s\n", strerror(errno));
        skip();
    }
    const unsigned flags[] = {0, DUET_OUTPUT_FORCE, DUET_OUTPUT_IN_PLACE, DUET_OUTPUT_APPEND};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        enum duet_status status = put(at("null"), "x", flags[i], &e);
        if (i == 0 && status == DUET_IO_ERROR) {
            fprintf(stderr, "# skipped: %s\n", e.text); /* a file system mounted without devices */
            skip();
        }
        assert_ok(status, e);
        assert_true(S_ISCHR(mode_of(at("null"))));
    }
}

static void open_files_of_this_process_go_on_where_they_are(void **state)
{
    (void)state;
    struct duet_error e;
    int file = open(at("redirected"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(file >= 0);
    assert_int_equal(write(file, "before, ", 8), 8);
    const char *const folders[] = {"/dev/fd", "/proc/self/fd", "/proc/thread-self/fd"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%d", folders[i], file);
        assert_ok(put(path, "on, ", 0, &e), e);
    }
    assert_int_equal(write(file, "after", 5), 5);
    close(file);
    assert_holds(at("redirected"), "before, on, on, on, after");
    char path[64];
    int other = open(at("redirected"), O_RDONLY);
    snprintf(path, sizeof path, "/dev/fd/%d", other);
    assert_fails(DUET_IO_ERROR, put(path, "x", DUET_OUTPUT_FORCE, &e), e);
    close(other);
    assert_fails(DUET_NOT_FOUND, put(path, "x", DUET_OUTPUT_FORCE, &e), e);
    assert_holds(at("redirected"), "before, on, on, on, after");
}

/* --- in place ------------------------------------------------------------------------------------------- */

static void a_file_in_place_can_be_read_as_it_grows(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_output out;
    assert_ok(duet_output_open(&out, at("grows"), DUET_OUTPUT_IN_PLACE, &e), e);
    assert_holds(at("grows"), "");
    fputs("one\n", out.stream);
    assert_int_equal(fflush(out.stream), 0);
    assert_holds(at("grows"), "one\n");
    fputs("half a rec", out.stream);
    duet_output_discard(&out);
    assert_holds(at("grows"), "one\n");
    assert_ok(put(at("grows"), "two\n", DUET_OUTPUT_APPEND, &e), e);
    assert_holds(at("grows"), "one\ntwo\n");
    assert_ok(put(at("grows"), "three\n", DUET_OUTPUT_IN_PLACE | DUET_OUTPUT_FORCE, &e), e);
    assert_holds(at("grows"), "three\n");
    /* An empty result is one; an output that was given up before anything came is not. */
    assert_ok(put(at("empty"), "", DUET_OUTPUT_APPEND, &e), e);
    assert_holds(at("empty"), "");
    assert_ok(duet_output_open(&out, at("given_up"), DUET_OUTPUT_IN_PLACE, &e), e);
    duet_output_discard(&out);
    assert_false(duet_path_exists(at("given_up")));
    assert_ok(duet_output_open(&out, at("empty"), DUET_OUTPUT_APPEND, &e), e);
    duet_output_discard(&out);
    assert_holds(at("empty"), "");
}

/* --- what dead processes left --------------------------------------------------------------------------- */

/* A child opens the file, flushes something and dies at once. */
static void leave_one_behind(const char *path)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct duet_output out;
        if (duet_output_open(&out, path, DUET_OUTPUT_FORCE, NULL) == DUET_OK) {
            fputs("half", out.stream);
            fflush(out.stream);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void what_the_dead_left_goes_and_the_living_stay(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_output first, second, third;
    char *path = duet_text("%s", at("shared"));
    /* Two living, one dead behind them. */
    assert_ok(duet_output_open(&first, path, 0, &e), e);
    assert_ok(duet_output_open(&second, path, 0, &e), e);
    leave_one_behind(path);
    assert_int_equal(count(".shared.*.tmp"), 3);
    fputs("first", first.stream);
    assert_ok(duet_output_commit(&first, &e), e);
    leave_one_behind(path);
    assert_ok(duet_output_open(&third, path, DUET_OUTPUT_FORCE, &e), e);
    assert_int_equal(count(".shared.*.tmp"), 2);
    fputs("second", second.stream);
    assert_ok(duet_output_commit(&second, &e), e);
    assert_holds(path, "second");
    fputs("third", third.stream);
    assert_ok(duet_output_commit(&third, &e), e);
    assert_holds(path, "third");
    /* What is like one, and none: another file's, and a link. */
    scratch_write(&scratch, ".other.0123456789ab.tmp", "x", 1);
    leave_one_behind(path);
    assert_ok(put(path, "last", DUET_OUTPUT_FORCE, &e), e);
    assert_int_equal(count(".*.tmp"), 1);
    assert_int_equal(unlink(at(".other.0123456789ab.tmp")), 0);
    free(path);
}

static void write_or_discard(void *arg, int index, int worker)
{
    (void)worker;
    struct duet_output out;
    struct duet_error e = {.text = ""};
    bool good = duet_output_open(&out, arg, DUET_OUTPUT_FORCE, &e) == DUET_OK;
    if (good) fprintf(out.stream, "%08d", index);
    if (good && index % 3 == 0)
        duet_output_discard(&out);
    else
        good = good && duet_output_commit(&out, &e) == DUET_OK;
    if (!good) fprintf(stderr, "# %d: %s\n", index, e.text);
    if (!good) abort();
}

static void writers_of_one_name_do_not_disturb_each_other(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_pool pool;
    char *path = duet_text("%s", at("contested"));
    assert_ok(duet_pool_create(6, &pool, &e), e);
    pool.run(pool.ctx, write_or_discard, path, 3000);
    duet_pool_close(&pool);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 8);
    assert_no_leftovers();
    free(path);
}

/* --- when something fails ------------------------------------------------------------------------------- */

static void a_full_disk_is_called_so(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_output out;
    assert_ok(duet_output_open(&out, "/dev/full", 0, &e), e);
    for (int i = 0; i < 100000; i++) fputc('x', out.stream);
    assert_fails(DUET_IO_ERROR, duet_output_commit(&out, &e), e);
    assert_non_null(strstr(e.text, "/dev/full: cannot write: No space left"));
    assert_fails(DUET_IO_ERROR, put("/dev/full", "x", 0, &e), e);
    assert_true(S_ISCHR(mode_of("/dev/full")));
}

/* Files may grow to `size` bytes from here on; a write beyond fails with EFBIG. */
static void limit_files(rlim_t size)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_file_that_grew_too_large_replaces_nothing(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_output out;
    assert_ok(put(at("limited"), "before", 0, &e), e);
    limit_files(100000);
    assert_ok(duet_output_open(&out, at("limited"), DUET_OUTPUT_FORCE, &e), e);
    for (int i = 0; i < 200000; i++) fputc('x', out.stream);
    enum duet_status status = duet_output_commit(&out, &e);
    limit_files(RLIM_INFINITY);
    assert_int_equal(status, DUET_IO_ERROR);
    assert_non_null(strstr(e.text, "limited: cannot write: File too large"));
    assert_holds(at("limited"), "before");
    assert_no_leftovers();
}

/* As many lines of ten bytes as fit into 1005, by cutting what does not. */
static void fill_with_lines(const char *path, unsigned flags, size_t begin)
{
    struct duet_error e;
    struct duet_output out;
    limit_files(1005);
    enum duet_status status = duet_output_open(&out, path, flags, &e);
    off_t whole = ftello(out.stream);
    int lines = 0;
    for (; lines < 200; lines++) {
        fprintf(out.stream, "line %04d\n", lines);
        if (fflush(out.stream) != 0) break;
        whole = ftello(out.stream);
    }
    limit_files(RLIM_INFINITY);
    assert_int_equal(status, DUET_OK);
    assert_int_equal(lines, 100 - begin / 10);
    assert_int_equal(whole, 1000);
    assert_ok(duet_output_cut(&out, 990, &e), e); /* and one more, for the end */
    fputs("end", out.stream);
    assert_ok(duet_output_commit(&out, &e), e);
    struct duet_bytes bytes;
    assert_ok(duet_read_file(path, 2000, &bytes, &e), e);
    assert_int_equal(bytes.size, 993);
    assert_memory_equal(bytes.data + 980, "line 00", 7);
    assert_memory_equal(bytes.data + 989, "\nend", 4);
    duet_bytes_close(&bytes);
}

static void what_does_not_fit_can_be_cut_to_whole_records(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_output out;
    char *path = duet_text("%s", at("cut"));
    fill_with_lines(path, 0, 0);
    fill_with_lines(path, DUET_OUTPUT_IN_PLACE | DUET_OUTPUT_FORCE, 0);
    assert_ok(put(path, "line 0000\nline 0001\n", DUET_OUTPUT_FORCE, &e), e);
    fill_with_lines(path, DUET_OUTPUT_APPEND, 20);
    assert_ok(duet_output_open(&out, "/dev/full", 0, &e), e);
    assert_fails(DUET_UNSUPPORTED, duet_output_cut(&out, 0, &e), e);
    duet_output_discard(&out);
    assert_no_leftovers();
    free(path);
}

static void what_cannot_get_its_name_is_kept_and_told(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_output out;
    char *path = duet_text("%s", at("taken"));
    assert_ok(duet_output_open(&out, path, DUET_OUTPUT_FORCE, &e), e);
    fputs("hours of work", out.stream);
    assert_int_equal(mkdir(path, 0777), 0); /* meanwhile, somebody else */
    assert_fails(DUET_IO_ERROR, duet_output_commit(&out, &e), e);
    const char *told = strstr(e.text, "; what was written is in ");
    assert_non_null(told);
    char kept[DUET_ERROR_TEXT];
    snprintf(kept, sizeof kept, "%s", told + strlen("; what was written is in "));
    assert_holds(kept, "hours of work");
    /* It is nobody's leftover. */
    assert_int_equal(rmdir(path), 0);
    assert_ok(put(path, "again", 0, &e), e);
    assert_holds(kept, "hours of work");
    free(path);
    assert_no_leftovers();
}

static void on_alarm(int number)
{
    (void)number;
}

static void signals_do_not_end_a_write(void **state)
{
    (void)state;
    enum { SIZE = 4 << 20 };
    struct duet_error e;
    struct duet_output out;
    assert_int_equal(mkfifo(at("slow"), 0600), 0);
    char *path = duet_text("%s", at("slow"));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) { /* a reader that is always late */
        char text[65536];
        int reader = open(path, O_RDONLY);
        long sum = 0;
        for (ssize_t n; (n = read(reader, text, sizeof text)) > 0; usleep(1000)) sum += n;
        _exit(sum == SIZE ? 0 : 1);
    }
    struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART */
    struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    enum duet_status status = duet_output_open(&out, path, 0, &e);
    for (int i = 0; status == DUET_OK && i < SIZE; i++) fputc('x', out.stream);
    if (status == DUET_OK) status = duet_output_commit(&out, &e);
    setitimer(ITIMER_REAL, &never, NULL);
    int code;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_ok(status, e);
    assert_int_equal(code, 0);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_appears_whole_or_not_at_all),
        cmocka_unit_test(what_replaces_a_file_keeps_its_permissions),
        cmocka_unit_test(names_that_are_none_are_refused),
        cmocka_unit_test(asking_says_what_opening_would),
        cmocka_unit_test(a_long_name_can_be_written),
        cmocka_unit_test(outputs_of_many_threads_leave_the_umask_alone),
        cmocka_unit_test(links_are_followed_and_stay),
        cmocka_unit_test(two_names_of_one_file_are_found_out),
        cmocka_unit_test(devices_and_pipes_are_written_to),
        cmocka_unit_test(a_made_device_stays_one),
        cmocka_unit_test(open_files_of_this_process_go_on_where_they_are),
        cmocka_unit_test(a_file_in_place_can_be_read_as_it_grows),
        cmocka_unit_test(what_the_dead_left_goes_and_the_living_stay),
        cmocka_unit_test(writers_of_one_name_do_not_disturb_each_other),
        cmocka_unit_test(a_full_disk_is_called_so),
        cmocka_unit_test(a_file_that_grew_too_large_replaces_nothing),
        cmocka_unit_test(what_does_not_fit_can_be_cut_to_whole_records),
        cmocka_unit_test(what_cannot_get_its_name_is_kept_and_told),
        cmocka_unit_test(signals_do_not_end_a_write),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
