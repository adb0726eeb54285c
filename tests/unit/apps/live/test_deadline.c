/* The controller on simulated machines, and the deadline with segmenters of a tiny model. */
#include "support/testing.h"
#include "support/tiny_model.h"

#include "live/model_scores.h"
#include "live/deadline.h"
#include "live/deadline_control.h"

#include <math.h>
#include <time.h>
#include <unistd.h>

/* --- a machine ------------------------------------------------------------------------------------------ */

/* What a model of the published size takes on one core. */
static const struct duet_control_choice ladder[] = {
    {0, 4, .26, false},  {1, 8, .47, false},  {2, 14, .59, false}, {3, 21, .66, false},
    {4, 30, .68, false}, {5, 42, .70, false}, {6, 55, .71, false}, {7, 170, .72, false}};

enum { LADDER = sizeof ladder / sizeof ladder[0] };

struct machine {
    struct duet_control control;
    double costs[DUET_CONTROL_MAX]; /* by id: what the choices really take */
    double load, noise;             /* each run takes cost * load * (1 +- noise) */
    double other_ms;
    uint64_t seed;
    /* What was seen since machine_forget: */
    int frames, runs, changes, over, over_on_end, most_over_on_end;
    double busy_ms;
};

static double uniform(uint64_t *seed)
{
    return ((double)random_weight(seed) + 1) / 2;
}

static struct machine machine(double budget_ms)
{
    struct machine m = {.load = 1, .seed = 7};
    for (int i = 0; i < LADDER; i++) m.costs[ladder[i].id] = ladder[i].cost_ms;
    duet_control_open(&m.control, ladder, LADDER, budget_ms);
    return m;
}

static void forget(struct machine *m)
{
    m->frames = m->runs = m->changes = m->over = m->over_on_end = m->most_over_on_end = 0;
    m->busy_ms = 0;
}

/* A run is over when it takes more than a tenth over what its frame gives. */
static void one_frame(struct machine *m)
{
    int rung = m->control.rung;
    const struct duet_control_choice *choice = duet_control_choice(&m->control);
    m->frames++;
    m->busy_ms += m->other_ms;
    double ms = m->costs[choice->id] * m->load * (1 + m->noise * (2 * uniform(&m->seed) - 1));
    double given = m->control.budget_ms - m->other_ms;
    bool over = ms > 1.1 * given;
    m->runs++;
    m->busy_ms += ms;
    m->over += over;
    m->over_on_end = over ? m->over_on_end + 1 : 0;
    if (m->over_on_end > m->most_over_on_end) m->most_over_on_end = m->over_on_end;
    duet_control_report(&m->control, ms, m->other_ms);
    m->changes += m->control.rung != rung;
}

static void frames(struct machine *m, int count)
{
    for (int i = 0; i < count; i++) one_frame(m);
}

/* --- choosing ------------------------------------------------------------------------------------------- */

static void the_best_that_fits_is_first(void **state)
{
    (void)state;
    const struct {
        double budget;
        int id;
    } cases[] = {{1000, 7}, {189, 7}, {188, 6}, {33, 3}, {34, 4}, {4.5, 0}, {4.4, 0}, {1, 0}, {0.01, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct machine m = machine(cases[i].budget);
        assert_int_equal(duet_control_choice(&m.control)->id, cases[i].id);
        frames(&m, 1000);
        assert_int_equal(m.changes, 0);
        assert_int_equal(duet_control_choice(&m.control)->id, cases[i].id);
        assert_int_equal(m.runs, 1000);
    }
}

static void what_is_dearer_and_no_better_is_left_out(void **state)
{
    (void)state;
    const struct duet_control_choice choices[] = {{5, 50, .6, false}, {1, 10, .4, false},  {2, 20, .3, false},
                                                  {3, 20, .5, false}, {4, 20, .45, false}, {6, 60, .6, false},
                                                  {7, 70, .7, false}};
    struct duet_control c;
    duet_control_open(&c, choices, 7, 1000);
    const int left[] = {1, 3, 5, 7};
    assert_int_equal(c.count, 4);
    for (int i = 0; i < 4; i++) assert_int_equal(c.choices[i].id, left[i]);
}

static void one_choice_will_do(void **state)
{
    (void)state;
    struct machine m = machine(10);
    duet_control_open(&m.control, ladder, 1, 10);
    assert_false(duet_control_drop(&m.control, 0));
    m.load = 100;
    frames(&m, 200);
    m.load = 1;
    frames(&m, 300);
    assert_int_equal(m.changes, 0);
    assert_int_equal(duet_control_choice(&m.control)->id, 0);
}

/* --- load that changes ---------------------------------------------------------------------------------- */

static void a_step_is_answered_at_once_and_forgotten_later(void **state)
{
    (void)state;
    for (double load = 1.3; load < 33 / ladder[0].cost_ms; load *= 1.25) {
        struct machine m = machine(33);
        frames(&m, 100);
        assert_int_equal(duet_control_choice(&m.control)->id, 3);
        forget(&m);
        m.load = load;
        frames(&m, 300);
        if (m.over > 5) fail_msg("load %.2f: %d runs over the budget", load, m.over);
        if (load > 33.0 / 21 && m.changes == 0) fail_msg("load %.2f: no change", load);
        assert_true(m.changes <= 5);
        assert_true(m.costs[duet_control_choice(&m.control)->id] * load <= 33);
        forget(&m);
        m.load = 1;
        frames(&m, 120 + 30 * 5);
        if (duet_control_choice(&m.control)->id != 3)
            fail_msg("load %.2f and back: at %d", load, duet_control_choice(&m.control)->id);
        assert_int_equal(m.over, 0);
        assert_true(m.changes <= 6);
    }
}

static void single_late_frames_change_nothing(void **state)
{
    (void)state;
    struct machine m = machine(33);
    for (int i = 0; i < 3000; i++) {
        m.load = i % 3 == 2 ? 12 : 1;
        one_frame(&m);
    }
    assert_int_equal(m.changes, 0);
}

static void noise_does_not_make_it_flutter(void **state)
{
    (void)state;
    for (double budget = 6; budget < 250; budget *= 1.03) { /* the rungs' edges among them */
        struct machine m = machine(budget);
        m.noise = .2;
        frames(&m, 200);
        forget(&m);
        frames(&m, 5000);
        if (m.changes > 60) fail_msg("budget %.1f: %d changes", budget, m.changes);
        if (m.over > 5000 / 50) fail_msg("budget %.1f: %d over", budget, m.over);
        if (m.most_over_on_end > 4) fail_msg("budget %.1f: %d over on end", budget, m.most_over_on_end);
    }
}

/* A table that promises too much of a better choice: it is tried ever more seldom. */
static void a_wrong_table_is_not_believed_for_long(void **state)
{
    (void)state;
    for (double budget = 6; budget < 60; budget *= 1.05) {
        struct machine m = machine(budget);
        for (int i = 0; i < LADDER; i++) m.costs[i] *= pow(1.35, i);
        m.noise = .05;
        frames(&m, 1000);
        forget(&m);
        frames(&m, 6000);
        if (m.changes > 70) fail_msg("budget %.1f: %d changes", budget, m.changes);
        if (m.over > 6000 / 40) fail_msg("budget %.1f: %d over", budget, m.over);
    }
}

static void drift_is_followed(void **state)
{
    (void)state;
    struct machine m = machine(60);
    int dearest = duet_control_choice(&m.control)->id, reached = dearest;
    m.noise = .05;
    for (int i = 0; i < 8000; i++) {
        m.load = 1 + 8 * sin(3.14159265 * i / 4000) * sin(3.14159265 * i / 4000); /* 1, 9, 1, 9, 1 */
        one_frame(&m);
        if (duet_control_choice(&m.control)->id < reached) reached = duet_control_choice(&m.control)->id;
    }
    assert_int_equal(reached, 0);
    assert_true(m.most_over_on_end <= 3);
    assert_true(m.over < 80);
    assert_true(m.changes < 60);
    frames(&m, 300);
    assert_int_equal(duet_control_choice(&m.control)->id, dearest);
}

static void random_machines_keep_their_budgets(void **state)
{
    (void)state;
    const char *given = getenv("DUET_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("# random machines: DUET_SEED=%llu\n", (unsigned long long)seed);
    for (int trial = 0; trial < 300; trial++) {
        struct machine m = machine(exp(1 + 4 * uniform(&seed)));
        m.seed = seed ^ (uint64_t)trial;
        m.noise = .1 * uniform(&seed);
        m.other_ms = .5 * m.control.budget_ms * uniform(&seed);
        for (int i = 0; i < LADDER; i++) m.costs[i] *= .8 + .4 * uniform(&seed);
        for (int step = 0; step < 30; step++) {
            m.load = exp(3 * uniform(&seed) - .5);
            forget(&m);
            frames(&m, 200);
            bool lowest = m.control.rung == 0;
            if (!lowest && m.most_over_on_end > 8)
                fail_msg("trial %d step %d: %d runs over on end", trial, step, m.most_over_on_end);
            if (m.changes > 16) fail_msg("trial %d step %d: %d changes", trial, step, m.changes);
            forget(&m);
            frames(&m, 200);
            /* Trying dearer choices costs a little: at most 8 % in one of 25 runs of 9,000 such stretches. */
            if (!lowest && m.busy_ms > 200 * m.control.budget_ms * 1.12)
                fail_msg("trial %d step %d: %.0f of %.0f ms", trial, step, m.busy_ms,
                         200 * m.control.budget_ms);
        }
    }
}

/* --- the rest of the rules ------------------------------------------------------------------------------ */

static void the_cheapest_stays_when_it_is_too_dear(void **state)
{
    (void)state;
    struct machine m = machine(33);
    m.load = 40; /* 160 ms for the cheapest */
    frames(&m, 300);
    forget(&m);
    frames(&m, 600);
    assert_int_equal(duet_control_choice(&m.control)->id, 0);
    assert_int_equal(m.runs, 600);
    assert_int_equal(m.changes, 0);
    m.load = 1;
    frames(&m, 300);
    assert_int_equal(duet_control_choice(&m.control)->id, 3);
}

static void other_work_is_taken_off(void **state)
{
    (void)state;
    struct machine m = machine(33);
    m.other_ms = 20; /* 13 left */
    frames(&m, 100);
    assert_int_equal(duet_control_choice(&m.control)->id, 1);
    m.other_ms = 100; /* nothing left, but masks do not stop */
    frames(&m, 300);
    assert_int_equal(duet_control_choice(&m.control)->id, 0);
    m.other_ms = 0;
    frames(&m, 300);
    assert_int_equal(duet_control_choice(&m.control)->id, 3);
}

static void guesses_are_replaced_by_what_is_measured(void **state)
{
    (void)state;
    struct duet_control_choice choices[LADDER];
    memcpy(choices, ladder, sizeof choices);
    for (int i = 3; i < LADDER; i++) choices[i].estimated = true;
    struct machine m = machine(33);
    choices[3].cost_ms = 15; /* 21 in truth: fits */
    choices[4].cost_ms = 25; /* in truth: */
    m.costs[4] = 90;
    duet_control_open(&m.control, choices, LADDER, 33);
    assert_int_equal(duet_control_choice(&m.control)->id, 4);
    frames(&m, 100);
    assert_int_equal(duet_control_choice(&m.control)->id, 3);
    assert_true(fabs(m.control.choices[3].cost_ms - 21) < .01);
    assert_true(fabs(m.control.choices[4].cost_ms - 90) < .01);
    assert_false(m.control.choices[3].estimated || m.control.choices[4].estimated);
    assert_true(m.control.choices[5].estimated);
    assert_true(m.over <= 3);
}

static void one_late_first_run_does_not_condemn_a_guess(void **state)
{
    (void)state;
    struct duet_control_choice choices[2] = {ladder[0], ladder[3]};
    choices[1].estimated = true;
    struct duet_control c;
    duet_control_open(&c, choices, 2, 33);
    assert_int_equal(duet_control_choice(&c)->id, 3);
    duet_control_report(&c, 200, 0); /* its pages were touched for the first time */
    assert_int_equal(duet_control_choice(&c)->id, 3);
    duet_control_report(&c, 21, 0);
    assert_int_equal(duet_control_choice(&c)->id, 3);
    assert_true(fabs(c.choices[1].cost_ms - 21) < .01);
}

static void a_choice_that_cannot_be_made_is_left_out(void **state)
{
    (void)state;
    struct machine m = machine(33);
    assert_int_equal(duet_control_choice(&m.control)->id, 3);
    assert_true(duet_control_drop(&m.control, 3));
    assert_int_equal(duet_control_choice(&m.control)->id, 2);
    assert_true(duet_control_drop(&m.control, 3));
    assert_int_equal(m.control.count, LADDER - 1);
    frames(&m, 500);
    assert_int_equal(duet_control_choice(&m.control)->id, 2);
}

static void nonsense_reports_are_passed_over(void **state)
{
    (void)state;
    struct machine m = machine(33);
    for (int i = 0; i < 50; i++) {
        duet_control_report(&m.control, i % 2 ? 0 : -5, 3);
        duet_control_report(&m.control, (double)NAN, 3);
    }
    assert_int_equal(duet_control_choice(&m.control)->id, 3);
    duet_control_report(&m.control, 21, (double)NAN);
    assert_int_equal(duet_control_choice(&m.control)->id, 3);
}

/* --- with segmenters ------------------------------------------------------------------------------------ */

static struct duet_model *open_tiny_with(const char *name, bool boxes_too)
{
    char path[256];
    struct duet_error e;
    struct duet_model *model;
    struct duet_model_config config = tiny_model_config(boxes_too, true);
    snprintf(path, sizeof path, "deadline-%s-%ld.safetensors", name, (long)getpid());
    tiny_model_write(path, &config, &config);
    enum duet_status status = duet_model_open(path, &model, &e);
    remove(path);
    assert_ok(status, e);
    return model;
}

static struct duet_model *open_tiny(const char *name)
{
    return open_tiny_with(name, false);
}

static void a_budget_comes_from_either_option(void **state)
{
    (void)state;
    assert_true(fabs(duet_deadline_budget(&(struct duet_deadline_settings){0, 0})) < 1e-9);
    assert_true(fabs(duet_deadline_budget(&(struct duet_deadline_settings){25, 0}) - 40) < 1e-9);
    assert_true(fabs(duet_deadline_budget(&(struct duet_deadline_settings){0, 15}) - 15) < 1e-9);
    assert_true(fabs(duet_deadline_budget(&(struct duet_deadline_settings){25, 15}) - 15) < 1e-9);
    assert_true(fabs(duet_deadline_budget(&(struct duet_deadline_settings){25, 90}) - 40) < 1e-9);
}

static void bad_options_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_deadline *d;
    struct duet_model *model = open_tiny("bad");
    struct duet_image picture = tiny_picture(160, 120, 5);
    struct duet_deadline_options o = {.budget_ms = 10};
    assert_fails(DUET_BAD_ARGUMENT, duet_deadline_open(model, &o, &d, &e), e);
    assert_non_null(strstr(e.text, "no picture"));
    o.picture = &picture;
    o.budget_ms = 0;
    assert_fails(DUET_BAD_ARGUMENT, duet_deadline_open(model, &o, &d, &e), e);
    assert_null(d);
    o.budget_ms = (double)NAN;
    assert_fails(DUET_BAD_ARGUMENT, duet_deadline_open(model, &o, &d, &e), e);
    o.budget_ms = 10;
    o.segmenter.size = 65;
    assert_fails(DUET_BAD_ARGUMENT, duet_deadline_open(model, &o, &d, &e), e);
    o.segmenter.size = 0;
    o.segmenter.cpu = "abacus";
    assert_fails(DUET_BAD_ARGUMENT, duet_deadline_open(model, &o, &d, &e), e);
    duet_image_close(&picture);
    duet_model_close(&model);
    duet_deadline_close(&d);
    duet_deadline_close(NULL);
}

/* The tiny model, with a score of the cheapest choice in its file. */
static struct duet_model *open_scored(void)
{
    char path[256];
    struct duet_error e;
    struct duet_model *model;
    struct duet_weights *weights;
    struct duet_model_config config = tiny_model_config(false, true);
    snprintf(path, sizeof path, "deadline-scored-%ld.safetensors", (long)getpid());
    tiny_model_write(path, &config, &config);
    assert_ok(duet_weights_open(path, &weights, &e), e);
    assert_ok(duet_model_scores_write(weights, &(struct duet_model_score){129, 16, 0.25}, 1, &e), e);
    assert_ok(duet_weights_save(weights, path, &e), e);
    duet_weights_close(&weights);
    enum duet_status status = duet_model_open(path, &model, &e);
    remove(path);
    assert_ok(status, e);
    return model;
}

static void the_models_own_scores_are_shown(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_deadline *d;
    char text[DUET_DEADLINE_TEXT];
    struct duet_model *model = open_scored();
    struct duet_image picture = tiny_picture(160, 120, 5);
    struct duet_deadline_options o = {.budget_ms = .05, .picture = &picture, .measure_seconds = .01};
    assert_ok(duet_deadline_open(model, &o, &d, &e), e);
    assert_true(duet_deadline_row(d, 0)->quality == 0.25 && duet_deadline_row(d, 1)->quality == 0);
    duet_deadline_text(d, text);
    assert_non_null(strstr(text, "129/16, mIOU 0.25, "));
    duet_deadline_close(&d);
    duet_image_close(&picture);
    duet_model_close(&model);
}

/* Choose and run on `count` frames, each of which is reported to take `ms`. */
static void segment_frames(struct duet_deadline *d, const struct duet_image *picture, int count, double ms)
{
    struct duet_error e;
    for (int i = 0; i < count; i++) {
        struct duet_segmenter *segmenter;
        struct duet_segmentation seen = {0};
        assert_ok(duet_deadline_choose(d, &segmenter, &e), e);
        assert_ok(duet_segmenter_run(segmenter, picture, NULL, &seen, &e), e);
        assert_int_equal(seen.classes.width, picture->width);
        duet_segmentation_close(&seen);
        duet_deadline_report(d, ms, 0);
    }
}

static void segmenters_are_measured_and_run(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_deadline *d;
    struct duet_model *model = open_tiny("run");
    struct duet_image picture = tiny_picture(160, 120, 5);
    /* A tenth of a second, and a budget that most choices are far over: they are guessed. */
    struct duet_deadline_options o = {.budget_ms = .05,
                                      .segmenter = {.struct_size = sizeof o.segmenter, .confidence = true},
                                      .picture = &picture,
                                      .measure_seconds = .1};
    assert_ok(duet_deadline_open(model, &o, &d, &e), e);
    const struct duet_deadline_row *first = duet_deadline_row(d, 0), *row;
    assert_int_equal(first->size, 129);
    assert_true(first->measured && first->bytes > 100000 && first->cost_ms > 0);
    int rows = 0;
    for (; (row = duet_deadline_row(d, rows)) != NULL; rows++) {
        assert_true(row->cost_ms > 0 && row->quality < .001 && row->quality > -.001);
        if (rows > 0) assert_true(row->measured || row->cost_ms > duet_deadline_row(d, rows - 1)->cost_ms);
    }
    assert_true(rows >= 8);
    assert_null(duet_deadline_row(d, -1));
    segment_frames(d, &picture, 18, 1000);
    char text[DUET_DEADLINE_TEXT];
    duet_deadline_text(d, text);
    assert_memory_equal(text, "129/16, ", 8);
    duet_deadline_close(&d);
    /* All the time there is, and none to measure: the best choice, made when it is first needed. */
    o.budget_ms = 1e9;
    o.measure_seconds = 1e-9;
    assert_ok(duet_deadline_open(model, &o, &d, &e), e);
    assert_int_equal(duet_deadline_row(d, rows - 1)->bytes, 0);
    segment_frames(d, &picture, 2, 1000);
    duet_deadline_text(d, text);
    assert_memory_equal(text, "513/8, ", 7);
    assert_true(duet_deadline_row(d, rows - 1)->bytes > duet_deadline_row(d, 0)->bytes);
    duet_deadline_close(&d);
    duet_image_close(&picture);
    duet_model_close(&model);
}

static void masks_are_those_of_a_segmenter_by_itself(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_deadline *d;
    struct duet_segmenter *chosen, *plain;
    char text[DUET_DEADLINE_TEXT];
    struct duet_segmentation a, b;
    const bool wanted[] = {true, false, true};
    struct duet_model *model = open_tiny("same");
    struct duet_image picture = tiny_picture(160, 120, 6);
    struct duet_segmenter_options options = {.struct_size = sizeof options, .classes = wanted, .flip = true};
    struct duet_deadline_options o = {
        .budget_ms = 1e4, .segmenter = options, .picture = &picture, .measure_seconds = .01};
    assert_ok(duet_deadline_open(model, &o, &d, &e), e);
    assert_ok(duet_deadline_choose(d, &chosen, &e), e);
    duet_deadline_text(d, text);
    assert_int_equal(sscanf(text, "%d/%d,", &options.size, &options.output_stride), 2);
    assert_ok(duet_segmenter_create(model, &options, &plain, &e), e);
    assert_ok(duet_segmenter_run(plain, &picture, NULL, &a, &e), e);
    assert_ok(duet_segmenter_run(chosen, &picture, NULL, &b, &e), e);
    assert_memory_equal(a.classes.pixels, b.classes.pixels, 160 * 120);
    duet_segmentation_close(&a);
    duet_segmentation_close(&b);
    duet_segmenter_close(&plain);
    duet_deadline_close(&d);
    duet_image_close(&picture);
    duet_model_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_that_fits_is_first),
        cmocka_unit_test(what_is_dearer_and_no_better_is_left_out),
        cmocka_unit_test(one_choice_will_do),
        cmocka_unit_test(a_step_is_answered_at_once_and_forgotten_later),
        cmocka_unit_test(single_late_frames_change_nothing),
        cmocka_unit_test(noise_does_not_make_it_flutter),
        cmocka_unit_test(a_wrong_table_is_not_believed_for_long),
        cmocka_unit_test(drift_is_followed),
        cmocka_unit_test(random_machines_keep_their_budgets),
        cmocka_unit_test(the_cheapest_stays_when_it_is_too_dear),
        cmocka_unit_test(other_work_is_taken_off),
        cmocka_unit_test(guesses_are_replaced_by_what_is_measured),
        cmocka_unit_test(one_late_first_run_does_not_condemn_a_guess),
        cmocka_unit_test(a_choice_that_cannot_be_made_is_left_out),
        cmocka_unit_test(nonsense_reports_are_passed_over),
        cmocka_unit_test(a_budget_comes_from_either_option),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(the_models_own_scores_are_shown),
        cmocka_unit_test(segmenters_are_measured_and_run),
        cmocka_unit_test(masks_are_those_of_a_segmenter_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
