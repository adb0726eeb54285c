/* AVFrame -> RGB8. */
#include "core/checked.h"
#include "core/fail.h"
#include "video/reader.h"

#include <libavutil/display.h>
#include <libavutil/pixdesc.h>

#include <math.h>
#include <stdlib.h>

enum duet_status duet_video_check_size(const struct duet_reader *reader, int64_t width, int64_t height,
                                       struct duet_error *error)
{
    const char *name = reader->source.name;
    if (width < 1 || height < 1)
        return duet_fail(error, DUET_BAD_FORMAT, "%s: frames of %lldx%lld pixels, expected at least 1x1",
                         name, (long long)width, (long long)height);
    if (width > DUET_IMAGE_MAX_SIDE || height > DUET_IMAGE_MAX_SIDE)
        return duet_fail(error, DUET_TOO_LARGE, "%s: frames of %lldx%lld pixels, the limit is %d a side",
                         name, (long long)width, (long long)height, DUET_IMAGE_MAX_SIDE);
    if ((uint64_t)width * (uint64_t)height > reader->source.max_pixels)
        return duet_fail(error, DUET_TOO_LARGE,
                         "%s: frames of %lldx%lld pixels, the limit is %zu in all; --max-pixels raises it",
                         name, (long long)width, (long long)height, reader->source.max_pixels);
    return DUET_OK;
}

/* swscale's vector code may write past a row's end, by less than a register; rows are written from top to
 * bottom, so that only the last one's need a place. */
enum { ROW_TAIL = 64 };

static bool make_image(struct duet_image *image, int width, int height)
{
    size_t stride = (size_t)width * 3, bytes;
    if (!duet_mul_size(stride, (size_t)height, &bytes) || !duet_add_size(bytes, ROW_TAIL, &bytes))
        return false;
    uint8_t *pixels = malloc(bytes); /* duet_image_close frees */
    if (!pixels) return false;
    *image = (struct duet_image){width, height, DUET_RGB8, stride, pixels};
    return true;
}

static bool has_alpha(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *description = av_pix_fmt_desc_get(format);
    return format == AV_PIX_FMT_PAL8 || (description && description->flags & AV_PIX_FMT_FLAG_ALPHA);
}

/* The matrix and the range that the frame says it has; of colours that say nothing, what swscale takes:
 * BT.601, and the range by the format's name (yuvj). */
static struct SwsContext *prepare(struct duet_converter *converter, const AVFrame *frame,
                                  enum AVPixelFormat to)
{
    struct SwsContext *sws =
        sws_getCachedContext(converter->sws, frame->width, frame->height, frame->format, frame->width,
                             frame->height, to, SWS_BILINEAR, NULL, NULL, NULL);
    converter->sws = sws;
    if (!sws) return NULL;
    int space = frame->colorspace == AVCOL_SPC_UNSPECIFIED ? SWS_CS_DEFAULT : (int)frame->colorspace;
    int *inverse, *table, from_range, to_range, brightness, contrast, saturation;
    if (sws_getColorspaceDetails(sws, &inverse, &from_range, &table, &to_range, &brightness, &contrast,
                                 &saturation) >= 0) {
        if (frame->color_range == AVCOL_RANGE_JPEG) from_range = 1;
        sws_setColorspaceDetails(sws, sws_getCoefficients(space), from_range,
                                 sws_getCoefficients(SWS_CS_DEFAULT), 1, brightness, contrast, saturation);
    }
    return sws;
}

/* Lay RGBA over white. */
static void flatten(const uint8_t *from, const struct duet_image *image)
{
    for (int y = 0; y < image->height; y++) {
        uint8_t *to = duet_image_row(image, y);
        for (int x = 0; x < image->width; x++, from += 4, to += 3)
            for (int c = 0; c < 3; c++)
                to[c] = (uint8_t)((from[c] * from[3] + 255 * (255 - from[3]) + 127) / 255);
    }
}

static bool make_rgba(struct duet_converter *converter, const AVFrame *frame)
{
    size_t bytes;
    if (!duet_mul_size((size_t)frame->width * 4, (size_t)frame->height, &bytes) ||
        !duet_add_size(bytes, ROW_TAIL, &bytes))
        return false;
    if (bytes <= converter->rgba_size) return true;
    free(converter->rgba);
    converter->rgba = malloc(bytes);
    converter->rgba_size = converter->rgba ? bytes : 0;
    return converter->rgba;
}

enum duet_status duet_video_convert(struct duet_reader *reader, const AVFrame *frame,
                                    struct duet_image *image, struct duet_error *error)
{
    struct duet_converter *converter = &reader->converter;
    enum duet_status status = duet_video_check_size(reader, frame->width, frame->height, error);
    if (status != DUET_OK) return status;
    bool alpha = has_alpha(frame->format);
    if (!make_image(image, frame->width, frame->height) || (alpha && !make_rgba(converter, frame))) {
        duet_image_close(image);
        return duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory for %dx%d pixels", reader->source.name,
                         frame->width, frame->height);
    }
    struct SwsContext *sws = prepare(converter, frame, alpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24);
    uint8_t *const rows[4] = {alpha ? converter->rgba : image->pixels};
    const int strides[4] = {image->width * (alpha ? 4 : 3)};
    if (!sws || sws_scale(sws, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height, rows,
                          strides) != frame->height) {
        duet_image_close(image);
        const char *pixels = av_get_pix_fmt_name(frame->format);
        return duet_fail(error, DUET_UNSUPPORTED, "%s: cannot make RGB of pixels of the kind '%s'",
                         reader->source.name, pixels ? pixels : "?");
    }
    if (alpha) flatten(converter->rgba, image);
    return DUET_OK;
}

void duet_converter_close(struct duet_converter *converter)
{
    sws_freeContext(converter->sws);
    free(converter->rgba);
    *converter = (struct duet_converter){0};
}

int duet_video_orientation(const int32_t *matrix)
{
    if (!matrix) return 1;
    /* Where a step to the right goes in the upright picture (a, b), and a step down (c, d). */
    double a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
    bool straight = fabs(a) + fabs(d) > fabs(b) + fabs(c);
    if (straight) return d > 0 ? (a > 0 ? 1 : 2) : (a > 0 ? 4 : 3);
    return c > 0 ? (b > 0 ? 5 : 8) : (b > 0 ? 6 : 7);
}
