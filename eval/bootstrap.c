#include "eval/bootstrap.h"

#include "core/checked.h"
#include "core/fail.h"
#include "core/order.h"
#include "core/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void duet_bootstrap_resample(uint64_t seed, size_t replicate, uint32_t *weights, size_t count)
{
    /* Seeds and replicates are small numbers: mixed one after the other, no two share a sequence. */
    uint64_t state = seed;
    state = duet_random(&state) ^ replicate;
    state = duet_random(&state);
    memset(weights, 0, count * sizeof *weights);
    for (size_t i = 0; i < count; i++) weights[((duet_random(&state) >> 32) * count) >> 32]++;
}

static double percentile(const double *sorted, size_t count, double share)
{
    double place = share * (double)(count - 1);
    size_t below = (size_t)place;
    if (below + 1 >= count) return sorted[count - 1];
    return sorted[below] + (sorted[below + 1] - sorted[below]) * (place - (double)below);
}

/* Sort what is no NaN to the front, NaN to the end; how many are none. 0 when too many are missing. */
static size_t line_up(double *replicates, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(replicates[i])) {
            double replicate = replicates[i];
            replicates[i] = replicates[kept];
            replicates[kept++] = replicate;
        }
    if ((count - kept) * 100 > count) return 0;
    qsort(replicates, kept, sizeof *replicates, duet_by_double);
    return kept;
}

/* By how much the replicates are moved. */
static double shift(const double *sorted, size_t count, double value)
{
    return 2 * (value - percentile(sorted, count, 0.5));
}

struct duet_interval duet_bootstrap_interval(double *replicates, size_t count, double value)
{
    size_t kept = isnan(value) ? 0 : line_up(replicates, count);
    if (kept == 0) return (struct duet_interval){NAN, NAN};
    double by = shift(replicates, kept, value);
    return (struct duet_interval){percentile(replicates, kept, 0.025) + by,
                                  percentile(replicates, kept, 0.975) + by};
}

static double within(double value)
{
    return value < 0 ? 0 : value > 1 ? 1 : value; /* NaN stays */
}

struct duet_interval duet_bootstrap_score_interval(double *replicates, size_t count, double value)
{
    const struct duet_interval interval = duet_bootstrap_interval(replicates, count, value);
    return (struct duet_interval){within(interval.low), within(interval.high)};
}

double duet_bootstrap_p(double *replicates, size_t count, double difference)
{
    size_t kept = isnan(difference) ? 0 : line_up(replicates, count), low = 0, high = 0;
    if (kept == 0) return NAN;
    double by = shift(replicates, kept, difference);
    for (size_t i = 0; i < kept; i++) {
        low += replicates[i] + by <= 0;
        high += replicates[i] + by >= 0;
    }
    return fmin(1, 2.0 * (double)((low < high ? low : high) + 1) / (double)(kept + 1));
}

/* --- running ------------------------------------------------------------------------------------------ */

/* `rows` [score_count][replicates], `scores` [score_count] and `weights` [image_count] are room. */
static void run(const struct duet_bootstrap_scoring *scoring, size_t replicates, uint64_t seed, double *rows,
                double *scores, uint32_t *weights, struct duet_interval *intervals)
{
    for (size_t r = 0; r < replicates; r++) {
        duet_bootstrap_resample(seed, r, weights, scoring->image_count);
        scoring->score(scoring->ctx, weights, scores);
        for (size_t i = 0; i < scoring->score_count; i++) rows[i * replicates + r] = scores[i];
    }
    scoring->score(scoring->ctx, NULL, scores);
    for (size_t i = 0; i < scoring->score_count; i++)
        intervals[i] = duet_bootstrap_score_interval(rows + i * replicates, replicates, scores[i]);
}

enum duet_status duet_bootstrap_run(const struct duet_bootstrap_scoring *scoring, size_t replicates,
                                    uint64_t seed, struct duet_interval *intervals, struct duet_error *error)
{
    if (scoring->image_count == 0 || replicates == 0)
        return duet_fail(error, DUET_BAD_ARGUMENT, "bootstrap: %zu images, %zu replicates: expected some",
                         scoring->image_count, replicates);
    size_t count, bytes;
    double *rows =
        duet_mul_size(replicates, scoring->score_count, &count) && duet_mul_size(count, sizeof *rows, &bytes)
            ? malloc(bytes)
            : NULL;
    double *scores = calloc(scoring->score_count, sizeof *scores);
    uint32_t *weights = calloc(scoring->image_count, sizeof *weights);
    enum duet_status status = DUET_OK;
    if (rows && scores && weights)
        run(scoring, replicates, seed, rows, scores, weights, intervals);
    else
        status = duet_fail(error, DUET_OUT_OF_MEMORY, "bootstrap: no memory for %zu replicates", replicates);
    free(rows);
    free(scores);
    free(weights);
    return status;
}
