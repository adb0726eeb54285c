#include "viewer/screen/window.h"

#include "core/fail.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A canvas of more pixels is drawn smaller and enlarged by SDL: drawing and handing over one of 4 million
 * takes about as long as a 60th of a second allows. */
static const double canvas_pixels = 4.2e6;

enum { MIN_WIDTH = 320, MIN_HEIGHT = 240 };

static enum duet_status refused(const char *what, struct duet_error *error)
{
    return duet_fail(error, DUET_UNSUPPORTED, "%s: %s", what, SDL_GetError());
}

/* Left to itself SDL would take a screen that nobody sees, and libwayland would complain on stderr. */
static bool init_video(bool unseen)
{
    char drivers[64];
    const char *x11 = getenv("DISPLAY") ? "x11," : "", *wayland = getenv("WAYLAND_DISPLAY") ? "wayland," : "";
    if (getenv("SDL_VIDEODRIVER")) return SDL_Init(SDL_INIT_VIDEO) == 0;
    snprintf(drivers, sizeof drivers, "%s%sKMSDRM", x11, wayland);
    SDL_SetHint(SDL_HINT_VIDEODRIVER, drivers);
    if (SDL_Init(SDL_INIT_VIDEO) == 0) return true;
    SDL_SetHint(SDL_HINT_VIDEODRIVER, "dummy");
    if (unseen && SDL_Init(SDL_INIT_VIDEO) == 0) return true;
    SDL_SetError("there is no display ($DISPLAY, $WAYLAND_DISPLAY)");
    return false;
}

enum duet_status viewer_window_init(struct viewer_window *window, bool unseen, struct duet_error *error)
{
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); /* cli/process.h's are ours */
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    if (!init_video(unseen)) return refused("no window can be shown", error);
    window->initialized = true;
    pthread_mutex_init(&window->lock, NULL);
    window->wake_event = SDL_RegisterEvents(1);
    return DUET_OK;
}

void viewer_window_limit(int *width, int *height, int bars)
{
    SDL_Rect room;
    if (SDL_GetDisplayUsableBounds(0, &room) == 0 && room.w > 0 && room.h > 2 * bars) {
        double shrink = fmin(1, fmin(0.95 * room.w / *width, (0.92 * room.h - bars) / *height));
        *width = (int)lrint(*width * shrink);
        *height = (int)lrint(*height * shrink);
    }
    *height += bars;
    if (*width < MIN_WIDTH) *width = MIN_WIDTH;
    if (*height < MIN_HEIGHT) *height = MIN_HEIGHT;
}

enum duet_status viewer_window_open(struct viewer_window *window, const char *title, int width, int height,
                                    bool fullscreen, struct duet_error *error)
{
    Uint32 flags = SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI;
    if (fullscreen) flags |= SDL_WINDOW_FULLSCREEN_DESKTOP;
    window->window =
        SDL_CreateWindow(title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, width, height, flags);
    if (!window->window) return refused("no window can be shown", error);
    SDL_SetWindowMinimumSize(window->window, MIN_WIDTH, MIN_HEIGHT);
    window->renderer = SDL_CreateRenderer(window->window, -1, SDL_RENDERER_PRESENTVSYNC);
    if (!window->renderer) window->renderer = SDL_CreateRenderer(window->window, -1, SDL_RENDERER_SOFTWARE);
    if (!window->renderer) return refused("nothing can be drawn", error);
    SDL_RendererInfo info = {0};
    SDL_GetRendererInfo(window->renderer, &info);
    int limit =
        info.max_texture_width < info.max_texture_height ? info.max_texture_width : info.max_texture_height;
    window->texture_limit = limit > 0 ? limit : 16384;
    return DUET_OK;
}

enum duet_status viewer_window_fit(struct viewer_window *window, struct duet_error *error)
{
    int width, height, points, ignored;
    if (SDL_GetRendererOutputSize(window->renderer, &width, &height) != 0)
        return refused("the window", error);
    SDL_GetWindowSize(window->window, &points, &ignored);
    int longest = width > height ? width : height;
    double shrink = fmin(
        1, fmin(sqrt(canvas_pixels / ((double)width * height)), (double)window->texture_limit / longest));
    int w = (int)fmax(1, width * shrink), h = (int)fmax(1, height * shrink);
    window->scale = points > 0 ? (float)w / (float)points : 1;
    if (window->texture && w == window->canvas.width && h == window->canvas.height) return DUET_OK;
    duet_image_close(&window->canvas);
    SDL_DestroyTexture(window->texture);
    window->texture =
        SDL_CreateTexture(window->renderer, SDL_PIXELFORMAT_RGB24, SDL_TEXTUREACCESS_STREAMING, w, h);
    if (!window->texture) return refused("the window's contents", error);
    return duet_image_create(&window->canvas, w, h, DUET_RGB8, error);
}

enum duet_status viewer_window_present(struct viewer_window *window, struct duet_error *error)
{
    if (SDL_UpdateTexture(window->texture, NULL, window->canvas.pixels, (int)window->canvas.stride) != 0 ||
        SDL_RenderCopy(window->renderer, window->texture, NULL, NULL) != 0)
        return refused("the window's contents", error);
    SDL_RenderPresent(window->renderer);
    return DUET_OK;
}

void viewer_window_toggle_fullscreen(struct viewer_window *window)
{
    bool full = SDL_GetWindowFlags(window->window) & SDL_WINDOW_FULLSCREEN_DESKTOP;
    SDL_SetWindowFullscreen(window->window, full ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
}

void viewer_window_to_canvas(const struct viewer_window *window, int x, int y, int *canvas_x, int *canvas_y)
{
    *canvas_x = (int)((float)x * window->scale);
    *canvas_y = (int)((float)y * window->scale);
}

void viewer_window_wake(void *ctx)
{
    struct viewer_window *window = ctx;
    pthread_mutex_lock(&window->lock);
    SDL_Event event = {.type = window->wake_event};
    if (!window->woken && !window->closing) window->woken = SDL_PushEvent(&event) == 1;
    pthread_mutex_unlock(&window->lock);
}

void viewer_window_awake(struct viewer_window *window)
{
    pthread_mutex_lock(&window->lock);
    window->woken = false;
    pthread_mutex_unlock(&window->lock);
}

void viewer_window_close(struct viewer_window *window)
{
    if (!window->initialized) return;
    pthread_mutex_lock(&window->lock);
    window->closing = true;
    pthread_mutex_unlock(&window->lock);
    if (window->window) SDL_HideWindow(window->window);
}

void viewer_window_quit(struct viewer_window *window)
{
    if (!window->initialized) return;
    /* SDL wakes us by messages to our own window, over a second connection to the X server. One that is read
     * there after the window is gone ends the process with BadWindow (seen once in 20 runs): let it be read.
     */
    SDL_PumpEvents();
    if (window->window) SDL_Delay(20);
    if (window->texture) SDL_DestroyTexture(window->texture);
    if (window->renderer) SDL_DestroyRenderer(window->renderer);
    if (window->window) SDL_DestroyWindow(window->window);
    duet_image_close(&window->canvas);
    SDL_Quit();
    pthread_mutex_destroy(&window->lock);
    *window = (struct viewer_window){0};
}
