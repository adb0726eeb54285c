#include "support/random_weights.h"

#include "deeplabv3/class_map.h"

#define CLASSES 5

/* Logit of class c at map position (y, x), plainly. */
static double logit_at(const struct logit_map *map, double y, double x, size_t c)
{
    if (map->mirrored) x = (double)(map->width - 1) - x;
    size_t y0 = (size_t)y, x0 = (size_t)x;
    size_t y1 = y0 + 1 < map->height ? y0 + 1 : y0, x1 = x0 + 1 < map->width ? x0 + 1 : x0;
    double fy = y - (double)y0, fx = x - (double)x0;
    const float *l = map->logits;
    double tl = l[(y0 * map->width + x0) * map->classes + c],
           tr = l[(y0 * map->width + x1) * map->classes + c];
    double bl = l[(y1 * map->width + x0) * map->classes + c],
           br = l[(y1 * map->width + x1) * map->classes + c];
    double top = tl + (tr - tl) * fx, bottom = bl + (br - bl) * fx;
    return top + (bottom - top) * fy;
}

static void check_map(struct logit_map map, size_t input_h, size_t input_w, size_t height, size_t width)
{
    struct map_tap *rows = calloc(height, sizeof *rows), *columns = calloc(width, sizeof *columns);
    float *scratch = calloc(duet_map_scratch(&map, width), sizeof *scratch), *p = calloc(width, sizeof *p);
    float *sums = calloc(width * map.classes, sizeof *sums);
    uint8_t *classes = calloc(width, 1);
    duet_map_taps(height, 1, 0, (float)(input_h - 1), map.height, rows);
    duet_map_taps(width, 1, 0, (float)(input_w - 1), map.width, columns);
    for (size_t y = 0; y < height; y++) {
        duet_map_argmax_row(&map, rows[y], columns, width, scratch, classes, p);
        memset(sums, 0, width * map.classes * sizeof *sums);
        duet_map_softmax_row(&map, rows[y], columns, width, scratch, classes, sums);
        for (size_t x = 0; x < width; x++) {
            double logits[CLASSES] = {0}, total = 0, my = 0, mx = 0;
            if (input_h > 1) my = (double)y * (double)(map.height - 1) / (double)(input_h - 1);
            if (input_w > 1) mx = (double)x * (double)(map.width - 1) / (double)(input_w - 1);
            size_t best = 0;
            for (size_t c = 0; c < map.classes; c++) {
                logits[c] = logit_at(&map, my, mx, c);
                if (logits[c] > logits[best]) best = c;
            }
            for (size_t c = 0; c < map.classes; c++) total += exp(logits[c] - logits[best]);
            if (fabs(logits[classes[x]] - logits[best]) > 1e-4) /* a tie may go either way */
                fail_msg("pixel %zu,%zu: class %d, expected %zu", x, y, classes[x], best);
            assert_true(fabs((double)p[x] - 1 / total) < 1e-4);
            for (size_t c = 0; c < map.classes; c++)
                assert_true(fabs((double)sums[c * width + x] - exp(logits[c] - logits[best]) / total) < 1e-4);
        }
    }
    free(rows);
    free(columns);
    free(scratch);
    free(p);
    free(sums);
    free(classes);
}

static void class_maps_equal_plain_interpolation(void **state)
{
    (void)state;
    uint64_t seed = 3;
    static float logits[9 * 7 * CLASSES];
    for (size_t i = 0; i < sizeof logits / sizeof logits[0]; i++) logits[i] = 8 * random_weight(&seed);
    check_map((struct logit_map){logits, 9, 7, CLASSES, false, duet_upsample_scalar}, 129, 97, 129, 97);
    check_map((struct logit_map){logits, 9, 7, CLASSES, true, duet_upsample_scalar}, 129, 97, 100, 97);
    check_map((struct logit_map){logits, 1, 1, CLASSES, false, duet_upsample_scalar}, 16, 16, 16, 16);
    check_map((struct logit_map){logits, 1, 7, CLASSES, true, duet_upsample_scalar}, 1, 97, 1, 97);
    check_map((struct logit_map){logits, 3, 2, CLASSES, false, duet_upsample_scalar}, 40, 17, 3, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(class_maps_equal_plain_interpolation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
