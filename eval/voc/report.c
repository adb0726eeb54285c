#include "eval/voc/report.h"

#include "core/fail.h"
#include "core/labels.h"
#include "core/text.h"
#include "data/draw/draw.h"
#include "data/labels/labels.h"
#include "report/parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- masks: numbers ----------------------------------------------------------------------------------- */

static void put_headline(struct duet_buffer *b, const struct duet_voc_summary *s)
{
    const struct duet_voc_scores *scores = &s->scores[0];
    const struct duet_voc_intervals *in = s->outcome->replicates > 0 ? &s->intervals[0] : NULL;
    char present[64], strict[80];
    snprintf(present, sizeof present, "over the %d classes present", scores->present);
    snprintf(strict, sizeof strict,
             scores->present == s->classes.count ? "over all %d classes"
                                                 : "classes are absent: no mean over all %d",
             s->classes.count);
    const struct duet_tile tiles[] = {
        {"mIOU", scores->miou, in ? &in->miou : NULL, present},
        {"mIOU, strict", scores->miou_strict, NULL, strict},
        {"pixel accuracy", scores->pixel_accuracy, in ? &in->pixel_accuracy : NULL, NULL},
        {"mean accuracy", scores->mean_accuracy, in ? &in->mean_accuracy : NULL,
         "over the classes in the truth"},
    };
    duet_put_tiles(b, tiles, sizeof tiles / sizeof tiles[0]);
}

static void put_classes(struct duet_buffer *b, const struct duet_voc_summary *s)
{
    const struct duet_voc_scores *scores = &s->scores[0];
    bool intervals = s->outcome->replicates > 0;
    duet_putf(b,
              "<div class=\"wide\"><table>\n<tr><th>class</th><th>IOU</th><th class=\"word\">%s</th>%s"
              "<th>accuracy</th><th>pixels in the truth</th><th>found</th></tr>\n",
              intervals ? "with its 95 % interval" : "", intervals ? "<th>from</th><th>to</th>" : "");
    for (int c = 0; c < s->classes.count; c++) {
        duet_put_class_cell(b, duet_voc_color(c), duet_labels_name(&s->classes.labels, c));
        duet_put_score_cell(b, scores->iou[c]);
        duet_put_bar_cell(b, scores->iou[c], intervals ? &s->intervals[0].iou[c] : NULL);
        if (intervals) {
            duet_put_score_cell(b, s->intervals[0].iou[c].low);
            duet_put_score_cell(b, s->intervals[0].iou[c].high);
        }
        duet_put_score_cell(b, scores->accuracy[c]);
        duet_putf(b, "<td>%" PRIu64 "</td><td>%" PRIu64 "</td></tr>\n", s->pixels.truth[c],
                  s->pixels.predicted[c]);
    }
    duet_put(b, "</table></div>\n");
}

static void put_bands(struct duet_report *report, const struct duet_voc_summary *s)
{
    const struct duet_voc_outcome *o = s->outcome;
    struct duet_buffer *b = duet_report_page(report);
    double widths[DUET_VOC_MAX_BANDS], miou[DUET_VOC_MAX_BANDS], accuracy[DUET_VOC_MAX_BANDS];
    if (o->band_count == 0) return;
    duet_report_section(report, "Near boundaries",
                        "The same scores over those pixels only that lie within so many pixels of a boundary "
                        "in the truth. Void pixels are left out as everywhere.");
    for (size_t i = 0; i < o->band_count; i++) {
        widths[i] = o->bands[i];
        miou[i] = s->scores[i + 1].miou;
        accuracy[i] = s->scores[i + 1].pixel_accuracy;
    }
    const struct duet_chart_line lines[] = {{widths, miou, o->band_count, "#2563b8", "mIOU"},
                                            {widths, accuracy, o->band_count, "#b97700", "pixel accuracy"}};
    const struct duet_chart chart = {
        NULL, "pixels from a boundary", "score", widths[o->band_count - 1], true, 460, 280, lines, 2};
    duet_put(b, "<div class=\"charts\">");
    duet_put_chart(b, &chart);
    duet_put(b, "<table>\n<tr><th>within</th><th>mIOU</th><th>pixel accuracy</th></tr>\n");
    for (size_t i = 0; i < o->band_count; i++) {
        duet_putf(b, "<tr><td>%d px</td>", o->bands[i]);
        duet_put_score_cell(b, miou[i]);
        duet_put_score_cell(b, accuracy[i]);
        duet_put(b, "</tr>\n");
    }
    duet_put(b, "</table></div>\n");
}

static void put_confusion(struct duet_report *report, const struct duet_voc_summary *s)
{
    struct duet_buffer *b = duet_report_page(report);
    const char *names[DUET_VOC_MAX_CLASSES];
    uint64_t *cells = duet_voc_miou_confusion(s->outcome->miou, 0);
    if (!cells) {
        b->failed = true;
        return;
    }
    for (int i = 0; i < s->classes.count; i++) names[i] = duet_labels_name(&s->classes.labels, i);
    const struct duet_matrix matrix = {names, cells, (size_t)s->classes.count, "truth", "found"};
    duet_report_section(report, "What is taken for what",
                        "Every pixel by its class in the truth and the class it was given, in percent of the "
                        "truth's class.");
    duet_put_matrix(b, &matrix);
    duet_put(b, "<h3>The most frequent confusions, in pixels</h3>\n");
    duet_put_confusions(b, &matrix, SIZE_MAX, 12);
    free(cells);
}

void duet_voc_report_masks(struct duet_report *report, const struct duet_voc_summary *summary)
{
    struct duet_buffer *b = duet_report_page(report);
    put_headline(b, summary);
    duet_report_section(report, "Conditions", NULL);
    duet_report_conditions(report, summary->outcome->conditions);
    duet_report_section(report, "Classes", "IOU: pixels right in both, over pixels in either.");
    put_classes(b, summary);
    put_bands(report, summary);
    put_confusion(report, summary);
}

/* --- masks: pictures ---------------------------------------------------------------------------------- */

static double image_miou(const struct duet_voc_miou *miou, size_t number, struct duet_voc_scores *scores)
{
    struct duet_voc_pixels pixels;
    duet_voc_miou_image_pixels(miou, number, 0, &pixels);
    duet_voc_score(&pixels, scores);
    return scores->miou;
}

size_t duet_voc_rank(const struct duet_voc_miou *miou, bool best, size_t *images, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < duet_voc_miou_count(miou); i++) {
        struct duet_voc_scores scores, other;
        double value = image_miou(miou, i, &scores);
        bool something = false;
        for (int c = 1; c < duet_voc_miou_classes(miou).count; c++) something |= !isnan(scores.iou[c]);
        if (!something) continue;
        size_t place = count;
        while (place > 0 && (best ? image_miou(miou, images[place - 1], &other) < value
                                  : image_miou(miou, images[place - 1], &other) > value))
            place--;
        if (place >= most) continue;
        if (count < most) count++;
        memmove(&images[place + 1], &images[place], (count - place - 1) * sizeof *images);
        images[place] = i;
    }
    return count;
}

/* "mIOU 0.4312", and a key for each class with its colour and IOU. */
struct caption {
    char text[32];
    char words[DUET_VOC_MAX_CLASSES][64];
    struct duet_report_key keys[DUET_VOC_MAX_CLASSES];
    size_t count;
};

static void fill_caption(struct caption *caption, const struct duet_voc_classes *classes,
                         const struct duet_voc_scores *scores)
{
    snprintf(caption->text, sizeof caption->text, "mIOU 0.%04d", (int)lrint(10000 * scores->miou));
    if (scores->miou >= 0.99995) snprintf(caption->text, sizeof caption->text, "mIOU 1");
    caption->count = 0;
    for (int c = 0; c < classes->count; c++) {
        if (isnan(scores->iou[c])) continue;
        struct duet_rgb color = duet_voc_color(c);
        const char *name = duet_labels_name(&classes->labels, c);
        char *words = caption->words[caption->count], shown[40];
        duet_text_show(shown, sizeof shown, name, strlen(name));
        int percent = (int)lrint(100 * scores->iou[c]);
        snprintf(words, sizeof caption->words[0], "%s %d.%02d", shown, percent / 100, percent % 100);
        caption->keys[caption->count++] = (struct duet_report_key){color.r, color.g, color.b, words};
    }
}

static enum duet_status copy_picture(const struct duet_image *from, struct duet_image *to,
                                     struct duet_error *error)
{
    enum duet_status status = duet_image_create(to, from->width, from->height, from->format, error);
    if (status != DUET_OK) return status;
    for (int y = 0; y < from->height; y++)
        memcpy(duet_image_row(to, y), duet_image_row(from, y), (size_t)from->width * 3);
    return DUET_OK;
}

/* The picture gone grey and pale, wrong pixels red, void ones dark. */
static void draw_errors(struct duet_image *image, const struct duet_image *truth,
                        const struct duet_image *predicted)
{
    for (int y = 0; y < image->height; y++) {
        uint8_t *pixel = duet_image_row(image, y);
        const uint8_t *t = duet_image_row(truth, y), *p = duet_image_row(predicted, y);
        for (int x = 0; x < image->width; x++, pixel += 3) {
            int grey = (pixel[0] * 2 + pixel[1] * 5 + pixel[2]) / 8, pale = 128 + grey / 2;
            bool open = t[x] == DUET_VOC_VOID, wrong = !open && t[x] != p[x];
            pixel[0] = (uint8_t)(open ? grey / 3 : wrong ? 196 + grey / 6 : pale);
            pixel[1] = pixel[2] = (uint8_t)(open ? grey / 3 : wrong ? grey / 3 : pale);
        }
    }
}

enum duet_status duet_voc_report_picture(struct duet_report *report, const struct duet_voc_miou *miou,
                                         size_t number, const struct duet_image *image,
                                         const struct duet_image *truth, const struct duet_image *predicted,
                                         struct duet_error *error)
{
    struct duet_voc_scores scores;
    struct duet_image drawn[3] = {{0}};
    struct caption caption;
    const struct duet_voc_classes classes = duet_voc_miou_classes(miou);
    enum duet_status status = DUET_OK;
    if (image->width != truth->width || image->height != truth->height)
        status = duet_fail(error, DUET_MISMATCH, "%s: a picture of %dx%d pixels, its truth of %dx%d",
                           duet_voc_miou_id(miou, number), image->width, image->height, truth->width,
                           truth->height);
    for (int i = 0; i < 3 && status == DUET_OK; i++) status = copy_picture(image, &drawn[i], error);
    if (status == DUET_OK) status = duet_draw_mask(&drawn[0], truth, 0.6f, true, NULL, error);
    if (status == DUET_OK) status = duet_draw_mask(&drawn[1], predicted, 0.6f, true, NULL, error);
    if (status == DUET_OK) {
        draw_errors(&drawn[2], truth, predicted);
        image_miou(miou, number, &scores);
        fill_caption(&caption, &classes, &scores);
        const struct duet_report_picture pictures[] = {
            {&drawn[0], "truth"}, {&drawn[1], "found"}, {&drawn[2], "wrong (red); left open (dark)"}};
        const struct duet_report_heading heading = {duet_voc_miou_id(miou, number), caption.text,
                                                    caption.keys, caption.count};
        status = duet_report_pictures(report, &heading, pictures, 3, error);
    }
    for (int i = 0; i < 3; i++) duet_image_close(&drawn[i]);
    return status;
}

/* --- boxes -------------------------------------------------------------------------------------------- */

static void put_boxes_headline(struct duet_buffer *b, const struct duet_voc_map_outcome *o)
{
    const struct duet_voc_ap mean = duet_voc_map_mean(o->map);
    size_t objects = 0, right = 0, found = 0;
    for (int i = 1; i < DUET_VOC_MAP_CLASSES; i++) {
        objects += duet_voc_map_class(o->map, i)->positives;
        right += duet_voc_map_class(o->map, i)->right;
        found += duet_voc_map_class(o->map, i)->found;
    }
    char note[96];
    snprintf(note, sizeof note, "%zu of %zu objects, by %zu boxes", right, objects, found);
    const struct duet_tile tiles[] = {
        {"mAP", mean.all_points, o->intervals ? &o->intervals->all_points[0] : NULL,
         "all points, since 2010"},
        {"mAP 2007", mean.eleven_points, o->intervals ? &o->intervals->eleven_points[0] : NULL,
         "eleven points"},
        {"found at all", objects > 0 ? (double)right / (double)objects : NAN, NULL, note},
    };
    duet_put_tiles(b, tiles, sizeof tiles / sizeof tiles[0]);
}

static void put_boxes_classes(struct duet_buffer *b, const struct duet_voc_map_outcome *o)
{
    duet_put(b, "<div class=\"wide\"><table>\n<tr><th>class</th><th>AP</th><th></th><th>AP 2007</th>"
                "<th>recall</th><th>objects</th><th>difficult</th><th>boxes</th><th>right</th>"
                "<th>duplicates</th><th>background</th></tr>\n");
    for (int i = 1; i < DUET_VOC_MAP_CLASSES; i++) {
        const struct duet_voc_class *c = duet_voc_map_class(o->map, i);
        duet_put_class_cell(b, duet_voc_color(i), duet_voc_class_name(i));
        duet_put_score_cell(b, c->ap.all_points);
        duet_put_bar_cell(b, c->ap.all_points, o->intervals ? &o->intervals->all_points[i] : NULL);
        duet_put_score_cell(b, c->ap.eleven_points);
        duet_put_score_cell(b, c->recall);
        duet_putf(b, "<td>%zu</td><td>%zu</td><td>%zu</td><td>%zu</td><td>%zu</td><td>%zu</td></tr>\n",
                  c->positives, c->difficult, c->found, c->right, c->duplicates, c->background);
    }
    duet_put(b, "</table></div>\n");
}

static void put_curve(struct duet_buffer *b, const struct duet_voc_map *map, int class_id)
{
    const struct duet_voc_class *c = duet_voc_map_class(map, class_id);
    if (c->positives == 0) return;
    double *recall = calloc(2 * c->found + 2, sizeof *recall);
    if (!recall) {
        b->failed = true;
        return;
    }
    double *precision = recall + c->found + 1;
    size_t count = duet_voc_map_curve(map, class_id, recall, precision);
    const struct duet_chart_line line = {recall, precision, count, "#2563b8", NULL};
    const struct duet_chart chart = {duet_voc_class_name(class_id), NULL, NULL, 1, false, 190, 160, &line, 1};
    duet_put_chart(b, &chart);
    free(recall);
}

void duet_voc_report_detections(struct duet_report *report, const struct duet_voc_map_outcome *outcome)
{
    struct duet_buffer *b = duet_report_page(report);
    put_boxes_headline(b, outcome);
    duet_report_section(report, "Conditions", NULL);
    duet_report_conditions(report, outcome->conditions);
    duet_report_section(report, "Classes", NULL);
    put_boxes_classes(b, outcome);
    duet_report_section(
        report, "Precision over recall",
        "From the best box to the last: how many of the objects are found (to the right), and "
        "how many of the boxes are right (up).");
    duet_put(b, "<div class=\"charts\">\n");
    for (int i = 1; i < DUET_VOC_MAP_CLASSES; i++) put_curve(b, outcome->map, i);
    duet_put(b, "</div>\n");
}
