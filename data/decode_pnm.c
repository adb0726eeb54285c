/* Portable anymaps: P2 and P5 are grey, P3 and P6 colour; P2 and P3 written out in digits. */
#include "core/checked.h"
#include "core/fail.h"
#include "decode.h"

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
    int channels;    /* 1 or 3 */
    bool plain;
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
    if (size < 4 || data[0] != 'P') return false;
    if (data[1] != '2' && data[1] != '3' && data[1] != '5' && data[1] != '6') return false;
    /* More than the letter and digit, so that a text that begins with "P2" is not taken for a picture. */
    return data[2] == '#' ||
           (is_space(data[2]) && (is_space(data[3]) || is_digit(data[3]) || data[3] == '#'));
}

static enum duet_status truncated(const struct reader *in, const char *where, struct duet_error *error)
{
    return duet_fail(error, DUET_BAD_FORMAT, "%s: truncated PNM (ends in the %s, after %zu bytes)",
                     in->coded->name, where, in->coded->size);
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

static enum duet_status read_number(struct reader *in, const char *where, uint32_t *value,
                                    struct duet_error *error)
{
    skip_space(in);
    const uint8_t *data = in->coded->data;
    size_t size = in->coded->size, begin = in->at;
    uint32_t n = 0;
    for (; in->at < size && is_digit(data[in->at]); in->at++)
        n = n < NUMBER_MAX / 10 ? n * 10 + (uint32_t)(data[in->at] - '0') : NUMBER_MAX;
    if (in->at == begin && in->at == size) return truncated(in, where, error);
    if (in->at == begin)
        return duet_fail(error, DUET_BAD_FORMAT,
                         "%s: damaged PNM (byte %02x at %zu in the %s, expected a digit)", in->coded->name,
                         data[in->at], in->at, where);
    *value = n;
    return DUET_OK;
}

static enum duet_status read_header(struct reader *in, struct header *header, struct duet_error *error)
{
    const uint8_t *data = in->coded->data;
    header->plain = data[1] == '2' || data[1] == '3';
    header->channels = data[1] == '3' || data[1] == '6' ? 3 : 1;
    in->at = 2;
    uint32_t width, height;
    enum duet_status status = read_number(in, "header", &width, error);
    if (status == DUET_OK) status = read_number(in, "header", &height, error);
    if (status == DUET_OK) status = read_number(in, "header", &header->maxval, error);
    if (status != DUET_OK) return status;
    header->width = width;
    header->height = height;
    status = duet_decode_check(in->coded, width, height, error);
    if (status != DUET_OK) return status;
    if (header->maxval < 1 || header->maxval > 65535)
        return duet_fail(error, DUET_BAD_FORMAT, "%s: damaged PNM (maxval %u, expected 1 to 65535)",
                         in->coded->name, header->maxval);
    if (in->at == in->coded->size) return truncated(in, "header", error);
    if (!is_space(data[in->at]))
        return duet_fail(error, DUET_BAD_FORMAT,
                         "%s: damaged PNM (byte %02x after the header, expected a space)", in->coded->name,
                         data[in->at]);
    in->at++; /* exactly one: binary samples may look like spaces */
    return DUET_OK;
}

/* Are there enough bytes for the samples? Asked before the image is made. */
static enum duet_status check_size(const struct reader *in, const struct header *header,
                                   struct duet_error *error)
{
    size_t samples, needed;
    bool fits = duet_mul_size(header->width, header->height, &samples) &&
                duet_mul_size(samples, (size_t)header->channels, &samples) &&
                duet_mul_size(samples, header->plain || header->maxval > 255 ? 2 : 1, &needed);
    if (fits && header->plain) needed--; /* a digit and a space each, but for the last space */
    if (fits && in->coded->size - in->at >= needed) return DUET_OK;
    return duet_decode_too_short(in->coded, "PNM", header->width, header->height, error);
}

static enum duet_status read_sample(struct reader *in, const struct header *header, uint32_t *value,
                                    struct duet_error *error)
{
    const uint8_t *data = in->coded->data;
    if (header->plain) {
        enum duet_status status = read_number(in, "samples", value, error);
        if (status != DUET_OK) return status;
    } else if (header->maxval > 255) {
        *value = (uint32_t)data[in->at] << 8 | data[in->at + 1];
        in->at += 2;
    } else {
        *value = data[in->at++];
    }
    if (*value <= header->maxval) return DUET_OK;
    return duet_fail(error, DUET_BAD_FORMAT, "%s: damaged PNM (sample %u, the header's maxval is %u)",
                     in->coded->name, *value, header->maxval);
}

static enum duet_status read_row(struct reader *in, const struct header *header, uint8_t *to,
                                 struct duet_error *error)
{
    if (!header->plain && header->channels == 3 && header->maxval == 255) {
        memcpy(to, in->coded->data + in->at, header->width * 3);
        in->at += header->width * 3;
        return DUET_OK;
    }
    for (size_t x = 0; x < header->width; x++, to += 3) {
        for (int c = 0; c < header->channels; c++) {
            uint32_t value;
            enum duet_status status = read_sample(in, header, &value, error);
            if (status != DUET_OK) return status;
            to[c] = (uint8_t)((value * 255 + header->maxval / 2) / header->maxval);
        }
        if (header->channels == 1) to[1] = to[2] = to[0];
    }
    return DUET_OK;
}

enum duet_status duet_decode_pnm(const struct duet_coded *coded, struct duet_image *image, int *orientation,
                                 struct duet_error *error)
{
    (void)orientation; /* has no place for it */
    struct reader in = {coded, 0};
    struct header header;
    enum duet_status status = read_header(&in, &header, error);
    if (status == DUET_OK) status = check_size(&in, &header, error);
    if (status == DUET_OK) status = duet_decode_image(coded, header.width, header.height, image, error);
    for (int y = 0; status == DUET_OK && y < image->height; y++)
        status = read_row(&in, &header, duet_image_row(image, y), error);
    if (status != DUET_OK) duet_image_close(image);
    return status;
}
