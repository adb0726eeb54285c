/* coco_scenes.h: random ground truths and detections, coarse so that equal overlaps, equal scores and areas
 * at the ends of ranges are common; through JSON into the readers. */
#ifndef DUET_COCO_SCENES_H
#define DUET_COCO_SCENES_H

#include "eval/coco/map.h"
#include "support/scratch.h"

#include <math.h>

enum { SCENE_IMAGES = 6, SCENE_CLASSES = 3, SCENE_MOST = 14 };

/* A ground truth or a detection; images and categories from 0 (their ids are one more). */
struct plain {
    int image, category;
    bool crowd;
    double box[4], area, score;
};

/* Detections: at most SCENE_MOST of a class in an image. */
struct scene_set {
    struct plain gts[SCENE_MOST], dts[SCENE_MOST * 3];
    int gt_count, dt_count;
    int style; /* how it is written: 0 plainly, up to SCENE_STYLES - 1 in odd ways that mean the same */
};

static inline int scene_pick(uint32_t *seed, int count)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (int)((*seed >> 8) % (uint32_t)count);
}

static inline struct plain scene_plain(uint32_t *seed)
{
    static const int sides[] = {8, 16, 32, 32, 64, 96, 96, 128};
    struct plain p = {.image = scene_pick(seed, SCENE_IMAGES), .category = scene_pick(seed, SCENE_CLASSES)};
    p.crowd = scene_pick(seed, 8) == 0;
    p.box[0] = scene_pick(seed, 4) * 16;
    p.box[1] = scene_pick(seed, 4) * 16;
    p.box[2] = sides[scene_pick(seed, 8)];
    p.box[3] = sides[scene_pick(seed, 8)];
    p.area = p.box[2] * p.box[3];
    p.score = scene_pick(seed, 12) / 16.0;
    return p;
}

static inline void scene_detections(uint32_t *seed, struct scene_set *set)
{
    int filled[SCENE_IMAGES][SCENE_CLASSES] = {{0}}, tries = scene_pick(seed, SCENE_MOST * 3);
    set->dt_count = 0;
    for (int i = 0; i < tries; i++) {
        struct plain p = scene_plain(seed);
        if (set->gt_count && scene_pick(seed, 2)) { /* near a truth */
            double score = p.score;
            p = set->gts[scene_pick(seed, set->gt_count)];
            p.score = score;
            p.box[scene_pick(seed, 4)] += 8;
            p.area = p.box[2] * p.box[3];
        }
        if (filled[p.image][p.category]++ < SCENE_MOST) set->dts[set->dt_count++] = p;
    }
}

static inline void scene_random(uint32_t *seed, struct scene_set *set)
{
    set->style = 0;
    set->gt_count = scene_pick(seed, SCENE_MOST + 1);
    for (int i = 0; i < set->gt_count; i++) set->gts[i] = scene_plain(seed);
    scene_detections(seed, set);
}

enum { SCENE_PLAIN, SCENE_STRINGS, SCENE_LARGE, SCENE_LARGER, SCENE_OTHERS, SCENE_STYLES };

/* An id, from 1; in every style they are in the same order. */
static inline void scene_put_id(FILE *out, int id, int style, int times)
{
    if (style == SCENE_STRINGS)
        fprintf(out, times % 2 ? "\"vid\\u005f%c\"" : "\"vid_%c\"", 'a' + id);
    else if (style == SCENE_LARGE)
        fprintf(out, "%lld", (1LL << 53) + id);
    else if (style == SCENE_LARGER)
        fprintf(out, "1844674407370955161%d", id);
    else if (style == SCENE_OTHERS)
        fprintf(out, id == 1 && times % 3 == 0 ? "true" : times % 3 == 1 ? "%d.0" : "%de0", id);
    else
        fprintf(out, "%d", id);
}

/* Fields that boxes do not need, and some that come twice. */
static inline void scene_put_odd(FILE *out, int times, bool truth)
{
    static const char *const odd[] = {",\"segmentation\":[]", ",\"x\":NaN", ",\"y\":[[{\"z\":-Infinity}]]",
                                      ",\"segmentation\":[[1,2],null]", ""};
    fputs(odd[times % 5], out);
    if (truth) fputs(times % 2 ? ",\"area\":\"much\",\"bbox\":null,\"iscrowd\":[]" : "", out);
}

static inline void scene_put(FILE *out, const struct plain *p, int id, bool truth, int style)
{
    fprintf(out, "%s{\"id\":%d,\"image_id\":", id > 1 ? "," : "", id);
    scene_put_id(out, p->image + 1, style, id);
    fprintf(out, ",\"category_id\":");
    scene_put_id(out, p->category + 1, style, id + truth);
    if (style) scene_put_odd(out, id, truth);
    fprintf(out, ",\"bbox\":[%g,%g,%g,%g]", p->box[0], p->box[1], p->box[2], p->box[3]);
    if (truth && style && id % 2)
        fprintf(out, ",\"iscrowd\":%s,\"area\":%g}", p->crowd ? "true" : "0.0", p->area);
    else if (truth)
        fprintf(out, ",\"iscrowd\":%d,\"area\":%g}", p->crowd, p->area);
    else
        fprintf(out, ",\"score\":%g}", p->score);
}

/* Lists are in no order of ids. */
static inline void scene_read_truth(struct scratch *scratch, const struct plain *gts, int count, int images,
                                    int style, struct duet_coco_truth *truth)
{
    char *text = NULL;
    size_t size = 0;
    struct duet_error e;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    fprintf(out, "{\"annotations\":[");
    for (int i = 0; i < count; i++) scene_put(out, &gts[i], i + 1, true, style);
    fprintf(out, "],\"images\":[");
    for (int i = images; i > 0; i--) {
        fprintf(out, "{\"id\":");
        scene_put_id(out, i, style, i);
        fprintf(out, "%s}%s", style ? ",\"width\":null,\"height\":1e9,\"file_name\":7" : "",
                i > 1 ? "," : "");
    }
    fprintf(out, "],\"categories\":[");
    for (int i = 0; i < 3; i++) {
        fprintf(out, "%s{\"id\":", i ? "," : "");
        scene_put_id(out, 1 + (i + 1) % 3, style, i);
        fprintf(out, "%s}", style ? ",\"name\":7" : "");
    }
    fprintf(out, "]}");
    assert_int_equal(fclose(out), 0);
    assert_ok(duet_coco_truth_open(scratch_memory(scratch, text, size), false, truth, &e), e);
    free(text);
}

static inline void scene_read_results(struct scratch *scratch, const struct plain *dts, int count, int style,
                                      struct duet_coco_results *results)
{
    char *text = NULL;
    size_t size = 0;
    struct duet_error e;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    fprintf(out, "[");
    for (int i = 0; i < count; i++) scene_put(out, &dts[i], i + 1, false, style);
    fprintf(out, "]");
    assert_int_equal(fclose(out), 0);
    assert_ok(duet_coco_results_open(scratch_memory(scratch, text, size), false, results, &e), e);
    free(text);
}

struct scene_lists {
    const struct plain *gts;
    int gt_count;
    const struct plain *dts;
    int dt_count, images, style;
};

/* Written, read and scored. */
struct opened_scene {
    struct duet_coco_truth truth;
    struct duet_coco_results results;
    struct duet_coco_eval *eval;
};

/* NULL options: COCO's own. */
static inline void scene_open(struct scratch *scratch, const struct scene_lists *lists,
                              const struct duet_coco_options *options, struct opened_scene *o)
{
    struct duet_error e;
    scene_read_truth(scratch, lists->gts, lists->gt_count, lists->images, lists->style, &o->truth);
    scene_read_results(scratch, lists->dts, lists->dt_count, lists->style, &o->results);
    assert_ok(duet_coco_eval_open(&o->truth, &o->results, options, &o->eval, &e), e);
}

/* One that scene_random made. */
static inline void scene_open_set(struct scratch *scratch, const struct scene_set *set,
                                  const struct duet_coco_options *options, struct opened_scene *o)
{
    const struct scene_lists lists = {set->gts,      set->gt_count, set->dts,
                                      set->dt_count, SCENE_IMAGES,  set->style};
    scene_open(scratch, &lists, options, o);
}

static inline void scene_close(struct opened_scene *o)
{
    duet_coco_eval_close(&o->eval);
    duet_coco_results_close(&o->results);
    duet_coco_truth_close(&o->truth);
}

#endif
