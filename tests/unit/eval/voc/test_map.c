#include "support/testing.h"

#include "eval/voc/map.h"
#include "support/scratch_group.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define NEAR(a, b)   assert_true(fabs((a) - (b)) < 1e-12)

static struct duet_voc_map *open_map(const struct duet_voc_truth *truths, size_t truth_count,
                                     const struct duet_voc_detection *found, size_t found_count,
                                     size_t image_count)
{
    struct duet_voc_map *map;
    struct duet_error e;
    assert_ok(duet_voc_map_open(truths, truth_count, found, found_count, image_count, DUET_VOC_MAP_OVERLAP,
                                &map, &e),
              e);
    return map;
}

/* --- scores by hand ----------------------------------------------------------------------------------- */

static const struct duet_voc_truth truths[] = {
    {0, 1, 1, 1, 10, 10, false},  {0, 1, 21, 21, 30, 30, false}, {1, 1, 1, 1, 10, 10, false},
    {1, 1, 21, 21, 30, 30, true}, {2, 1, 1, 1, 10, 10, false},   {0, 2, 1, 1, 10, 10, true},
};

static void a_class_by_hand(void **state)
{
    (void)state;
    static const struct duet_voc_detection found[] = {
        {0, 1, 0.9, 1, 1, 10, 10},   /* right */
        {0, 1, 0.8, 1, 1, 10, 9},    /* its duplicate */
        {1, 1, 0.7, 21, 21, 30, 30}, /* difficult: left out */
        {1, 1, 0.6, 1, 1, 10, 10},   /* right */
        {2, 1, 0.5, 50, 50, 60, 60}, /* background */
        {0, 1, 0.4, 21, 21, 30, 30}, /* right */
        {0, 2, 0.9, 1, 1, 10, 10},   /* a class with nothing but difficult ones */
        {0, 3, 0.9, 1, 1, 10, 10},   /* a class that is not there */
    };
    struct duet_voc_map *map = open_map(truths, COUNT(truths), found, COUNT(found), 3);
    const struct duet_voc_class *c = duet_voc_map_class(map, 1);
    assert_int_equal(c->positives, 4);
    assert_int_equal(c->difficult, 1);
    assert_int_equal(c->found, 6);
    assert_int_equal(c->right, 3);
    assert_int_equal(c->background, 1);
    assert_int_equal(c->duplicates, 1);
    NEAR(c->recall, 0.75);
    double recall[6], precision[6];
    static const double want_recall[] = {0.25, 0.25, 0.5, 0.5, 0.75},
                        want_precision[] = {1, 1. / 2, 2. / 3, 2. / 4, 3. / 5};
    assert_int_equal(duet_voc_map_curve(map, 1, recall, precision), 5);
    for (size_t i = 0; i < 5; i++) {
        NEAR(recall[i], want_recall[i]);
        NEAR(precision[i], want_precision[i]);
    }
    /* Monotone: 1 up to recall .25, 2/3 up to .5, .6 up to .75. */
    NEAR(c->ap.all_points, 0.25 * (1 + 2. / 3 + 0.6));
    NEAR(c->ap.eleven_points, (3 * 1 + 3 * (2. / 3) + 2 * 0.6) / 11);
    assert_true(isnan(duet_voc_map_class(map, 2)->ap.all_points));
    assert_int_equal(duet_voc_map_class(map, 2)->difficult, 1);
    assert_true(isnan(duet_voc_map_class(map, 3)->ap.eleven_points));
    assert_int_equal(duet_voc_map_class(map, 3)->background, 1);
    struct duet_voc_ap mean = duet_voc_map_mean(map);
    assert_true(mean.all_points == c->ap.all_points && mean.eleven_points == c->ap.eleven_points);
    duet_voc_map_close(&map);
    assert_null(map);
    duet_voc_map_close(&map);
    duet_voc_map_close(NULL);
}

static void nothing_found_scores_zero(void **state)
{
    (void)state;
    struct duet_voc_map *map = open_map(truths, COUNT(truths), NULL, 0, 3);
    assert_true(duet_voc_map_class(map, 1)->ap.all_points == 0);
    assert_true(duet_voc_map_class(map, 1)->ap.eleven_points == 0);
    assert_true(duet_voc_map_class(map, 1)->recall == 0);
    duet_voc_map_close(&map);
    map = open_map(NULL, 0, NULL, 0, 0);
    assert_true(isnan(duet_voc_map_mean(map).all_points));
    duet_voc_map_close(&map);
}

static void pixels_are_counted_with_both_ends(void **state)
{
    (void)state;
    /* 10x10 pixels against 10x5: overlap .5 exactly, and found. With 10x5 less one row it is not. */
    static const struct duet_voc_truth one[] = {{0, 5, 1, 1, 10, 10, false}};
    static const struct duet_voc_detection half[] = {{0, 5, 1, 1, 1, 10, 5}},
                                           less[] = {{0, 5, 1, 1, 1, 10, 4}};
    struct duet_voc_map *map = open_map(one, 1, half, 1, 1);
    assert_int_equal(duet_voc_map_class(map, 5)->right, 1);
    duet_voc_map_close(&map);
    map = open_map(one, 1, less, 1, 1);
    assert_int_equal(duet_voc_map_class(map, 5)->right, 0);
    duet_voc_map_close(&map);
    struct duet_error e;
    assert_ok(duet_voc_map_open(one, 1, less, 1, 1, 0.4, &map, &e), e);
    assert_int_equal(duet_voc_map_class(map, 5)->right, 1);
    duet_voc_map_close(&map);
}

static void only_the_nearest_truth_is_looked_at(void **state)
{
    (void)state;
    /* Both detections overlap the first more; the second truth would fit the second detection too. */
    static const struct duet_voc_truth two[] = {{0, 1, 1, 1, 10, 10, false}, {0, 1, 1, 2, 10, 11, false}};
    static const struct duet_voc_detection both[] = {{0, 1, 0.9, 1, 1, 10, 10}, {0, 1, 0.8, 1, 1, 10, 10}};
    struct duet_voc_map *map = open_map(two, 2, both, 2, 1);
    assert_int_equal(duet_voc_map_class(map, 1)->right, 1);
    assert_int_equal(duet_voc_map_class(map, 1)->duplicates, 1);
    duet_voc_map_close(&map);
    /* Equal overlaps: the first one; being difficult, it leaves the detection out. */
    static const struct duet_voc_truth tie[] = {{0, 1, 1, 1, 10, 10, true}, {0, 1, 1, 1, 10, 10, false}};
    map = open_map(tie, 2, both, 2, 1);
    assert_int_equal(duet_voc_map_class(map, 1)->right + duet_voc_map_class(map, 1)->duplicates, 0);
    duet_voc_map_close(&map);
}

static void equal_scores_keep_their_order(void **state)
{
    (void)state;
    static const struct duet_voc_truth one[] = {{0, 1, 1, 1, 10, 10, false}};
    static const struct duet_voc_detection first[] = {{0, 1, 0.5, 1, 1, 10, 10}, {0, 1, 0.5, 40, 40, 50, 50}},
                                           last[] = {{0, 1, 0.5, 40, 40, 50, 50}, {0, 1, 0.5, 1, 1, 10, 10}};
    struct duet_voc_map *map = open_map(one, 1, first, 2, 1);
    NEAR(duet_voc_map_class(map, 1)->ap.all_points, 1);
    duet_voc_map_close(&map);
    map = open_map(one, 1, last, 2, 1);
    NEAR(duet_voc_map_class(map, 1)->ap.all_points, 0.5);
    duet_voc_map_close(&map);
}

/* The kit's own recalls are 0:0.1:1, of which the fourth is not .3 but the next double: a recall of .3 does
 * not reach it. All others are what they seem. */
static void recalls_that_are_tenths_are_reached_as_in_the_kit(void **state)
{
    (void)state;
    struct duet_voc_truth ten[10];
    struct duet_voc_detection found[10];
    for (size_t i = 0; i < 10; i++) {
        ten[i] = (struct duet_voc_truth){i, 1, 1, 1, 10, 10, false};
        found[i] = (struct duet_voc_detection){i, 1, 1, 1, 1, 10, 10};
    }
    static const int reached[] = {1, 2, 3, 3, 5, 6, 7, 8, 9, 10, 11}; /* of the eleven, with so many right */
    for (size_t right = 0; right <= 10; right++) {
        struct duet_voc_map *map = open_map(ten, 10, found, right, 10);
        if (right > 0) NEAR(duet_voc_map_class(map, 1)->ap.eleven_points, reached[right] / 11.0);
        duet_voc_map_close(&map);
    }
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct duet_voc_truth t = truths[0];
    struct duet_voc_detection d = {0, 1, 0.5, 1, 1, 10, 10};
    struct duet_voc_map *map;
    struct duet_error e;
    static const double overlaps[] = {0, 1.5, NAN};
    for (size_t i = 0; i < sizeof overlaps / sizeof overlaps[0]; i++)
        assert_fails(DUET_BAD_ARGUMENT, duet_voc_map_open(&t, 1, &d, 1, 1, overlaps[i], &map, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_voc_map_open(&t, 1, &d, 1, 0, DUET_VOC_MAP_OVERLAP, &map, &e), e);
    d.class_id = 0;
    assert_fails(DUET_BAD_ARGUMENT, duet_voc_map_open(&t, 1, &d, 1, 1, DUET_VOC_MAP_OVERLAP, &map, &e), e);
    d.class_id = 21;
    assert_fails(DUET_BAD_ARGUMENT, duet_voc_map_open(&t, 1, &d, 1, 1, DUET_VOC_MAP_OVERLAP, &map, &e), e);
    d.class_id = 1, d.score = NAN;
    assert_fails(DUET_BAD_ARGUMENT, duet_voc_map_open(&t, 1, &d, 1, 1, DUET_VOC_MAP_OVERLAP, &map, &e), e);
    d.score = 1, t.xmax = INFINITY;
    assert_fails(DUET_BAD_ARGUMENT, duet_voc_map_open(&t, 1, &d, 1, 1, DUET_VOC_MAP_OVERLAP, &map, &e), e);
    assert_null(map);
    /* A box without a pixel matches nothing, whatever its corners say. */
    t = truths[0];
    d.xmax = d.xmin - 1;
    map = open_map(&t, 1, &d, 1, 1);
    assert_int_equal(duet_voc_map_class(map, 1)->background, 1);
    duet_voc_map_close(&map);
}

/* --- against the plain way ---------------------------------------------------------------------------- */

static uint32_t random_state = 99;

static int random_below(int n)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (int)((random_state >> 8) % (uint32_t)n);
}

enum { IMAGES = 12, TRUTHS = 60, FOUND = 200 };

/* VOCevaldet, line by line; detections of one class, no two scores alike. */
static struct duet_voc_ap plain(const struct duet_voc_truth *t, const struct duet_voc_detection *d)
{
    bool det[TRUTHS] = {false}, done[FOUND] = {false};
    double rec[FOUND + 2], prec[FOUND + 2];
    double npos = 0, tp = 0, fp = 0;
    int n = 0;
    for (int j = 0; j < TRUTHS; j++) npos += !t[j].difficult;
    for (int k = 0; k < FOUND; k++) {
        int best = -1, jmax = -1;
        double ovmax = -INFINITY;
        for (int i = 0; i < FOUND; i++)
            if (!done[i] && (best < 0 || d[i].score > d[best].score)) best = i;
        done[best] = true;
        for (int j = 0; j < TRUTHS; j++) {
            if (t[j].image != d[best].image) continue;
            double iw = fmin(d[best].xmax, t[j].xmax) - fmax(d[best].xmin, t[j].xmin) + 1;
            double ih = fmin(d[best].ymax, t[j].ymax) - fmax(d[best].ymin, t[j].ymin) + 1;
            if (iw <= 0 || ih <= 0) continue;
            double ua = (d[best].xmax - d[best].xmin + 1) * (d[best].ymax - d[best].ymin + 1) +
                        (t[j].xmax - t[j].xmin + 1) * (t[j].ymax - t[j].ymin + 1) - iw * ih;
            if (iw * ih / ua > ovmax) ovmax = iw * ih / ua, jmax = j;
        }
        if (ovmax >= 0.5 && t[jmax].difficult) continue;
        if (ovmax >= 0.5 && !det[jmax])
            tp++, det[jmax] = true;
        else
            fp++;
        rec[n] = tp / npos;
        prec[n++] = tp / (fp + tp);
    }
    struct duet_voc_ap ap = {0, 0};
    for (int i = 0; i <= 10; i++) {
        double most = 0;
        for (int k = 0; k < n; k++)
            if (rec[k] >= (i < 6 ? i * 0.1 : 1 - (10 - i) * 0.1) && prec[k] > most) most = prec[k];
        ap.eleven_points += most / 11;
    }
    for (int i = 0; i < n; i++) {
        double most = 0;
        for (int k = i; k < n; k++) most = fmax(most, prec[k]);
        ap.all_points += (rec[i] - (i ? rec[i - 1] : 0)) * most;
    }
    return ap;
}

static void random_boxes_score_as_the_plain_way_says(void **state)
{
    (void)state;
    for (int round = 0; round < 100; round++) {
        static struct duet_voc_truth t[TRUTHS];
        static struct duet_voc_detection d[FOUND];
        for (int i = 0; i < TRUTHS; i++) {
            double x = random_below(40), y = random_below(40);
            t[i] = (struct duet_voc_truth){
                (size_t)random_below(IMAGES), 7, x, y, x + 5 + random_below(20), y + 5 + random_below(20),
                random_below(5) == 0};
        }
        for (int i = 0; i < FOUND; i++) {
            const struct duet_voc_truth *near = &t[random_below(TRUTHS)];
            d[i] = (struct duet_voc_detection){near->image,
                                               7,
                                               (i * 83) % FOUND + 0.5,
                                               near->xmin + random_below(7) - 3,
                                               near->ymin + random_below(7) - 3,
                                               near->xmax + random_below(7) - 3,
                                               near->ymax + random_below(7) - 3};
        }
        struct duet_voc_map *map = open_map(t, TRUTHS, d, FOUND, IMAGES);
        struct duet_voc_ap got = duet_voc_map_class(map, 7)->ap, want = plain(t, d);
        if (fabs(got.all_points - want.all_points) > 1e-12 ||
            fabs(got.eleven_points - want.eleven_points) > 1e-12)
            fail_msg("round %d: %.15g and %.15g, expected %.15g and %.15g", round, got.all_points,
                     got.eleven_points, want.all_points, want.eleven_points);
        duet_voc_map_close(&map);
    }
}

static void intervals_hold_the_score(void **state)
{
    (void)state;
    struct duet_voc_truth t[50];
    struct duet_voc_detection d[25];
    struct duet_voc_map_intervals a, b;
    struct duet_error e;
    for (size_t i = 0; i < 50; i++) t[i] = (struct duet_voc_truth){i, 1, 1, 1, 10, 10, false};
    for (size_t i = 0; i < 25; i++) d[i] = (struct duet_voc_detection){i * 2, 1, 1, 1, 1, 10, 10};
    struct duet_voc_map *map = open_map(t, 50, d, 25, 50);
    NEAR(duet_voc_map_mean(map).all_points, 0.5);
    /* AP is the recall here: the mean of 50 replicates of 0 or 1, standard deviation .0707. */
    assert_ok(duet_voc_map_bootstrap(map, 2000, 3, &a, &e), e);
    assert_true(fabs(a.all_points[0].low - 0.36) < 0.021 && fabs(a.all_points[0].high - 0.64) < 0.021);
    assert_true(a.all_points[1].low == a.all_points[0].low && isnan(a.all_points[2].low));
    assert_true(a.eleven_points[0].low < 0.5 && a.eleven_points[0].high > 0.5);
    assert_ok(duet_voc_map_bootstrap(map, 2000, 3, &b, &e), e);
    assert_true(a.all_points[0].low == b.all_points[0].low);
    assert_fails(DUET_BAD_ARGUMENT, duet_voc_map_bootstrap(map, 0, 3, &a, &e), e);
    duet_voc_map_close(&map);
}

/* --- reading ------------------------------------------------------------------------------------------ */

static struct duet_voc_list *open_ids(const char *ids)
{
    struct duet_voc_list *list;
    struct duet_error e;
    scratch_write(&scratch, "ids", ids, strlen(ids));
    assert_ok(duet_voc_list_open("", DUET_VOC_MAIN, scratch.path, &list, &e), e);
    return list;
}

static void write_file(const char *name, const char *text)
{
    scratch_write(&scratch, name, text, strlen(text));
}

static void a_folder_is_read(void **state)
{
    (void)state;
    struct duet_voc_list *list = open_ids("2007_000032\n2007_000039\n");
    struct duet_voc_results r;
    struct duet_error e;
    assert_int_equal(mkdir(scratch_path(&scratch, "found"), 0777), 0);
    write_file("found/comp4_det_test_airplane.txt",
               "2007_000039 0.9 1 2 3.5 4\r\n\n2007_000001 1 1 1 2 2\n  2007_000032\t1e-3 5 5 3 5");
    write_file("found/comp4_det_val_dining_table.txt", "2007_000032 0.5 1 1 2 2\n");
    write_file("found/comp4_det_test_zebra.txt", "not looked at");
    write_file("found/comp4_det_test_background.txt", "not looked at");
    write_file("found/notes.txt", "not looked at");
    write_file("found/comp4.txt", "not looked at");
    assert_ok(duet_voc_results_open(scratch_path(&scratch, "found"), list, &r, &e), e);
    assert_int_equal(r.count, 3);
    assert_int_equal(r.files, 2);
    assert_int_equal(r.strangers, 1);
    assert_string_equal(r.stranger, "2007_000001");
    assert_int_equal(r.empty, 1);
    const struct duet_voc_detection *d = r.items;
    assert_true(d[0].image == 1 && d[0].class_id == 1 && d[0].score == 0.9 && d[0].xmin == 1 &&
                d[0].ymin == 2 && d[0].xmax == 3.5 && d[0].ymax == 4);
    assert_true(d[1].image == 0 && d[1].score == 0.001);
    assert_int_equal(d[2].class_id, 11);
    duet_voc_results_close(&r);
    duet_voc_results_close(&r);
    duet_voc_results_close(NULL);

    write_file("found/comp4_det_test_aeroplane.txt", "");
    assert_fails(DUET_MISMATCH, duet_voc_results_open(scratch_path(&scratch, "found"), list, &r, &e), e);
    assert_non_null(strstr(e.text, "a second file of the class aeroplane"));
    assert_null(r.items);
    unlink(scratch_path(&scratch, "found/comp4_det_test_aeroplane.txt"));
    duet_voc_list_close(&list);
}

static void bad_lines_are_named(void **state)
{
    (void)state;
    struct duet_voc_list *list = open_ids("a\n");
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"a 1 2 3 4\n", "line 1: 5 fields: expected 'id score xmin ymin xmax ymax'"},
        {"a 1 2 3 4 5\na 1 2 3 4 5 6\n", "line 2: 7 fields: expected 'id score xmin ymin xmax ymax'"},
        {"a nan 2 3 4 5\n", "line 1: 'nan': expected a number"},
        {"a 0.5 2 3 4 1e999\n", "line 1: '1e999': expected a number"},
        {"a 0,5 2 3 4 5\n", "line 1: '0,5': expected a number"},
    };
    scratch_delete(scratch_path(&scratch, "bad"));
    assert_int_equal(mkdir(scratch_path(&scratch, "bad"), 0777), 0);
    struct duet_voc_results r;
    struct duet_error e;
    assert_fails(DUET_NOT_FOUND, duet_voc_results_open(scratch_path(&scratch, "bad"), list, &r, &e), e);
    for (size_t i = 0; i < COUNT(bad); i++) {
        write_file("bad/comp3_det_x_cat.txt", bad[i].text);
        assert_fails(DUET_BAD_FORMAT, duet_voc_results_open(scratch_path(&scratch, "bad"), list, &r, &e), e);
        char *whole = duet_text("%s/bad/comp3_det_x_cat.txt: %s", scratch.folder, bad[i].words);
        assert_string_equal(e.text, whole);
        assert_null(r.items);
        free(whole);
    }
    duet_voc_list_close(&list);
}

static void coco_results_are_read(void **state)
{
    (void)state;
    struct duet_voc_list *list = open_ids("2007_000032\nb\n2007_000039\n");
    struct duet_voc_results r;
    struct duet_error e;
    write_file("r.json", "[{\"image_id\":39,\"category_id\":5,\"bbox\":[0,1,10,20],\"score\":0.5},\n"
                         "{\"image_id\":32,\"category_id\":22,\"bbox\":[0,1,10,20],\"score\":0.5},\n"
                         "{\"image_id\":7,\"category_id\":63,\"bbox\":[0,1,10,20],\"score\":0.5},\n"
                         "{\"image_id\":7,\"category_id\":-3,\"bbox\":[0,1,10,20],\"score\":0.5},\n"
                         "{\"image_id\":32,\"category_id\":63,\"bbox\":[5,5,-1,3],\"score\":0.25}]");
    assert_ok(duet_voc_results_open(scratch_path(&scratch, "r.json"), list, &r, &e), e);
    assert_int_equal(r.count, 2);
    const struct duet_voc_detection *d = r.items;
    assert_true(d[0].image == 2 && d[0].class_id == 1 && d[0].xmin == 1 && d[0].ymin == 2 &&
                d[0].xmax == 10 && d[0].ymax == 21);
    assert_true(d[1].image == 0 && d[1].class_id == 18 && d[1].score == 0.25);
    assert_int_equal(r.strangers, 1);
    assert_string_equal(r.stranger, "7");
    assert_int_equal(r.empty, 1);
    duet_voc_results_close(&r);
    duet_voc_list_close(&list);

    write_file("r.json", "[{\"image_id\":39,\"category_id\":5,\"bbox\":[0,1,10,20],\"score\":1e999}]");
    list = open_ids("2007_000032\n2008_000032\n");
    assert_fails(DUET_BAD_FORMAT, duet_voc_results_open(scratch_path(&scratch, "r.json"), list, &r, &e), e);
    write_file("r.json", "[]");
    assert_fails(DUET_MISMATCH, duet_voc_results_open(scratch_path(&scratch, "r.json"), list, &r, &e), e);
    assert_non_null(strstr(e.text, "the image id 32 stands for both 2007_000032 and 2008_000032"));
    assert_fails(DUET_NOT_FOUND, duet_voc_results_open(scratch_path(&scratch, "none"), list, &r, &e), e);
    duet_voc_list_close(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_class_by_hand),
        cmocka_unit_test(nothing_found_scores_zero),
        cmocka_unit_test(pixels_are_counted_with_both_ends),
        cmocka_unit_test(only_the_nearest_truth_is_looked_at),
        cmocka_unit_test(equal_scores_keep_their_order),
        cmocka_unit_test(recalls_that_are_tenths_are_reached_as_in_the_kit),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(random_boxes_score_as_the_plain_way_says),
        cmocka_unit_test(intervals_hold_the_score),
        cmocka_unit_test(a_folder_is_read),
        cmocka_unit_test(bad_lines_are_named),
        cmocka_unit_test(coco_results_are_read),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
