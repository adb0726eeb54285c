#include "viewer/keys.h"

#include <SDL_keycode.h>

/* clang-format off */
const struct viewer_key viewer_keys[] = {
    {.help = "Playback"},
    {SDLK_SPACE,        VIEWER_PAUSE,         0, false, "space",    "pause, go on"},
    {SDLK_PERIOD,       VIEWER_STEP,          1, true,  ".",        "next frame, next picture"},
    {SDLK_COMMA,        VIEWER_STEP,         -1, true,  ",",        "frame before, picture before"},
    {SDLK_LEFT,         VIEWER_SEEK,         -5, true,  "\u2190  \u2192", "5 seconds back, on; pictures"},
    {SDLK_RIGHT,        VIEWER_SEEK,          5, true,  NULL,       NULL},
    {SDLK_PAGEUP,       VIEWER_INPUT,        -1, true,  "PgUp  PgDn", "input before, next input"},
    {SDLK_PAGEDOWN,     VIEWER_INPUT,         1, true,  NULL,       NULL},
    {SDLK_HOME,         VIEWER_START,         0, false, "Home",     "to the start"},
    {SDLK_LEFTBRACKET,  VIEWER_SPEED,        -1, false, "[  ]",     "slower, faster"},
    {SDLK_RIGHTBRACKET, VIEWER_SPEED,         1, false, NULL,       NULL},
    {.help = ""},
    {.help = "Window"},
    {SDLK_f,            VIEWER_FULLSCREEN,    0, false, "f",        "full screen"},
    {SDLK_h,            VIEWER_HELP,          0, false, "h",        "this help"},
    {SDLK_q,            VIEWER_QUIT,          0, false, "q  Esc",   "quit"},
    {SDLK_ESCAPE,       VIEWER_QUIT,          0, false, NULL,       NULL},
    {.help = ""},
    {.help = ""},
    {.help = "What is shown"},
    {SDLK_d,            VIEWER_TOGGLE_BOXES,  0, false, "d",        "boxes"},
    {SDLK_m,            VIEWER_TOGGLE_MASKS,  0, false, "m",        "masks"},
    {SDLK_UP,           VIEWER_THRESHOLD,     1, true,  "\u2191  \u2193", "threshold up, down"},
    {SDLK_DOWN,         VIEWER_THRESHOLD,    -1, true,  NULL,       NULL},
    {SDLK_1,            VIEWER_CLASS,         1, false, "1 \u2026 9", "a class of the legend"},
    {SDLK_2,            VIEWER_CLASS,         2, false, NULL,       NULL},
    {SDLK_3,            VIEWER_CLASS,         3, false, NULL,       NULL},
    {SDLK_4,            VIEWER_CLASS,         4, false, NULL,       NULL},
    {SDLK_5,            VIEWER_CLASS,         5, false, NULL,       NULL},
    {SDLK_6,            VIEWER_CLASS,         6, false, NULL,       NULL},
    {SDLK_7,            VIEWER_CLASS,         7, false, NULL,       NULL},
    {SDLK_8,            VIEWER_CLASS,         8, false, NULL,       NULL},
    {SDLK_9,            VIEWER_CLASS,         9, false, NULL,       NULL},
    {SDLK_TAB,          VIEWER_SIDE_BY_SIDE,  0, false, "Tab",      "side by side"},
    {SDLK_i,            VIEWER_HUD,           0, false, "i",        "figures"},
    {.help = ""},
    {.help = "Keep"},
    {SDLK_s,            VIEWER_SCREENSHOT,    0, false, "s",        "screenshot: the frame, as PNG"},
    {SDLK_r,            VIEWER_RECORD,        0, false, "r",        "record, stop recording"},
    {.help = ""},
    {.help = "Mouse"},
    {0,                 VIEWER_NOTHING,       0, false, "click",    "a box: what it is, what it suppressed"},
    {0,                 VIEWER_NOTHING,       0, false, "hover",    "a pixel: its three best classes"},
};
/* clang-format on */

const size_t viewer_key_count = sizeof viewer_keys / sizeof *viewer_keys;

const struct viewer_key *viewer_key_find(int code)
{
    for (size_t i = 0; i < viewer_key_count; i++)
        if (viewer_keys[i].code == code && code != 0) return &viewer_keys[i];
    return NULL;
}
