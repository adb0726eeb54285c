#include "data/picture/mask_read.h"

#include "core/fail.h"
#include "data/picture/picture.h"
#include "picture/stream.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#define VOC_LAST_CLASS 20

/* One reading; libpng's errors come back through `jump`. */
struct reading {
    const char *path;
    struct duet_error *error;
    uint8_t *data;
    size_t size, at, max_pixels;
    png_structp png;
    png_infop info;
    struct duet_image *classes;
    bool palette; /* is it an 8-bit palette PNG? */
    enum duet_status status;
    jmp_buf jump;
};

static void on_error(png_structp png, png_const_charp message)
{
    struct reading *r = png_get_error_ptr(png);
    r->status = duet_fail(r->error, DUET_BAD_FORMAT, "%s: damaged PNG (%s)", r->path, message);
    longjmp(r->jump, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void take_bytes(png_structp png, png_bytep to, size_t count)
{
    struct reading *r = png_get_io_ptr(png);
    if (count > r->size - r->at) png_error(png, "truncated");
    memcpy(to, r->data + r->at, count);
    r->at += count;
}

static enum duet_status check_kind(struct reading *r, png_uint_32 width, png_uint_32 height)
{
    int kind = png_get_color_type(r->png, r->info), depth = png_get_bit_depth(r->png, r->info);
    if ((kind != PNG_COLOR_TYPE_PALETTE && kind != PNG_COLOR_TYPE_GRAY) || depth > 8)
        return duet_fail(
            r->error, DUET_UNSUPPORTED,
            "%s: not a class mask: PNG colour type %d of %d bits, expected palette or grey of up to 8",
            r->path, kind, depth);
    if (width > DUET_IMAGE_MAX_SIDE || height > DUET_IMAGE_MAX_SIDE || (size_t)width * height > r->max_pixels)
        return duet_fail(r->error, DUET_TOO_LARGE, "%s: %lux%lu pixels, the limit is %zu pixels in all",
                         r->path, (unsigned long)width, (unsigned long)height, r->max_pixels);
    r->palette = kind == PNG_COLOR_TYPE_PALETTE && depth == 8;
    return DUET_OK;
}

/* Everything between the two ends of setjmp. */
static enum duet_status decode(struct reading *r)
{
    png_read_info(r->png, r->info);
    png_uint_32 width = png_get_image_width(r->png, r->info), height = png_get_image_height(r->png, r->info);
    enum duet_status status = check_kind(r, width, height);
    if (status != DUET_OK) return status;
    status = duet_image_create(r->classes, (int)width, (int)height, DUET_GRAY8, r->error);
    if (status != DUET_OK) return status;
    png_set_packing(r->png); /* 1, 2 and 4 bits: a byte a pixel */
    for (int passes = png_set_interlace_handling(r->png); passes > 0; passes--)
        for (png_uint_32 y = 0; y < height; y++)
            png_read_row(r->png, duet_image_row(r->classes, (int)y), NULL);
    png_read_end(r->png, NULL);
    return DUET_OK;
}

static enum duet_status read_png(struct reading *r)
{
    if (r->size < 8 || png_sig_cmp(r->data, 0, 8) != 0)
        return duet_fail(r->error, DUET_BAD_FORMAT, "%s: not a PNG file", r->path);
    r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, on_error, on_warning);
    r->info = r->png ? png_create_info_struct(r->png) : NULL;
    if (!r->info) return duet_no_memory(r->error, r->path, NULL);
    png_set_user_limits(r->png, 0x7fffffff, 0x7fffffff); /* check_kind's are ours */
    png_set_read_fn(r->png, r, take_bytes);
    if (setjmp(r->jump)) return r->status;
    return decode(r);
}

static enum duet_status read_file(struct reading *r, const struct duet_mask_options *options)
{
    struct duet_stream stream = {.name = r->path, .cancelled = options->cancelled, .ctx = options->ctx};
    enum duet_status status = duet_stream_open(&stream, r->path, r->error);
    if (status == DUET_OK)
        status = duet_stream_read_all(&stream, DUET_MAX_PICTURE_BYTES, &r->data, &r->size, r->error);
    duet_stream_close(&stream);
    return status;
}

static enum duet_status read_mask(const char *path, const struct duet_mask_options *options,
                                  struct duet_image *classes, bool *palette, struct duet_error *error)
{
    static const struct duet_mask_options usual = {0};
    memset(classes, 0, sizeof *classes);
    if (!options) options = &usual;
    struct reading r = {.path = path, .error = error, .classes = classes};
    r.max_pixels = options->max_pixels ? options->max_pixels : DUET_MAX_PIXELS;
    enum duet_status status = read_file(&r, options);
    if (status == DUET_OK) status = read_png(&r);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    free(r.data);
    if (status != DUET_OK) duet_image_close(classes);
    *palette = r.palette;
    return status;
}

enum duet_status duet_mask_read(const char *path, const struct duet_mask_options *options,
                                struct duet_image *classes, struct duet_error *error)
{
    bool palette;
    return read_mask(path, options, classes, &palette, error);
}

static enum duet_status compare(const char *path, const struct duet_image *got, const struct duet_image *want,
                                struct duet_error *error)
{
    if (got->width != want->width || got->height != want->height)
        return duet_fail(error, DUET_MISMATCH, "%s: %dx%d pixels, expected %dx%d", path, got->width,
                         got->height, want->width, want->height);
    for (int y = 0; y < got->height; y++)
        for (int x = 0; x < got->width; x++) {
            int a = duet_image_row(got, y)[x], b = duet_image_row(want, y)[x];
            if (a != b || a > VOC_LAST_CLASS)
                return duet_fail(error, DUET_MISMATCH, "%s: class %d at %d,%d, expected %d and at most %d",
                                 path, a, x, y, b, VOC_LAST_CLASS);
        }
    return DUET_OK;
}

enum duet_status duet_mask_check(const char *path, const struct duet_image *classes, struct duet_error *error)
{
    struct duet_image read;
    bool palette;
    enum duet_status status = read_mask(path, NULL, &read, &palette, error);
    if (status != DUET_OK) return status;
    if (!palette)
        status = duet_fail(error, DUET_MISMATCH, "%s: expected a palette PNG of 8 bits", path);
    else
        status = compare(path, &read, classes, error);
    duet_image_close(&read);
    return status;
}
