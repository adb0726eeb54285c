#include "viewer/screen/hud.h"

#include "data/draw/draw.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct duet_rgb ground = {22, 24, 29}, rule = {48, 52, 61}, dim = {139, 146, 160},
                             bright = {238, 240, 244}, accent = {86, 156, 255}, alert = {255, 92, 92};

static void fill(struct duet_image *canvas, struct viewer_rect r, struct duet_rgb color)
{
    int x1 = r.x + r.width < canvas->width ? r.x + r.width : canvas->width;
    int y1 = r.y + r.height < canvas->height ? r.y + r.height : canvas->height;
    for (int y = r.y > 0 ? r.y : 0; y < y1; y++) {
        uint8_t *pixel = duet_image_row(canvas, y) + 3 * (size_t)(r.x > 0 ? r.x : 0);
        for (int x = r.x > 0 ? r.x : 0; x < x1; x++, pixel += 3)
            pixel[0] = color.r, pixel[1] = color.g, pixel[2] = color.b;
    }
}

/* --- figures -------------------------------------------------------------------------------------------- */

/* A figure under its name. `widest`: its room, so that the others do not move when it changes. */
struct cell {
    const char *name, *widest;
    char value[48];
};

enum { CELLS = 6 };

static void milliseconds(struct cell *cell, bool known, double seconds)
{
    double ms = 1000 * fmax(seconds, 0);
    if (!known) return;
    if (ms < 9.95)
        snprintf(cell->value, sizeof cell->value, "%.1f ms", ms);
    else if (ms < 9999.5)
        snprintf(cell->value, sizeof cell->value, "%.0f ms", ms);
    else
        snprintf(cell->value, sizeof cell->value, "%.1f s", ms / 1000);
}

static void fill_cells(const struct viewer_figures *f, struct cell cells[CELLS])
{
    static const struct cell empty[CELLS] = {
        {"FPS", "000.0", "\u2013"},
        {"INFERENCE", "0000 ms", "\u2013"},
        {"LATENCY p50 p95 p99", "000 / 000 / 000 ms", "\u2013"},
        {"AGE", "0000 ms", "\u2013"},
        {"DROPPED", "00000", ""},
        {"CPU", "", ""}, /* stays as it is */
    };
    const struct viewer_stats *stats = f->stats;
    double rate = f->runs ? viewer_stats_rate(stats, f->now) : 0;
    double inference = stats->inference > 0 ? stats->inference : f->shown->seconds;
    double age = f->runs ? f->now - f->shown->there : -1;
    memcpy(cells, empty, sizeof empty);
    if (rate > 0) snprintf(cells[0].value, sizeof cells->value, "%.1f", rate);
    milliseconds(&cells[1], inference > 0, inference);
    if (stats->count > 0)
        snprintf(cells[2].value, sizeof cells->value, "%.0f / %.0f / %.0f ms",
                 1000 * viewer_stats_latency(stats, 0.5), 1000 * viewer_stats_latency(stats, 0.95),
                 1000 * viewer_stats_latency(stats, 0.99));
    milliseconds(&cells[3], age >= 0, age);
    snprintf(cells[4].value, sizeof cells->value, "%llu", (unsigned long long)f->shown->dropped);
    snprintf(cells[5].value, sizeof cells->value, "%d \u00d7 %s, %s", f->threads, f->level ? f->level : "?",
             f->precision);
}

/* "257/16, mIOU 0.61, 14 of 33 ms" in as much detail as there is room for. */
static void shorten_choice(const char *choice, float height, float room, char *text, size_t size)
{
    const char *quality = strstr(choice, ", mIOU "), *rest = quality ? strchr(quality + 1, ',') : NULL;
    snprintf(text, size, "%s", choice);
    if (quality && duet_draw_text_width(text, height) > room)
        snprintf(text, size, "%.*s%s", (int)(quality - choice), choice, rest ? rest : "");
    if (duet_draw_text_width(text, height) > room)
        snprintf(text, size, "%.*s", (int)strcspn(choice, ","), choice);
}

static void draw_figures(struct duet_image *canvas, struct viewer_rect bar, float scale,
                         const struct viewer_figures *f)
{
    struct cell cells[CELLS];
    float small = 9 * scale, large = 14 * scale, x = (float)bar.x + 12 * scale;
    fill_cells(f, cells);
    fill(canvas, bar, ground);
    fill(canvas, (struct viewer_rect){bar.x, bar.y + bar.height - 1, bar.width, 1}, rule);
    for (int i = 0; i < CELLS; i++) {
        float width = fmaxf(
            duet_draw_text_width(cells[i].name, small),
            fmaxf(duet_draw_text_width(cells[i].widest, large), duet_draw_text_width(cells[i].value, large)));
        if (x + width > (float)(bar.x + bar.width) - 4 * scale)
            break; /* a narrow window shows the first ones */
        duet_draw_text(canvas, cells[i].name, x, (float)bar.y + 5 * scale, small, dim);
        duet_draw_text(canvas, cells[i].value, x, (float)bar.y + 17 * scale, large, bright);
        x += width + 18 * scale;
    }
    float room = (float)(bar.x + bar.width) - 8 * scale - x;
    if (!f->shown->choice[0] || room < 40 * scale) return;
    char choice[112];
    shorten_choice(f->shown->choice, large, room, choice, sizeof choice);
    duet_draw_text(canvas, "MASKS", x, (float)bar.y + 5 * scale, small, dim);
    duet_draw_text(canvas, choice, x, (float)bar.y + 17 * scale, large, bright);
}

/* --- where we are --------------------------------------------------------------------------------------- */

/* 4.2 -> "0:04.2", 3725 -> "1:02:05.0" */
static void clock_text(char *text, size_t size, double seconds)
{
    long tenths = lrint(fmax(seconds, 0) * 10), s = tenths / 10;
    if (s >= 3600)
        snprintf(text, size, "%ld:%02ld:%02ld.%ld", s / 3600, s / 60 % 60, s % 60, tenths % 10);
    else
        snprintf(text, size, "%ld:%02ld.%ld", s / 60, s % 60, tenths % 10);
}

/* The frame on the screen when it is one of many; else NULL. */
static const struct duet_frame_info *moving(const struct viewer_figures *f)
{
    return f->shown->frame && f->shown->frame->info.moving ? &f->shown->frame->info : NULL;
}

static void position_text(const struct viewer_figures *f, char *text, size_t size)
{
    char now[32], all[32], of[48] = "";
    size_t used = 0;
    text[0] = '\0';
    if (f->inputs > 1) used = (size_t)snprintf(text, size, "%d of %d", f->source->input + 1, f->inputs);
    const struct duet_frame_info *frame = moving(f);
    if (!frame) return;
    clock_text(now, sizeof now, frame->time);
    clock_text(all, sizeof all, f->source->about.duration);
    if (f->source->about.duration > 0) snprintf(of, sizeof of, " / %s", all);
    snprintf(text + used, size - used, "%s%s%s   frame %lld", used ? "   " : "", now, of,
             (long long)frame->frame);
}

static void state_text(const struct viewer_figures *f, char *text, size_t size)
{
    char speed[32] = "", threshold[32] = "";
    bool busy = f->shown->wanting && !f->source->infer_failed;
    if (f->speed != 1) snprintf(speed, sizeof speed, "%g\u00d7   ", f->speed);
    if (f->look->boxes) snprintf(threshold, sizeof threshold, "\u2265 %.2f   ", (double)f->look->threshold);
    snprintf(text, size, "%s%s%sh help", busy ? "analysing   " : "", speed, threshold);
}

/* A triangle, two bars or a square: it plays, it is paused, it has ended. Returns its width. */
static float draw_sign(struct duet_image *canvas, const struct viewer_figures *f, float x, float y,
                       float scale)
{
    float side = 10 * scale;
    int x0 = (int)x, y0 = (int)(y - side / 2), s = (int)side;
    if (f->source->about.live && !f->paused) {
        fill(canvas, (struct viewer_rect){x0 + s / 4, y0 + s / 4, s / 2, s / 2}, alert);
    } else if (f->paused) {
        fill(canvas, (struct viewer_rect){x0, y0, s / 3, s}, bright);
        fill(canvas, (struct viewer_rect){x0 + s - s / 3, y0, s / 3, s}, bright);
    } else if (f->source->drained) {
        fill(canvas, (struct viewer_rect){x0, y0, s, s}, dim);
    } else {
        for (int row = 0; row < s; row++) {
            int half = row < s / 2 ? row : s - 1 - row;
            fill(canvas, (struct viewer_rect){x0, y0 + row, 2 * half + 1 < s ? 2 * half + 1 : s, 1}, bright);
        }
    }
    return side + 10 * scale;
}

/* As much of the text as there is room for, its end cut off. */
static void draw_cut(struct duet_image *canvas, const char *text, float x, float y, float height, float room,
                     struct duet_rgb color)
{
    char cut[512];
    snprintf(cut, sizeof cut - 4, "%s", text);
    size_t length = strlen(cut);
    while (length > 0 && duet_draw_text_width(cut, height) > room) {
        while (length > 0 && (cut[--length] & 0xc0) == 0x80) continue; /* whole characters */
        snprintf(cut + length, 4, "\u2026");
        if (length == 0) return;
    }
    duet_draw_text(canvas, cut, x, y, height, color);
}

static void draw_status(struct duet_image *canvas, struct viewer_rect bar, float scale,
                        const struct viewer_figures *f)
{
    char position[128], state[96];
    float text = 13 * scale, x = (float)bar.x + 12 * scale,
          middle = (float)bar.y + (float)bar.height / 2 + scale;
    float y = middle - text / 2, end = (float)(bar.x + bar.width) - 12 * scale;
    fill(canvas, bar, ground);
    int line = (int)fmaxf(2, 3 * scale);
    fill(canvas, (struct viewer_rect){bar.x, bar.y, bar.width, line}, rule);
    double duration = f->source->about.duration;
    if (moving(f) && duration > 0) {
        double share = fmin(fmax(moving(f)->time / duration, 0), 1);
        fill(canvas, (struct viewer_rect){bar.x, bar.y, (int)lrint(bar.width * share), line}, accent);
    }
    position_text(f, position, sizeof position);
    state_text(f, state, sizeof state);
    float state_width = duet_draw_text_width(state, text);
    if (x + state_width < end) duet_draw_text(canvas, state, end - state_width, y, text, dim);
    end -= state_width + 16 * scale;
    if (f->recording && x + 50 * scale < end) {
        float width = duet_draw_text_width("REC", text);
        duet_draw_text(canvas, "REC", end - width, y, text, alert);
        end -= width + 16 * scale;
    }
    if (moving(f)) x += draw_sign(canvas, f, x, middle, scale);
    float width = duet_draw_text_width(position, text);
    if (x + width < end) {
        duet_draw_text(canvas, position, x, y, text, bright);
        x += width + (width > 0 ? 16 * scale : 0);
    }
    if (end - x > 30 * scale) draw_cut(canvas, f->name, x, y, text, end - x, dim);
}

void viewer_hud_draw(struct duet_image *canvas, const struct viewer_layout *layout, float scale,
                     const struct viewer_figures *figures)
{
    if (layout->top.height > 0) draw_figures(canvas, layout->top, scale, figures);
    if (layout->bottom.height > 0) draw_status(canvas, layout->bottom, scale, figures);
}

double viewer_hud_seek_at(const struct viewer_layout *layout, float scale, int x, int y)
{
    struct viewer_rect bar = layout->bottom;
    bool on = bar.height > 0 && y >= bar.y - (int)(4 * scale) && y < bar.y + (int)(10 * scale);
    return on ? (double)(x - bar.x) / bar.width : -1;
}

/* --- over the picture ----------------------------------------------------------------------------------- */

void viewer_hud_toast(struct duet_image *canvas, const struct viewer_layout *layout, float scale,
                      const char *text, enum viewer_tone tone)
{
    struct viewer_rect view = layout->view;
    float height = 14 * scale, pad = 8 * scale, room = (float)view.width - 4 * pad;
    float width = fminf(duet_draw_text_width(text, height), room);
    struct viewer_rect box = {view.x + (int)(((float)view.width - width) / 2 - pad),
                              view.y + view.height - (int)(height + 4 * pad), (int)(width + 2 * pad),
                              (int)(height + 2 * pad)};
    if (room < 40 || box.y < view.y) return;
    fill(canvas, box, ground);
    fill(canvas, (struct viewer_rect){box.x, box.y, (int)fmaxf(3, 3 * scale), box.height},
         tone == VIEWER_WARN ? alert : accent);
    draw_cut(canvas, text, (float)box.x + pad, (float)box.y + pad, height, width + 1, bright);
}
