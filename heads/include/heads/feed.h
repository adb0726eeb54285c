/* feed.h: heads that read another head's result of the same pass. Internal to Duet.
 *
 * Such a head has side inputs (duet_network_side_input). The runner puts both heads on one trunk, runs the
 * network's stage 0, lets the head's feed fill its side inputs from the other one's outputs, and runs
 * stage 1.
 *
 * To add one: a struct duet_feed_kind in the head's room, and a row of heads/runner/feeds.c: `feeds[]`.
 */
#ifndef DUET_HEADS_FEED_H
#define DUET_HEADS_FEED_H

#include "duet/model.h"
#include "duet/network.h"
#include "duet/threads.h"

struct duet_feed_kind {
    /* The name of the head that `head` reads, as its config has it. */
    const char *(*source)(const struct duet_head *head);

    /* What it needs for one session, whose network has an input of height x width; the session has not run
     * yet, but its outputs have their shapes. *memory (NULL if it needs none) goes with `close`. */
    enum duet_status (*create)(const struct duet_head *head, const struct duet_head *source,
                               struct duet_session *session, int height, int width, void **memory,
                               struct duet_error *error);

    /* After stage 0: from the outputs of `source` to the side inputs of `head`. */
    enum duet_status (*run)(void *memory, struct duet_session *session, const struct duet_pool *pool,
                            struct duet_error *error);

    /* Accepts NULL inside; sets *memory to NULL. */
    void (*close)(void **memory);
};

#endif
