#include "live/track.h"

#include "core/fail.h"
#include "core/grow.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A rectangle's middle and size. */
struct place {
    float x, y, width, height;
};

struct track {
    int category, number; /* 0: none yet */
    int seen, missed;     /* frames: in all, and in a row until now */
    int64_t frame;        /* when it was seen last */
    struct place place;   /* there */
    float dx, dy;         /* of its middle, pixels a frame */
    struct place next;    /* where it should be in the frame at hand */
    bool paired;
};

struct pair {
    float iou;
    size_t track, box;
};

struct duet_tracker {
    struct duet_tracker_options options;
    struct track *tracks; /* oldest first */
    size_t count, capacity;
    struct pair *pairs;
    size_t pair_capacity;
    int next_number;
    bool has_frame;
    int64_t frame;
};

enum duet_status duet_tracker_create(const struct duet_tracker_options *options, struct duet_tracker **out,
                                     struct duet_error *error)
{
    struct duet_tracker_options o = {0};
    *out = NULL;
    if (options) o = *options;
    if (!(o.iou >= 0 && o.iou <= 1))
        return duet_fail(error, DUET_BAD_ARGUMENT, "tracking: iou %g: expected 0 to 1", (double)o.iou);
    if (o.min_frames < 0 || o.max_missed < -1)
        return duet_fail(error, DUET_BAD_ARGUMENT, "tracking: min_frames %d, max_missed %d: negative",
                         o.min_frames, o.max_missed);
    struct duet_tracker *t = calloc(1, sizeof *t);
    if (!t) return duet_no_memory(error, NULL, "for tracking");
    t->options.iou = o.iou > 0 ? o.iou : 0.3f;
    t->options.min_frames = o.min_frames > 0 ? o.min_frames : 3;
    t->options.max_missed = o.max_missed > 0 ? o.max_missed : o.max_missed == 0 ? 15 : 0;
    t->next_number = 1;
    *out = t;
    return DUET_OK;
}

void duet_tracker_close(struct duet_tracker **tracker)
{
    if (!tracker || !*tracker) return;
    free((*tracker)->tracks);
    free((*tracker)->pairs);
    free(*tracker);
    *tracker = NULL;
}

void duet_tracker_reset(struct duet_tracker *tracker)
{
    tracker->count = 0;
    tracker->has_frame = false;
}

/* --- pairing -------------------------------------------------------------------------------------------- */

static struct place place_of(struct duet_box b)
{
    return (struct place){b.x + b.width / 2, b.y + b.height / 2, b.width, b.height};
}

static float common_length(float a, float a_length, float b, float b_length)
{
    float low_a = a - a_length / 2, low_b = b - b_length / 2;
    float high_a = low_a + a_length, high_b = low_b + b_length;
    return (high_a < high_b ? high_a : high_b) - (low_a > low_b ? low_a : low_b);
}

static float iou_of(struct place a, struct place b)
{
    float w = common_length(a.x, a.width, b.x, b.width), h = common_length(a.y, a.height, b.y, b.height);
    if (!(w > 0 && h > 0)) return 0;
    return w * h / (a.width * a.height + b.width * b.height - w * h);
}

/* Every pair that overlaps enough. */
static bool find_pairs(struct duet_tracker *t, const struct duet_detections *boxes, size_t *count)
{
    *count = 0;
    for (size_t b = 0; b < boxes->count; b++) {
        struct place place = place_of(boxes->items[b].box);
        for (size_t k = 0; k < t->count; k++) {
            if (t->tracks[k].category != boxes->items[b].category_id) continue;
            float iou = iou_of(t->tracks[k].next, place);
            if (!(iou >= t->options.iou)) continue;
            if (!DUET_GROW(t->pairs, t->pair_capacity, *count + 1)) return false;
            t->pairs[(*count)++] = (struct pair){iou, k, b};
        }
    }
    return true;
}

/* The best overlap first; among equals the older track, then the earlier box, which is the surer one. */
static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->iou != y->iou) return x->iou > y->iou ? -1 : 1;
    if (x->track != y->track) return x->track < y->track ? -1 : 1;
    return (x->box > y->box) - (x->box < y->box);
}

/* --- one frame ------------------------------------------------------------------------------------------ */

static void predict(struct duet_tracker *t, int64_t frame)
{
    for (size_t i = 0; i < t->count; i++) {
        struct track *k = &t->tracks[i];
        float frames = (float)((double)frame - (double)k->frame);
        k->next = k->place;
        k->next.x += k->dx * frames;
        k->next.y += k->dy * frames;
        k->paired = false;
    }
}

/* A track is seen at `place`. Half of the new speed, half of the old: boxes tremble. */
static void see(struct track *k, struct place place, int64_t frame)
{
    float frames = (float)((double)frame - (double)k->frame), share = k->seen == 1 ? 1.0f : 0.5f;
    k->dx += share * ((place.x - k->place.x) / frames - k->dx);
    k->dy += share * ((place.y - k->place.y) / frames - k->dy);
    k->place = place;
    k->frame = frame;
    k->missed = 0;
    k->paired = true;
    if (k->seen < INT_MAX) k->seen++;
}

/* Tracks that were not seen: those without a number end at once. */
static void forget_missed(struct duet_tracker *t)
{
    size_t left = 0;
    for (size_t i = 0; i < t->count; i++) {
        struct track *k = &t->tracks[i];
        if (!k->paired && (k->number == 0 || ++k->missed > t->options.max_missed)) continue;
        t->tracks[left++] = *k;
    }
    t->count = left;
}

static void give_number(struct duet_tracker *t, struct track *k)
{
    if (k->number == 0 && k->seen >= t->options.min_frames && t->next_number < INT_MAX)
        k->number = t->next_number++;
}

/* numbers[box] becomes 1 + the index of its track; 0: none. */
static void pair_up(struct duet_tracker *t, size_t pairs, const struct duet_detections *boxes, int64_t frame,
                    int *numbers)
{
    if (pairs > 1) qsort(t->pairs, pairs, sizeof *t->pairs, compare_pairs);
    for (size_t i = 0; i < pairs; i++) {
        struct track *k = &t->tracks[t->pairs[i].track];
        size_t box = t->pairs[i].box;
        if (k->paired || numbers[box] != 0) continue;
        see(k, place_of(boxes->items[box].box), frame);
        numbers[box] = (int)t->pairs[i].track + 1;
    }
}

/* Tracks to the boxes that have none yet, behind the old ones; numbers[] as above. */
static bool start_tracks(struct duet_tracker *t, const struct duet_detections *boxes, int64_t frame,
                         int *numbers)
{
    for (size_t i = 0; i < boxes->count; i++) {
        if (numbers[i] != 0) continue;
        if (t->count == INT_MAX || !DUET_GROW(t->tracks, t->capacity, t->count + 1)) return false;
        t->tracks[t->count++] = (struct track){.category = boxes->items[i].category_id,
                                               .seen = 1,
                                               .frame = frame,
                                               .place = place_of(boxes->items[i].box),
                                               .paired = true};
        numbers[i] = (int)t->count;
    }
    return true;
}

enum duet_status duet_tracker_update(struct duet_tracker *t, int64_t frame,
                                     const struct duet_detections *detections, int *numbers,
                                     struct duet_error *error)
{
    size_t pairs, count = detections->count;
    if (count > 0) memset(numbers, 0, count * sizeof *numbers);
    if (t->has_frame && frame <= t->frame) duet_tracker_reset(t);
    predict(t, frame);
    bool room = find_pairs(t, detections, &pairs);
    if (room) pair_up(t, pairs, detections, frame, numbers);
    if (room) room = start_tracks(t, detections, frame, numbers);
    for (size_t i = 0; i < count; i++) { /* in their order: the surest one's number is the lowest */
        struct track *k = numbers[i] > 0 ? &t->tracks[numbers[i] - 1] : NULL;
        if (k) give_number(t, k);
        numbers[i] = k && room ? k->number : 0;
    }
    forget_missed(t);
    t->has_frame = true;
    t->frame = frame;
    return room ? DUET_OK : duet_fail(error, DUET_OUT_OF_MEMORY, "no memory to track %zu boxes", count);
}
