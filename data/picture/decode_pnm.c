/* Portable anymaps: P1 and P4 are black and white, P2 and P5 grey, P3 and P6 colour, P1 to P3 written out in
 * digits; P7 (PAM) says itself what it is, and may have alpha, which is laid over white as a PNG's is. */
#include "core/fail.h"
#include "picture/decode.h"
#include "picture/scan.h"

#include <string.h>

/* A number of the header or of plain samples stops growing here, far above every limit. */
#define NUMBER_MAX 1000000000u

struct reader {
    const struct duet_coded *coded;
    size_t at;
};

struct header {
    size_t width, height;
    uint32_t maxval; /* the sample value that means white, 1 to 65535 */
    int channels;    /* 1 or 3, and 1 more with alpha */
    bool alpha;
    bool plain;
    bool bits; /* samples of one bit, 1 for black, and every row begins with a byte of its own */
};

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

bool duet_pnm_matches(const uint8_t *data, size_t size)
{
    if (size < 4 || data[0] != 'P' || data[1] < '1' || data[1] > '7') return false;
    /* More than the letter and digit, so that a text that begins with "P2" is not taken for a picture. */
    if (data[1] == '7') return data[2] == '\n' && (data[3] == '#' || (data[3] >= 'A' && data[3] <= 'Z'));
    return data[2] == '#' ||
           (is_space(data[2]) && (is_space(data[3]) || is_digit(data[3]) || data[3] == '#'));
}

static enum duet_status truncated(const struct reader *in, const char *where)
{
    return duet_coded_fail(in->coded, DUET_BAD_FORMAT, "truncated PNM (ends in the %s, after %zu bytes)",
                           where, in->coded->size);
}

/* White space and comments, which reach from '#' to the end of the line. */
static void skip_space(struct reader *in)
{
    const uint8_t *data = in->coded->data;
    for (size_t size = in->coded->size; in->at < size; in->at++) {
        if (data[in->at] == '#')
            while (in->at + 1 < size && data[in->at] != '\n' && data[in->at] != '\r') in->at++;
        else if (!is_space(data[in->at]))
            break;
    }
}

static enum duet_status read_number(struct reader *in, const char *where, uint32_t *value)
{
    skip_space(in);
    const uint8_t *data = in->coded->data;
    size_t size = in->coded->size, begin = in->at;
    uint32_t n = 0;
    for (; in->at < size && is_digit(data[in->at]); in->at++)
        n = n < NUMBER_MAX / 10 ? n * 10 + (uint32_t)(data[in->at] - '0') : NUMBER_MAX;
    if (in->at == begin && in->at == size) return truncated(in, where);
    if (in->at == begin)
        return duet_coded_fail(in->coded, DUET_BAD_FORMAT,
                               "damaged PNM (byte %02x at %zu in the %s, expected a digit)", data[in->at],
                               in->at, where);
    *value = n;
    return DUET_OK;
}

/* --- headers -------------------------------------------------------------------------------------------- */

/* "P1" to "P6", two sides and, but for bits, a maxval. */
static enum duet_status read_plain_header(struct reader *in, struct header *header)
{
    const uint8_t *data = in->coded->data, kind = data[1];
    uint32_t width, height;
    *header = (struct header){.channels = kind == '3' || kind == '6' ? 3 : 1,
                              .maxval = 1,
                              .plain = kind <= '3',
                              .bits = kind == '1' || kind == '4'};
    in->at = 2;
    enum duet_status status = read_number(in, "header", &width);
    if (status == DUET_OK) status = read_number(in, "header", &height);
    if (status == DUET_OK && !header->bits) status = read_number(in, "header", &header->maxval);
    if (status != DUET_OK) return status;
    header->width = width;
    header->height = height;
    if (in->at == in->coded->size) return truncated(in, "header");
    if (!is_space(data[in->at]))
        return duet_coded_fail(in->coded, DUET_BAD_FORMAT,
                               "damaged PNM (byte %02x after the header, expected a space)", data[in->at]);
    in->at++; /* exactly one: binary samples may look like spaces */
    return DUET_OK;
}

/* The next word of a PAM's line, at most `room` - 1 bytes of it; "" at the line's end. */
static void read_word(struct reader *in, char *word, size_t room)
{
    const uint8_t *data = in->coded->data;
    size_t size = in->coded->size, length = 0;
    while (in->at < size && data[in->at] != '\n' && is_space(data[in->at])) in->at++;
    for (; in->at < size && !is_space(data[in->at]); in->at++)
        if (length + 1 < room) word[length++] = (char)data[in->at];
    word[length] = '\0';
}

/* What a PAM's tuple type says of its samples; without one, their count does. */
static enum duet_status take_tuple_type(const struct reader *in, const char *type, uint32_t depth,
                                        struct header *header)
{
    static const struct {
        const char *name;
        uint32_t depth;
    } known[] = {{"GRAYSCALE", 1}, {"GRAYSCALE_ALPHA", 2}, {"RGB", 3},
                 {"RGB_ALPHA", 4}, {"BLACKANDWHITE", 1},   {"BLACKANDWHITE_ALPHA", 2}};
    size_t i = 0, count = sizeof known / sizeof *known;
    while (i < count && !(type[0] ? strcmp(type, known[i].name) == 0 : depth == known[i].depth)) i++;
    if (i == count)
        return duet_coded_fail(in->coded, DUET_UNSUPPORTED,
                               "cannot decode this PAM (tuple type '%s', depth %u)", type, depth);
    if (depth != known[i].depth)
        return duet_coded_fail(in->coded, DUET_BAD_FORMAT, "damaged PNM (depth %u, the tuple type %s has %u)",
                               depth, type, known[i].depth);
    header->channels = (int)depth;
    header->alpha = depth % 2 == 0;
    return DUET_OK;
}

/* "P7", then lines of a word and its value, up to ENDHDR. */
static enum duet_status read_pam_header(struct reader *in, struct header *header)
{
    enum { WIDTH, HEIGHT, DEPTH, MAXVAL, COUNT };
    static const char *const names[COUNT] = {"WIDTH", "HEIGHT", "DEPTH", "MAXVAL"};
    uint32_t values[COUNT] = {0};
    char word[24], type[24] = "";
    *header = (struct header){0};
    in->at = 3;
    for (;; in->at++) {
        int i = 0;
        if (in->at < in->coded->size && in->coded->data[in->at] == '#') skip_space(in);
        read_word(in, word, sizeof word);
        while (i < COUNT && strcmp(word, names[i]) != 0) i++;
        enum duet_status status = i < COUNT ? read_number(in, "header", &values[i]) : DUET_OK;
        if (status != DUET_OK) return status;
        if (strcmp(word, "TUPLTYPE") == 0) read_word(in, type, sizeof type);
        while (in->at < in->coded->size && in->coded->data[in->at] != '\n') in->at++;
        if (in->at == in->coded->size) return truncated(in, "header");
        if (strcmp(word, "ENDHDR") == 0) break;
    }
    in->at++;
    header->width = values[WIDTH];
    header->height = values[HEIGHT];
    header->maxval = values[MAXVAL];
    return take_tuple_type(in, type, values[DEPTH], header);
}

static enum duet_status read_header(struct reader *in, struct header *header)
{
    enum duet_status status =
        in->coded->data[1] == '7' ? read_pam_header(in, header) : read_plain_header(in, header);
    if (status == DUET_OK) status = duet_coded_check(in->coded, header->width, header->height);
    if (status != DUET_OK || (header->maxval >= 1 && header->maxval <= 65535)) return status;
    return duet_coded_fail(in->coded, DUET_BAD_FORMAT, "damaged PNM (maxval %u, expected 1 to 65535)",
                           header->maxval);
}

/* Bytes that the samples take, of plain ones the least: a digit each, and a space between where there must be
 * one. */
static size_t samples_size(const struct header *header)
{
    size_t row = header->width * (size_t)header->channels; /* at most 4 * 65535 */
    if (header->bits && !header->plain)
        row = (row + 7) / 8;
    else if (!header->bits && (header->plain || header->maxval > 255))
        row *= 2;
    return row * header->height - (header->plain && !header->bits);
}

/* --- samples -------------------------------------------------------------------------------------------- */

/* Of P1: digits need nothing between them. */
static enum duet_status read_digit(struct reader *in, uint32_t *value)
{
    skip_space(in);
    if (in->at == in->coded->size) return truncated(in, "samples");
    uint8_t c = in->coded->data[in->at++];
    *value = c == '0';
    if (c == '0' || c == '1') return DUET_OK;
    return duet_coded_fail(in->coded, DUET_BAD_FORMAT,
                           "damaged PNM (byte %02x in the samples, expected 0 or 1)", c);
}

static enum duet_status read_sample(struct reader *in, const struct header *header, uint32_t *value)
{
    const uint8_t *data = in->coded->data;
    if (header->plain) {
        enum duet_status status = header->bits ? read_digit(in, value) : read_number(in, "samples", value);
        if (status != DUET_OK) return status;
    } else if (header->maxval > 255) {
        *value = (uint32_t)data[in->at] << 8 | data[in->at + 1];
        in->at += 2;
    } else {
        *value = data[in->at++];
    }
    if (*value <= header->maxval) return DUET_OK;
    return duet_coded_fail(in->coded, DUET_BAD_FORMAT, "damaged PNM (sample %u, the header's maxval is %u)",
                           *value, header->maxval);
}

static void read_bits(struct reader *in, const struct header *header, uint8_t *to)
{
    const uint8_t *row = in->coded->data + in->at;
    for (size_t x = 0; x < header->width; x++, to += 3)
        memset(to, row[x / 8] >> (7 - x % 8) & 1 ? 0 : 255, 3);
    in->at += (header->width + 7) / 8;
}

/* Grey or RGB, with or without alpha, to RGB8. */
static void put_pixel(const struct header *header, const uint32_t *samples, uint8_t *to)
{
    const uint32_t full = header->maxval;
    int colors = header->channels - header->alpha;
    for (int c = 0; c < colors; c++) {
        uint32_t value = samples[c];
        if (header->alpha) {
            uint64_t alpha = samples[colors];
            value = (uint32_t)((value * alpha + (uint64_t)full * (full - alpha) + full / 2) / full);
        }
        to[c] = (uint8_t)((value * 255 + full / 2) / full);
    }
    if (colors == 1) to[1] = to[2] = to[0];
}

static enum duet_status read_row(struct reader *in, const struct header *header, uint8_t *to)
{
    if (!header->plain && header->channels == 3 && header->maxval == 255) {
        memcpy(to, in->coded->data + in->at, header->width * 3);
        in->at += header->width * 3;
        return DUET_OK;
    }
    if (header->bits && !header->plain) {
        read_bits(in, header, to);
        return DUET_OK;
    }
    for (size_t x = 0; x < header->width; x++, to += 3) {
        uint32_t samples[4];
        for (int c = 0; c < header->channels; c++) {
            enum duet_status status = read_sample(in, header, &samples[c]);
            if (status != DUET_OK) return status;
        }
        put_pixel(header, samples, to);
    }
    return DUET_OK;
}

enum duet_status duet_decode_pnm(struct duet_coded *coded)
{
    struct reader in = {coded, 0};
    struct header header;
    enum duet_status status = read_header(&in, &header);
    if (status == DUET_OK && coded->size - in.at < samples_size(&header))
        status = duet_coded_too_short(coded, "PNM", header.width, header.height);
    if (status == DUET_OK) status = duet_coded_afford(coded, header.width, header.height, 0);
    if (status != DUET_OK || coded->costs_only) return status;
    status = duet_coded_image(coded, header.width, header.height);
    for (int y = 0; status == DUET_OK && y < coded->image.height; y++)
        status = read_row(&in, &header, duet_image_row(&coded->image, y));
    return status;
}

/* --- the end -------------------------------------------------------------------------------------------- */

/* The place behind the comments and spaces that begin at `at`; the same, when a comment is not whole. */
static size_t behind_space(const uint8_t *data, size_t size, size_t at)
{
    while (at < size && (is_space(data[at]) || data[at] == '#')) {
        const uint8_t *end = data[at] == '#' ? memchr(data + at, '\n', size - at) : data + at;
        if (!end) break;
        at = (size_t)(end - data) + 1;
    }
    return at;
}

/* Of plain samples: a number is whole when something follows it. */
static void pass_samples(struct duet_scan *scan, const uint8_t *data, size_t size, bool bits)
{
    while (scan->left > 0) {
        size_t begin = scan->next = behind_space(data, size, scan->next), end = begin;
        while (end < size && is_digit(data[end]) && (!bits || end == begin)) end++;
        if (end == size && !(bits && end > begin)) return;
        scan->broken = end == begin && data[begin] != '#';
        if (end == begin) return;
        scan->next = end;
        scan->left--;
    }
    scan->ended = true;
}

void duet_pnm_scan(struct duet_scan *scan, const uint8_t *data, size_t size)
{
    enum { LONGEST_HEADER = 65536 };
    const struct duet_picture_options any = {.max_pixels = SIZE_MAX};
    const struct duet_coded coded = {.name = "", .data = data, .size = size, .options = &any};
    struct reader in = {&coded, 0};
    struct header header;
    scan->length = size;
    if (read_header(&in, &header) != DUET_OK) {
        scan->broken = size > LONGEST_HEADER;
        return;
    }
    if (scan->width == 0) {
        scan->width = (int)header.width;
        scan->height = (int)header.height;
        scan->next = header.plain ? in.at : in.at + samples_size(&header);
        scan->left = header.width * header.height * (size_t)header.channels;
    }
    if (header.plain)
        pass_samples(scan, data, size, header.bits);
    else
        scan->ended = size >= scan->next;
    if (scan->ended) scan->length = scan->next;
}
