#include "runner/feeds.h"

#include "guided/boxes.h"

static const struct duet_feed_kind *const feeds[DUET_HEAD_KINDS] = {[DUET_GUIDED] = &duet_guided_feed};

const struct duet_feed_kind *duet_feed_kind(enum duet_head_kind kind)
{
    return feeds[kind];
}
