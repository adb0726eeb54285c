/* pictures.h: coded pictures of every kind, made on the spot. For tests and fuzzing. */
#ifndef DUET_TEST_PICTURES_H
#define DUET_TEST_PICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>
#include <png.h>

/* A file in memory: free(data). */
struct picture {
    uint8_t *data;
    size_t size;
};

struct picture_jpeg {
    int width, height;
    J_COLOR_SPACE in;     /* of the pixels given: JCS_GRAYSCALE, JCS_RGB, JCS_CMYK */
    J_COLOR_SPACE stored; /* JCS_YCbCr is subsampled 2x2, the rest is not */
    bool no_adobe;        /* without the marker that CMYK and YCCK have */
    bool progressive, arithmetic;
    const jpeg_scan_info *scans; /* instead of the usual script */
    int scan_count;
    unsigned restart; /* MCUs between restart markers, 0: none */
    const uint8_t *app1;
    size_t app1_size;
};
struct picture picture_jpeg(const struct picture_jpeg *how, const uint8_t *pixels);

struct picture_png {
    int width, height, depth, color_type;
    bool interlaced;
    const png_color *palette;
    int palette_size;
    const uint8_t *alphas; /* tRNS of a palette */
    int alpha_count;
    const png_color_16 *clear; /* tRNS of grey and RGB */
    bool gamma;                /* with the usual gAMA chunk */
    const uint8_t *exif;       /* after the pixels */
    size_t exif_size;
};
/* `rows`: as PNG packs them, 16 bit big-endian. */
struct picture picture_png(const struct picture_png *how, const uint8_t *rows);

/* A JPEG's APP1 (with "Exif\0\0") that has an orientation; a PNG's eXIf is the same without its first 6
 * bytes. Gives the size. */
#define PICTURE_EXIF_SIZE 44
size_t picture_exif(int orientation, bool big_endian, uint8_t app1[PICTURE_EXIF_SIZE]);

/* Small pictures of all kinds, 0 <= index < picture_count, each a few hundred bytes. */
extern const int picture_count;
struct picture picture_at(int index, const char **name);

/* Put the right checksum after every chunk of a PNG that was tampered with, as far as chunks can be made
 * out. Other files are left alone. */
void picture_mend_png(uint8_t *data, size_t size);

/* A number that depends on nothing but *state. */
uint32_t picture_random(uint64_t *state);

#endif
