#include "viewer/screen/overlay.h"

#include "core/fail.h"
#include "viewer/screen/scale.h"

#include <stdlib.h>

/* Memory for a picture of that size, unless it is there. */
static enum duet_status fit(struct duet_image *image, int width, int height, enum duet_pixel_format format,
                            struct duet_error *error)
{
    if (image->pixels && image->width == width && image->height == height) return DUET_OK;
    duet_image_close(image);
    return duet_image_create(image, width, height, format, error);
}

enum duet_status viewer_overlay_picture(struct viewer_overlay *overlay, const struct viewer_frame *frame,
                                        struct duet_image *onto, struct duet_error *error)
{
    struct duet_image *base = &overlay->base;
    bool kept = base->pixels && base->width == onto->width && base->height == onto->height &&
                viewer_stamp_same(&overlay->of, &frame->stamp);
    enum duet_status status = kept ? DUET_OK : fit(base, onto->width, onto->height, DUET_RGB8, error);
    if (!kept && status == DUET_OK) status = viewer_scale(&frame->image, base, error);
    if (status != DUET_OK) {
        duet_image_close(base);
        return status;
    }
    overlay->of = frame->stamp;
    return viewer_scale(base, onto, error);
}

static struct duet_box scale_box(struct duet_box box, float x, float y)
{
    return (struct duet_box){box.x * x, box.y * y, box.width * x, box.height * y};
}

static enum duet_status draw_masks(struct viewer_overlay *overlay, const struct viewer_results *results,
                                   const struct viewer_look *look, const struct duet_draw_style *style,
                                   struct duet_image *onto, struct duet_error *error)
{
    enum duet_status status = fit(&overlay->classes, onto->width, onto->height, DUET_GRAY8, error);
    if (status == DUET_OK)
        status = viewer_scale_classes(&results->segmentation.classes, &overlay->classes, error);
    if (status == DUET_OK) status = duet_draw_mask(onto, &overlay->classes, look->alpha, true, style, error);
    return status;
}

/* What the selected box suppressed, of that which would be shown without it. Thin: there may be many. */
static void draw_ghosts(const struct viewer_results *results, const struct viewer_look *look,
                        const struct duet_draw_style *style, float x, float y, struct duet_image *onto)
{
    const struct duet_suppressions *ghosts = &results->suppressions;
    struct duet_draw_style thin = *style;
    thin.scale = 0.5f;
    for (size_t i = ghosts->count; look->selected > 0 && i-- > 0;) {
        if (ghosts->items[i].by != look->selected - 1 || !(ghosts->items[i].score >= look->threshold))
            continue;
        struct duet_box box = scale_box(ghosts->items[i].box, x, y);
        int id = results->detections.items[look->selected - 1].category_id;
        duet_draw_ghost(onto, &box, duet_box_color(look->palette, id), &thin);
    }
}

static enum duet_status draw_boxes(const struct viewer_results *results, const struct viewer_look *look,
                                   const struct duet_draw_style *style, float x, float y,
                                   struct duet_image *onto, struct duet_error *error)
{
    struct duet_detections scaled = {.count = results->detections.count};
    if (scaled.count == 0) return DUET_OK;
    scaled.items = calloc(scaled.count, sizeof *scaled.items);
    if (!scaled.items) return duet_no_memory(error, NULL, "to draw boxes");
    for (size_t i = 0; i < scaled.count; i++) {
        scaled.items[i] = results->detections.items[i];
        scaled.items[i].box = scale_box(scaled.items[i].box, x, y);
    }
    draw_ghosts(results, look, style, x, y, onto);
    enum duet_status status = duet_draw_detections(onto, &scaled, style, error);
    free(scaled.items);
    return status;
}

/* Labels follow the picture's size (0), but on screens with small pixels they do not get smaller than this.
 */
static float text_height(const struct duet_image *onto, const struct viewer_look *look)
{
    int side = onto->width < onto->height ? onto->width : onto->height;
    float least = 13 * look->scale;
    return look->scale > 1 && (float)side / 28 < least && (float)side / 3 > least ? least : 0;
}

enum duet_status viewer_overlay_results(struct viewer_overlay *overlay, const struct viewer_frame *frame,
                                        unsigned has, const struct viewer_look *look, struct duet_image *onto,
                                        struct duet_error *error)
{
    const struct viewer_results *results = &frame->results;
    float x = (float)onto->width / (float)frame->image.width;
    float y = (float)onto->height / (float)frame->image.height;
    struct duet_draw_style style = {.palette = look->palette,
                                    .text = text_height(onto, look),
                                    .threshold = look->threshold,
                                    .hidden = look->hidden_masks,
                                    .tracks = has & VIEWER_BOXES ? results->tracks : NULL,
                                    .highlighted = look->selected};
    enum duet_status status = DUET_OK;
    if (look->masks && has & VIEWER_MASKS) status = draw_masks(overlay, results, look, &style, onto, error);
    style.hidden = look->hidden_boxes;
    if (status == DUET_OK && look->boxes && has & VIEWER_BOXES)
        status = draw_boxes(results, look, &style, x, y, onto, error);
    return status;
}

enum duet_status viewer_overlay_render(const struct viewer_frame *frame, unsigned has,
                                       const struct viewer_look *look, struct duet_image *image,
                                       struct duet_error *error)
{
    struct viewer_overlay overlay = {0};
    enum duet_status status =
        duet_image_create(image, frame->image.width, frame->image.height, DUET_RGB8, error);
    if (status == DUET_OK) status = viewer_scale(&frame->image, image, error);
    if (status == DUET_OK) status = viewer_overlay_results(&overlay, frame, has, look, image, error);
    viewer_overlay_close(&overlay);
    if (status != DUET_OK) duet_image_close(image);
    return status;
}

void viewer_overlay_close(struct viewer_overlay *overlay)
{
    duet_image_close(&overlay->base);
    duet_image_close(&overlay->classes);
}
