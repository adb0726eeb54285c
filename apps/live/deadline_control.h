/* deadline_control.h: the rules of deadline.h, without segmenters and clocks: costs in, decisions out.
 *
 * The controller stands on a ladder whose rungs are the choices, from cheap to dear. A choice's expected time
 * is its cost in the table times the load, where load = (time measured / cost in the table): what else the
 * machine does makes all choices dearer alike.
 *
 *   load    follows the median of the last three ratios, so that one late frame moves nothing: upwards by
 *           half the difference a frame, downwards by a tenth. Under noise it lies above the mean.
 *   down    as soon as the expected time is over the budget: to the best rung that takes 0.9 of it, at worst
 *           to the cheapest.
 *   up      when a better rung would take 0.8 of the budget or less, for `patience` frames on end.
 *   flutter going down within 60 frames after going up doubles the patience, from 10 up to 240 frames;
 *           staying up for 300 frames, or a better rung that would take half the budget, makes it 10 again.
 *
 * So a step of the load is answered after two to four frames, and a choice on the very edge of the
 * budget is tried ever more seldom. Internal to the programs. */
#ifndef DUET_APPS_LIVE_DEADLINE_CONTROL_H
#define DUET_APPS_LIVE_DEADLINE_CONTROL_H

#include <stdbool.h>

#define DUET_CONTROL_MAX 24

struct duet_control_choice {
    int id;         /* the caller's */
    double cost_ms; /* without other load */
    double quality; /* any ascending number */
    /* The cost is a guess: the first two runs set it (the smaller of them, at the load known before). */
    bool estimated;
};

struct duet_control {
    struct duet_control_choice choices[DUET_CONTROL_MAX]; /* both cost and quality ascend */
    int count;
    double budget_ms, other_ms;
    int rung; /* the choice that it stands on */
    double load, ratios[3];
    int ratio_count;
    int trial;    /* runs of an estimated choice so far */
    int calm;     /* frames on end for which a better rung would have fitted */
    int patience; /* frames of calm before going up */
    int since_up; /* frames since going up */
};

/* Take the choices (in any order, at most DUET_CONTROL_MAX, at least one, costs above 0), leave out those for
 * which another is better and no dearer, and start on the best rung that takes 0.9 of the budget. */
void duet_control_open(struct duet_control *control, const struct duet_control_choice *choices, int count,
                       double budget_ms);

/* The choice to run on the next frame. */
const struct duet_control_choice *duet_control_choice(const struct duet_control *control);

/* It took `ms`, and the frame `other_ms` besides (of the budget at most 0.95 are taken off for that). */
void duet_control_report(struct duet_control *control, double ms, double other_ms);

/* The choice `id` cannot be run: leave it out from now on. False when it is the only one. */
bool duet_control_drop(struct duet_control *control, int id);

double duet_control_expected_ms(const struct duet_control *control); /* of one run */

#endif
