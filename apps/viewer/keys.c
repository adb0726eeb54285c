#include "viewer/keys.h"

#include <SDL_keycode.h>

/* clang-format off */
const struct viewer_key viewer_keys[] = {
    {0,             VIEWER_NOTHING,         0, NULL,       "Playback"},
    {SDLK_SPACE,    VIEWER_PAUSE,           0, "space",    "pause, go on"},
    {SDLK_PERIOD,   VIEWER_STEP_FORWARD,    0, ".",        "next frame, next picture"},
    {SDLK_COMMA,    VIEWER_STEP_BACK,       0, ",",        "frame before, picture before"},
    {SDLK_RIGHT,    VIEWER_SEEK_FORWARD,    0, "\u2190  \u2192", "5 seconds back, on; pictures"},
    {SDLK_LEFT,     VIEWER_SEEK_BACK,       0, NULL,       NULL},
    {SDLK_PAGEDOWN, VIEWER_NEXT_INPUT,      0, "PgUp  PgDn", "input before, next input"},
    {SDLK_PAGEUP,   VIEWER_PREVIOUS_INPUT,  0, NULL,       NULL},
    {SDLK_HOME,     VIEWER_TO_START,        0, "Home",     "to the start"},
    {SDLK_LEFTBRACKET,  VIEWER_SLOWER,      0, "[  ]",     "slower, faster"},
    {SDLK_RIGHTBRACKET, VIEWER_FASTER,      0, NULL,       NULL},
    {0,             VIEWER_NOTHING,         0, NULL,       ""},
    {0,             VIEWER_NOTHING,         0, NULL,       "Window"},
    {SDLK_f,        VIEWER_FULLSCREEN,      0, "f",        "full screen"},
    {SDLK_h,        VIEWER_TOGGLE_HELP,     0, "h",        "this help"},
    {SDLK_q,        VIEWER_QUIT,            0, "q  Esc",   "quit"},
    {SDLK_ESCAPE,   VIEWER_QUIT,            0, NULL,       NULL},
    {0,             VIEWER_NOTHING,         0, NULL,       ""},
    {0,             VIEWER_NOTHING,         0, NULL,       ""},
    {0,             VIEWER_NOTHING,         0, NULL,       "What is shown"},
    {SDLK_d,        VIEWER_TOGGLE_BOXES,    0, "d",        "boxes"},
    {SDLK_m,        VIEWER_TOGGLE_MASKS,    0, "m",        "masks"},
    {SDLK_UP,       VIEWER_MORE_THRESHOLD,  0, "\u2191  \u2193", "threshold up, down"},
    {SDLK_DOWN,     VIEWER_LESS_THRESHOLD,  0, NULL,       NULL},
    {SDLK_1,        VIEWER_TOGGLE_CLASS,    1, "1 \u2026 9", "a class of the legend"},
    {SDLK_2,        VIEWER_TOGGLE_CLASS,    2, NULL,       NULL},
    {SDLK_3,        VIEWER_TOGGLE_CLASS,    3, NULL,       NULL},
    {SDLK_4,        VIEWER_TOGGLE_CLASS,    4, NULL,       NULL},
    {SDLK_5,        VIEWER_TOGGLE_CLASS,    5, NULL,       NULL},
    {SDLK_6,        VIEWER_TOGGLE_CLASS,    6, NULL,       NULL},
    {SDLK_7,        VIEWER_TOGGLE_CLASS,    7, NULL,       NULL},
    {SDLK_8,        VIEWER_TOGGLE_CLASS,    8, NULL,       NULL},
    {SDLK_9,        VIEWER_TOGGLE_CLASS,    9, NULL,       NULL},
    {SDLK_TAB,      VIEWER_SIDE_BY_SIDE,    0, "Tab",      "side by side"},
    {SDLK_i,        VIEWER_TOGGLE_HUD,      0, "i",        "figures"},
    {0,             VIEWER_NOTHING,         0, NULL,       ""},
    {0,             VIEWER_NOTHING,         0, NULL,       "Keep"},
    {SDLK_s,        VIEWER_SCREENSHOT,      0, "s",        "screenshot: the frame, as PNG"},
    {SDLK_r,        VIEWER_RECORD,          0, "r",        "record, stop recording"},
    {0,             VIEWER_NOTHING,         0, NULL,       ""},
    {0,             VIEWER_NOTHING,         0, NULL,       "Mouse"},
    {0,             VIEWER_NOTHING,         0, "click",    "a box: what it is, what it suppressed"},
    {0,             VIEWER_NOTHING,         0, "hover",    "a pixel: its three best classes"},
};
/* clang-format on */

const size_t viewer_key_count = sizeof viewer_keys / sizeof *viewer_keys;

const struct viewer_key *viewer_key_find(int code)
{
    for (size_t i = 0; i < viewer_key_count; i++)
        if (viewer_keys[i].code == code && code != 0) return &viewer_keys[i];
    return NULL;
}
