#include "data/coco/rle.h"

#include "core/fail.h"
#include "core/grow.h"

#include <math.h>
#include <string.h>

void duet_rle_close(struct duet_rle *rle)
{
    free(rle->counts);
    *rle = (struct duet_rle){0};
}

bool duet_rle_good_size(int64_t height, int64_t width)
{
    return height >= 0 && width >= 0 && height <= DUET_RLE_MAX_SIDE && width <= DUET_RLE_MAX_SIDE &&
           (uint64_t)height * (uint64_t)width <= DUET_RLE_MAX_PIXELS;
}

static void begin(struct duet_rle *rle, uint32_t height, uint32_t width)
{
    rle->height = height;
    rle->width = width;
    rle->count = 0;
}

static bool push(struct duet_rle *rle, uint32_t count)
{
    if (!DUET_GROW(rle->counts, rle->capacity, rle->count + 1)) return false;
    rle->counts[rle->count++] = count;
    return true;
}

bool duet_rle_empty(struct duet_rle *rle, uint32_t height, uint32_t width)
{
    begin(rle, height, width);
    return push(rle, height * width);
}

bool duet_rle_from_pixels(struct duet_rle *rle, const struct duet_image *image, int value)
{
    uint32_t run = 0;
    bool inside = false;
    begin(rle, (uint32_t)image->height, (uint32_t)image->width);
    for (int x = 0; x < image->width; x++)
        for (int y = 0; y < image->height; y++, run++) {
            if ((duet_image_row(image, y)[x] == value) == inside) continue;
            if (!push(rle, run)) return false;
            inside = !inside;
            run = 0;
        }
    return push(rle, run);
}

/* --- compressed text ---------------------------------------------------------------------------------- */

/* Reads one count at a time. */
struct rle_text {
    const char *text, *end;
    int64_t before[2]; /* the last two counts */
    size_t index;      /* of the next */
};

/* The next count. False at the end, and when the text is none: then *broken is set. */
static bool next_count(struct rle_text *text, uint32_t *count, bool *broken)
{
    int64_t value = 0;
    int shift = 0;
    bool more = true;
    *broken = false;
    if (text->text == text->end) return false;
    *broken = true;
    while (more) {
        if (text->text == text->end || shift >= 5 * DUET_RLE_TEXT_MAX) return false;
        int group = (unsigned char)*text->text++ - '0';
        if (group < 0 || group > 0x3f) return false;
        value |= (int64_t)(group & 0x1f) << shift;
        shift += 5;
        more = group & 0x20;
        if (!more && (group & 0x10)) value -= (int64_t)1 << shift;
    }
    if (text->index > 2) value += text->before[text->index % 2];
    if (value < 0 || value > UINT32_MAX) return false;
    text->before[text->index % 2] = value;
    text->index++;
    *count = (uint32_t)value;
    *broken = false;
    return true;
}

int duet_rle_put_count(uint32_t count, uint32_t before, char out[DUET_RLE_TEXT_MAX])
{
    int64_t value = (int64_t)count - before;
    int length = 0;
    bool more = true;
    while (more) {
        int group = (int)(value & 0x1f);
        value = (value - group) / 32;
        more = group & 0x10 ? value != -1 : value != 0;
        out[length++] = (char)('0' + (more ? group | 0x20 : group));
    }
    return length;
}

const char *duet_rle_text_fault(const char *text, size_t length, uint32_t height, uint32_t width)
{
    struct rle_text reader = {.text = text, .end = text + length};
    uint64_t sum = 0;
    uint32_t count;
    bool broken;
    while (next_count(&reader, &count, &broken)) {
        sum += count;
        if (sum > DUET_RLE_MAX_PIXELS) break;
    }
    if (broken) return "not a compressed mask";
    if (sum != (uint64_t)height * width) return "its runs do not add up to its size";
    return NULL;
}

bool duet_rle_from_text(struct duet_rle *rle, const char *text, size_t length, uint32_t height,
                        uint32_t width)
{
    struct rle_text reader = {.text = text, .end = text + length};
    uint32_t count;
    bool broken;
    begin(rle, height, width);
    while (next_count(&reader, &count, &broken))
        if (!push(rle, count)) return false;
    return true;
}

/* --- polygons ----------------------------------------------------------------------------------------- */

enum { FINE = 5 }; /* steps of the fine grid a pixel */
#define MAX_CROSSINGS ((size_t)1 << 24)

void duet_rle_scratch_close(struct duet_rle_scratch *scratch)
{
    free(scratch->crossings);
    *scratch = (struct duet_rle_scratch){0};
}

/* One side of the polygon, walked from its lower end on along the axis where it is longer, one step of the
 * fine grid after the other: point `t` of 0..length is at along = from + t, across = other + slope * t. */
struct side {
    int from, other, length;
    double slope;
    bool flat; /* walked along x */
};

static struct side side_between(int x0, int y0, int x1, int y1)
{
    int dx = abs(x1 - x0), dy = abs(y1 - y0);
    bool flat = dx >= dy, back = flat ? x0 > x1 : y0 > y1;
    int xs = back ? x1 : x0, ys = back ? y1 : y0, xe = back ? x0 : x1, ye = back ? y0 : y1;
    if (flat) return (struct side){xs, ys, dx, dx ? (double)(ye - ys) / dx : 0, true};
    return (struct side){ys, xs, dy, (double)(xe - xs) / dy, false};
}

static int across(const struct side *side, int t)
{
    return (int)(side->other + side->slope * t + .5);
}

/* The first t at which a steep side has passed between the columns u and u + 1 of the fine grid, 1..length;
 * 0: it does not. */
static int steep_passes(const struct side *side, int u)
{
    bool right = side->slope > 0;
    int first = across(side, 0), last = across(side, side->length);
    if (right ? first > u || last <= u : first <= u || last > u) return 0;
    double guess = (u + .5 - side->other) / side->slope;
    int t = guess < 1 ? 1 : guess > side->length ? side->length : (int)guess;
    while (t > 1 && (across(side, t - 1) > u) == right) t--;
    while ((across(side, t) > u) != right) t++;
    return t;
}

/* Mark where a side crosses the centre line of column c: all pixels from there on change sides. */
static bool cross(struct duet_rle_scratch *scratch, int c, int v, uint32_t height)
{
    double y = (v + .5) / FINE - .5;
    y = y < 0 ? 0 : y > height ? height : ceil(y);
    if (!DUET_GROW(scratch->crossings, scratch->capacity, scratch->count + 1)) return false;
    scratch->crossings[scratch->count++] = (uint32_t)c * height + (uint32_t)y;
    return true;
}

/* All crossings of one side. Column c's centre line lies between 5c + 2 and 5c + 3 of the fine grid. */
static bool cross_side(struct duet_rle_scratch *scratch, int x0, int y0, int x1, int y1, uint32_t height,
                       uint32_t width)
{
    struct side side = side_between(x0, y0, x1, y1);
    int low = x0 < x1 ? x0 : x1, high = x0 < x1 ? x1 : x0;
    int c = low <= 2 ? 0 : (low - 2 + FINE - 1) / FINE;
    int end = high < 3 ? 0 : (high - 3) / FINE + 1;
    if (end > (int)width) end = (int)width;
    for (; c < end; c++) {
        int u = FINE * c + 2, v;
        if (side.flat) {
            int a = across(&side, u - side.from), b = across(&side, u + 1 - side.from);
            v = a < b ? a : b;
        } else {
            int t = steep_passes(&side, u);
            if (t == 0) continue;
            v = side.from + t - 1;
        }
        if (!cross(scratch, c, v, height)) return false;
    }
    return true;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Runs between the crossings; two at one place undo each other. */
static bool runs_between(struct duet_rle *rle, const struct duet_rle_scratch *scratch)
{
    uint32_t pixels = rle->height * rle->width, at = 0;
    for (size_t i = 0; i < scratch->count; i++) {
        uint32_t next = scratch->crossings[i];
        if (i + 1 < scratch->count && scratch->crossings[i + 1] == next) {
            i++;
            continue;
        }
        if (next >= pixels) break;
        if (!push(rle, next - at)) return false;
        at = next;
    }
    return push(rle, pixels - at);
}

static int fine(double coordinate)
{
    return (int)(FINE * coordinate + .5);
}

enum duet_status duet_rle_from_polygon(struct duet_rle *rle, const double *xy, size_t points, uint32_t height,
                                       uint32_t width, struct duet_rle_scratch *scratch,
                                       struct duet_error *error)
{
    begin(rle, height, width);
    scratch->count = 0;
    bool enough = true;
    for (size_t i = 0; enough && i < points; i++) {
        const double *from = xy + 2 * i, *to = xy + 2 * (i + 1 < points ? i + 1 : 0);
        enough = cross_side(scratch, fine(from[0]), fine(from[1]), fine(to[0]), fine(to[1]), height, width);
        if (scratch->count > MAX_CROSSINGS)
            return duet_fail(error, DUET_TOO_LARGE, "a polygon crosses its columns more than %zu times",
                             MAX_CROSSINGS);
    }
    if (enough && scratch->count > 1)
        qsort(scratch->crossings, scratch->count, sizeof *scratch->crossings, compare);
    if (!enough || !runs_between(rle, scratch))
        return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for a mask of %ux%u pixels", width, height);
    return DUET_OK;
}

/* --- what masks are for ------------------------------------------------------------------------------- */

/* Two masks walked together, a stretch of equal pixels at a time. */
struct pair {
    const struct duet_rle *masks[2];
    size_t next[2];    /* run of each */
    uint32_t left[2];  /* pixels of the run before it that are left */
    bool value[2];     /* of those */
    uint32_t together; /* length of the present stretch */
};

static bool pair_next(struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        pair->left[i] -= pair->together;
        while (pair->left[i] == 0) {
            if (pair->next[i] == pair->masks[i]->count) return false;
            pair->value[i] = pair->next[i] % 2;
            pair->left[i] = pair->masks[i]->counts[pair->next[i]++];
        }
    }
    pair->together = pair->left[0] < pair->left[1] ? pair->left[0] : pair->left[1];
    return true;
}

bool duet_rle_union(struct duet_rle *rle, const struct duet_rle *a, const struct duet_rle *b)
{
    struct pair pair = {.masks = {a, b}};
    begin(rle, a->height, a->width);
    if (!push(rle, 0)) return false;
    while (pair_next(&pair)) {
        bool value = pair.value[0] || pair.value[1];
        if (value != (rle->count - 1) % 2 && !push(rle, 0)) return false;
        rle->counts[rle->count - 1] += pair.together;
    }
    return true;
}

uint64_t duet_rle_intersection(const struct duet_rle *a, const struct duet_rle *b)
{
    struct pair pair = {.masks = {a, b}};
    uint64_t sum = 0;
    while (pair_next(&pair))
        if (pair.value[0] && pair.value[1]) sum += pair.together;
    return sum;
}

uint64_t duet_rle_area(const struct duet_rle *rle)
{
    uint64_t area = 0;
    for (size_t i = 1; i < rle->count; i += 2) area += rle->counts[i];
    return area;
}

void duet_rle_box(const struct duet_rle *rle, double box[4])
{
    uint32_t h = rle->height, at = 0, left = rle->width, top = h, right = 0, bottom = 0;
    memset(box, 0, 4 * sizeof *box);
    for (size_t i = 0; i < rle->count; at += rle->counts[i], i++) {
        if (i % 2 == 0 || rle->counts[i] == 0) continue;
        uint32_t last = at + rle->counts[i] - 1, from = at / h, to = last / h;
        bool columns = to > from; /* more than one: then from top to bottom */
        uint32_t upper = columns ? 0 : at % h, lower = columns ? h - 1 : last % h;
        if (from < left) left = from;
        if (to > right) right = to;
        if (upper < top) top = upper;
        if (lower > bottom) bottom = lower;
    }
    if (left == rle->width) return;
    box[0] = left;
    box[1] = top;
    box[2] = right - left + 1;
    box[3] = bottom - top + 1;
}
