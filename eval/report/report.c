#include "report/parts.h"

#include "core/fail.h"
#include "core/os.h"
#include "core/text.h"
#include "data/picture/write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct duet_report {
    char *folder;
    struct duet_buffer page;
    size_t pictures; /* written so far */
    bool open;       /* a section is */
};

struct duet_buffer *duet_report_page(struct duet_report *report)
{
    return &report->page;
}

/* --- text --------------------------------------------------------------------------------------------- */

void duet_put_html(struct duet_buffer *b, const char *text)
{
    static const char *const entities[][2] = {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"},
                                              {"'", "&#39;"}, {"\n", "\n"},  {"\t", "\t"}};
    while (*text) {
        struct duet_character c = duet_character_at(text, SIZE_MAX);
        char shown[DUET_CHARACTER_TEXT];
        const char *entity = NULL;
        for (size_t i = 0; i < sizeof entities / sizeof entities[0] && !entity; i++)
            if (*text == *entities[i][0]) entity = entities[i][1];
        duet_character_show(text, c, shown);
        duet_put(b, entity ? entity : shown);
        text += c.bytes;
    }
}

static void put_length(struct duet_buffer *b, double value)
{
    duet_put_rounded(b, isfinite(value) ? round(value * 100) / 100 : 0, 8);
}

void duet_put_htmlf(struct duet_buffer *b, const char *format, ...)
{
    static const struct duet_dialect html = {duet_put_html, put_length};
    va_list args;
    va_start(args, format);
    duet_put_dialect(b, &html, format, args);
    va_end(args);
}

void duet_put_html_score(struct duet_buffer *b, double value)
{
    if (isfinite(value))
        duet_put_fixed(b, value, 4);
    else
        duet_put(b, "–");
}

void duet_put_color(struct duet_buffer *b, struct duet_rgb color)
{
    duet_putf(b, "#%02x%02x%02x", color.r, color.g, color.b);
}

/* --- the page ----------------------------------------------------------------------------------------- */

static const char style[] =
    ":root{--ink:#1c2230;--soft:#5d6678;--line:#d9dde5;--fill:#f4f6f9;--blue:#2563b8;--red:#c4321f;"
    "--green:#1d8a4a;--amber:#b97700}\n"
    "*{box-sizing:border-box}\n"
    "body{font:15px/1.5 system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;color:var(--ink);"
    "background:#fff;max-width:1120px;margin:0 auto;padding:32px 24px 64px}\n"
    "h1{font-size:26px;line-height:1.25;margin:0;overflow-wrap:anywhere}\n"
    "h2{font-size:19px;margin:44px 0 6px;padding-top:12px;border-top:2px solid var(--ink)}\n"
    "h3{font-size:15px;margin:26px 0 2px;overflow-wrap:anywhere}\n"
    "p{margin:4px 0 12px;max-width:46em}\n"
    ".soft,figcaption,.note{color:var(--soft)}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(170px,1fr));gap:12px;margin:18px 0}\n"
    ".tile{border:1px solid var(--line);border-radius:6px;padding:10px 14px;background:var(--fill)}\n"
    ".tile b{display:block;font-size:26px;line-height:1.2;font-variant-numeric:tabular-nums}\n"
    ".tile span{display:block;font-size:13px;font-variant-numeric:tabular-nums}\n"
    "table{border-collapse:collapse;margin:10px 0;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:3px 10px 3px 0;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}\n"
    "th{font-weight:600;font-size:13px;color:var(--soft);vertical-align:bottom}\n"
    "th:first-child,td:first-child,.word{text-align:left}\n"
    "table.facts td{white-space:normal;text-align:left;overflow-wrap:anywhere;vertical-align:top}\n"
    "table.facts td:first-child{color:var(--soft);white-space:nowrap}\n"
    "tr.mean td{font-weight:600;border-top:2px solid var(--ink)}\n"
    ".swatch{display:inline-block;width:11px;height:11px;margin-right:7px;border:1px solid #0003}\n"
    "svg{display:block;max-width:100%;height:auto}\n"
    "svg.bar{display:inline-block;vertical-align:middle;width:170px;height:12px}\n"
    "svg text{font:11px system-ui,'DejaVu Sans',sans-serif;fill:var(--ink)}\n"
    "svg .axis{fill:var(--soft)}\n"
    ".wide{overflow-x:auto}\n"
    ".charts{display:flex;flex-wrap:wrap;align-items:flex-start;gap:18px 26px;margin:10px 0}\n"
    ".charts figure{margin:0}\n"
    "figcaption{font-size:13px}\n"
    ".legend{display:flex;flex-wrap:wrap;gap:2px 14px;font-size:13px}\n"
    ".legend i{display:inline-block;width:18px;height:3px;margin-right:6px;vertical-align:middle}\n"
    ".keys{display:flex;flex-wrap:wrap;gap:0 16px;margin:0 0 6px}\n"
    ".row{break-inside:avoid}\n"
    ".pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(220px,1fr));gap:10px;"
    "max-width:1072px}\n"
    ".pictures figure{margin:0;max-width:520px}\n"
    ".pictures img,.pictures svg{width:100%;height:auto;display:block;border:1px solid var(--line)}\n"
    ".warnings{border-left:4px solid var(--amber);background:#fff8e8;padding:8px 14px;margin:14px 0}\n"
    ".warnings ul{margin:0;padding-left:18px}\n"
    "nav{margin:14px 0 0;display:flex;flex-wrap:wrap;gap:4px 16px;font-size:14px}\n"
    "a{color:var(--blue)}\n"
    "@media print{@page{margin:14mm}body{max-width:none;padding:0;font-size:10pt}nav{display:none}"
    "h2{break-after:avoid;margin-top:26px}h3,section>p{break-after:avoid}tr,.tile,figure{break-inside:avoid}"
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}.wide{overflow:visible}}\n";

static void begin_page(struct duet_buffer *b, const char *title, const char *subtitle)
{
    duet_put_htmlf(b,
                   "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                   "<meta name=\"generator\" content=\"Duet " DUET_VERSION
                   "\"/>\n<title>%s</title>\n<style>\n",
                   title);
    duet_put(b, style);
    duet_put_htmlf(b,
                   "</style>\n</head>\n<body>\n<header>\n<h1>%s</h1>\n<p class=\"soft\">%s</p>\n</header>\n",
                   title, subtitle);
}

enum duet_status duet_report_open(const char *folder, const char *title, const char *subtitle,
                                  struct duet_report **out, struct duet_error *error)
{
    *out = NULL;
    enum duet_status status = duet_make_folders(folder, error);
    if (status != DUET_OK) return status;
    struct duet_report *report = calloc(1, sizeof *report);
    if (report) report->folder = duet_text("%s", folder);
    if (!report || !report->folder) {
        duet_report_discard(&report);
        return duet_no_memory(error, folder, "for a report");
    }
    begin_page(&report->page, title, subtitle);
    *out = report;
    return DUET_OK;
}

void duet_report_section(struct duet_report *report, const char *title, const char *words)
{
    struct duet_buffer *b = &report->page;
    if (report->open) duet_put(b, "</section>\n");
    report->open = true;
    duet_put_htmlf(b, "<section>\n<h2>%s</h2>\n", title);
    if (words) duet_put_htmlf(b, "<p>%s</p>\n", words);
}

void duet_report_conditions(struct duet_report *report, const struct duet_conditions *conditions)
{
    struct duet_buffer *b = &report->page;
    duet_put(b, "<table class=\"facts\">\n");
    for (size_t i = 0; i < conditions->count; i++) {
        const struct duet_condition *condition = &conditions->items[i];
        char *words = duet_text("%s", condition->name);
        for (char *c = words; c && *c; c++)
            if (*c == '_') *c = ' ';
        duet_put_htmlf(b, "<tr><td>%s</td><td>%s</td></tr>\n", words ? words : "", condition->text);
        b->failed |= !words;
        free(words);
    }
    duet_put(b, "</table>\n");
}

void duet_report_warnings(struct duet_report *report, const char *const *warnings, size_t count)
{
    struct duet_buffer *b = &report->page;
    if (count == 0) return;
    duet_put(b, "<div class=\"warnings\"><ul>\n");
    for (size_t i = 0; i < count; i++) duet_put_htmlf(b, "<li>%s</li>\n", warnings[i]);
    duet_put(b, "</ul></div>\n");
}

/* --- pictures ----------------------------------------------------------------------------------------- */

/* Write a picture; `name` is then its path from the page. */
static enum duet_status write_picture(struct duet_report *report, const struct duet_image *image,
                                      char name[40], struct duet_error *error)
{
    snprintf(name, 40, "pictures/%zu.jpg", report->pictures + 1);
    char *folder = duet_path_join(report->folder, "pictures"), *path = duet_path_join(report->folder, name);
    enum duet_status status =
        folder && path ? duet_make_folders(folder, error) : duet_no_memory(error, name, NULL);
    if (status == DUET_OK) status = duet_picture_write(path, image, error);
    if (status == DUET_OK) report->pictures++;
    free(folder);
    free(path);
    return status;
}

static void begin_row(struct duet_buffer *b, const struct duet_report_heading *heading)
{
    duet_put_htmlf(b, "<div class=\"row\">\n<h3>%s</h3>\n<div class=\"keys soft\"><span>%s</span>",
                   heading->title, heading->caption);
    for (size_t i = 0; i < heading->key_count; i++) {
        const struct duet_report_key *key = &heading->keys[i];
        duet_put(b, "<span><i class=\"swatch\" style=\"background:");
        duet_put_color(b, (struct duet_rgb){key->r, key->g, key->b});
        duet_put_htmlf(b, "\"></i>%s</span>", key->text);
    }
    duet_put(b, "</div>\n<div class=\"pictures\">\n");
}

enum duet_status duet_report_pictures(struct duet_report *report, const struct duet_report_heading *heading,
                                      const struct duet_report_picture *pictures, size_t count,
                                      struct duet_error *error)
{
    struct duet_buffer *b = &report->page;
    enum duet_status status = DUET_OK;
    begin_row(b, heading);
    for (size_t i = 0; i < count && status == DUET_OK; i++) {
        char name[40];
        status = write_picture(report, pictures[i].image, name, error);
        duet_put_htmlf(b,
                       "<figure><img src=\"%s\" width=\"%d\" height=\"%d\" alt=\"%s\"/>"
                       "<figcaption>%s</figcaption></figure>\n",
                       name, pictures[i].image->width, pictures[i].image->height, pictures[i].label,
                       pictures[i].label);
    }
    duet_put(b, "</div>\n</div>\n");
    return status;
}

static void put_rectangle(struct duet_buffer *b, const struct duet_report_mark *mark, double stroke,
                          const char *color, bool dashed)
{
    duet_put_htmlf(b,
                   "<rect x=\"%f\" y=\"%f\" width=\"%f\" height=\"%f\" fill=\"none\" stroke=\"%s\" "
                   "stroke-width=\"%f\"",
                   mark->x, mark->y, fmax(mark->width, 0), fmax(mark->height, 0), color, stroke);
    duet_put(b, dashed ? " stroke-dasharray=\"7 5\"/>" : "/>");
}

/* A box with a dark edge below it, and its text at the top left, within the picture. */
static void put_mark(struct duet_buffer *b, const struct duet_report_mark *mark, double size)
{
    static const char *const colors[] = {"#3ddc84", "#ff5a48", "#4da3ff", "#ffb020"};
    put_rectangle(b, mark, size / 5 + 2, "#000a", false);
    put_rectangle(b, mark, size / 5, colors[mark->kind], mark->kind == DUET_REPORT_MISSED);
    if (!mark->text) return;
    duet_put_htmlf(
        b,
        "<text x=\"%f\" y=\"%f\" style=\"font-size:%fpx;font-weight:600;fill:%s;paint-order:stroke;"
        "stroke:#000;stroke-width:%fpx;stroke-linejoin:round\">%s</text>",
        fmax(mark->x, 0) + size * 0.25, fmax(mark->y, 0) + size, size, colors[mark->kind], size / 5,
        mark->text);
}

enum duet_status duet_report_boxes(struct duet_report *report, const struct duet_report_heading *heading,
                                   const struct duet_image *image, const struct duet_report_boxes *sets,
                                   size_t count, struct duet_error *error)
{
    struct duet_buffer *b = &report->page;
    char name[40];
    enum duet_status status = write_picture(report, image, name, error);
    if (status != DUET_OK) return status;
    double size = fmax(9, fmax(image->width, image->height) / 48.0);
    begin_row(b, heading);
    for (size_t i = 0; i < count; i++) {
        duet_putf(b,
                  "<figure><svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\"><image href=\"%s\" "
                  "width=\"%d\" height=\"%d\"/>",
                  image->width, image->height, image->width, image->height, name, image->width,
                  image->height);
        for (size_t j = 0; j < sets[i].count; j++) put_mark(b, &sets[i].marks[j], size);
        duet_put_htmlf(b, "</svg><figcaption>%s</figcaption></figure>\n", sets[i].label);
    }
    duet_put(b, "</div>\n</div>\n");
    return DUET_OK;
}

/* --- the end ------------------------------------------------------------------------------------------ */

static enum duet_status write_page(struct duet_report *report, struct duet_error *error)
{
    struct duet_output output = {0};
    struct duet_buffer *b = &report->page;
    if (report->open) duet_put(b, "</section>\n");
    duet_put(b, "</body>\n</html>\n");
    char *path = duet_path_join(report->folder, "index.html");
    enum duet_status status = path && !b->failed ? duet_output_open(&output, path, DUET_OUTPUT_FORCE, error)
                                                 : duet_no_memory(error, report->folder, "for the report");
    if (status == DUET_OK) {
        fwrite(b->data, 1, b->size, output.stream); /* commit looks whether it went well */
        status = duet_output_commit(&output, error);
    }
    free(path);
    return status;
}

enum duet_status duet_report_commit(struct duet_report **report, struct duet_error *error)
{
    enum duet_status status = write_page(*report, error);
    duet_report_discard(report);
    return status;
}

void duet_report_discard(struct duet_report **report)
{
    if (!report || !*report) return;
    duet_buffer_close(&(*report)->page);
    free((*report)->folder);
    free(*report);
    *report = NULL;
}
