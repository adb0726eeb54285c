#include "picture/scan.h"

#include <string.h>

enum { BEGIN, BEGIN_CODE, MARKER, MARKER_CODE, LENGTH_HIGH, LENGTH_LOW, SEGMENT, CODED, CODED_CODE };

static bool stands_alone(uint8_t code) /* TEM, RST0 to RST7 */
{
    return code == 0x01 || (code >= 0xd0 && code <= 0xd7);
}

static bool is_frame_header(uint8_t code) /* SOF: 0xc0 to 0xcf without DHT, JPG and DAC */
{
    return code >= 0xc0 && code <= 0xcf && code != 0xc4 && code != 0xc8 && code != 0xcc;
}

static void end_segment(struct duet_scan *scan)
{
    const uint8_t *begin = scan->begin;
    if (is_frame_header(scan->marker) && scan->begin_size >= 5 && scan->width == 0) {
        scan->height = begin[1] << 8 | begin[2];
        scan->width = begin[3] << 8 | begin[4];
    }
    if (scan->marker == 0xe2 && scan->begin_size >= 4 && memcmp(begin, "MPF", 4) == 0) scan->several = true;
    scan->phase = scan->marker == 0xda ? CODED : MARKER;
}

static void take_code(struct duet_scan *scan, uint8_t code)
{
    if (code == 0xff) return; /* filling */
    scan->marker = code;
    scan->phase = stands_alone(code) ? MARKER : LENGTH_HIGH;
    scan->ended = code == 0xd9;
    scan->broken = code == 0x00 || code == 0xd8;
}

/* One byte outside segments' contents and coded data. */
static void take_byte(struct duet_scan *scan, uint8_t byte)
{
    switch (scan->phase) {
    case BEGIN:
    case MARKER:
        scan->broken = byte != 0xff;
        scan->phase++;
        break;
    case BEGIN_CODE:
        scan->broken = byte != 0xd8;
        scan->phase = MARKER;
        break;
    case MARKER_CODE:
        take_code(scan, byte);
        break;
    case LENGTH_HIGH:
        scan->left = (size_t)byte << 8;
        scan->phase = LENGTH_LOW;
        break;
    case LENGTH_LOW:
        scan->left |= byte;
        scan->broken = scan->left < 2;
        scan->left -= 2; /* counts itself */
        scan->begin_size = 0;
        scan->phase = SEGMENT;
        if (scan->left == 0) end_segment(scan);
        break;
    default: /* CODED_CODE: a marker, unless it is a stuffed zero or a restart */
        scan->phase = byte == 0xff ? CODED_CODE : CODED;
        if (byte != 0x00 && byte != 0xff && !(byte >= 0xd0 && byte <= 0xd7)) take_code(scan, byte);
    }
}

static size_t take_segment(struct duet_scan *scan, const uint8_t *data, size_t size)
{
    if (size > scan->left) size = scan->left;
    size_t room = sizeof scan->begin - scan->begin_size, kept = size < room ? size : room;
    memcpy(scan->begin + scan->begin_size, data, kept);
    scan->begin_size += kept;
    scan->left -= size;
    if (scan->left == 0) end_segment(scan);
    return size;
}

void duet_jpeg_scan(struct duet_scan *scan, const uint8_t *data, size_t size)
{
    while (scan->length < size && !scan->ended && !scan->broken) {
        const uint8_t *at = data + scan->length;
        size_t left = size - scan->length;
        if (scan->phase == SEGMENT) {
            scan->length += take_segment(scan, at, left);
        } else if (scan->phase == CODED) {
            const uint8_t *mark = memchr(at, 0xff, left);
            scan->length += mark ? (size_t)(mark - at) + 1 : left;
            if (mark) scan->phase = CODED_CODE;
        } else {
            take_byte(scan, *at);
            scan->length++;
        }
    }
}
