/* Masks as runs, against bitmaps. */
#include "support/testing.h"

#include "data/coco/rle.h"

#include <math.h>

/* --- bitmaps -------------------------------------------------------------------------------------------- */

enum { MAX_SIDE = 40 };

struct bitmap {
    int height, width;
    bool at[MAX_SIDE][MAX_SIDE]; /* [column][row] */
};

static uint32_t seed = 1;

static int pick(int count)
{
    seed = seed * 1664525u + 1013904223u;
    return (int)((seed >> 8) % (uint32_t)count);
}

static void random_bitmap(struct bitmap *bitmap, int height, int width)
{
    bool value = pick(2);
    bitmap->height = height;
    bitmap->width = width;
    for (int i = 0, left = pick(9); i < height * width; i++) {
        if (left-- == 0) {
            value = !value;
            left = pick(pick(4) ? 9 : 60);
        }
        bitmap->at[i / height][i % height] = value;
    }
}

static bool pixel(const struct bitmap *bitmap, int i)
{
    return bitmap->at[i / bitmap->height][i % bitmap->height];
}

static int pixels(const struct bitmap *bitmap)
{
    return bitmap->height * bitmap->width;
}

/* The compressed text of a bitmap; terminated. */
static size_t text_of(const struct bitmap *bitmap, char *text)
{
    uint32_t counts[MAX_SIDE * MAX_SIDE + 2];
    size_t runs = 0, length = 0;
    bool value = false;
    counts[0] = 0;
    for (int i = 0; i < pixels(bitmap); i++) {
        if (pixel(bitmap, i) != value) {
            value = !value;
            counts[++runs] = 0;
        }
        counts[runs]++;
    }
    for (size_t i = 0; i <= runs; i++)
        length += (size_t)duet_rle_put_count(counts[i], i > 2 ? counts[i - 2] : 0, text + length);
    text[length] = '\0';
    return length;
}

static void make_runs(struct duet_rle *rle, const struct bitmap *bitmap)
{
    char text[MAX_SIDE * MAX_SIDE * 4];
    size_t length = text_of(bitmap, text);
    uint32_t height = (uint32_t)bitmap->height, width = (uint32_t)bitmap->width;
    const char *fault = duet_rle_text_fault(text, length, height, width);
    if (fault) fail_msg("%s: %s", text, fault);
    assert_true(duet_rle_from_text(rle, text, length, height, width));
}

static void same(const struct duet_rle *rle, const struct bitmap *bitmap)
{
    assert_int_equal(rle->height, bitmap->height);
    assert_int_equal(rle->width, bitmap->width);
    int at = 0;
    for (size_t i = 0; i < rle->count; i++)
        for (uint32_t k = 0; k < rle->counts[i]; k++, at++) {
            assert_true(at < pixels(bitmap));
            if (pixel(bitmap, at) != i % 2)
                fail_msg("column %d, row %d: got %d", at / bitmap->height, at % bitmap->height, (int)(i % 2));
        }
    assert_int_equal(at, pixels(bitmap));
}

/* --- runs ----------------------------------------------------------------------------------------------- */

/* The picture that rle.h shows, and a value that is nowhere in it. */
static void runs_are_those_of_a_picture(void **state)
{
    (void)state;
    uint8_t pixels[] = {0, 7, 0, 0, 7, 7, 0, 0, 9};
    const struct duet_image image = {
        .width = 3, .height = 3, .stride = 3, .format = DUET_GRAY8, .pixels = pixels};
    static const uint32_t counts[] = {3, 2, 2, 1, 1};
    struct duet_rle rle = {0};
    assert_true(duet_rle_from_pixels(&rle, &image, 7));
    assert_int_equal(rle.count, 5);
    assert_memory_equal(rle.counts, counts, sizeof counts);
    assert_true(duet_rle_from_pixels(&rle, &image, 8));
    assert_true(rle.count == 1 && rle.counts[0] == 9 && rle.height == 3 && rle.width == 3);
    duet_rle_close(&rle);
}

static void the_compressed_text_is_coco_s(void **state)
{
    (void)state;
    /* 7 pixels of 0, 3, 2, 3, 1: "7" "3" "2", then 3-3 and 1-2 = -1 */
    struct duet_rle rle = {0};
    const char *text = "7320O";
    assert_null(duet_rle_text_fault(text, 5, 4, 4));
    assert_true(duet_rle_from_text(&rle, text, 5, 4, 4));
    static const uint32_t want[] = {7, 3, 2, 3, 1};
    assert_int_equal(rle.count, 5);
    assert_memory_equal(rle.counts, want, sizeof want);
    char out[DUET_RLE_TEXT_MAX];
    assert_int_equal(duet_rle_put_count(1000, 0, out), 3); /* 8 and 31, whose highest bit is no sign */
    assert_memory_equal(out, "Xo0", 3);
    assert_int_equal(duet_rle_put_count(16, 0, out), 2); /* 5 bits with a sign hold -16..15 */
    assert_memory_equal(out, "`0", 2);
    assert_int_equal(duet_rle_put_count(0, 17, out), 2);
    assert_memory_equal(out, "_O", 2);
    duet_rle_close(&rle);
}

static void what_is_no_mask_is_told(void **state)
{
    (void)state;
    assert_non_null(duet_rle_text_fault("", 0, 4, 4));
    assert_null(duet_rle_text_fault("", 0, 0, 9));
    assert_non_null(duet_rle_text_fault("7", 1, 4, 4));     /* too few pixels */
    assert_non_null(duet_rle_text_fault("73204", 5, 4, 4)); /* too many */
    assert_non_null(duet_rle_text_fault("732/", 4, 4, 4));  /* below '0' */
    assert_non_null(duet_rle_text_fault("732p", 4, 4, 4));  /* above the 6 bits */
    assert_non_null(duet_rle_text_fault("732\xff", 4, 4, 4));
    assert_non_null(duet_rle_text_fault("732P", 4, 4, 4)); /* unfinished */
    assert_non_null(duet_rle_text_fault("O", 1, 4, 4));    /* -1 pixels */
    assert_non_null(duet_rle_text_fault("732M", 4, 4, 4)); /* 3 - 3 */
    assert_non_null(duet_rle_text_fault("PPPPPPPPPPPP0", 13, 4, 4));
    assert_true(duet_rle_good_size(65535, 16384));
    assert_false(duet_rle_good_size(65536, 1));
    assert_false(duet_rle_good_size(1, -1));
    assert_false(duet_rle_good_size(65535, 65535));
}

static void runs_agree_with_bitmaps(void **state)
{
    (void)state;
    struct duet_rle a = {0}, b = {0}, both = {0};
    for (int round = 0; round < 2000; round++) {
        static struct bitmap x, y, either;
        int height = 1 + pick(MAX_SIDE - 1), width = 1 + pick(MAX_SIDE - 1);
        random_bitmap(&x, height, width);
        random_bitmap(&y, height, width);
        either = x;
        make_runs(&a, &x);
        make_runs(&b, &y);
        same(&a, &x);
        uint64_t area = 0, common = 0;
        int left = width, right = -1, top = height, bottom = -1;
        for (int i = 0; i < height * width; i++) {
            int c = i / height, r = i % height;
            either.at[c][r] |= y.at[c][r];
            common += pixel(&x, i) && pixel(&y, i);
            if (!pixel(&x, i)) continue;
            area++;
            left = c < left ? c : left;
            right = c;
            top = r < top ? r : top;
            bottom = r > bottom ? r : bottom;
        }
        assert_int_equal(duet_rle_area(&a), area);
        assert_int_equal(duet_rle_intersection(&a, &b), common);
        assert_true(duet_rle_union(&both, &a, &b));
        same(&both, &either);
        double box[4];
        duet_rle_box(&a, box);
        if (area == 0) left = top = 0, right = bottom = -1;
        assert_true(box[0] == left && box[1] == top && box[2] == right - left + 1 &&
                    box[3] == bottom - top + 1);
    }
    duet_rle_close(&a);
    duet_rle_close(&b);
    duet_rle_close(&both);
}

static void masks_may_be_empty(void **state)
{
    (void)state;
    struct duet_rle empty = {0}, flat = {0};
    double box[4] = {1, 1, 1, 1};
    assert_true(duet_rle_empty(&empty, 3, 5));
    assert_int_equal(duet_rle_area(&empty), 0);
    duet_rle_box(&empty, box);
    assert_true(box[0] == 0 && box[1] == 0 && box[2] == 0 && box[3] == 0);
    assert_true(duet_rle_empty(&flat, 0, 5));
    assert_int_equal(duet_rle_intersection(&flat, &flat), 0);
    duet_rle_box(&flat, box);
    duet_rle_close(&empty);
    duet_rle_close(&flat);
    duet_rle_close(&flat);
}

/* --- polygons ------------------------------------------------------------------------------------------- */

/* The slow way: every step of every side on the grid 5 times as fine, as COCO's tools walk it; where a step
 * goes from 5c + 2 to 5c + 3 or back, all pixels from there on change. */
struct walker {
    struct bitmap *bitmap;
    bool begun;
    int u, v;
};

static void flip_from(struct bitmap *bitmap, int from)
{
    for (int i = from; i < pixels(bitmap); i++) bitmap->at[i / bitmap->height][i % bitmap->height] ^= true;
}

static void step(struct walker *walker, int u, int v)
{
    int low = walker->u < u ? walker->u : u, upper = walker->v < v ? walker->v : v;
    if (walker->begun && walker->u != u) {
        double x = (low + .5) / 5 - .5, y = (upper + .5) / 5 - .5;
        y = ceil(y < 0 ? 0 : y > walker->bitmap->height ? walker->bitmap->height : y);
        if (floor(x) == x && x >= 0 && x < walker->bitmap->width)
            flip_from(walker->bitmap, (int)x * walker->bitmap->height + (int)y);
    }
    *walker = (struct walker){walker->bitmap, true, u, v};
}

static void walk_side(struct walker *walker, int x0, int y0, int x1, int y1)
{
    int dx = abs(x1 - x0), dy = abs(y1 - y0), steps = dx > dy ? dx : dy;
    bool flat = dx >= dy, back = flat ? x0 > x1 : y0 > y1;
    for (int i = 0; i <= steps; i++) {
        int t = back ? steps - i : i, bx = back ? x1 : x0, by = back ? y1 : y0;
        int ex = back ? x0 : x1, ey = back ? y0 : y1;
        double slope = steps == 0 ? 0 : (double)(flat ? ey - by : ex - bx) / steps;
        if (flat)
            step(walker, bx + t, (int)(by + slope * t + .5));
        else
            step(walker, (int)(bx + slope * t + .5), by + t);
    }
}

static void walk_polygon(struct bitmap *bitmap, const double *xy, int points, int height, int width)
{
    struct walker walker = {.bitmap = bitmap};
    memset(bitmap, 0, sizeof *bitmap);
    bitmap->height = height;
    bitmap->width = width;
    for (int i = 0; i < points; i++) {
        const double *a = xy + 2 * i, *b = xy + 2 * ((i + 1) % points);
        walk_side(&walker, (int)(5 * a[0] + .5), (int)(5 * a[1] + .5), (int)(5 * b[0] + .5),
                  (int)(5 * b[1] + .5));
    }
}

static void a_square_is_filled(void **state)
{
    (void)state;
    struct duet_rle rle = {0};
    struct duet_rle_scratch scratch = {0};
    struct duet_error e;
    static struct bitmap want;
    const double square[] = {2, 1, 6, 1, 6, 4, 2, 4};
    want = (struct bitmap){.height = 7, .width = 9};
    for (int c = 2; c < 6; c++)
        for (int r = 1; r < 4; r++) want.at[c][r] = true;
    assert_ok(duet_rle_from_polygon(&rle, square, 4, 7, 9, &scratch, &e), e);
    same(&rle, &want);
    assert_int_equal(duet_rle_area(&rle), 12);
    duet_rle_close(&rle);
    duet_rle_scratch_close(&scratch);
}

static void polygons_are_walked_as_coco_walks_them(void **state)
{
    (void)state;
    struct duet_rle rle = {0};
    struct duet_rle_scratch scratch = {0};
    for (int round = 0; round < 20000; round++) {
        static struct bitmap want;
        struct duet_error e;
        double xy[20];
        int points = 3 + pick(8), height = 1 + pick(MAX_SIDE - 1), width = 1 + pick(MAX_SIDE - 1);
        bool coarse = pick(3) == 0, far = pick(5) == 0; /* whole numbers; beyond the picture */
        for (int i = 0; i < 2 * points; i++) {
            int range = far ? 300 : 55, low = far ? 130 : 8;
            xy[i] = coarse ? pick(range) - low : pick(range * 100) / 100.0 - low;
            if (i > 1 && pick(6) == 0) xy[i] = xy[i - 2]; /* upright, level, the same point again */
        }
        walk_polygon(&want, xy, points, height, width);
        assert_ok(
            duet_rle_from_polygon(&rle, xy, (size_t)points, (uint32_t)height, (uint32_t)width, &scratch, &e),
            e);
        same(&rle, &want);
    }
    duet_rle_close(&rle);
    duet_rle_scratch_close(&scratch);
}

static void polygons_have_limits(void **state)
{
    (void)state;
    struct duet_rle rle = {0};
    struct duet_rle_scratch scratch = {0};
    struct duet_error e;
    const double far[] = {-1e7, -1e7, 1e7, -1e7, 1e7, 1e7, -1e7, 1e7};
    assert_ok(duet_rle_from_polygon(&rle, far, 4, 3, 4, &scratch, &e), e);
    assert_int_equal(duet_rle_area(&rle), 12);
    size_t points = 2000;
    double *xy = calloc(2 * points, sizeof *xy);
    assert_non_null(xy);
    for (size_t i = 0; i < points; i += 2) xy[2 * i] = 65535;
    assert_fails(DUET_TOO_LARGE, duet_rle_from_polygon(&rle, xy, points, 2, 65535, &scratch, &e), e);
    free(xy);
    duet_rle_close(&rle);
    duet_rle_scratch_close(&scratch);
}

static void boxes_overlap(void **state)
{
    (void)state;
    const double a[] = {0, 0, 4, 4}, b[] = {2, 2, 4, 4}, apart[] = {4, 0, 1, 1}, thin[] = {1, 1, 0, 2};
    const double inside_out[] = {3, 3, -2, -2};
    assert_true(duet_coco_overlap(a, b, false) == 4.0 / 28);
    assert_true(duet_coco_overlap(a, b, true) == 4.0 / 16);
    assert_true(duet_coco_overlap(a, a, false) == 1);
    assert_true(duet_coco_overlap(a, apart, false) == 0);
    assert_true(duet_coco_overlap(a, thin, false) == 0);
    assert_true(duet_coco_overlap(a, inside_out, false) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_are_those_of_a_picture),
        cmocka_unit_test(the_compressed_text_is_coco_s),
        cmocka_unit_test(what_is_no_mask_is_told),
        cmocka_unit_test(runs_agree_with_bitmaps),
        cmocka_unit_test(masks_may_be_empty),
        cmocka_unit_test(a_square_is_filled),
        cmocka_unit_test(polygons_are_walked_as_coco_walks_them),
        cmocka_unit_test(polygons_have_limits),
        cmocka_unit_test(boxes_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
