#include "duet/image.h"

#include "core/fail.h"

#include <stdlib.h>
#include <string.h>

int duet_pixel_size(enum duet_pixel_format format)
{
    return format == DUET_RGB8 ? 3 : 1;
}

enum duet_status duet_image_create(struct duet_image *image, int width, int height,
                                   enum duet_pixel_format format, struct duet_error *error)
{
    memset(image, 0, sizeof *image);
    if (width < 1 || height < 1 || width > DUET_IMAGE_MAX_SIDE || height > DUET_IMAGE_MAX_SIDE)
        return duet_fail(error, DUET_BAD_ARGUMENT, "image of %dx%d pixels: sides must be 1 to %d", width,
                         height, DUET_IMAGE_MAX_SIDE);
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
