/* window.h: the window, and the canvas: one RGB picture that holds all that is seen, drawn by the same code
 * as annotated pictures and handed to SDL as a whole. What is seen is what a screenshot writes, with every
 * renderer.
 */
#ifndef DUET_APPS_VIEWER_SCREEN_WINDOW_H
#define DUET_APPS_VIEWER_SCREEN_WINDOW_H

#include "duet/image.h"

#include <SDL.h>
#include <pthread.h>
#include <stdbool.h>

struct viewer_window {
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture;
    struct duet_image canvas; /* RGB8, the size of the window in its pixels, or smaller on very large ones */
    float scale;              /* canvas pixels a point: 2 on high-DPI screens */
    int texture_limit;        /* longest side of a texture */
    Uint32 wake_event;        /* another thread has news */
    pthread_mutex_t lock;     /* of the next two */
    bool woken;               /* it is on its way: one is enough */
    bool closing;             /* nobody is to be woken any more */
    bool initialized;
};

/* `unseen`: nobody watches, a window that no screen shows will do. Errors: DUET_UNSUPPORTED: no window can be
 * had here; the text says why. */
enum duet_status viewer_window_init(struct viewer_window *window, bool unseen, struct duet_error *error);

/* A window's size, in points, for a picture of that size and `bars` points above and below it: in the
 * picture's shape, no larger than the screen (a title bar takes some of that), no smaller than can be used.
 */
void viewer_window_limit(int *width, int *height, int bars);

/* Show a window whose inside is width x height points. Errors: DUET_UNSUPPORTED, DUET_OUT_OF_MEMORY. */
enum duet_status viewer_window_open(struct viewer_window *window, const char *title, int width, int height,
                                    bool fullscreen, struct duet_error *error);

/* Make the canvas as large as the window is now. */
enum duet_status viewer_window_fit(struct viewer_window *window, struct duet_error *error);

/* Put the canvas on the screen. */
enum duet_status viewer_window_present(struct viewer_window *window, struct duet_error *error);

/* Full screen and back. */
void viewer_window_toggle_fullscreen(struct viewer_window *window);

/* From points, as events have them, to the canvas's pixels. */
void viewer_window_to_canvas(const struct viewer_window *window, int x, int y, int *canvas_x, int *canvas_y);

/* Wake the thread that waits for events: it gets a wake_event. From any thread. */
void viewer_window_wake(void *window);
/* That thread has it. */
void viewer_window_awake(struct viewer_window *window);

/* The window goes from the screen, at once; other threads may still call viewer_window_wake. Both accept what
 * was never opened. */
void viewer_window_close(struct viewer_window *window);
/* The end, when no other thread is left. */
void viewer_window_quit(struct viewer_window *window);

#endif
