/* The boxes of a detector as maps, against the definition: every anchor, every class, every cell. */
#include "guided/heat.h"

#include "support/random_weights.h"

#include "kernels/exp.h"

#include <inttypes.h>

#define CLASSES   4
#define COLUMNS   (CLASSES + 1)
#define THRESHOLD 0.3f

static const int heights[DUET_SSDLITE_MAPS] = {5, 3, 2, 1, 1, 1},
                 widths[DUET_SSDLITE_MAPS] = {7, 4, 2, 1, 1, 1};
static const int categories[] = {3, 0, 1};
enum { MAPS = 3, PITCH = 8, HEIGHT = 10, WIDTH = 13, INPUT_HEIGHT = 80, INPUT_WIDTH = 99, MOST = 5 * 7 * 6 };

struct outputs {
    struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS];
    float boxes[DUET_SSDLITE_MAPS][MOST * 4], logits[DUET_SSDLITE_MAPS][MOST * COLUMNS];
};

static int anchors_of(int map)
{
    return heights[map] * widths[map] * duet_ssdlite_anchors_per_cell(map);
}

static void fill(struct outputs *o, uint64_t *seed)
{
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++) {
        int anchors = anchors_of(m);
        for (int i = 0; i < anchors * 4; i++) o->boxes[m][i] = random_weight(seed) * 8;
        for (int i = 0; i < anchors * COLUMNS; i++) o->logits[m][i] = random_weight(seed) * 6 - 3;
        o->maps[m] = (struct duet_ssdlite_map){heights[m], widths[m], o->boxes[m], o->logits[m]};
    }
}

static struct duet_ssdlite_decoder *make_decoder(const struct outputs *o)
{
    struct duet_error e;
    struct duet_ssdlite_decoder *decoder;
    const struct duet_ssdlite_decoder_options options = {.classes = CLASSES, .threshold = THRESHOLD};
    assert_ok(duet_ssdlite_decoder_create(&options, o->maps, INPUT_HEIGHT, INPUT_WIDTH, &decoder, &e), e);
    return decoder;
}

static bool within(double centre, float low, float high)
{
    return centre >= (double)low && centre < (double)high;
}

/* What map k has in one cell, by the definition. */
static int by_definition(const struct outputs *o, int k, int row, int column)
{
    int most = 0;
    /* 80, 40, 20, 10: every layer begins at its second pixel. 99, 50, 25, 13: the second one alone. */
    double y = (PITCH * row + 7.5) / INPUT_HEIGHT, x = (PITCH * column + 2.5) / INPUT_WIDTH;
    for (int m = 0; categories[k] && m < DUET_SSDLITE_MAPS; m++) {
        struct duet_anchor anchors[MOST];
        duet_anchors_fill(m, heights[m], widths[m], INPUT_HEIGHT, INPUT_WIDTH, anchors);
        for (int i = 0; i < anchors_of(m); i++) {
            float score = duet_sigmoid(o->logits[m][i * COLUMNS + categories[k]]);
            struct duet_corners box = duet_box_decode(o->boxes[m] + 4 * i, anchors[i]);
            if (!(score > THRESHOLD) || !within(y, box.ymin, box.ymax) || !within(x, box.xmin, box.xmax))
                continue;
            int value = (int)floor((double)score * 255 + 0.5);
            if (value > most) most = value;
        }
    }
    return most;
}

static void maps_are_those_of_the_definition(void **state)
{
    (void)state;
    struct duet_error e;
    const char *given = getenv("DUET_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 20261128;
    printf("# DUET_SEED=%" PRIu64 "\n", seed);
    struct outputs *o = malloc(sizeof *o);
    assert_non_null(o);
    static uint8_t heat[HEIGHT * WIDTH * MAPS + 1];
    const struct duet_heat maps = {HEIGHT, WIDTH, INPUT_HEIGHT, INPUT_WIDTH, categories, MAPS};
    for (int round = 0, painted = 0, differ = 0; round < 20; round++) {
        fill(o, &seed);
        struct duet_ssdlite_decoder *decoder = make_decoder(o);
        heat[sizeof heat - 1] = 77;
        assert_ok(duet_heat_paint(&maps, decoder, o->maps, heat, &e), e);
        assert_int_equal(heat[sizeof heat - 1], 77);
        for (int row = 0; row < HEIGHT; row++)
            for (int column = 0; column < WIDTH; column++)
                for (int k = 0; k < MAPS; k++) {
                    int got = heat[(row * WIDTH + column) * MAPS + k];
                    painted += got > 0;
                    differ += got != by_definition(o, k, row, column);
                }
        duet_ssdlite_decoder_close(&decoder);
        if (round == 19) assert_true(painted > 1000); /* else nothing was compared */
        assert_int_equal(differ, 0);
    }
    free(o);
}

static void boxes_that_are_no_boxes_paint_nothing(void **state)
{
    (void)state;
    struct duet_error e;
    uint64_t seed = 1;
    struct outputs *o = malloc(sizeof *o);
    assert_non_null(o);
    static uint8_t heat[HEIGHT * WIDTH * MAPS];
    const struct duet_heat maps = {HEIGHT, WIDTH, INPUT_HEIGHT, INPUT_WIDTH, categories, MAPS};
    fill(o, &seed);
    for (int m = 0; m < DUET_SSDLITE_MAPS; m++)
        for (int i = 0; i < anchors_of(m); i++) {
            o->boxes[m][4 * i + (i & 1)] = i % 3 ? NAN : -1e30f; /* nowhere, or far off */
            o->boxes[m][4 * i + 2] = o->boxes[m][4 * i + 3] = i % 5 ? 0 : -INFINITY;
        }
    struct duet_ssdlite_decoder *decoder = make_decoder(o);
    assert_ok(duet_heat_paint(&maps, decoder, o->maps, heat, &e), e);
    for (size_t i = 0; i < sizeof heat; i++) assert_int_equal(heat[i], 0);
    o->maps[2].height++;
    assert_fails(DUET_BAD_ARGUMENT, duet_heat_paint(&maps, decoder, o->maps, heat, &e), e);
    duet_ssdlite_decoder_close(&decoder);
    free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_are_those_of_the_definition),
        cmocka_unit_test(boxes_that_are_no_boxes_paint_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
