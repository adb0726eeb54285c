#include "support/random_weights.h"

#include "live/track.h"

#include <time.h>

#define MOST 500

static struct duet_tracker *make(struct duet_tracker_options options)
{
    struct duet_error e;
    struct duet_tracker *tracker;
    assert_ok(duet_tracker_create(&options, &tracker, &e), e);
    return tracker;
}

static struct duet_detection box_at(int category, float x, float y, float side)
{
    return (struct duet_detection){.category_id = category, .score = 0.9f, .box = {x, y, side, side}};
}

static const int *update(struct duet_tracker *tracker, int64_t frame, struct duet_detection *items,
                         size_t count)
{
    static int numbers[MOST];
    struct duet_error e;
    memset(numbers, 0x55, sizeof numbers);
    assert_ok(duet_tracker_update(tracker, frame, &(struct duet_detections){.items = items, .count = count},
                                  numbers, &e),
              e);
    return numbers;
}

static void a_moving_box_keeps_its_number(void **state)
{
    (void)state;
    struct duet_tracker *tracker = make((struct duet_tracker_options){0});
    for (int frame = 0; frame < 60; frame++) {
        /* 9 pixels a frame: after ten of them nothing of the first place is left */
        struct duet_detection items[] = {box_at(3, (float)frame * 9, 50, 40), box_at(3, 400, 50, 40),
                                         box_at(1, (float)frame * 9, 52, 40)};
        const int *numbers = update(tracker, frame, items, 3);
        for (int i = 0; i < 3 && (frame < 30 || frame > 50); i++)
            assert_int_equal(numbers[i], frame < 2 ? 0 : i + 1); /* three frames, then a number */
    }
    duet_tracker_close(&tracker);
    assert_null(tracker);
    duet_tracker_close(&tracker);
    duet_tracker_close(NULL);
}

/* Two of a class pass through each other; while they cover each other only one is found. */
static void crossing_boxes_keep_their_numbers(void **state)
{
    (void)state;
    for (int hide = 0; hide < 2; hide++) {
        struct duet_tracker *tracker = make((struct duet_tracker_options){0});
        for (int frame = 0; frame < 40; frame++) {
            float x = (float)frame * 10;
            struct duet_detection items[] = {box_at(1, x, 100, 60), box_at(1, 400 - x, 104, 60)};
            bool covered = hide && frame > 17 && frame < 23;
            const int *numbers = update(tracker, frame, items, covered ? 1 : 2);
            if (frame < 2 || (frame > 16 && frame < 24)) continue;
            assert_int_equal(numbers[0], 1);
            assert_int_equal(numbers[1], 2);
        }
        duet_tracker_close(&tracker);
    }
}

static int seen_after(struct duet_tracker_options options, int gap)
{
    struct duet_tracker *tracker = make(options);
    struct duet_detection item = box_at(2, 10, 10, 30);
    int64_t frame = 0;
    for (int i = 0; i < 5; i++) update(tracker, frame++, &item, 1);
    for (int i = 0; i < gap; i++) update(tracker, frame++, NULL, 0);
    int number = 0;
    for (int i = 0; i < 5 && number == 0; i++) number = update(tracker, frame++, &item, 1)[0];
    duet_tracker_close(&tracker);
    return number;
}

static void a_missed_box_is_remembered_for_a_while(void **state)
{
    (void)state;
    assert_int_equal(seen_after((struct duet_tracker_options){0}, 15), 1);
    assert_int_equal(seen_after((struct duet_tracker_options){0}, 16), 2); /* a new number, not the old one */
    assert_int_equal(seen_after((struct duet_tracker_options){.max_missed = 3}, 3), 1);
    assert_int_equal(seen_after((struct duet_tracker_options){.max_missed = 3}, 4), 2);
    assert_int_equal(seen_after((struct duet_tracker_options){.max_missed = -1}, 0), 1);
    assert_int_equal(seen_after((struct duet_tracker_options){.max_missed = -1}, 1), 2);
}

/* It goes on where it should be by then. */
static void a_hidden_box_moves_on(void **state)
{
    (void)state;
    struct duet_tracker *tracker = make((struct duet_tracker_options){0});
    for (int frame = 0; frame < 30; frame++) {
        struct duet_detection item = box_at(2, 12 * (float)frame, 10, 40);
        bool hidden = frame >= 10 && frame < 20;
        const int *numbers = update(tracker, frame, &item, hidden ? 0 : 1);
        if (frame >= 2 && !hidden) assert_int_equal(numbers[0], 1);
    }
    duet_tracker_close(&tracker);
}

static void flashes_get_no_number(void **state)
{
    (void)state;
    struct duet_tracker *tracker = make((struct duet_tracker_options){0});
    struct duet_detection item = box_at(2, 10, 10, 30);
    int64_t frame = 0;
    for (int i = 0; i < 20; i++) /* two frames in a row, one without */
        assert_int_equal(update(tracker, frame++, &item, i % 3 < 2)[0], i % 3 < 2 ? 0 : 0x55555555);
    duet_tracker_close(&tracker);
    tracker = make((struct duet_tracker_options){.min_frames = 1});
    assert_int_equal(update(tracker, 0, &item, 1)[0], 1);
    assert_int_equal(update(tracker, 1, &item, 1)[0], 1);
    duet_tracker_close(&tracker);
}

static void classes_do_not_mix(void **state)
{
    (void)state;
    struct duet_tracker *tracker = make((struct duet_tracker_options){.min_frames = 1});
    struct duet_detection cat = box_at(17, 10, 10, 30), dog = box_at(18, 10, 10, 30);
    assert_int_equal(update(tracker, 0, &cat, 1)[0], 1);
    assert_int_equal(update(tracker, 1, &dog, 1)[0], 2);
    assert_int_equal(update(tracker, 2, &cat, 1)[0], 1);
    duet_tracker_close(&tracker);
}

static void the_better_overlap_wins_whatever_the_order(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct duet_tracker *tracker = make((struct duet_tracker_options){.min_frames = 1});
        struct duet_detection item = box_at(5, 100, 100, 50);
        update(tracker, 0, &item, 1);
        struct duet_detection next[2];
        next[order] = box_at(5, 103, 100, 50);
        next[1 - order] = box_at(5, 112, 100, 50);
        const int *numbers = update(tracker, 1, next, 2);
        assert_int_equal(numbers[order], 1);
        assert_int_equal(numbers[1 - order], 2);
        duet_tracker_close(&tracker);
    }
}

static void seeks_and_resets_start_anew(void **state)
{
    (void)state;
    struct duet_tracker *tracker = make((struct duet_tracker_options){.min_frames = 1});
    struct duet_detection item = box_at(5, 100, 100, 50);
    assert_int_equal(update(tracker, 70, &item, 1)[0], 1);
    assert_int_equal(update(tracker, 75, &item, 1)[0], 1); /* every 5th frame */
    assert_int_equal(update(tracker, 20, &item, 1)[0], 2); /* back */
    assert_int_equal(update(tracker, 20, &item, 1)[0], 3); /* the same once more */
    duet_tracker_reset(tracker);
    assert_int_equal(update(tracker, 21, &item, 1)[0], 4);
    duet_tracker_close(&tracker);
}

/* Fast objects in every 5th frame only: speed is counted in frames. */
static void frames_may_be_left_out(void **state)
{
    (void)state;
    struct duet_tracker *tracker = make((struct duet_tracker_options){0});
    for (int frame = 0; frame < 200; frame += frame < 100 ? 2 : 5) {
        struct duet_detection item = box_at(2, 8 * (float)frame, 10, 40);
        const int *numbers = update(tracker, frame, &item, 1);
        if (frame >= 4) assert_int_equal(numbers[0], 1);
    }
    duet_tracker_close(&tracker);
}

/* A crowd on a lattice, each walking its own way and trembling; every tenth is not found. */
static void crowds_are_told_apart_fast(void **state)
{
    (void)state;
    struct duet_tracker *tracker = make((struct duet_tracker_options){0});
    static struct duet_detection items[MOST];
    static int who[MOST], number_of[MOST], owner[4 * MOST];
    uint64_t seed = 4;
    double seconds = 0;
    for (int frame = 0; frame < 100; frame++) {
        size_t count = 0;
        for (int i = 0; i < MOST; i++) {
            if ((i * 7 + frame * 3) % 10 == 0) continue;
            float x = (float)(i % 25) * 70 + (float)(frame * (i % 5)) * 0.1f, y = (float)(i / 25) * 70;
            who[count] = i;
            items[count++] = box_at(1, x + 2 * random_weight(&seed), y + 2 * random_weight(&seed), 50);
        }
        struct timespec a, b;
        clock_gettime(CLOCK_MONOTONIC, &a);
        const int *numbers = update(tracker, frame, items, count);
        clock_gettime(CLOCK_MONOTONIC, &b);
        seconds += (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
        for (size_t k = 0; k < count; k++) {
            int number = numbers[k];
            if (number == 0) continue;
            assert_in_range(number, 1, 4 * MOST - 1);
            if (owner[number] == 0) owner[number] = who[k] + 1;
            assert_int_equal(owner[number], who[k] + 1); /* never given twice */
            if (number_of[who[k]] == 0) number_of[who[k]] = number;
            assert_int_equal(number_of[who[k]], number);
        }
    }
    for (int i = 0; i < MOST; i++) assert_true(number_of[i] > 0);
    fprintf(stderr, "# %.2f ms a frame of %d boxes\n", seconds * 10, MOST * 9 / 10);
    assert_true(seconds < 5);
    duet_tracker_close(&tracker);
}

static void odd_boxes_do_no_harm(void **state)
{
    (void)state;
    struct duet_tracker *tracker = make((struct duet_tracker_options){.min_frames = 1});
    struct duet_detection items[] = {box_at(1, NAN, 0, 5), box_at(1, 0, 0, INFINITY), box_at(1, 0, 0, 0),
                                     box_at(1, 0, 0, -5), box_at(-9, 1e38f, -1e38f, 1e38f)};
    for (int frame = 0; frame < 4; frame++) update(tracker, frame, items, 5);
    update(tracker, INT64_MAX, items, 5);
    duet_tracker_close(&tracker);
}

/* The same boxes in every frame, all in one place. */
static void heaps_stay_sorted(void **state)
{
    (void)state;
    struct duet_tracker *tracker = make((struct duet_tracker_options){.min_frames = 1});
    static struct duet_detection items[200];
    for (int i = 0; i < 200; i++) items[i] = box_at(1, 50, 50, 20);
    for (int frame = 0; frame < 3; frame++) {
        const int *numbers = update(tracker, frame, items, 200);
        for (int i = 0; i < 200; i++) assert_int_equal(numbers[i], i + 1);
    }
    duet_tracker_close(&tracker);
}

static void bad_options_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    static const struct duet_tracker_options bad[] = {
        {.iou = -1}, {.iou = 1.5f}, {.iou = NAN}, {.min_frames = -1}, {.max_missed = -2}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct duet_tracker *tracker = (void *)1;
        assert_fails(DUET_BAD_ARGUMENT, duet_tracker_create(&bad[i], &tracker, &e), e);
        assert_null(tracker);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moving_box_keeps_its_number),
        cmocka_unit_test(crossing_boxes_keep_their_numbers),
        cmocka_unit_test(a_missed_box_is_remembered_for_a_while),
        cmocka_unit_test(a_hidden_box_moves_on),
        cmocka_unit_test(flashes_get_no_number),
        cmocka_unit_test(classes_do_not_mix),
        cmocka_unit_test(the_better_overlap_wins_whatever_the_order),
        cmocka_unit_test(seeks_and_resets_start_anew),
        cmocka_unit_test(frames_may_be_left_out),
        cmocka_unit_test(crowds_are_told_apart_fast),
        cmocka_unit_test(odd_boxes_do_no_harm),
        cmocka_unit_test(heaps_stay_sorted),
        cmocka_unit_test(bad_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
