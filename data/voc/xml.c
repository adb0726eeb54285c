/* VOC's annotations: <annotation><object><name/><bndbox><xmin/>... through expat. */
#include "core/fail.h"
#include "core/grow.h"
#include "core/os.h"
#include "data/voc/voc.h"
#include "json/plain_number.h"

#include <expat.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_BYTES   ((size_t)16 << 20)
#define MAX_DEPTH   32
#define MAX_OBJECTS 65536
#define MAX_TEXT    256
#define MAX_CORNER  1e6

/* Elements that mean something; all others are passed over with what is in them. */
enum place { OUTSIDE, ROOT, SIZE, OBJECT, BOX, TEXT };

/* Elements whose text is wanted, as bits of what an object has. */
enum field { NAME, XMIN, YMIN, XMAX, YMAX, DIFFICULT, WIDTH, HEIGHT, FIELD_COUNT };

static const struct known {
    enum place inside;
    const char *element;
    enum place place;
    enum field field; /* of TEXT */
} known[] = {
    {OUTSIDE, "annotation", ROOT, 0}, {ROOT, "size", SIZE, 0},
    {ROOT, "object", OBJECT, 0},      {OBJECT, "bndbox", BOX, 0},
    {SIZE, "width", TEXT, WIDTH},     {SIZE, "height", TEXT, HEIGHT},
    {OBJECT, "name", TEXT, NAME},     {OBJECT, "difficult", TEXT, DIFFICULT},
    {BOX, "xmin", TEXT, XMIN},        {BOX, "ymin", TEXT, YMIN},
    {BOX, "xmax", TEXT, XMAX},        {BOX, "ymax", TEXT, YMAX},
};

static const char *const field_names[FIELD_COUNT] = {"name", "xmin",      "ymin",  "xmax",
                                                     "ymax", "difficult", "width", "height"};

struct reading {
    XML_Parser parser;
    const char *path;
    struct duet_error *error;
    enum duet_status status;
    struct duet_voc_annotation *annotation;
    size_t capacity;

    enum place places[MAX_DEPTH]; /* of the open elements that mean something */
    int depth;                    /* how many of those */
    int skipped;                  /* open elements that mean nothing, within them */
    enum field field;             /* whose text is being read */
    unsigned seen;                /* bits of fields: of the object, or the picture's size */
    struct duet_voc_object object;
    double values[FIELD_COUNT];
    bool unclear;  /* its <difficult> */
    char why[128]; /* it cannot be used; "" */
    char text[MAX_TEXT];
    size_t length; /* over MAX_TEXT: the text was longer, and stands for nothing */
};

__attribute__((format(printf, 3, 4))) static void refuse(struct reading *r, enum duet_status status,
                                                         const char *format, ...)
{
    if (r->status != DUET_OK) return;
    char text[DUET_ERROR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    r->status = duet_fail(r->error, status, "%s: line %lu, column %lu: %s", r->path,
                          (unsigned long)XML_GetCurrentLineNumber(r->parser),
                          (unsigned long)XML_GetCurrentColumnNumber(r->parser) + 1, text);
    XML_StopParser(r->parser, XML_FALSE);
}

/* The object will be left out; for the first reason. */
__attribute__((format(printf, 2, 3))) static void spoil(struct reading *r, const char *format, ...)
{
    if (r->why[0]) return;
    va_list args;
    int used = snprintf(r->why, sizeof r->why, "line %lu, column %lu: object %zu ",
                        (unsigned long)XML_GetCurrentLineNumber(r->parser),
                        (unsigned long)XML_GetCurrentColumnNumber(r->parser) + 1,
                        r->annotation->count + r->annotation->left_out + 1);
    va_start(args, format);
    vsnprintf(r->why + used, sizeof r->why - (size_t)used, format, args);
    va_end(args);
}

static enum place place_of(const struct reading *r)
{
    return r->depth > 0 ? r->places[r->depth - 1] : OUTSIDE;
}

/* --- objects ------------------------------------------------------------------------------------------ */

static void begin_object(struct reading *r)
{
    r->seen &= 1u << WIDTH | 1u << HEIGHT; /* the picture's stay */
    r->object = (struct duet_voc_object){0};
    r->values[DIFFICULT] = 0;
    r->unclear = false;
    r->why[0] = '\0';
}

static void end_object(struct reading *r)
{
    struct duet_voc_annotation *annotation = r->annotation;
    struct duet_voc_object *o = &r->object;
    o->xmin = r->values[XMIN];
    o->ymin = r->values[YMIN];
    o->xmax = r->values[XMAX];
    o->ymax = r->values[YMAX];
    o->difficult = r->values[DIFFICULT] != 0;
    for (enum field needed = NAME; needed <= YMAX; needed++)
        if (!(r->seen & 1u << needed)) spoil(r, "has no <%s>", field_names[needed]);
    if (r->why[0]) {
        if (annotation->left_out++ == 0) memcpy(annotation->why, r->why, sizeof annotation->why);
        return;
    }
    if (annotation->count == MAX_OBJECTS) {
        refuse(r, DUET_TOO_LARGE, "more than %d objects", MAX_OBJECTS);
        return;
    }
    if (!DUET_GROW(annotation->objects, r->capacity, annotation->count + 1)) {
        refuse(r, DUET_OUT_OF_MEMORY, "no memory for the objects");
        return;
    }
    annotation->unclear += r->unclear;
    annotation->reversed += o->xmin > o->xmax || o->ymin > o->ymax;
    annotation->objects[annotation->count++] = *o;
}

/* --- texts -------------------------------------------------------------------------------------------- */

static void trim(struct reading *r, const char **text, size_t *length)
{
    static const char spaces[] = " \t\r\n";
    const char *from = r->text, *to = r->text + r->length;
    while (from < to && strchr(spaces, *from)) from++;
    while (to > from && strchr(spaces, to[-1])) to--;
    *text = from;
    *length = (size_t)(to - from);
}

static void take_name(struct reading *r, const char *text, size_t length)
{
    if (length == 0 || length >= DUET_VOC_NAME) {
        spoil(r, "has a <name> of %zu bytes: expected 1 to %d", length, DUET_VOC_NAME - 1);
        return;
    }
    memcpy(r->object.name, text, length);
    r->object.name[length] = '\0';
}

static void take_corner(struct reading *r, const char *text, size_t length)
{
    double value;
    if (duet_plain_number(text, length, &value) && fabs(value) <= MAX_CORNER)
        r->values[r->field] = value;
    else
        spoil(r, "has no number from -1e6 to 1e6 as <%s>: '%.*s'", field_names[r->field],
              length < 40 ? (int)length : 40, text);
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && strncasecmp(text, word, length) == 0;
}

/* A number or a word for one; nothing else scores anything but to say that it is not clear. */
static void take_flag(struct reading *r, const char *text, size_t length)
{
    double value = is_word(text, length, "true") || is_word(text, length, "yes");
    bool clear = value != 0 || is_word(text, length, "false") || is_word(text, length, "no") ||
                 (duet_plain_number(text, length, &value) && isfinite(value));
    r->values[r->field] = clear ? value : 0;
    r->unclear = !clear;
}

static void take_side(struct reading *r, const char *text, size_t length)
{
    double value;
    bool good = duet_plain_number(text, length, &value) && value > 0 && isfinite(value);
    r->values[r->field] = good ? value : 0;
}

static void end_text(struct reading *r)
{
    const char *text;
    size_t length;
    if (r->length > MAX_TEXT) r->length = 0;
    trim(r, &text, &length);
    if (r->seen & 1u << r->field) return;
    r->seen |= 1u << r->field;
    if (r->field == NAME)
        take_name(r, text, length);
    else if (r->field == DIFFICULT)
        take_flag(r, text, length);
    else if (r->field == WIDTH || r->field == HEIGHT)
        take_side(r, text, length);
    else
        take_corner(r, text, length);
}

/* --- expat's events ----------------------------------------------------------------------------------- */

static const struct known *find_known(enum place inside, const char *element)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].inside == inside && strcmp(known[i].element, element) == 0) return &known[i];
    return NULL;
}

static void on_begin(void *ctx, const XML_Char *element, const XML_Char **attributes)
{
    (void)attributes;
    struct reading *r = ctx;
    if (r->status != DUET_OK) return;
    const struct known *k = r->skipped > 0 ? NULL : find_known(place_of(r), element);
    if (!k && r->depth == 0) {
        refuse(r, DUET_BAD_FORMAT, "expected <annotation>, got <%.60s>", element);
    } else if (r->depth + r->skipped == MAX_DEPTH) {
        refuse(r, DUET_TOO_LARGE, "elements nested deeper than %d", MAX_DEPTH);
    } else if (!k) {
        r->skipped++;
    } else {
        r->places[r->depth++] = k->place;
        r->length = 0;
        r->field = k->field;
        if (k->place == OBJECT) begin_object(r);
    }
}

static void on_end(void *ctx, const XML_Char *element)
{
    (void)element;
    struct reading *r = ctx;
    if (r->status != DUET_OK) return;
    if (r->skipped > 0) {
        r->skipped--;
        return;
    }
    enum place place = place_of(r);
    if (place == TEXT) end_text(r);
    if (place == OBJECT) end_object(r);
    r->depth--;
}

static void on_text(void *ctx, const XML_Char *text, int length)
{
    struct reading *r = ctx;
    if (r->status != DUET_OK || r->skipped > 0 || place_of(r) != TEXT) return;
    if (r->length > MAX_TEXT || (size_t)length > MAX_TEXT - r->length) {
        r->length = MAX_TEXT + 1;
        return;
    }
    memcpy(r->text + r->length, text, (size_t)length);
    r->length += (size_t)length;
}

static void on_doctype(void *ctx, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                       int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    refuse(ctx, DUET_UNSUPPORTED,
           "a document type (<!DOCTYPE>): annotations have none, and entities are not "
           "expanded");
}

/* --- the whole ---------------------------------------------------------------------------------------- */

static enum duet_status parse(struct reading *r, const struct duet_bytes *bytes)
{
    r->parser = XML_ParserCreate(NULL);
    if (!r->parser) return duet_no_memory(r->error, r->path, NULL);
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_begin, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    enum XML_Status parsed = XML_Parse(r->parser, (const char *)bytes->data, (int)bytes->size, XML_TRUE);
    if (parsed == XML_STATUS_ERROR && r->status == DUET_OK) {
        enum XML_Error code = XML_GetErrorCode(r->parser);
        if (code == XML_ERROR_NO_MEMORY)
            refuse(r, DUET_OUT_OF_MEMORY, "no memory");
        else
            refuse(r, DUET_BAD_FORMAT, "broken XML: %s", XML_ErrorString(code));
    }
    XML_ParserFree(r->parser);
    return r->status;
}

static void count_outside(struct reading *r)
{
    struct duet_voc_annotation *a = r->annotation;
    a->width = r->values[WIDTH];
    a->height = r->values[HEIGHT];
    for (size_t i = 0; i < a->count; i++) {
        const struct duet_voc_object *o = &a->objects[i];
        a->outside += o->xmin < 1 || o->ymin < 1 || (a->width > 0 && o->xmax > a->width) ||
                      (a->height > 0 && o->ymax > a->height);
    }
}

enum duet_status duet_voc_annotation_open(const char *path, struct duet_voc_annotation *annotation,
                                          struct duet_error *error)
{
    *annotation = (struct duet_voc_annotation){0};
    struct duet_bytes bytes;
    enum duet_status status = duet_read_file(path, MAX_BYTES, &bytes, error);
    if (status != DUET_OK) return status;
    struct reading reading = {.path = path, .error = error, .annotation = annotation};
    status = parse(&reading, &bytes);
    duet_bytes_close(&bytes);
    if (status == DUET_OK)
        count_outside(&reading);
    else
        duet_voc_annotation_close(annotation);
    return status;
}

void duet_voc_annotation_close(struct duet_voc_annotation *annotation)
{
    if (!annotation) return;
    free(annotation->objects);
    *annotation = (struct duet_voc_annotation){0};
}
