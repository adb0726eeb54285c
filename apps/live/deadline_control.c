#include "live/deadline_control.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define TARGET       0.9 /* shares of the budget: what to go down to, */
#define UP           0.8 /* what to go up to, */
#define FAR_BELOW    0.5 /* and what is safe to go up to at once */
#define LEAST_SHARE  0.05
#define RISE         0.5 /* how the load follows what is measured */
#define FALL         0.1
#define TRIALS       2
#define PATIENCE     10 /* frames */
#define MOST_PATIENT 240
#define FLUTTER      60
#define FORGIVEN     300

/* --- the ladder ----------------------------------------------------------------------------------------- */

static int by_cost(const void *a, const void *b)
{
    const struct duet_control_choice *x = a, *y = b;
    if (x->cost_ms < y->cost_ms || x->cost_ms > y->cost_ms) return x->cost_ms < y->cost_ms ? -1 : 1;
    return (y->quality > x->quality) - (y->quality < x->quality);
}

/* Milliseconds a frame that a rung is expected to take. */
static double expected(const struct duet_control *c, int rung)
{
    return c->choices[rung].cost_ms * c->load;
}

static double available(const struct duet_control *c)
{
    double rest = c->budget_ms - c->other_ms, least = c->budget_ms * LEAST_SHARE;
    return rest > least ? rest : least;
}

/* The best rung that takes at most `share` of what is there; the lowest when none does. */
static int best_within(const struct duet_control *c, double share)
{
    int rung = c->count - 1;
    while (rung > 0 && !(expected(c, rung) <= share * available(c))) rung--;
    return rung;
}

static void step_to(struct duet_control *c, int rung)
{
    c->rung = rung;
    c->trial = 0;
    c->calm = 0;
}

void duet_control_open(struct duet_control *c, const struct duet_control_choice *choices, int count,
                       double budget_ms)
{
    struct duet_control_choice sorted[DUET_CONTROL_MAX];
    memset(c, 0, sizeof *c);
    if (count > DUET_CONTROL_MAX) count = DUET_CONTROL_MAX;
    memcpy(sorted, choices, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, by_cost);
    for (int i = 0; i < count; i++)
        if (c->count == 0 || sorted[i].quality > c->choices[c->count - 1].quality)
            c->choices[c->count++] = sorted[i];
    c->budget_ms = budget_ms;
    c->load = 1;
    c->patience = PATIENCE;
    c->since_up = FORGIVEN;
    c->rung = best_within(c, TARGET);
}

/* --- while it runs -------------------------------------------------------------------------------------- */

const struct duet_control_choice *duet_control_choice(const struct duet_control *c)
{
    return &c->choices[c->rung];
}

static double median(const double v[3])
{
    double low = v[0] < v[1] ? v[0] : v[1], high = v[0] < v[1] ? v[1] : v[0];
    return v[2] < low ? low : v[2] > high ? high : v[2];
}

/* A guessed cost becomes a known one: the load is taken as unchanged. */
static void learn_cost(struct duet_control *c, double ms)
{
    struct duet_control_choice *choice = &c->choices[c->rung];
    double cost = ms / c->load;
    if (!choice->estimated || cost <= 0) return;
    if (c->trial == 0 || cost < choice->cost_ms) choice->cost_ms = cost;
    if (++c->trial >= TRIALS) choice->estimated = false;
}

static void learn_load(struct duet_control *c, double ms)
{
    double ratio = ms / duet_control_choice(c)->cost_ms;
    memmove(c->ratios + 1, c->ratios, 2 * sizeof *c->ratios);
    c->ratios[0] = ratio;
    if (c->ratio_count < 3) c->ratio_count++;
    /* The table was measured moments ago: it stands for the ratios that are not there yet. */
    for (int i = c->ratio_count; i < 3; i++) c->ratios[i] = 1;
    double seen = median(c->ratios);
    c->load += (seen > c->load ? RISE : FALL) * (seen - c->load);
}

static void go_down(struct duet_control *c)
{
    if (c->since_up < FLUTTER) c->patience = c->patience * 2 < MOST_PATIENT ? c->patience * 2 : MOST_PATIENT;
    c->since_up = FORGIVEN; /* one penalty for each time up, and no forgiveness for going down */
    int rung = best_within(c, TARGET);
    if (rung >= c->rung) rung = c->rung - 1; /* costs that were learnt can stand out of order */
    step_to(c, rung);
}

static void consider_going_up(struct duet_control *c)
{
    int rung = best_within(c, UP);
    c->calm = rung > c->rung ? c->calm + 1 : 0;
    if (c->calm < PATIENCE) return;
    if (c->calm < c->patience) {
        rung = best_within(c, FAR_BELOW);
        if (rung <= c->rung) return;
        c->patience = PATIENCE;
    }
    c->since_up = 0;
    step_to(c, rung);
}

void duet_control_report(struct duet_control *c, double ms, double other_ms)
{
    if (!(ms > 0)) return;
    c->other_ms = other_ms > 0 ? other_ms : 0;
    learn_cost(c, ms);
    learn_load(c, ms);
    if (c->since_up < FORGIVEN && ++c->since_up >= FORGIVEN) c->patience = PATIENCE;
    bool unsure = c->trial == 1 && duet_control_choice(c)->estimated;
    if (!unsure && c->rung > 0 && expected(c, c->rung) > available(c))
        go_down(c);
    else
        consider_going_up(c);
}

bool duet_control_drop(struct duet_control *c, int id)
{
    int at = 0;
    while (at < c->count && c->choices[at].id != id) at++;
    if (at == c->count) return true;
    if (c->count == 1) return false;
    c->count--;
    memmove(c->choices + at, c->choices + at + 1, (size_t)(c->count - at) * sizeof *c->choices);
    step_to(c, best_within(c, TARGET));
    return true;
}

double duet_control_expected_ms(const struct duet_control *c)
{
    return duet_control_choice(c)->cost_ms * c->load;
}
