#include "data/labels/labels.h"

#include "core/fail.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct duet_label coco_labels[] = {
    {1, "person"},         {2, "bicycle"},       {3, "car"},
    {4, "motorcycle"},     {5, "airplane"},      {6, "bus"},
    {7, "train"},          {8, "truck"},         {9, "boat"},
    {10, "traffic light"}, {11, "fire hydrant"}, {13, "stop sign"},
    {14, "parking meter"}, {15, "bench"},        {16, "bird"},
    {17, "cat"},           {18, "dog"},          {19, "horse"},
    {20, "sheep"},         {21, "cow"},          {22, "elephant"},
    {23, "bear"},          {24, "zebra"},        {25, "giraffe"},
    {27, "backpack"},      {28, "umbrella"},     {31, "handbag"},
    {32, "tie"},           {33, "suitcase"},     {34, "frisbee"},
    {35, "skis"},          {36, "snowboard"},    {37, "sports ball"},
    {38, "kite"},          {39, "baseball bat"}, {40, "baseball glove"},
    {41, "skateboard"},    {42, "surfboard"},    {43, "tennis racket"},
    {44, "bottle"},        {46, "wine glass"},   {47, "cup"},
    {48, "fork"},          {49, "knife"},        {50, "spoon"},
    {51, "bowl"},          {52, "banana"},       {53, "apple"},
    {54, "sandwich"},      {55, "orange"},       {56, "broccoli"},
    {57, "carrot"},        {58, "hot dog"},      {59, "pizza"},
    {60, "donut"},         {61, "cake"},         {62, "chair"},
    {63, "couch"},         {64, "potted plant"}, {65, "bed"},
    {67, "dining table"},  {70, "toilet"},       {72, "tv"},
    {73, "laptop"},        {74, "mouse"},        {75, "remote"},
    {76, "keyboard"},      {77, "cell phone"},   {78, "microwave"},
    {79, "oven"},          {80, "toaster"},      {81, "sink"},
    {82, "refrigerator"},  {84, "book"},         {85, "clock"},
    {86, "vase"},          {87, "scissors"},     {88, "teddy bear"},
    {89, "hair drier"},    {90, "toothbrush"},
};

static const struct duet_label voc_labels[] = {
    {0, "background"}, {1, "aeroplane"},    {2, "bicycle"}, {3, "bird"},   {4, "boat"},
    {5, "bottle"},     {6, "bus"},          {7, "car"},     {8, "cat"},    {9, "chair"},
    {10, "cow"},       {11, "diningtable"}, {12, "dog"},    {13, "horse"}, {14, "motorbike"},
    {15, "person"},    {16, "pottedplant"}, {17, "sheep"},  {18, "sofa"},  {19, "train"},
    {20, "tvmonitor"},
};

/* Where COCO and VOC name one thing differently; "dining table" and "potted plant" differ by a space only. */
static const char *const aliases[][2] = {
    {"airplane", "aeroplane"},
    {"motorcycle", "motorbike"},
    {"couch", "sofa"},
    {"tv", "tvmonitor"},
};

struct duet_labels duet_labels_coco(void)
{
    return (struct duet_labels){coco_labels, COUNT(coco_labels)};
}

struct duet_labels duet_labels_voc(void)
{
    return (struct duet_labels){voc_labels, COUNT(voc_labels)};
}

const char *duet_voc_class_name(int class_id)
{
    return duet_labels_voc().items[class_id].name;
}

/* --- finding ------------------------------------------------------------------------------------------ */

/* Names are compared by their "core": ASCII lower case, without '_', '-' and white space. */
#define CORE_MAX 64

struct core {
    size_t length; /* > CORE_MAX: too long to be anybody's name; text is then cut */
    char text[CORE_MAX];
};

static struct core core_of(const char *name, size_t length)
{
    struct core core = {0};
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        if (c == '_' || c == '-' || c == ' ' || (c >= '\t' && c <= '\r')) continue;
        if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        if (core.length < CORE_MAX) core.text[core.length] = c;
        core.length++;
    }
    return core;
}

static bool core_equal(const struct core *a, const struct core *b)
{
    return a->length == b->length && a->length <= CORE_MAX && memcmp(a->text, b->text, a->length) == 0;
}

/* The other data set's word for `name`, or NULL. */
static const char *alias_of(const struct core *name)
{
    for (size_t i = 0; i < COUNT(aliases); i++)
        for (int side = 0; side < 2; side++) {
            struct core core = core_of(aliases[i][side], strlen(aliases[i][side]));
            if (core_equal(&core, name)) return aliases[i][1 - side];
        }
    return NULL;
}

static const struct duet_label *find_core(const struct duet_labels *labels, const struct core *name)
{
    for (size_t i = 0; i < labels->count; i++) {
        struct core core = core_of(labels->items[i].name, strlen(labels->items[i].name));
        if (core_equal(&core, name)) return &labels->items[i];
    }
    return NULL;
}

static const struct duet_label *find_bytes(const struct duet_labels *labels, const char *name, size_t length)
{
    struct core core = core_of(name, length);
    if (core.length == 0) return NULL;
    const struct duet_label *label = find_core(labels, &core);
    const char *other = label ? NULL : alias_of(&core);
    if (!other) return label;
    core = core_of(other, strlen(other));
    return find_core(labels, &core);
}

const struct duet_label *duet_labels_find(const struct duet_labels *labels, const char *name)
{
    return find_bytes(labels, name, strlen(name));
}

/* --- guessing ----------------------------------------------------------------------------------------- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal string
 * alignment). Both at most CORE_MAX long. */
static size_t edit_distance(const struct core *a, const struct core *b)
{
    size_t rows[3][CORE_MAX + 1]; /* of the table: i - 2, i - 1, i, in turns */
    for (size_t j = 0; j <= b->length; j++) rows[0][j] = j;
    for (size_t i = 1; i <= a->length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b->length; j++) {
            bool same = a->text[i - 1] == b->text[j - 1];
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + !same);
            if (i > 1 && j > 1 && a->text[i - 1] == b->text[j - 2] && a->text[i - 2] == b->text[j - 1])
                row[j] = least(row[j], above2[j - 2] + 1);
        }
    }
    return rows[a->length % 3][b->length];
}

/* The distance of `name` to a label: to its own name or to its alias, whichever is nearer. */
static size_t label_distance(const struct duet_label *label, const struct core *name)
{
    struct core core = core_of(label->name, strlen(label->name));
    if (core.length > CORE_MAX) return SIZE_MAX;
    size_t distance = edit_distance(name, &core);
    const char *other = alias_of(&core);
    if (!other) return distance;
    core = core_of(other, strlen(other));
    return least(distance, edit_distance(name, &core));
}

static const struct duet_label *suggest_bytes(const struct duet_labels *labels, const char *name,
                                              size_t length)
{
    struct core core = core_of(name, length);
    if (core.length > CORE_MAX) return NULL;
    const struct duet_label *best = NULL;
    size_t best_distance = core.length / 3 + 1;
    for (size_t i = 0; i < labels->count; i++) {
        size_t distance = label_distance(&labels->items[i], &core);
        if (distance >= best_distance) continue;
        best_distance = distance;
        best = &labels->items[i];
    }
    return best;
}

const struct duet_label *duet_labels_suggest(const struct duet_labels *labels, const char *name)
{
    return suggest_bytes(labels, name, strlen(name));
}

/* --- lists -------------------------------------------------------------------------------------------- */

static enum duet_status unknown_class(const struct duet_labels *labels, const char *name, size_t length,
                                      struct duet_error *error)
{
    int shown = (int)least(length, 100);
    const struct duet_label *near = suggest_bytes(labels, name, length);
    if (near)
        return duet_fail(error, DUET_NOT_FOUND, "unknown class '%.*s'; did you mean '%s'?", shown, name,
                         near->name);
    return duet_fail(error, DUET_NOT_FOUND, "unknown class '%.*s'; the model knows %zu classes", shown, name,
                     labels->count);
}

enum duet_status duet_labels_select(const struct duet_labels *labels, const char *list, bool *selected,
                                    struct duet_error *error)
{
    if (labels->count) memset(selected, 0, labels->count * sizeof selected[0]);
    for (const char *name = list;; name++) {
        while (*name == ' ') name++;
        size_t length = strcspn(name, ",");
        const char *comma = name + length;
        while (length && name[length - 1] == ' ') length--;
        if (length == 0)
            return duet_fail(error, DUET_BAD_ARGUMENT,
                             "'%.200s': an empty class name, expected names with commas between them", list);
        const struct duet_label *label = find_bytes(labels, name, length);
        if (!label) return unknown_class(labels, name, length, error);
        selected[label - labels->items] = true;
        if (!*comma) return DUET_OK;
        name = comma;
    }
}
