#include "bench/coco.h"

#include "core/os.h"
#include "core/random.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { CATEGORIES = 80, WIDTH = 640, HEIGHT = 480, MOST_TRUTHS = 64 };

struct thing {
    int category;
    double x, y, width, height;
};

static double uniform(uint64_t *state, double low, double high)
{
    return low + (high - low) * (double)(duet_random(state) >> 11) * 0x1p-53;
}

/* 1..80; the first has a third, the others ever less. */
static int category(uint64_t *state)
{
    return uniform(state, 0, 1) < .33 ? 1 : 2 + (int)((CATEGORIES - 1) * pow(uniform(state, 0, 1), 1.7));
}

static struct thing anywhere(uint64_t *state)
{
    double side = 10 * exp(uniform(state, 0, 3.4)), shape = exp(uniform(state, -.7, .7));
    struct thing thing = {.category = category(state)};
    thing.width = fmin(side * shape, WIDTH - 2);
    thing.height = fmin(side / shape, HEIGHT - 2);
    thing.x = uniform(state, 0, WIDTH - thing.width);
    thing.y = uniform(state, 0, HEIGHT - thing.height);
    return thing;
}

/* Off by up to `off` of its size on each side. */
static struct thing near(uint64_t *state, const struct thing *truth, double off)
{
    struct thing thing = *truth;
    double left = uniform(state, -off, off) * truth->width, right = uniform(state, -off, off) * truth->width;
    double top = uniform(state, -off, off) * truth->height,
           bottom = uniform(state, -off, off) * truth->height;
    thing.x = fmax(0, truth->x + left);
    thing.y = fmax(0, truth->y + top);
    thing.width = fmin(fmax(1, truth->width - left + right), WIDTH - thing.x);
    thing.height = fmin(fmax(1, truth->height - top + bottom), HEIGHT - thing.y);
    if (duet_random(state) % 8 == 0) thing.category = category(state);
    return thing;
}

/* --- files ---------------------------------------------------------------------------------------------- */

static void begin_truth(FILE *out, const struct bench_coco *counts)
{
    fprintf(out, "{\"info\": {\"description\": \"made up\"}, \"images\": [");
    for (int i = 0; i < counts->images; i++)
        fprintf(out, "%s{\"id\": %d, \"file_name\": \"%012d.jpg\", \"width\": %d, \"height\": %d}",
                i ? ", " : "", i + 1, i + 1, WIDTH, HEIGHT);
    fprintf(out, "], \"categories\": [");
    for (int i = 0; i < CATEGORIES; i++)
        fprintf(out, "%s{\"id\": %d, \"name\": \"thing %d\", \"supercategory\": \"thing\"}", i ? ", " : "",
                i + 1, i + 1);
    fprintf(out, "], \"annotations\": [");
}

static void put_truth(FILE *out, uint64_t *state, const struct thing *thing, long image, long *id)
{
    bool crowd = duet_random(state) % 100 == 0;
    fprintf(out,
            "%s{\"id\": %ld, \"image_id\": %ld, \"category_id\": %d, \"iscrowd\": %d, \"area\": %.4f, "
            "\"bbox\": [%.2f, %.2f, %.2f, %.2f]}",
            *id ? ", " : "", *id + 1, image, thing->category, crowd,
            thing->width * thing->height * uniform(state, .4, .9), thing->x, thing->y, thing->width,
            thing->height);
    ++*id;
}

static void put_result(FILE *out, const struct thing *thing, long image, double score, bool first)
{
    fprintf(out,
            "%s{\"image_id\": %ld, \"category_id\": %d, \"bbox\": [%.3f, %.3f, %.3f, %.3f], "
            "\"score\": %.6f}",
            first ? "" : ", ", image, thing->category, thing->x, thing->y, thing->width, thing->height,
            score);
}

/* So many of `total` fall to image `i` of `count` when they are spread evenly. */
static long part(long total, long i, long count)
{
    return total * (i + 1) / count - total * i / count;
}

static void make(FILE *truth, FILE *results, const struct bench_coco *counts)
{
    uint64_t seed = counts->seed, *state = &seed;
    long id = 0, written = 0;
    begin_truth(truth, counts);
    fprintf(results, "[");
    for (long i = 0; i < counts->images; i++) {
        struct thing things[MOST_TRUTHS];
        long here = part(counts->truths, i, counts->images);
        if (here > MOST_TRUTHS) here = MOST_TRUTHS;
        for (long k = 0; k < here; k++) {
            things[k] = anywhere(state);
            if (k > 0 && duet_random(state) % 2)
                things[k].category = things[duet_random(state) % (uint64_t)k].category;
            put_truth(truth, state, &things[k], i + 1, &id);
        }
        long detections = part(counts->detections, i, counts->images);
        for (long k = 0; k < detections; k++, written++) {
            bool hit = here > 0 && duet_random(state) % 3 > 0;
            double off = uniform(state, 0, .5);
            struct thing thing =
                hit ? near(state, &things[duet_random(state) % (uint64_t)here], off) : anywhere(state);
            double score = hit ? uniform(state, 0, 1) * (1 - off) : pow(uniform(state, 0, 1), 3) * .7;
            put_result(results, &thing, i + 1, score, written == 0);
        }
    }
    fprintf(truth, "]}\n");
    fprintf(results, "]\n");
}

enum duet_status bench_coco_write(const struct bench_coco *counts, const char *instances, const char *results,
                                  bool force, struct duet_error *error)
{
    const unsigned flags = force ? DUET_OUTPUT_FORCE : 0;
    struct duet_output truth = {0}, found = {0};
    enum duet_status status = duet_output_open(&truth, instances, flags, error);
    if (status == DUET_OK) status = duet_output_open(&found, results, flags, error);
    if (status == DUET_OK) {
        make(truth.stream, found.stream, counts);
        status = duet_output_commit(&truth, error);
    }
    if (status == DUET_OK) status = duet_output_commit(&found, error);
    duet_output_discard(&truth);
    duet_output_discard(&found);
    return status;
}
