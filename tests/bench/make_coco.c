/* make_coco DIR [IMAGES [TRUTHS [DETECTIONS [SEED]]]]: a made-up data set of the size of COCO val2017, as
 * plain COCO JSON that any tool reads: DIR/instances.json and DIR/results.json. Without numbers: 5,000
 * images, 36,000 annotations, 100 detections an image. The same arguments give the same bytes.
 *
 * Classes are as unequal as COCO's (the first has a third of all), one annotation in a hundred is a crowd;
 * detections are mostly near an annotation and of its class, several to each, the rest anywhere. */
#include "core/os.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CATEGORIES = 80, WIDTH = 640, HEIGHT = 480, MOST_TRUTHS = 64 };

struct thing {
    int category;
    double x, y, width, height;
};

static uint64_t state;

/* splitmix64 */
static uint64_t next(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static double uniform(double low, double high)
{
    return low + (high - low) * (double)(next() >> 11) * 0x1p-53;
}

/* 1..80; the first has a third, the others ever less. */
static int category(void)
{
    return uniform(0, 1) < .33 ? 1 : 2 + (int)((CATEGORIES - 1) * pow(uniform(0, 1), 1.7));
}

static struct thing anywhere(void)
{
    double side = 10 * exp(uniform(0, 3.4)), shape = exp(uniform(-.7, .7));
    struct thing thing = {.category = category()};
    thing.width = fmin(side * shape, WIDTH - 2);
    thing.height = fmin(side / shape, HEIGHT - 2);
    thing.x = uniform(0, WIDTH - thing.width);
    thing.y = uniform(0, HEIGHT - thing.height);
    return thing;
}

/* Off by up to `off` of its size on each side. */
static struct thing near(const struct thing *truth, double off)
{
    struct thing thing = *truth;
    double left = uniform(-off, off) * truth->width, right = uniform(-off, off) * truth->width;
    double top = uniform(-off, off) * truth->height, bottom = uniform(-off, off) * truth->height;
    thing.x = fmax(0, truth->x + left);
    thing.y = fmax(0, truth->y + top);
    thing.width = fmin(fmax(1, truth->width - left + right), WIDTH - thing.x);
    thing.height = fmin(fmax(1, truth->height - top + bottom), HEIGHT - thing.y);
    if (next() % 8 == 0) thing.category = category();
    return thing;
}

/* --- files ---------------------------------------------------------------------------------------------- */

struct counts {
    long images, truths, detections;
    uint64_t seed;
};

static void begin_truth(FILE *out, const struct counts *counts)
{
    fprintf(out, "{\"info\": {\"description\": \"made up\"}, \"images\": [");
    for (long i = 0; i < counts->images; i++)
        fprintf(out, "%s{\"id\": %ld, \"file_name\": \"%012ld.jpg\", \"width\": %d, \"height\": %d}",
                i ? ", " : "", i + 1, i + 1, WIDTH, HEIGHT);
    fprintf(out, "], \"categories\": [");
    for (int i = 0; i < CATEGORIES; i++)
        fprintf(out, "%s{\"id\": %d, \"name\": \"thing %d\", \"supercategory\": \"thing\"}", i ? ", " : "",
                i + 1, i + 1);
    fprintf(out, "], \"annotations\": [");
}

static void put_truth(FILE *out, const struct thing *thing, long image, long *id)
{
    bool crowd = next() % 100 == 0;
    fprintf(out,
            "%s{\"id\": %ld, \"image_id\": %ld, \"category_id\": %d, \"iscrowd\": %d, \"area\": %.4f, "
            "\"bbox\": [%.2f, %.2f, %.2f, %.2f]}",
            *id ? ", " : "", *id + 1, image, thing->category, crowd,
            thing->width * thing->height * uniform(.4, .9), thing->x, thing->y, thing->width, thing->height);
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

static void make(FILE *truth, FILE *results, const struct counts *counts)
{
    long id = 0, written = 0;
    begin_truth(truth, counts);
    fprintf(results, "[");
    for (long i = 0; i < counts->images; i++) {
        struct thing things[MOST_TRUTHS];
        long here = part(counts->truths, i, counts->images);
        if (here > MOST_TRUTHS) here = MOST_TRUTHS;
        for (long k = 0; k < here; k++) {
            things[k] = anywhere();
            if (k > 0 && next() % 2) things[k].category = things[next() % (uint64_t)k].category;
            put_truth(truth, &things[k], i + 1, &id);
        }
        for (long k = 0; k < counts->detections; k++, written++) {
            bool hit = here > 0 && next() % 3 > 0;
            double off = uniform(0, .5);
            struct thing thing = hit ? near(&things[next() % (uint64_t)here], off) : anywhere();
            double score = hit ? uniform(0, 1) * (1 - off) : pow(uniform(0, 1), 3) * .7;
            put_result(results, &thing, i + 1, score, written == 0);
        }
    }
    fprintf(truth, "]}\n");
    fprintf(results, "]\n");
}

static FILE *create(const char *folder, const char *name)
{
    char *path = duet_path_join(folder, name);
    FILE *stream = path ? fopen(path, "wbe") : NULL;
    if (!stream) fprintf(stderr, "make_coco: %s: %s\n", path ? path : name, strerror(errno));
    free(path);
    return stream;
}

int main(int argc, char **argv)
{
    struct counts counts = {5000, 36000, 100, 1};
    if (argc < 2 || argc > 6) {
        fprintf(stderr, "usage: make_coco DIR [IMAGES [TRUTHS [DETECTIONS [SEED]]]]\n");
        return 2;
    }
    if (argc > 2) counts.images = strtol(argv[2], NULL, 10);
    if (argc > 3) counts.truths = strtol(argv[3], NULL, 10);
    if (argc > 4) counts.detections = strtol(argv[4], NULL, 10);
    if (argc > 5) counts.seed = strtoull(argv[5], NULL, 10);
    state = counts.seed;
    FILE *truth = create(argv[1], "instances.json"), *results = create(argv[1], "results.json");
    if (!truth || !results || counts.images < 1) return 1;
    make(truth, results, &counts);
    if (ferror(truth) || ferror(results) || fclose(truth) != 0 || fclose(results) != 0) {
        fprintf(stderr, "make_coco: cannot write\n");
        return 1;
    }
    return 0;
}
