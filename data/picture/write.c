#include "data/picture/write.h"

#include "data/labels/palette.h"
#include "data/picture/picture.h"

#include "core/fail.h"
#include "core/os.h"
#include "picture/stb_write.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef enum duet_status encoder(FILE *stream, const char *path, const struct duet_image *image,
                                 struct duet_error *error);

static enum duet_status encode_ppm(FILE *stream, const char *path, const struct duet_image *image,
                                   struct duet_error *error)
{
    size_t width = (size_t)image->width;
    uint8_t *row = malloc(width * 3);
    if (!row) return duet_no_memory(error, path, "to encode the picture");
    fprintf(stream, "P6\n%d %d\n255\n", image->width, image->height);
    for (int y = 0; y < image->height; y++) {
        const uint8_t *from = duet_image_row(image, y);
        if (image->format == DUET_RGB8)
            memcpy(row, from, width * 3);
        else
            for (size_t x = 0; x < width; x++) memset(row + 3 * x, from[x], 3);
        fwrite(row, 3, width, stream);
    }
    free(row);
    return DUET_OK;
}

static encoder *encoder_of(const char *path)
{
    static const struct {
        const char *extension;
        encoder *encode;
    } known[] = {{".png", duet_stb_write_png},
                 {".jpg", duet_stb_write_jpeg},
                 {".jpeg", duet_stb_write_jpeg},
                 {".ppm", encode_ppm}};
    const char *extension = duet_path_extension(path);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(extension, known[i].extension) == 0) return known[i].encode;
    return NULL;
}

bool duet_picture_writable(const char *path)
{
    return encoder_of(path) != NULL;
}

/* The encoders count bytes in ints: DUET_MAX_PIXELS keeps them far from overflow. */
static enum duet_status check_image(const char *path, const struct duet_image *image,
                                    struct duet_error *error)
{
    if (duet_image_check(image, image->format, NULL) != DUET_OK)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: not a picture: %dx%d pixels, stride %zu", path,
                         image->width, image->height, image->stride);
    if ((size_t)image->width * (size_t)image->height > DUET_MAX_PIXELS)
        return duet_fail(error, DUET_TOO_LARGE, "%s: %dx%d pixels, at most %zu can be written", path,
                         image->width, image->height, DUET_MAX_PIXELS);
    return DUET_OK;
}

static enum duet_status write_through(const char *path, const struct duet_image *image, encoder *encode,
                                      struct duet_error *error)
{
    struct duet_output output;
    enum duet_status status = check_image(path, image, error);
    if (status == DUET_OK) status = duet_output_open(&output, path, DUET_OUTPUT_FORCE, error);
    if (status != DUET_OK) return status;
    status = encode(output.stream, path, image, error);
    if (status == DUET_OK) return duet_output_commit(&output, error);
    duet_output_discard(&output);
    return status;
}

enum duet_status duet_picture_write(const char *path, const struct duet_image *image,
                                    struct duet_error *error)
{
    encoder *encode = encoder_of(path);
    if (!encode)
        return duet_fail(error, DUET_UNSUPPORTED,
                         "%s: cannot tell what kind of picture to write; the name should end in .png, .jpg, "
                         ".jpeg or .ppm",
                         path);
    return write_through(path, image, encode, error);
}

/* --- masks -------------------------------------------------------------------------------------------- */

/* Where libpng leaves its reason before it jumps back. */
struct png_reason {
    char text[128];
};

static void png_failed(png_structp png, png_const_charp text)
{
    struct png_reason *reason = png_get_error_ptr(png);
    snprintf(reason->text, sizeof reason->text, "%s", text);
    longjmp(png_jmpbuf(png), 1);
}

static void png_warned(png_structp png, png_const_charp text)
{
    (void)png, (void)text;
}

static void png_put(png_structp png, png_bytep data, size_t size)
{
    fwrite(data, 1, size, png_get_io_ptr(png)); /* as put_bytes */
}

static void put_palette(png_structp png, png_infop info)
{
    png_color palette[PNG_MAX_PALETTE_LENGTH]; /* all 256: any class can be stored */
    for (int i = 0; i < PNG_MAX_PALETTE_LENGTH; i++) {
        struct duet_rgb c = duet_voc_color(i);
        palette[i] = (png_color){c.r, c.g, c.b};
    }
    png_set_PLTE(png, info, palette, PNG_MAX_PALETTE_LENGTH);
}

/* No local of this function changes after setjmp. */
static bool put_mask(png_structp png, png_infop info, FILE *stream, const struct duet_image *image)
{
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_write_fn(png, stream, png_put, NULL);
    png_set_IHDR(png, info, (png_uint_32)image->width, (png_uint_32)image->height, 8, PNG_COLOR_TYPE_PALETTE,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    put_palette(png, info);
    png_write_info(png, info);
    for (int y = 0; y < image->height; y++) png_write_row(png, duet_image_row(image, y));
    png_write_end(png, NULL);
    return true;
}

static enum duet_status encode_mask(FILE *stream, const char *path, const struct duet_image *image,
                                    struct duet_error *error)
{
    struct png_reason reason = {"out of memory"};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &reason, png_failed, png_warned);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    bool written = info && put_mask(png, info, stream, image);
    png_destroy_write_struct(&png, &info);
    return written ? DUET_OK
                   : duet_fail(error, DUET_OUT_OF_MEMORY, "%s: cannot encode: %s", path, reason.text);
}

enum duet_status duet_mask_write(const char *path, const struct duet_image *classes, struct duet_error *error)
{
    if (classes->format != DUET_GRAY8)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: a mask has one byte a pixel, this picture has %d",
                         path, duet_pixel_size(classes->format));
    return write_through(path, classes, encode_mask, error);
}
