#include "support/scratch.h"
#include "support/testing.h"

#include "bench/shapes.h"

#include <math.h>

static double total(const struct bench_shapes *shapes, const char *set, size_t *layers)
{
    double sum = 0;
    *layers = 0;
    for (size_t i = 0; i < shapes->count; i++) {
        const struct bench_shape *s = &shapes->items[i];
        if (strcmp(s->set, set) != 0 || s->kernel >= BENCH_RESIZE) continue;
        sum += bench_shape_madds(s) * s->layers;
        *layers += (size_t)s->layers;
    }
    return sum;
}

static void the_networks_come_to_what_the_paper_counts(void **state)
{
    (void)state;
    struct duet_error e;
    struct bench_shapes shapes = {0};
    size_t layers;
    assert_ok(bench_shapes_of_networks(&shapes, &e), e);
    assert_true(fabs(total(&shapes, "ssdlite", &layers) - 749503856) < 1);
    assert_int_equal(layers, 1 + 2 + 16 * 3 + 1 + 4 * 3 + 6 * 4);
    assert_true(fabs(total(&shapes, "deeplab", &layers) - 2740698165) < 2e5);
    assert_int_equal(layers, 1 + 2 + 16 * 3 + 4);
    for (size_t i = 0; i < shapes.count; i++)
        for (size_t k = 0; k < i; k++)
            assert_false(strcmp(shapes.items[i].name, shapes.items[k].name) == 0 &&
                         strcmp(shapes.items[i].set, shapes.items[k].set) == 0);
    bench_shapes_close(&shapes);
}

/* The peers' tables were made from other files of the same networks. */
static void the_peers_tables_are_the_same_networks(void **state)
{
    (void)state;
    testing_need_shared(shared);
    struct duet_error e;
    struct bench_shapes networks = {0}, table = {0};
    size_t ours, theirs;
    const char *const sets[] = {"ssdlite", "deeplab"};
    assert_ok(bench_shapes_of_networks(&networks, &e), e);
    for (int i = 0; i < 2; i++) {
        char path[4400];
        snprintf(path, sizeof path, "%s/bench/%s.layers.tsv", shared, sets[i]);
        assert_ok(bench_shapes_read(path, &table, &e), e);
        double madds = total(&table, "table", &theirs);
        /* Theirs split the last projection of DeepLab, or leave what pooling adds out: half a percent. */
        assert_true(fabs(madds - total(&networks, sets[i], &ours)) <= .005 * madds);
        assert_true(theirs <= ours + 1 && ours <= theirs + 1);
        bench_shapes_close(&table);
    }
    bench_shapes_close(&networks);
}

static const char table[] = "name\ttype\tcin\tcout\tin\tout\tstride\tdil\tMACs\tpads\n"
                            "Conv\t3x3\t3\t32\t300\t150\t2\t1\t19440000\t[0, 0, 1, 1]\r\n"
                            "\n"
                            "dw\tdw\t960\t960\t33\t33\t1\t2\n"
                            "dw again\tdw\t960\t960\t33\t33\t1\t2\n"
                            "\t1x1\t16\t96\t150\t150\t1\t1";

static void a_table_is_read(void **state)
{
    struct duet_error e;
    struct bench_shapes shapes = {0};
    assert_ok(bench_shapes_read(scratch_write(*state, "t.tsv", table, strlen(table)), &shapes, &e), e);
    assert_int_equal(shapes.count, 3);
    const struct bench_shape *s = shapes.items;
    assert_true(s[0].kernel == BENCH_CONV3X3 && s[0].in_channels == 3 && s[0].out_channels == 32 &&
                s[0].in_height == 300 && s[0].out_width == 150 && s[0].stride == 2 && s[0].layers == 1);
    assert_true(s[1].kernel == BENCH_DEPTHWISE3X3 && s[1].rate == 2 && s[1].layers == 2);
    assert_string_equal(s[1].name, "dw");
    assert_true(s[2].kernel == BENCH_CONV1X1 && s[2].name[0] == '\0' && s[2].out_channels == 96);
    assert_true(fabs(bench_shape_madds(&s[0]) - 19440000) < .5);
    bench_shapes_close(&shapes);
}

static void bad_lines_are_named(void **state)
{
    static const char *const lines[] = {"x",
                                        "x\tdw\t8\t8\t5\t5\t1",     /* a field short */
                                        "x\tdw\t8\t9\t5\t5\t1\t1",  /* channels of a depthwise layer */
                                        "x\t1x1\t8\t9\t5\t3\t2\t1", /* stride of a 1x1 */
                                        "x\t5x5\t8\t8\t5\t5\t1\t1", /* type */
                                        "x\tdw\t8\t8\t5\t5\t3\t1",  /* stride */
                                        "x\tdw\t8\t8\t5\t4\t1\t1",  /* output side */
                                        "x\tdw\t8\t8\t5\t2\t2\t1",  /* the same */
                                        "x\tdw\t0\t0\t5\t5\t1\t1",  /* numbers out of range ... */
                                        "x\tdw\t8\t8\t99999\t99999\t1\t1",
                                        "x\tdw\t8\t8\t-5\t-5\t1\t1",
                                        "x\tdw\t8\t8\t5\t5\t1\t0x1",
                                        "x\tdw\t8\t8 \t5\t5\t1\t1",
                                        "x\tdw\t99999999999999999999\t8\t5\t5\t1\t1"};
    struct duet_error e;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct bench_shapes shapes = {0};
        char text[200];
        snprintf(text, sizeof text, "heading\n\n%s\n", lines[i]);
        assert_fails(DUET_BAD_FORMAT,
                     bench_shapes_read(scratch_write(*state, "b.tsv", text, strlen(text)), &shapes, &e), e);
        assert_non_null(strstr(e.text, "b.tsv:3: "));
        bench_shapes_close(&shapes);
    }
    struct bench_shapes shapes = {0};
    assert_fails(DUET_BAD_FORMAT, bench_shapes_read(scratch_write(*state, "e.tsv", "", 0), &shapes, &e), e);
    assert_fails(DUET_NOT_FOUND, bench_shapes_read(scratch_path(*state, "none.tsv"), &shapes, &e), e);
}

/* Whatever comes: an error, or shapes with sides in range. */
static void read_any(struct scratch *scratch, const char *text, size_t size)
{
    struct duet_error e = {.text = ""};
    struct bench_shapes shapes = {0};
    enum duet_status status = bench_shapes_read(scratch_memory(scratch, text, size), &shapes, &e);
    assert_true(status == DUET_OK || (status == DUET_BAD_FORMAT && e.text[0]));
    for (size_t i = 0; i < shapes.count; i++) {
        const struct bench_shape *s = &shapes.items[i];
        assert_true(s->in_width >= 1 && s->in_width <= 8192 && s->in_channels >= 1 && s->out_channels >= 1);
        assert_true(bench_shape_madds(s) > 0);
    }
    bench_shapes_close(&shapes);
}

static void damage_is_survived(void **state)
{
    char text[sizeof table];
    for (size_t size = 0; size < sizeof table; size++) read_any(*state, table, size);
    for (size_t i = 0; i + 1 < sizeof table; i++)
        for (int with = 0; with < 256; with += with < 64 ? 1 : 37) {
            memcpy(text, table, sizeof text);
            text[i] = (char)with;
            read_any(*state, text, sizeof table - 1);
        }
}

static int set_up(void **state)
{
    static struct scratch scratch;
    scratch_make(&scratch);
    *state = &scratch;
    return 0;
}

static int tear_down(void **state)
{
    scratch_remove(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_networks_come_to_what_the_paper_counts),
        cmocka_unit_test(the_peers_tables_are_the_same_networks),
        cmocka_unit_test(a_table_is_read),
        cmocka_unit_test(bad_lines_are_named),
        cmocka_unit_test(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
