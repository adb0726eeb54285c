/* save_if.h: which pictures are worth keeping: "person>0.6,dog>0.5", "any>=0.9". */
#ifndef DUET_APPS_BATCH_SAVE_IF_H
#define DUET_APPS_BATCH_SAVE_IF_H

#include "duet/results.h"

#include <stdbool.h>
#include <stddef.h>

struct duet_save_if_term {
    bool any;     /* whatever class it has but background (id 0) */
    int id;       /* else: of the class */
    double least; /* what a detection's score, or a segment's share, is more than ... */
    bool or_as;   /* ... or as much as */
};

#define DUET_SAVE_IF_TERMS 32

/* Terms of which one must hold. */
struct duet_save_if {
    struct duet_save_if_term terms[DUET_SAVE_IF_TERMS];
    size_t count;
};

/* Read terms CLASS>X or CLASS>=X, X from 0 to 1, with commas between; CLASS is one of `labels`, by any of its
 * names, or "any". Errors: DUET_BAD_ARGUMENT (the text names the term), DUET_OUT_OF_MEMORY. */
enum duet_status duet_save_if_parse(const char *text, const struct duet_labels *labels,
                                    struct duet_save_if *terms, struct duet_error *error);

bool duet_save_if_detections(const struct duet_save_if *terms, const struct duet_detections *detections);
bool duet_save_if_segments(const struct duet_save_if *terms, const struct duet_segments *segments);

#endif
