#include "support/testing.h"

#include "cli/inputs.h"
#include "core/os.h"

#include <unistd.h>

/* A folder of its own for every test; the current one while it runs. */
static char *home, *before;

static int enter_folder(void **state)
{
    (void)state;
    static char name[64];
    snprintf(name, sizeof name, "inputs_test_XXXXXX");
    before = getcwd(NULL, 0);
    home = mkdtemp(name);
    return home && before ? chdir(home) : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    char command[128];
    int moved = chdir(before);
    free(before);
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    return moved == 0 ? system(command) : -1;
}

static void put(const char *path, const char *text, size_t size)
{
    struct duet_error e;
    char folder[256];
    snprintf(folder, sizeof folder, "%.*s", (int)(duet_path_name(path) - path), path);
    if (*folder) assert_ok(duet_make_folders(folder, &e), e);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void put_picture(const char *path)
{
    put(path, "P6\n1", 4);
}

static const struct duet_inputs_options plain;

/* The operands mean `want`: "path>relative" each, and so many files skipped. */
static void expect(const struct duet_inputs_options *options, char *const *operands, int count,
                   const char *const *want, size_t wanted, size_t skipped)
{
    struct duet_inputs inputs;
    struct duet_error e;
    assert_ok(duet_inputs_find(operands, count, options, &inputs, &e), e);
    for (size_t i = 0; i < inputs.count && i < wanted; i++) {
        char got[512];
        snprintf(got, sizeof got, "%s>%s", inputs.items[i].path, inputs.items[i].relative);
        assert_string_equal(got, want[i]);
    }
    assert_int_equal(inputs.count, wanted);
    assert_int_equal(inputs.skipped, skipped);
    duet_inputs_close(&inputs);
    assert_null(inputs.items);
}

#define WORDS(...) ((char *[]){__VA_ARGS__})
#define COUNT(...) (int)(sizeof(WORDS(__VA_ARGS__)) / sizeof(char *))
#define expect_inputs(options, operands, skipped, ...)                                                       \
    expect(options, operands, (int)(sizeof(operands) / sizeof(operands)[0]),                                 \
           (const char *const[]){__VA_ARGS__}, (size_t)COUNT(__VA_ARGS__), skipped)

static char a_dash[] = "-", dot[] = ".", star[] = "*.ppm", at_list[] = "@list", at_dash[] = "@-";

static void files_are_inputs_whatever_they_hold(void **state)
{
    (void)state;
    char *operands[] = {"x/a b.txt", "gone", "x/new\nline", "[ab]*.ppm", "@file", "-x"};
    put("x/a b.txt", "no", 2);
    put("[ab]*.ppm", "no", 2); /* an existing name is literal before it is a pattern ... */
    put("a.ppm", "no", 2);
    put("@file", "no", 2); /* ... or a list */
    expect_inputs(&plain, operands, 0, "x/a b.txt>a b.txt", "gone>gone", "x/new\nline>new\nline",
                  "[ab]*.ppm>[ab]*.ppm", "@file>@file", "-x>-x");
}

static void folders_are_walked_in_byte_order(void **state)
{
    (void)state;
    char *operands[] = {"d", "d/"};
    put_picture("d/b.ppm");
    put_picture("d/B.ppm");
    put_picture("d/a/z/1.ppm");
    put_picture("d/a/10");
    put_picture("d/a/9");
    put_picture("d/\xc3\xa4");
    put_picture("d/.hidden");
    put_picture("d/.thumbnails/1");
    put("d/notes.txt", "hello", 5);
    put("d/empty", "", 0);
    assert_int_equal(mkfifo("d/pipe", 0600), 0);
    assert_int_equal(symlink("nowhere", "d/dangling"), 0);
    expect_inputs(&plain, operands, 6, "d/B.ppm>B.ppm", "d/a/10>a/10", "d/a/9>a/9", "d/a/z/1.ppm>a/z/1.ppm",
                  "d/b.ppm>b.ppm", "d/dangling>dangling", "d/\xc3\xa4>\xc3\xa4", "d/B.ppm>B.ppm",
                  "d/a/10>a/10", "d/a/9>a/9", "d/a/z/1.ppm>a/z/1.ppm", "d/b.ppm>b.ppm", "d/dangling>dangling",
                  "d/\xc3\xa4>\xc3\xa4");
}

static void link_loops_end(void **state)
{
    (void)state;
    char *operands[] = {dot};
    put_picture("d/e/1");
    assert_int_equal(symlink("..", "d/e/up"), 0);
    assert_int_equal(symlink(".", "d/self"), 0);
    assert_int_equal(symlink("d/e", "other"), 0); /* no loop: the same picture by another way */
    expect_inputs(&plain, operands, 0, "./d/e/1>d/e/1", "./other/1>other/1");
}

static void the_excluded_folder_is_passed_over(void **state)
{
    (void)state;
    char *all[] = {dot}, *itself[] = {"out"};
    put_picture("a");
    put_picture("out/a");
    struct duet_inputs_options options = plain;
    options.exclude = (const char *const[]){"not there", "./out/", NULL};
    expect_inputs(&options, all, 0, "./a>a");
    expect_inputs(&options, itself, 0, "out/a>a");
    options.exclude = (const char *const[]){"not there", NULL};
    expect_inputs(&options, all, 0, "./a>a", "./out/a>out/a");
}

static void what_works_by_name_works_in_a_folder(void **state)
{
    (void)state;
    char *operands[] = {"d"};
    static const struct {
        const char *name, *bytes;
        size_t size;
    } files[] = {{"d/1", "BM\1\2\3\4\0\0\0\0\66\0\0\0\50\0\0\0", 18}, /* by content ... */
                 {"d/2.dat", "RIFF\1\2\3\4WEBPVP8 ", 16},
                 {"d/3", "II*\0", 4},
                 {"d/4", "GIF89a", 6},
                 {"d/5", "\0\0\0\14jP  \r\n\x87\n", 12},
                 {"d/6", "\0\0\0\30ftypavif", 12},
                 {"d/7.bin", "\x1a\x45\xdf\xa3", 4},
                 {"d/empty.JPG", "", 0}, /* ... or by name, so that they fail by name */
                 {"d/page.jpg", "<html>not found</html>", 22},
                 {"d/text.mp4", "no video", 8},
                 {"d/truncated.webp", "RIFF", 4},
                 {"d/Thumbs.db", "\xd0\xcf\x11\xe0", 4},
                 {"d/a.json", "{}", 2},
                 {"d/a.ts", "import a;", 9},
                 {"d/jpg", "", 0},
                 {"d/.empty.jpg", "", 0}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        put(files[i].name, files[i].bytes, files[i].size);
    assert_int_equal(mkfifo("d/pipe.jpg", 0600), 0);
    expect_inputs(&plain, operands, 5, "d/1>1", "d/2.dat>2.dat", "d/3>3", "d/4>4", "d/5>5", "d/6>6",
                  "d/7.bin>7.bin", "d/empty.JPG>empty.JPG", "d/page.jpg>page.jpg", "d/text.mp4>text.mp4",
                  "d/truncated.webp>truncated.webp");
}

static void addresses_are_inputs_as_they_stand(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"rtsp://cam1/stream", "rtsp://cam1/stream", "cam1_stream"},
        {"http://me:pa:s@s@host:80/a/b.mp4?token=[1]*#x", "http://me:***@host:80/a/b.mp4?token=[1]*#x",
         "host_80_a_b.mp4"},
        {"rtsp://me@host/", "rtsp://me@host/", "host"},
        {"udp://@:5000", "udp://@:5000", "_5000"},
        {"http://host/..", "http://host/..", "host_.."},
        {"http://../x", "http://../x", "_._x"},
        {"http:///", "http:///", "stream"},
        {"lavfi:testsrc2=size=64x64:rate=5", "lavfi:testsrc2=size=64x64:rate=5", "testsrc2"},
        {"lavfi:[x]color,scale=2:2", "lavfi:[x]color,scale=2:2", "color"},
        {"lavfi:", "lavfi:", "stream"},
        {"some/frames/%04d.png", "some/frames/%04d.png", "frames.png"},
        {"img_%d.jpg", "img_%d.jpg", "img.jpg"},
        {"%03d.jpg", "%03d.jpg", "frames.jpg"},
        {"50%%_%04d.png", "50%%_%04d.png", "50%%.png"},
        {"%%d", "%%d", "%%d"}, /* these are names */
        {"mailto:x", "mailto:x", "mailto:x"},
        {"://x", "://x", "x"},
        {"%04d/a.png", "%04d/a.png", "a.png"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct duet_inputs inputs;
        struct duet_error e;
        char *operands[] = {(char *)(uintptr_t)cases[i][0]};
        assert_ok(duet_inputs_find(operands, 1, &plain, &inputs, &e), e);
        assert_int_equal(inputs.count, 1);
        assert_string_equal(inputs.items[0].path, cases[i][0]);
        assert_string_equal(inputs.items[0].shown, cases[i][1]);
        assert_string_equal(inputs.items[0].relative, cases[i][2]);
        duet_inputs_close(&inputs);
    }
    char *file[] = {"%02d.png"}; /* an existing name is that file */
    put_picture("%02d.png");
    expect_inputs(&plain, file, 0, "%02d.png>%02d.png");
}

/* Open every input of a list: does the error say `want` (NULL: the input is fine)? */
static void expect_faults(const struct duet_inputs_options *options, const char *const *want)
{
    struct duet_inputs inputs;
    struct duet_error e;
    char *list[] = {at_list};
    assert_ok(duet_inputs_find(list, 1, options, &inputs, &e), e);
    for (size_t i = 0; i < inputs.count; i++) {
        struct duet_frames *frames;
        const struct duet_input *input = &inputs.items[i];
        assert_int_equal(input->fault == DUET_INPUT_FINE, want[i] == NULL);
        if (!want[i]) continue;
        assert_false(duet_input_looks_moving(input));
        assert_fails(DUET_UNSUPPORTED, duet_input_open(input, NULL, &frames, &e), e);
        assert_null(frames);
        if (!strstr(e.text, want[i]) || strstr(e.text, "secret")) fail_msg("%s", e.text);
    }
    duet_inputs_close(&inputs);
}

static void lists_name_files_only(void **state)
{
    (void)state;
    static const char lines[] = "lavfi:color=duration=0.1,metadata=print:file=victim.txt\n"
                                "http://user:secret@127.0.0.1/a.jpg\nudp://@:5000\n"
                                "file:///etc/passwd\npipe\n/dev/zero\na.ppm\nshot_%04d.png\n"
                                "concat:a.ppm|a.ppm\ndata:image/png,x\nrtsp://here\n";
    put("list", lines, sizeof lines - 1);
    put_picture("a.ppm");
    put_picture("rtsp:/here"); /* a file of that name goes before the address */
    assert_int_equal(mkfifo("pipe", 0600), 0);
    static const char address[] = "is an address; lists may name files only, unless --allow-network",
                      graph[] = "is a graph of filters; lists may name files only, unless --allow-lavfi",
                      device[] = "is a device or pipe; lists may name files only";
    expect_faults(&plain, (const char *const[]){graph, address, address, address, device, device, NULL, NULL,
                                                NULL, NULL, NULL});
    struct duet_inputs_options options = plain;
    options.allow_network = true;
    expect_faults(&options, (const char *const[]){graph, NULL, NULL, NULL, device, device, NULL, NULL, NULL,
                                                  NULL, NULL});
    options = plain;
    options.allow_lavfi = true;
    expect_faults(&options, (const char *const[]){NULL, address, address, address, device, device, NULL, NULL,
                                                  NULL, NULL, NULL});
    options.allow_network = true;
    static const char allowed[] = "lavfi:testsrc\nrtsp://a:b@c/d\n";
    put("list", allowed, sizeof allowed - 1);
    char *list[] = {at_list};
    expect_inputs(&options, list, 0, "lavfi:testsrc>testsrc", "rtsp://a:b@c/d>c_d");
}

/* A file that is called like an address is opened as that file, and not as an address when it is gone by
 * then. */
static void files_called_like_addresses_stay_files(void **state)
{
    (void)state;
    char *operands[] = {"*.ppm", "http://a/b.ppm"};
    put_picture("lavfi:a.ppm");
    put_picture("http:/a/b.ppm");
    struct duet_inputs inputs;
    struct duet_error e;
    assert_ok(duet_inputs_find(operands, 2, &plain, &inputs, &e), e);
    assert_int_equal(inputs.count, 2);
    assert_string_equal(inputs.items[0].path, "./lavfi:a.ppm");
    assert_string_equal(inputs.items[0].shown, "lavfi:a.ppm");
    assert_string_equal(inputs.items[0].relative, "lavfi:a.ppm");
    assert_string_equal(inputs.items[1].path, "./http://a/b.ppm");
    assert_string_equal(inputs.items[1].relative, "b.ppm");
    for (size_t i = 0; i < 2; i++) {
        struct duet_frames *frames;
        assert_int_equal(unlink(inputs.items[i].path), 0);
        assert_fails(DUET_NOT_FOUND, duet_input_open(&inputs.items[i], NULL, &frames, &e), e);
    }
    duet_inputs_close(&inputs);
}

static void patterns_match_sorted(void **state)
{
    (void)state;
    char *operands[] = {star, "d?/*", "*.png"};
    put_picture("b.ppm");
    put_picture("a b.ppm");
    put("C.ppm", "no picture, but named", 21);
    put_picture("d1/sub/x");
    put_picture("d1/.hidden");
    expect_inputs(&plain, operands, 0, "C.ppm>C.ppm", "a b.ppm>a b.ppm", "b.ppm>b.ppm", "d1/sub/x>x",
                  "*.png>*.png");
}

static void lists_hold_a_path_a_line(void **state)
{
    (void)state;
    char *operands[] = {at_list};
    static const char lines[] = "a b\n\n-\r\nd\n*.ppm\n@x\n no newline";
    put("list", lines, sizeof lines - 1);
    put_picture("d/1");
    put_picture("c.ppm");
    expect_inputs(&plain, operands, 0, "a b>a b", "./->-", "d/1>1", "*.ppm>*.ppm", "@x>@x",
                  " no newline> no newline");
    static const char nul[] = "a\nb\0\0c\r\0d";
    put("list", nul, sizeof nul); /* with its last NUL */
    struct duet_inputs_options options = plain;
    options.null = true;
    expect_inputs(&options, operands, 0, "a\nb>a\nb", "c\r>c\r", "d/1>1");
    struct duet_inputs inputs;
    struct duet_error e;
    assert_fails(DUET_BAD_FORMAT, duet_inputs_find(operands, 1, &plain, &inputs, &e), e);
    assert_non_null(strstr(e.text, "--null"));
    put("list", "", 0);
    assert_ok(duet_inputs_find(operands, 1, &plain, &inputs, &e), e);
    assert_int_equal(inputs.count, 0);
    duet_inputs_close(&inputs);
}

static void lists_of_other_editors_are_read_or_refused(void **state)
{
    (void)state;
    char *operands[] = {at_list};
    static const char marked[] = "\xef\xbb\xbf"
                                 "a.ppm\r\nb.ppm",
                      only[] = "\xef\xbb\xbf";
    put("list", marked, sizeof marked - 1);
    expect_inputs(&plain, operands, 0, "a.ppm>a.ppm", "b.ppm>b.ppm");
    struct duet_inputs_options options = plain;
    options.null = true; /* what ends in NUL is what the system has, byte for byte */
    expect_inputs(&options, operands, 0,
                  "\xef\xbb\xbf"
                  "a.ppm\r\nb.ppm>\xef\xbb\xbf"
                  "a.ppm\r\nb.ppm");
    struct duet_inputs inputs;
    struct duet_error e;
    put("list", only, sizeof only - 1);
    assert_ok(duet_inputs_find(operands, 1, &plain, &inputs, &e), e);
    assert_int_equal(inputs.count, 0);
    duet_inputs_close(&inputs);
    put("list", "\xff\xfe.\0", 4);
    assert_fails(DUET_BAD_FORMAT, duet_inputs_find(operands, 1, &plain, &inputs, &e), e);
    assert_string_equal(e.text, "@list: is UTF-16, expected UTF-8");
}

static void lists_that_cannot_be_read_are_errors(void **state)
{
    (void)state;
    char *gone[] = {"@gone"}, *folder[] = {"@d"}, *twice[] = {a_dash, at_dash}, *again[] = {a_dash, a_dash};
    put_picture("d/1");
    struct duet_inputs inputs;
    struct duet_error e;
    assert_fails(DUET_NOT_FOUND, duet_inputs_find(gone, 1, &plain, &inputs, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_inputs_find(folder, 1, &plain, &inputs, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_inputs_find(twice, 2, &plain, &inputs, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_inputs_find(again, 2, &plain, &inputs, &e), e);
    char *empty[] = {""};
    assert_fails(DUET_BAD_ARGUMENT, duet_inputs_find(empty, 1, &plain, &inputs, &e), e);
    assert_int_equal(inputs.count, 0);
    char *once[] = {a_dash};
    expect_inputs(&plain, once, 0, "->stdin");
}

static void many_inputs_fit(void **state)
{
    (void)state;
    enum { MANY = 200000 };
    char *operands[] = {at_list};
    FILE *list = fopen("list", "wb");
    assert_non_null(list);
    for (int i = 0; i < MANY; i++) fprintf(list, "some/folder/with/a/name/%012d.jpg\n", i);
    assert_int_equal(fclose(list), 0);
    struct duet_inputs inputs;
    struct duet_error e;
    assert_ok(duet_inputs_find(operands, 1, &plain, &inputs, &e), e);
    assert_int_equal(inputs.count, MANY);
    assert_string_equal(inputs.items[0].path, "some/folder/with/a/name/000000000000.jpg");
    assert_string_equal(inputs.items[MANY - 1].relative, "000000199999.jpg");
    duet_inputs_close(&inputs);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(files_are_inputs_whatever_they_hold),
        in_folder(folders_are_walked_in_byte_order),
        in_folder(link_loops_end),
        in_folder(the_excluded_folder_is_passed_over),
        in_folder(what_works_by_name_works_in_a_folder),
        in_folder(addresses_are_inputs_as_they_stand),
        in_folder(lists_name_files_only),
        in_folder(files_called_like_addresses_stay_files),
        in_folder(patterns_match_sorted),
        in_folder(lists_hold_a_path_a_line),
        in_folder(lists_of_other_editors_are_read_or_refused),
        in_folder(lists_that_cannot_be_read_are_errors),
        in_folder(many_inputs_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
