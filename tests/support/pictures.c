#include "support/pictures.h"

#include <stdlib.h>
#include <string.h>

uint32_t picture_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    uint32_t mixed = (uint32_t)(*state >> 32);
    return mixed ^ mixed >> 15;
}

static uint8_t *put(uint8_t *to, uint32_t value, int bytes, bool big_endian)
{
    for (int i = 0; i < bytes; i++) to[i] = (uint8_t)(value >> 8 * (big_endian ? bytes - 1 - i : i));
    return to + bytes;
}

/* --- JPEG ----------------------------------------------------------------------------------------------- */

struct picture picture_jpeg(const struct picture_jpeg *how, const uint8_t *pixels)
{
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr fault;
    unsigned char *data = NULL;
    unsigned long size = 0;
    c.err = jpeg_std_error(&fault); /* ends the program on a fault of the test's own */
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &data, &size);
    c.image_width = (JDIMENSION)how->width;
    c.image_height = (JDIMENSION)how->height;
    c.in_color_space = how->in;
    c.input_components = how->in == JCS_CMYK ? 4 : how->in == JCS_GRAYSCALE ? 1 : 3;
    jpeg_set_defaults(&c);
    jpeg_set_colorspace(&c, how->stored);
    jpeg_set_quality(&c, 98, TRUE);
    if (how->no_adobe) c.write_Adobe_marker = FALSE;
    if (how->progressive) jpeg_simple_progression(&c);
    if (how->scans) {
        c.scan_info = how->scans;
        c.num_scans = how->scan_count;
    }
    c.arith_code = how->arithmetic;
    c.restart_interval = how->restart;
    jpeg_start_compress(&c, TRUE);
    if (how->app1) jpeg_write_marker(&c, JPEG_APP0 + 1, how->app1, (unsigned)how->app1_size);
    size_t stride = (size_t)how->width * (size_t)c.input_components;
    while (c.next_scanline < c.image_height) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + c.next_scanline * stride);
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    return (struct picture){data, size};
}

/* --- PNG ------------------------------------------------------------------------------------------------ */

static void append(png_structp png, png_bytep data, size_t size)
{
    struct picture *to = png_get_io_ptr(png);
    to->data = realloc(to->data, to->size + size);
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

static size_t png_stride(const struct picture_png *how)
{
    static const int channels[7] = {[PNG_COLOR_TYPE_GRAY] = 1,
                                    [PNG_COLOR_TYPE_RGB] = 3,
                                    [PNG_COLOR_TYPE_PALETTE] = 1,
                                    [PNG_COLOR_TYPE_GRAY_ALPHA] = 2,
                                    [PNG_COLOR_TYPE_RGB_ALPHA] = 4};
    return (size_t)(how->width * how->depth * channels[how->color_type] + 7) / 8;
}

struct picture picture_png(const struct picture_png *how, const uint8_t *rows)
{
    struct picture out = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png), end = png_create_info_struct(png);
    png_set_write_fn(png, &out, append, NULL);
    png_set_IHDR(png, info, (png_uint_32)how->width, (png_uint_32)how->height, how->depth, how->color_type,
                 how->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (how->palette) png_set_PLTE(png, info, how->palette, how->palette_size);
    if (how->alphas) png_set_tRNS(png, info, how->alphas, how->alpha_count, NULL);
    if (how->clear) png_set_tRNS(png, info, NULL, 1, how->clear);
    if (how->gamma) png_set_gAMA_fixed(png, info, 45455);
    png_write_info(png, info);
    size_t stride = png_stride(how);
    for (int pass = png_set_interlace_handling(png); pass > 0; pass--)
        for (int y = 0; y < how->height; y++) png_write_row(png, rows + (size_t)y * stride);
    if (how->exif) png_set_eXIf_1(png, end, (png_uint_32)how->exif_size, (png_bytep)(uintptr_t)how->exif);
    png_write_end(png, end);
    png_destroy_info_struct(png, &end);
    png_destroy_write_struct(&png, &info);
    return out;
}

static uint32_t crc_of(const uint8_t *data, size_t size)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

void picture_mend_png(uint8_t *data, size_t size)
{
    if (size < 8 || memcmp(data, "\x89PNG\r\n\x1a\n", 8) != 0) return;
    for (size_t at = 8; size - at >= 12;) {
        size_t length =
            (size_t)data[at] << 24 | (size_t)data[at + 1] << 16 | (size_t)data[at + 2] << 8 | data[at + 3];
        if (length > size - at - 12) return;
        put(data + at + 8 + length, crc_of(data + at + 4, length + 4), 4, true);
        at += 12 + length;
    }
}

/* --- EXIF ----------------------------------------------------------------------------------------------- */

size_t picture_exif(int orientation, bool big_endian, uint8_t app1[PICTURE_EXIF_SIZE])
{
    memcpy(app1, big_endian ? "Exif\0\0MM" : "Exif\0\0II", 8);
    uint8_t *at = put(app1 + 8, 42, 2, big_endian);
    at = put(at, 8, 4, big_endian); /* where the directory lies */
    at = put(at, 2, 2, big_endian); /* its entries: */
    const uint32_t entries[2][3] = {{0x0100, 1, 7}, {0x0112, 1, (uint32_t)orientation}};
    for (int i = 0; i < 2; i++) {
        at = put(at, entries[i][0], 2, big_endian);
        at = put(at, 3, 2, big_endian); /* SHORT */
        at = put(at, entries[i][1], 4, big_endian);
        at = put(at, entries[i][2], 2, big_endian);
        at = put(at, 0, 2, big_endian);
    }
    at = put(at, 0, 4, big_endian); /* no further directory */
    return (size_t)(at - app1);
}

/* --- the collection ------------------------------------------------------------------------------------- */

enum { SIDE = 17 }; /* two MCUs and a bit, and no multiple of anything */

static const jpeg_scan_info two_scans[] = {{1, {0}, 0, 63, 0, 0}, {2, {1, 2}, 0, 63, 0, 0}};

static const struct {
    const char *name;
    struct picture_jpeg how;
} jpegs[] = {
    {"jpeg-grey", {.in = JCS_GRAYSCALE, .stored = JCS_GRAYSCALE}},
    {"jpeg-ycc", {.in = JCS_RGB, .stored = JCS_YCbCr}},
    {"jpeg-restart", {.in = JCS_RGB, .stored = JCS_YCbCr, .restart = 1}},
    {"jpeg-rgb", {.in = JCS_RGB, .stored = JCS_RGB}},
    {"jpeg-cmyk", {.in = JCS_CMYK, .stored = JCS_CMYK}},
    {"jpeg-ycck", {.in = JCS_CMYK, .stored = JCS_YCCK}},
    {"jpeg-progressive", {.in = JCS_RGB, .stored = JCS_YCbCr, .progressive = true}},
    {"jpeg-two-scans", {.in = JCS_RGB, .stored = JCS_YCbCr, .scans = two_scans, .scan_count = 2}},
    {"jpeg-arithmetic", {.in = JCS_RGB, .stored = JCS_YCbCr, .arithmetic = true}},
};
#define JPEG_COUNT ((int)(sizeof jpegs / sizeof *jpegs))

static const png_color some_colors[] = {{1, 2, 3}, {200, 100, 0}, {0, 0, 255}, {255, 255, 255}};
static const uint8_t some_alphas[] = {0, 128, 255};
static const png_color_16 some_grey = {.gray = 77};

static const struct {
    const char *name;
    struct picture_png how;
} pngs[] = {
    {"png-grey-1", {.depth = 1, .color_type = PNG_COLOR_TYPE_GRAY}},
    {"png-grey-16", {.depth = 16, .color_type = PNG_COLOR_TYPE_GRAY, .clear = &some_grey}},
    {"png-grey-alpha", {.depth = 8, .color_type = PNG_COLOR_TYPE_GRAY_ALPHA, .gamma = true}},
    {"png-rgb", {.depth = 8, .color_type = PNG_COLOR_TYPE_RGB}},
    {"png-rgba-16", {.depth = 16, .color_type = PNG_COLOR_TYPE_RGB_ALPHA, .interlaced = true}},
    {"png-palette",
     {.depth = 2,
      .color_type = PNG_COLOR_TYPE_PALETTE,
      .interlaced = true,
      .palette = some_colors,
      .palette_size = 4,
      .alphas = some_alphas,
      .alpha_count = 3}},
};
#define PNG_COUNT ((int)(sizeof pngs / sizeof *pngs))

/* None of the plain ones' last samples is a number of two digits: its beginning would be one too. */
static const struct {
    const char *name, *text;
    size_t size;
} pnms[] = {
#define PNM(name, text)                                                                                      \
    {                                                                                                        \
        name, text, sizeof text - 1                                                                          \
    }
    PNM("pnm-p2", "P2 # grey\n3 2 # sides\n100\n0 50 100\n1 2 3"),
    PNM("pnm-p3", "P3\n2 1\n65535\n65535 0 32768  1 2 3"),
    PNM("pnm-p5", "P5 4 2 255\n\0\1\2\3abcd"),
    PNM("pnm-p5-16", "P5\n#\n2 2\n1000 \0\1\0\2\3\xe8\0\0"),
    PNM("pnm-p6", "P6\n2 2\n255\nabcdefghijkl"),
    PNM("pnm-p6-16", "P6 1 2 65535\nabcdefghijkl"),
    PNM("pnm-p1", "P1\n# digits need nothing between them\n3 2\n101\n0 1 0"),
    PNM("pnm-p4", "P4\n9 2\n\xa5\x80\0\xff"),
    PNM("pam-rgb", "P7\nWIDTH 2\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\nabcdef"),
    PNM("pam-grey-alpha-16", "P7\n# a comment\nWIDTH 1\nHEIGHT 2\nDEPTH 2\nMAXVAL 1000\nENDHDR\n"
                             "\0\1\0\2\3\xe8\0\0"),
};
#define PNM_COUNT ((int)(sizeof pnms / sizeof *pnms))

const int picture_count = JPEG_COUNT + PNG_COUNT + PNM_COUNT;

struct picture picture_at(int index, const char **name)
{
    uint8_t pixels[SIDE * SIDE * 8], app1[PICTURE_EXIF_SIZE];
    uint64_t random = 1;
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 3 + (picture_random(&random) & 15));
    size_t app1_size = picture_exif(6, index % 2 != 0, app1);
    if (index < JPEG_COUNT) {
        struct picture_jpeg how = jpegs[index].how;
        *name = jpegs[index].name;
        how.width = how.height = SIDE;
        how.app1 = app1;
        how.app1_size = app1_size;
        return picture_jpeg(&how, pixels);
    }
    index -= JPEG_COUNT;
    if (index < PNG_COUNT) {
        struct picture_png how = pngs[index].how;
        *name = pngs[index].name;
        how.width = how.height = SIDE;
        how.exif = app1 + 6;
        how.exif_size = app1_size - 6;
        return picture_png(&how, pixels);
    }
    index -= PNG_COUNT;
    *name = pnms[index].name;
    struct picture copy = {malloc(pnms[index].size), pnms[index].size};
    memcpy(copy.data, pnms[index].text, copy.size);
    return copy;
}
