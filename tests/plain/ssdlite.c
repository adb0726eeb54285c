/* ssdlite.c: an object detector in one file, to be read from top to bottom: SSDLite on MobileNetV2, from the
 * pixels of a picture to named boxes.
 *
 *     ssdlite MODEL.safetensors PICTURE.ppm [THRESHOLD [RAW]]
 *
 * It shares no line with Duet and is what Duet is held against: the same network said as plainly as C can say
 * it. Nothing is fast here (750 million multiplications, one after the other), and everything is what the
 * TensorFlow graph ssdlite_mobilenet_v2_coco computes: test_ssdlite.sh compares. Prints the detections that
 * score above THRESHOLD (0.5) as CSV; with RAW, it writes RAW.pre.bin, RAW.box_enc.bin and RAW.logits.bin,
 * float32: the network's input, box encodings and logits.
 *
 * The papers: MobileNetV2 (Sandler et al., arXiv 1801.04381), SSD (Liu et al., arXiv 1512.02325), the code of
 * boxes (Ren et al., arXiv 1506.01497). */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE    300  /* of the network's input */
#define BLOCKS  17   /* bottlenecks of MobileNetV2 */
#define MAPS    6    /* feature maps that are searched for objects */
#define ANCHORS 1917 /* places and shapes of boxes on all of them */
#define COLUMNS 91   /* background, then COCO's class ids 1 to 90 (10 of them were never used) */
#define MOST    100  /* boxes of one class, and of the picture */

static _Noreturn void die(const char *what, const char *name)
{
    fprintf(stderr, "ssdlite: %s: %s\n", name, what);
    exit(1);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory) die("no memory", "calloc");
    return memory;
}

/* --- the model file ------------------------------------------------------------------------------------- */

/* A safetensors file: 8 bytes that say how long the header is, the header in JSON, the numbers. */
struct model {
    char *header;
    float *numbers;
    size_t bytes; /* of numbers */
};

static struct model read_model(const char *path)
{
    uint64_t header = 0;
    FILE *file = fopen(path, "rb");
    if (!file || fread(&header, sizeof header, 1, file) != 1 || header > 1 << 24)
        die("cannot be read as a safetensors file", path);
    fseek(file, 0, SEEK_END);
    struct model model = {.bytes = (size_t)ftell(file) - sizeof header - (size_t)header};
    fseek(file, sizeof header, SEEK_SET);
    model.header = allocate((size_t)header + 1, 1);
    model.numbers = allocate(model.bytes + 1, 1);
    if (fread(model.header, 1, (size_t)header, file) != header ||
        fread(model.numbers, 1, model.bytes, file) != model.bytes)
        die("is cut short", path);
    fclose(file);
    return model;
}

/* The header lists the tensors: "NAME":{"dtype":"F32","shape":[3,3,3,32],"data_offsets":[FROM,TO]}. */
static const float *find_tensor(const struct model *model, const char *layer, const char *what, int *count)
{
    char name[80];
    size_t from, to;
    snprintf(name, sizeof name, "\"%s.%s\":{\"dtype\":\"F32\"", layer, what);
    const char *entry = strstr(model->header, name);
    const char *offsets = entry ? strstr(entry, "\"data_offsets\":") : NULL;
    if (!offsets || sscanf(offsets, "\"data_offsets\":[%zu,%zu]", &from, &to) != 2 || from > to ||
        to > model->bytes)
        die("the model does not have this layer", layer);
    *count = (int)((to - from) / sizeof(float));
    return model->numbers + from / sizeof(float);
}

/* The weights of a layer: for each of `inputs` numbers that it looks at, one for each channel of its result;
 * and one to add to each channel. In training every convolution was followed by batch normalisation, which
 * brings each channel to a mean and a spread that are learnt. At rest that is a multiplication and an
 * addition, and both have been folded into these numbers. */
struct layer {
    const float *weights, *bias;
    int channels;
};

static struct layer find_layer(const struct model *model, const char *name, int inputs)
{
    struct layer layer;
    int count;
    layer.bias = find_tensor(model, name, "bias", &layer.channels);
    layer.weights = find_tensor(model, name, "weight", &count);
    if (count != inputs * layer.channels) die("does not fit into the network", name);
    return layer;
}

/* --- layers --------------------------------------------------------------------------------------------- */

/* What flows through the network: [height][width][channels], a picture with many colours. */
struct map {
    int height, width, channels;
    float *values;
};

static struct map new_map(int height, int width, int channels)
{
    size_t count = (size_t)height * (size_t)width * (size_t)channels;
    return (struct map){height, width, channels, allocate(count, sizeof(float))};
}

static void replace(struct map *map, struct map by)
{
    free(map->values);
    *map = by;
}

/* The channels at one place; NULL beyond the edge. */
static float *at(struct map map, int y, int x)
{
    if (y < 0 || x < 0 || y >= map.height || x >= map.width) return NULL;
    return map.values + (y * map.width + x) * map.channels;
}

/* A window of `kernel` pixels that moves in steps of `stride` makes a map of ceil(side / stride). */
static int steps(int side, int stride)
{
    return (side + stride - 1) / stride;
}

/* The pixels that the first window lacks, of those that all windows together reach over: TensorFlow's "SAME"
 * puts half of them before the map, and when their number is odd the one more after it. They count as 0. */
static int pixels_before(int side, int kernel, int stride)
{
    int beyond = (steps(side, stride) - 1) * stride + kernel - side;
    return beyond > 0 ? beyond / 2 : 0;
}

/* ReLU6: what is not linear in the network. Without it, layer upon layer would be one matrix. The upper bound
 * keeps numbers in a range that few bits can hold. */
static struct map relu6(struct map map)
{
    for (int i = 0; i < map.height * map.width * map.channels; i++)
        map.values[i] = fminf(fmaxf(map.values[i], 0), 6);
    return map;
}

/* Convolution: each number of the result is a sum over a window of all channels, with weights of its own
 * channel that are the same everywhere: what it has learnt to see, it sees in every place. Of kernel 1 it
 * does not look around, and only mixes the channels of a place ("pointwise"). */
static struct map convolve(const struct model *model, const char *name, struct map in, int kernel, int stride)
{
    struct layer layer = find_layer(model, name, kernel * kernel * in.channels);
    struct map out = new_map(steps(in.height, stride), steps(in.width, stride), layer.channels);
    int top = pixels_before(in.height, kernel, stride), left = pixels_before(in.width, kernel, stride);
    for (int y = 0; y < out.height; y++)
        for (int x = 0; x < out.width; x++) {
            float *sums = at(out, y, x);
            memcpy(sums, layer.bias, (size_t)out.channels * sizeof *sums);
            for (int k = 0; k < kernel * kernel; k++) {
                const float *seen = at(in, y * stride + k / kernel - top, x * stride + k % kernel - left);
                for (int i = 0; seen && i < in.channels; i++)
                    for (int c = 0; c < out.channels; c++)
                        sums[c] += seen[i] * layer.weights[(k * in.channels + i) * out.channels + c];
            }
        }
    return out;
}

/* Depthwise 3x3 convolution with ReLU6: it looks around, but each channel only in itself. With a pointwise
 * one beside it, it does much the same as a full 3x3 convolution, for about a ninth of the multiplications:
 * that is why all of this runs on phones. */
static struct map depthwise(const struct model *model, const char *name, struct map in, int stride)
{
    struct layer layer = find_layer(model, name, 3 * 3);
    struct map out = new_map(steps(in.height, stride), steps(in.width, stride), layer.channels);
    int top = pixels_before(in.height, 3, stride), left = pixels_before(in.width, 3, stride);
    if (in.channels != out.channels) die("has not the channels of what it is put on", name);
    for (int y = 0; y < out.height; y++)
        for (int x = 0; x < out.width; x++) {
            float *sums = at(out, y, x);
            memcpy(sums, layer.bias, (size_t)out.channels * sizeof *sums);
            for (int k = 0; k < 3 * 3; k++) {
                const float *seen = at(in, y * stride + k / 3 - top, x * stride + k % 3 - left);
                for (int c = 0; seen && c < out.channels; c++)
                    sums[c] += seen[c] * layer.weights[k * out.channels + c];
            }
        }
    return relu6(out);
}

/* --- the input ------------------------------------------------------------------------------------------ */

static struct map read_ppm(const char *path)
{
    int width, height, read = 0;
    FILE *file = fopen(path, "rb");
    if (!file || fscanf(file, "P6 %d %d 255%*c%n", &width, &height, &read) != 2 || read == 0 || width < 1 ||
        height < 1 || width > 16384 || height > 16384)
        die("cannot be read as a PPM (P6, 8 bits, no comments)", path);
    struct map picture = new_map(height, width, 3);
    for (int i = 0; i < height * width * 3; i++) {
        int byte = getc(file);
        if (byte == EOF) die("is cut short", path);
        picture.values[i] = (float)byte;
    }
    fclose(file);
    return picture;
}

/* Where pixel `i` of SIDE lies on a side of the picture: between pixels `low` and `high`. TensorFlow 1 put
 * pixel 0 on pixel 0 (not centre on centre), which is a shift by half a pixel; but the network was trained so
 * and sees best through the same glasses. */
struct between {
    int low, high;
    float fraction;
};

static struct between find_between(int i, int side)
{
    float source = (float)i * ((float)side / SIDE);
    int low = (int)source;
    return (struct between){low, low + 1 < side ? low + 1 : side - 1, source - (float)low};
}

static float blend(float a, float b, float fraction)
{
    return a + (b - a) * fraction;
}

/* The picture [h][w][3] -> the input [300][300][3]: stretched (its proportions are lost; boxes are fractions
 * of its sides, so they come out right), bytes 0..255 to -1..1. */
static struct map make_input(struct map picture)
{
    struct map input = new_map(SIDE, SIDE, 3);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            struct between row = find_between(y, picture.height), column = find_between(x, picture.width);
            const float *a = at(picture, row.low, column.low), *b = at(picture, row.low, column.high);
            const float *c = at(picture, row.high, column.low), *d = at(picture, row.high, column.high);
            for (int k = 0; k < 3; k++) {
                float top = blend(a[k], b[k], column.fraction), bottom = blend(c[k], d[k], column.fraction);
                at(input, y, x)[k] = blend(top, bottom, row.fraction) * (2.0f / 255) - 1;
            }
        }
    return input;
}

/* --- MobileNetV2 ---------------------------------------------------------------------------------------- */

/* Table 2 of the paper, whose columns are t, c, n and s: each row is `repeats` bottlenecks of `channels`, the
 * first of them with the stride; inside they are `expansion` times as wide. */
static const struct {
    int expansion, channels, repeats, stride;
} table2[] = {
    {1, 16, 1, 1},  /* [150][150][32] -> [150][150][16] */
    {6, 24, 2, 2},  /* -> [75][75][24] */
    {6, 32, 3, 2},  /* -> [38][38][32] */
    {6, 64, 4, 2},  /* -> [19][19][64] */
    {6, 96, 3, 1},  /* -> [19][19][96] */
    {6, 160, 3, 2}, /* -> [10][10][160] */
    {6, 320, 1, 1}, /* -> [10][10][320] */
};

/* The inverted residual: widen, look around, narrow. Looking around (depthwise) is cheap, so it is done where
 * there are many channels, and what is handed on is narrow. The last step has no ReLU6: it would cut off half
 * of what the few channels hold, with no others beside them to remember it ("linear bottleneck"). Where input
 * and result are of one shape the result is added to the input: a block then learns what to change, not
 * everything anew, and the gradients of training find a way past it. */
static struct map bottleneck(const struct model *model, int index, struct map in, int expansion, int channels,
                             int stride, struct map *expanded)
{
    char name[64];
    *expanded = (struct map){0};
    if (expansion > 1) {
        snprintf(name, sizeof name, "backbone.block%d.expand", index);
        *expanded = relu6(convolve(model, name, in, 1, 1)); /* [h][w][t * in] */
    }
    snprintf(name, sizeof name, "backbone.block%d.depthwise", index);
    struct map around =
        depthwise(model, name, expansion > 1 ? *expanded : in, stride); /* [h/s][w/s][t * in] */
    snprintf(name, sizeof name, "backbone.block%d.project", index);
    struct map out = convolve(model, name, around, 1, 1); /* [h/s][w/s][channels] */
    if (out.channels != channels) die("has not the channels of table 2", name);
    for (int i = 0; stride == 1 && in.channels == channels && i < out.height * out.width * channels; i++)
        out.values[i] += in.values[i];
    free(around.values);
    return out;
}

/* The trunk, and the two of its maps that are searched: the widened one in block 13, [19][19][576], and the
 * last, [10][10][1280]. With depth a place has seen more of the picture, and there are fewer places: the
 * network gives up where for what. Small objects need the earlier map. */
static void run_backbone(const struct model *model, struct map input, struct map features[MAPS])
{
    struct map map = relu6(convolve(model, "backbone.conv", input, 3, 2)); /* [150][150][32] */
    int index = 0;
    for (size_t row = 0; row < sizeof table2 / sizeof *table2; row++)
        for (int repeat = 0; repeat < table2[row].repeats; repeat++, index++) {
            struct map expanded;
            replace(&map, bottleneck(model, index, map, table2[row].expansion, table2[row].channels,
                                     repeat == 0 ? table2[row].stride : 1, &expanded));
            if (index == 13)
                features[0] = expanded;
            else
                free(expanded.values);
        }
    features[1] = relu6(convolve(model, "backbone.conv_1", map, 1, 1));
    free(map.values);
}

/* --- SSDLite -------------------------------------------------------------------------------------------- */

/* Four maps more, each half as large as the one before: [5][5][512], [3][3][256], [2][2][256], [1][1][128].
 * On a small map a place stands for much of the picture: each map looks for objects of its own size. */
static void run_extras(const struct model *model, struct map features[MAPS])
{
    for (int m = 2; m < MAPS; m++) {
        char name[64];
        snprintf(name, sizeof name, "ssdlite.extra%d.reduce", m - 2);
        struct map map = relu6(convolve(model, name, features[m - 1], 1, 1));
        snprintf(name, sizeof name, "ssdlite.extra%d.depthwise", m - 2);
        replace(&map, depthwise(model, name, map, 2));
        snprintf(name, sizeof name, "ssdlite.extra%d.expand", m - 2);
        features[m] = relu6(convolve(model, name, map, 1, 1));
        free(map.values);
    }
}

static int anchors_per_place(int map)
{
    return map == 0 ? 3 : 6;
}

/* At each place of each map, for each of its anchors, `values` numbers, one anchor after the other: "box"
 * says how the anchor is to be moved and stretched (4), "class" what is in it (91). Depthwise and pointwise
 * in the place of SSD's full convolution: the "Lite". -> result[ANCHORS][values] */
static void predict(const struct model *model, const struct map features[MAPS], const char *what, int values,
                    float *result)
{
    for (int m = 0; m < MAPS; m++) {
        char name[64];
        snprintf(name, sizeof name, "ssdlite.map%d.%s.depthwise", m, what);
        struct map around = depthwise(model, name, features[m], 1);
        snprintf(name, sizeof name, "ssdlite.map%d.%s.predict", m, what);
        struct map out = convolve(model, name, around, 1, 1); /* [h][w][A * values] */
        if (out.channels != anchors_per_place(m) * values) die("does not fit SSDLite for COCO", name);
        size_t count = (size_t)(out.height * out.width * out.channels);
        memcpy(result, out.values, count * sizeof *result);
        result += count;
        free(around.values);
        free(out.values);
    }
}

/* --- anchors and boxes ---------------------------------------------------------------------------------- */

/* A box as fractions of the picture's sides; y before x, as in TensorFlow. */
struct anchor {
    float y, x, height, width; /* y, x: its centre */
};

struct box {
    float ymin, xmin, ymax, xmax;
};

/* How large a map's objects are: a fifth of the picture on the first, 95 % on the last. */
static double scale_of(int map)
{
    return map < MAPS ? 0.2 + (0.95 - 0.2) * map / (MAPS - 1) : 1;
}

/* An anchor is a guess that is always there: a box of this shape at this place. The network need not find
 * boxes, only say of each anchor whether something is about there, and correct it: much easier to learn. In
 * the order of the predictions: map by map, row by row, place by place, shape by shape. */
static void make_anchors(const struct map features[MAPS], struct anchor anchors[ANCHORS])
{
    int n = 0;
    for (int m = 0; m < MAPS; m++) {
        double s = scale_of(m), between = sqrt(s * scale_of(m + 1)); /* this map's scale and the next one's */
        const struct {
            double scale, ratio;                  /* width / height */
        } small[] = {{0.1, 1}, {s, 2}, {s, 0.5}}, /* the first map has fewer: it has the most places */
            usual[] = {{s, 1}, {s, 2}, {s, 0.5}, {s, 3}, {s, 0.3333}, {between, 1}};
        for (int y = 0; y < features[m].height; y++)
            for (int x = 0; x < features[m].width; x++)
                for (int a = 0; a < anchors_per_place(m); a++) {
                    double scale = m == 0 ? small[a].scale : usual[a].scale;
                    double root = sqrt(m == 0 ? small[a].ratio : usual[a].ratio);
                    anchors[n++] = (struct anchor){
                        .y = (float)((y + 0.5) / features[m].height),
                        .x = (float)((x + 0.5) / features[m].width),
                        .height = (float)(scale / root), /* the area is scale^2 whatever the ratio */
                        .width = (float)(scale * root)};
                }
    }
}

/* An encoding (ty, tx, th, tw) to a box: the centre moves by a part of the anchor's size, so that one number
 * means the same for small and large ones, and the size changes by a factor, whose logarithm is encoded: it
 * cannot become negative, and twice and half are equally far from 1. Training works best on numbers of about
 * the same spread, and those corrections are small: so they were multiplied by 10 (centre) and 5 (size),
 * which is undone here. */
static struct box decode(const float code[4], struct anchor anchor)
{
    float y = code[0] * 0.1f * anchor.height + anchor.y;
    float x = code[1] * 0.1f * anchor.width + anchor.x;
    float height = expf(code[2] * 0.2f) * anchor.height;
    float width = expf(code[3] * 0.2f) * anchor.width;
    return (struct box){y - height / 2, x - width / 2, y + height / 2, x + width / 2};
}

/* A logit to a probability. A sigmoid for each class, not a softmax over all: classes do not compete, and one
 * anchor may hold a rider and a horse. */
static float sigmoid(float logit)
{
    return 1 / (1 + expf(-logit));
}

/* --- from many boxes to the best ------------------------------------------------------------------------ */

struct detection {
    float score;
    int class_id, anchor;
    struct box box;
};

/* The best first; of equal ones the lower class, then the lower anchor. */
static int by_score(const void *a, const void *b)
{
    const struct detection *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->class_id != y->class_id ? x->class_id - y->class_id : x->anchor - y->anchor;
}

static float area(struct box b)
{
    return fmaxf(b.ymax - b.ymin, 0) * fmaxf(b.xmax - b.xmin, 0);
}

/* Intersection over union: 1 for the same box, 0 for boxes apart. */
static float iou(struct box a, struct box b)
{
    struct box both = {fmaxf(a.ymin, b.ymin), fmaxf(a.xmin, b.xmin), fminf(a.ymax, b.ymax),
                       fminf(a.xmax, b.xmax)};
    float common = area(both), all = area(a) + area(b) - common;
    return common > 0 ? common / all : 0;
}

/* Non-maximum suppression. An object is seen by many anchors about it, and all of them tell: the best box is
 * kept, and what overlaps it by more than 0.6 taken for the same object. candidates[count] are of one class
 * and stay at the front; returns how many. */
static int suppress(struct detection *candidates, int count)
{
    int kept = 0;
    qsort(candidates, (size_t)count, sizeof *candidates, by_score);
    for (int i = 0; i < count && kept < MOST; i++) {
        int k = 0;
        while (k < kept && iou(candidates[i].box, candidates[k].box) <= 0.6f) k++;
        if (k == kept) candidates[kept++] = candidates[i];
    }
    return kept;
}

/* Clipped to the picture, which comes after suppression: what an object would be beyond the edge tells two of
 * them apart. */
static struct box clip(struct box b)
{
    return (struct box){fminf(fmaxf(b.ymin, 0), 1), fminf(fmaxf(b.xmin, 0), 1), fminf(fmaxf(b.ymax, 0), 1),
                        fminf(fmaxf(b.xmax, 0), 1)};
}

/* codes[ANCHORS][4], logits[ANCHORS][COLUMNS] -> at most MOST detections, the best first; returns how many.
 */
static int detect(const float *codes, const float *logits, const struct anchor *anchors, float threshold,
                  struct detection best[MOST])
{
    struct detection *candidates = allocate(ANCHORS, sizeof *candidates);
    struct detection *all = allocate((COLUMNS - 1) * MOST, sizeof *all);
    int count = 0;
    for (int c = 1; c < COLUMNS; c++) { /* column 0, background, only had to be told from the others */
        int found = 0;
        for (int a = 0; a < ANCHORS; a++) {
            float score = sigmoid(logits[a * COLUMNS + c]);
            if (score > threshold)
                candidates[found++] = (struct detection){score, c, a, decode(codes + 4 * a, anchors[a])};
        }
        found = suppress(candidates, found);
        for (int i = 0; i < found; i++) {
            candidates[i].box = clip(candidates[i].box);
            if (area(candidates[i].box) > 0) all[count++] = candidates[i];
        }
    }
    qsort(all, (size_t)count, sizeof *all, by_score);
    if (count > MOST) count = MOST;
    memcpy(best, all, (size_t)count * sizeof *all);
    free(candidates);
    free(all);
    return count;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

/* The header also holds Duet's metadata, JSON inside a text of JSON: {\"id\":18,\"name\":\"dog\"}. */
static void print_name(const struct model *model, int class_id)
{
    char key[48];
    snprintf(key, sizeof key, "{\\\"id\\\":%d,\\\"name\\\":\\\"", class_id);
    const char *name = strstr(model->header, key);
    if (name) name += strlen(key);
    printf("%.*s,", name ? (int)strcspn(name, "\\") : 7, name ? name : "unknown");
}

static void write_raw(const char *prefix, const char *what, const float *values, size_t count)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.%s.bin", prefix, what);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(values, sizeof *values, count, file) != count || fclose(file) != 0)
        die("cannot be written", path);
}

int main(int argc, char **argv)
{
    static struct anchor anchors[ANCHORS];
    static float codes[ANCHORS * 4], logits[ANCHORS * COLUMNS];
    if (argc < 3 || argc > 5) {
        fputs("usage: ssdlite MODEL.safetensors PICTURE.ppm [THRESHOLD [RAW]]\n", stderr);
        return 2;
    }
    struct model model = read_model(argv[1]);
    struct map picture = read_ppm(argv[2]), input = make_input(picture), features[MAPS];
    run_backbone(&model, input, features);
    run_extras(&model, features);
    predict(&model, features, "box", 4, codes);
    predict(&model, features, "class", COLUMNS, logits);
    make_anchors(features, anchors);

    struct detection best[MOST];
    int count = detect(codes, logits, anchors, argc > 3 ? strtof(argv[3], NULL) : 0.5f, best);
    float height = (float)picture.height, width = (float)picture.width;
    puts("class,category_id,score,x,y,width,height,anchor");
    for (int i = 0; i < count; i++) {
        struct box b = best[i].box;
        print_name(&model, best[i].class_id);
        printf("%d,%.8g,%.8g,%.8g,%.8g,%.8g,%d\n", best[i].class_id, (double)best[i].score,
               (double)(b.xmin * width), (double)(b.ymin * height), (double)((b.xmax - b.xmin) * width),
               (double)((b.ymax - b.ymin) * height), best[i].anchor);
    }
    if (argc > 4) {
        write_raw(argv[4], "pre", input.values, SIDE * SIDE * 3);
        write_raw(argv[4], "box_enc", codes, sizeof codes / sizeof *codes);
        write_raw(argv[4], "logits", logits, sizeof logits / sizeof *logits);
    }
    for (int m = 0; m < MAPS; m++) free(features[m].values);
    free(picture.values);
    free(input.values);
    free(model.header);
    free(model.numbers);
    return 0;
}
