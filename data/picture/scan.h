/* scan.h: where a picture ends, found without decoding it, as its bytes come. Internal.
 *
 * To add a kind whose end can be known: a row in scan.c's table.
 */
#ifndef DUET_DATA_PICTURE_SCAN_H
#define DUET_DATA_PICTURE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of so many first bytes a kind is known. */
#define DUET_SCAN_SIGN 18

/* Zero before the first call. */
struct duet_scan {
    bool ended;        /* its end was seen: `length` bytes are the picture's */
    bool broken;       /* it is no such picture, or does not keep to the rules */
    bool several;      /* it says that it holds several pictures (a JPEG with MPF) */
    int width, height; /* 0: not known yet */
    size_t length;     /* looked at so far */
    const struct duet_scan_kind *kind;
    size_t next; /* private, as are the following: where the next part begins: a chunk, a sample, the end */
    size_t left; /* samples, or a JPEG segment's bytes, that are still to come */
    int phase;   /* of a JPEG: what the next byte belongs to ... */
    uint8_t marker;   /* ... the last marker ... */
    uint8_t begin[8]; /* ... and what its segment begins with */
    size_t begin_size;
};

struct duet_scan_kind {
    const char *plural; /* "JPEGs" */
    bool (*matches)(const uint8_t *data, size_t size);
    void (*scan)(struct duet_scan *scan, const uint8_t *data, size_t size);
};

/* The kind of what begins so; NULL: none whose end is known. */
const struct duet_scan_kind *duet_scan_kind(const uint8_t *data, size_t size);

/* `data` is what there is of the picture, from its beginning, with every call more of it: DUET_SCAN_SIGN
 * bytes at first, unless there are no more. */
void duet_scan_more(struct duet_scan *scan, const uint8_t *data, size_t size);

/* Does a BMP begin so? "BM" begins texts, too: the four reserved bytes and the size of the next header belong
 * to it, 18 bytes. */
bool duet_bmp_matches(const uint8_t *data, size_t size);

/* The part for JPEG: every byte is looked at once. */
void duet_jpeg_scan(struct duet_scan *scan, const uint8_t *data, size_t size);

/* The part for PNM, which stands beside its decoder. */
void duet_pnm_scan(struct duet_scan *scan, const uint8_t *data, size_t size);

#endif
