/* keys.h: what each key does. One table: the events are looked up in it, and the help is printed from it.
 * To add one: an action below, a row in keys.c, a case in actions.c. */
#ifndef DUET_VIEWER_KEYS_H
#define DUET_VIEWER_KEYS_H

#include <stdbool.h>
#include <stddef.h>

enum viewer_action {
    VIEWER_NOTHING,
    VIEWER_PAUSE,
    VIEWER_STEP_FORWARD,
    VIEWER_STEP_BACK,
    VIEWER_SEEK_FORWARD,
    VIEWER_SEEK_BACK,
    VIEWER_NEXT_INPUT,
    VIEWER_PREVIOUS_INPUT,
    VIEWER_TO_START,
    VIEWER_SLOWER,
    VIEWER_FASTER,
    VIEWER_TOGGLE_BOXES,
    VIEWER_TOGGLE_MASKS,
    VIEWER_MORE_THRESHOLD,
    VIEWER_LESS_THRESHOLD,
    VIEWER_TOGGLE_CLASS, /* + number 1..9 */
    VIEWER_SIDE_BY_SIDE,
    VIEWER_SCREENSHOT,
    VIEWER_RECORD,
    VIEWER_FULLSCREEN,
    VIEWER_TOGGLE_HUD,
    VIEWER_TOGGLE_HELP,
    VIEWER_QUIT
};

struct viewer_key {
    int code; /* SDL_Keycode */
    enum viewer_action action;
    int number;        /* for VIEWER_TOGGLE_CLASS */
    const char *shown; /* how the help names it; NULL: the row above has said it */
    const char *help;
};

/* The table, in the help's order; a row without `shown` but with `help` is a heading, one with neither is
 * part of the row above. */
extern const struct viewer_key viewer_keys[];
extern const size_t viewer_key_count;

/* The row of a key, or NULL. */
const struct viewer_key *viewer_key_find(int code);

#endif
