#include "picture/scan.h"

#include "picture/decode.h"

#include <limits.h>
#include <string.h>

static uint32_t number(const uint8_t *data, int bytes, bool big_endian)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++) value = value << 8 | data[big_endian ? i : bytes - 1 - i];
    return value;
}

/* The end lies at `next`. */
static void look_for_end(struct duet_scan *scan, size_t size)
{
    scan->ended = size >= scan->next;
    scan->length = scan->ended ? scan->next : size;
}

static bool is_letter(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Chunk by chunk: length, type, contents, checksum. */
static void scan_png(struct duet_scan *scan, const uint8_t *data, size_t size)
{
    enum { SIGNATURE = 8, SIDES = 24 };
    if (scan->width == 0 && size >= SIDES) {
        uint32_t width = number(data + 16, 4, true), height = number(data + 20, 4, true);
        scan->broken = width == 0 || height == 0 || width > INT_MAX || height > INT_MAX;
        scan->width = scan->broken ? 0 : (int)width;
        scan->height = scan->broken ? 0 : (int)height;
    }
    if (scan->next == 0) scan->next = SIGNATURE;
    while (!scan->broken && size >= 8 && scan->next <= size - 8 && !scan->left) {
        const uint8_t *chunk = data + scan->next;
        uint32_t length = number(chunk, 4, true);
        for (int i = 4; i < 8; i++) scan->broken = scan->broken || !is_letter(chunk[i]);
        scan->broken = scan->broken || length > INT32_MAX;
        scan->left = memcmp(chunk + 4, "IEND", 4) == 0; /* this is the last part */
        scan->next += (size_t)length + 12;
    }
    scan->length = size;
    if (scan->left) look_for_end(scan, size);
}

/* Where the pixels of a BMP end: what its header says, or, since some write nonsense there, at least behind
 * so many rows of whole words as are not compressed. */
static size_t bmp_end(const uint8_t *data, uint32_t width, uint32_t height, uint32_t bits, bool packed)
{
    uint64_t said = number(data + 2, 4, false), row = ((uint64_t)width * bits + 31) / 32 * 4;
    uint64_t rows = packed ? 0 : number(data + 10, 4, false) + row * height;
    return (size_t)(said > rows ? said : rows);
}

static void scan_bmp(struct duet_scan *scan, const uint8_t *data, size_t size)
{
    enum { HEADER = 34, OLD_HEADER = 12, BIT_FIELDS = 3, ALPHA_BIT_FIELDS = 6 };
    scan->length = size;
    if (size < HEADER) return;
    bool old = number(data + 14, 4, false) == OLD_HEADER;
    uint32_t width = number(data + 18, old ? 2 : 4, false);
    uint32_t height = old ? number(data + 20, 2, false) : number(data + 22, 4, false);
    uint32_t bits = number(data + (old ? 24 : 28), 2, false), method = old ? 0 : number(data + 30, 4, false);
    if (height > INT_MAX) height = 0 - height; /* from above to below */
    scan->broken = width == 0 || height == 0 || width > INT_MAX || height > INT_MAX || bits > 32;
    if (scan->broken) return;
    scan->width = (int)width;
    scan->height = (int)height;
    scan->next =
        bmp_end(data, width, height, bits, method != 0 && method != BIT_FIELDS && method != ALPHA_BIT_FIELDS);
    look_for_end(scan, size);
}

bool duet_bmp_matches(const uint8_t *data, size_t size)
{
    static const uint8_t headers[] = {12, 40, 52, 56, 64, 108, 124};
    return size >= DUET_SCAN_SIGN && memcmp(data, "BM", 2) == 0 && number(data + 6, 4, false) == 0 &&
           number(data + 15, 3, false) == 0 && memchr(headers, data[14], sizeof headers);
}

static void scan_webp(struct duet_scan *scan, const uint8_t *data, size_t size)
{
    uint32_t length = number(data + 4, 4, false);
    scan->next = 8 + (size_t)length + length % 2;
    scan->width = scan->height = 1; /* where they stand depends on the kind of WebP */
    look_for_end(scan, size);
}

static bool is_webp(const uint8_t *data, size_t size)
{
    return size >= 12 && memcmp(data, "RIFF", 4) == 0 && memcmp(data + 8, "WEBP", 4) == 0;
}

static const struct duet_scan_kind kinds[] = {
    {"JPEGs", duet_jpeg_matches, duet_jpeg_scan},
    {"PNGs", duet_png_matches, scan_png},
    {"PNMs", duet_pnm_matches, duet_pnm_scan},
    {"BMPs", duet_bmp_matches, scan_bmp},
    {"WebPs", is_webp, scan_webp},
};

const struct duet_scan_kind *duet_scan_kind(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].matches(data, size)) return &kinds[i];
    return NULL;
}

void duet_scan_more(struct duet_scan *scan, const uint8_t *data, size_t size)
{
    if (!scan->kind) scan->kind = duet_scan_kind(data, size);
    if (scan->kind)
        scan->kind->scan(scan, data, size);
    else
        scan->broken = true;
}
