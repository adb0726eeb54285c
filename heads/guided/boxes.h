/* boxes.h: how a guided head comes to its boxes. Internal. */
#ifndef DUET_HEADS_GUIDED_BOXES_H
#define DUET_HEADS_GUIDED_BOXES_H

#include "heads/feed.h"

extern const struct duet_feed_kind duet_guided_feed;

#endif
