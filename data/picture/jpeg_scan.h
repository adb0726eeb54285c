/* jpeg_scan.h: where a JPEG ends, found without decoding it, bytes fed in pieces of any size. Internal. */
#ifndef DUET_DATA_PICTURE_JPEG_SCAN_H
#define DUET_DATA_PICTURE_JPEG_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero before the first piece. */
struct duet_jpeg_scan {
    bool ended;        /* the end marker was seen */
    bool broken;       /* this is no JPEG, or not one that keeps to the rules */
    bool several;      /* it says that it holds several pictures (MPF) */
    int width, height; /* 0: not known yet */
    int phase;         /* private, as are the following */
    uint8_t marker;
    size_t left;      /* of a segment */
    uint8_t begin[8]; /* of it */
    size_t begin_size;
};

/* Scan some more; how many bytes belong to the picture: all of them unless it ended (or broke) among them. */
size_t duet_jpeg_scan(struct duet_jpeg_scan *scan, const uint8_t *data, size_t size);

#endif
