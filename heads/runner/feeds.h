/* feeds.h: which kinds of heads read another head's result, and how. Internal. */
#ifndef DUET_HEADS_RUNNER_FEEDS_H
#define DUET_HEADS_RUNNER_FEEDS_H

#include "heads/feed.h"

/* NULL: heads of that kind read none. */
const struct duet_feed_kind *duet_feed_kind(enum duet_head_kind kind);

#endif
