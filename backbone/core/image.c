#include "duet/image.h"

#include "core/fail.h"

#include <stdlib.h>
#include <string.h>

int duet_pixel_size(enum duet_pixel_format format)
{
    return format == DUET_RGB8 ? 3 : format == DUET_GRAY8 ? 1 : 0;
}

static enum duet_status check_sides(int width, int height, struct duet_error *error)
{
    if (width >= 1 && height >= 1 && width <= DUET_IMAGE_MAX_SIDE && height <= DUET_IMAGE_MAX_SIDE)
        return DUET_OK;
    return duet_fail(error, DUET_BAD_ARGUMENT, "image of %dx%d pixels: sides must be 1 to %d", width, height,
                     DUET_IMAGE_MAX_SIDE);
}

static enum duet_status check_format(enum duet_pixel_format format, struct duet_error *error)
{
    if (duet_pixel_size(format) > 0) return DUET_OK;
    return duet_fail(error, DUET_BAD_ARGUMENT, "pixel format %d: expected RGB8 (%d) or GRAY8 (%d)",
                     (int)format, (int)DUET_RGB8, (int)DUET_GRAY8);
}

enum duet_status duet_image_check(const struct duet_image *image, enum duet_pixel_format format,
                                  struct duet_error *error)
{
    DUET_NEEDS(image, error);
    enum duet_status status = check_format(format, error);
    if (status == DUET_OK) status = check_sides(image->width, image->height, error);
    if (status != DUET_OK) return status;
    size_t row = (size_t)image->width * (size_t)duet_pixel_size(format);
    if (image->format != format)
        return duet_fail(error, DUET_BAD_ARGUMENT, "image of pixel format %d, expected %s",
                         (int)image->format, format == DUET_RGB8 ? "RGB8" : "GRAY8");
    if (image->stride < row)
        return duet_fail(error, DUET_BAD_ARGUMENT, "image with a stride of %zu bytes, a row has %zu",
                         image->stride, row);
    if (image->stride > PTRDIFF_MAX / (size_t)image->height)
        return duet_fail(error, DUET_BAD_ARGUMENT,
                         "image with a stride of %zu bytes: %d rows do not fit in memory", image->stride,
                         image->height);
    if (!image->pixels) return duet_fail(error, DUET_BAD_ARGUMENT, "image without pixels");
    return DUET_OK;
}

enum duet_status duet_image_create(struct duet_image *image, int width, int height,
                                   enum duet_pixel_format format, struct duet_error *error)
{
    DUET_NEEDS(image, error);
    memset(image, 0, sizeof *image);
    enum duet_status status = check_format(format, error);
    if (status == DUET_OK) status = check_sides(width, height, error);
    if (status != DUET_OK) return status;
    size_t stride = (size_t)width * (size_t)duet_pixel_size(format); /* at most 65535 * 3 */
    uint8_t *pixels = calloc((size_t)height, stride);
    if (!pixels)
        return duet_fail(error, DUET_OUT_OF_MEMORY, "no memory for an image of %dx%d pixels", width, height);
    *image = (struct duet_image){width, height, format, stride, pixels};
    return DUET_OK;
}

void duet_image_close(struct duet_image *image)
{
    if (!image) return;
    free(image->pixels);
    memset(image, 0, sizeof *image);
}
