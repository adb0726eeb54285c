/* keys.h: what each key does. One table: the events are looked up in it, and the help is printed from it.
 * To add one: an action below, a row in keys.c, a function in actions.c. */
#ifndef DUET_VIEWER_KEYS_H
#define DUET_VIEWER_KEYS_H

#include <stdbool.h>
#include <stddef.h>

/* What the row's number means to it stands beside each. */
enum viewer_action {
    VIEWER_NOTHING,
    VIEWER_PAUSE,
    VIEWER_STEP,  /* frames or pictures: +1, -1 */
    VIEWER_SEEK,  /* seconds; of pictures the sign counts */
    VIEWER_INPUT, /* +1, -1 */
    VIEWER_START,
    VIEWER_SPEED, /* +1, -1 */
    VIEWER_TOGGLE_BOXES,
    VIEWER_TOGGLE_MASKS,
    VIEWER_THRESHOLD, /* +1, -1 */
    VIEWER_CLASS,     /* 1 .. 9 */
    VIEWER_SIDE_BY_SIDE,
    VIEWER_SCREENSHOT,
    VIEWER_RECORD,
    VIEWER_FULLSCREEN,
    VIEWER_HUD,
    VIEWER_HELP,
    VIEWER_QUIT,
    VIEWER_ACTION_COUNT
};

struct viewer_key {
    int code; /* SDL_Keycode */
    enum viewer_action action;
    int number;
    bool repeats;      /* while it is held down */
    const char *shown; /* how the help names it */
    const char *help;
};

/* The table, in the help's order; a row without `shown` is a heading, or, with an empty `help`, a gap; one
 * with neither is part of the row above. The first half stands in the help's left column. */
extern const struct viewer_key viewer_keys[];
extern const size_t viewer_key_count;

/* The row of a key, or NULL. */
const struct viewer_key *viewer_key_find(int code);

#endif
