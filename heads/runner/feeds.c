#include "runner/feeds.h"

static const struct duet_feed_kind *const feeds[DUET_HEAD_KINDS] = {NULL};

const struct duet_feed_kind *duet_feed_kind(enum duet_head_kind kind)
{
    return feeds[kind];
}
