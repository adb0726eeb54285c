/* The one place where stb_image_write is compiled; see CMakeLists.txt for its flags. */
#include "picture/stb_write.h"

#include "core/fail.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* stb's own deflate aborts when memory is short; zlib returns, is faster and packs better. */
static unsigned char *deflate_bytes(unsigned char *data, int size, int *out_size, int quality)
{
    uLongf packed = compressBound((uLong)size);
    unsigned char *out = packed <= INT_MAX ? malloc(packed) : NULL;
    if (!out) return NULL;
    if (compress2(out, &packed, data, (uLong)size, quality) != Z_OK) {
        free(out);
        return NULL;
    }
    *out_size = (int)packed;
    return out;
}

#define STBIW_ZLIB_COMPRESS deflate_bytes
#define STBIW_ASSERT(x)     ((void)0)
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#include <stb/stb_image_write.h>

#define JPEG_QUALITY 90

/* Write errors stay in the stream until the commit looks at them. */
static void put_bytes(void *stream, void *data, int size)
{
    fwrite(data, 1, (size_t)size, stream);
}

enum duet_status duet_stb_write_png(FILE *stream, const char *path, const struct duet_image *image,
                                    struct duet_error *error)
{
    if (image->stride > INT_MAX)
        return duet_fail(error, DUET_TOO_LARGE, "%s: rows of %zu bytes, at most %d can be written", path,
                         image->stride, INT_MAX);
    int ok = stbi_write_png_to_func(put_bytes, stream, image->width, image->height,
                                    duet_pixel_size(image->format), image->pixels, (int)image->stride);
    return ok ? DUET_OK : duet_no_memory(error, path, "to encode the picture");
}

enum duet_status duet_stb_write_jpeg(FILE *stream, const char *path, const struct duet_image *image,
                                     struct duet_error *error)
{
    int channels = duet_pixel_size(image->format);
    size_t row = (size_t)image->width * (size_t)channels;
    uint8_t *packed = NULL;
    if (image->stride != row) { /* this encoder knows no stride */
        packed = malloc(row * (size_t)image->height);
        if (!packed) return duet_no_memory(error, path, "to encode the picture");
        for (int y = 0; y < image->height; y++)
            memcpy(packed + (size_t)y * row, duet_image_row(image, y), row);
    }
    int ok = stbi_write_jpg_to_func(put_bytes, stream, image->width, image->height, channels,
                                    packed ? packed : image->pixels, JPEG_QUALITY);
    free(packed);
    return ok ? DUET_OK : duet_no_memory(error, path, "to encode the picture");
}
