/* guarded.h: pictures that notice when something is drawn beside them. */
#ifndef DUET_TEST_GUARDED_H
#define DUET_TEST_GUARDED_H

#include "support/testing.h"

#include "data/draw/draw.h"

/* A picture inside a larger block of memory: guard bytes before, after and at the end of every row. */
struct guarded {
    struct duet_image image;
    uint8_t *block;
    size_t size;
};

#define GUARD 0xa5
#define EDGE  4096

static inline struct guarded guarded_open(int width, int height, size_t padding, uint8_t level)
{
    struct guarded g;
    size_t stride = (size_t)width * 3 + padding;
    g.size = stride * (size_t)height + 2 * EDGE;
    g.block = malloc(g.size);
    assert_non_null(g.block);
    memset(g.block, GUARD, g.size);
    g.image = (struct duet_image){width, height, DUET_RGB8, stride, g.block + EDGE};
    for (int y = 0; y < height; y++) memset(duet_image_row(&g.image, y), level, (size_t)width * 3);
    return g;
}

/* Checks the guards; tells how many bytes of the picture are no longer `level`. */
static inline size_t guarded_close(struct guarded *g, uint8_t level)
{
    size_t changed = 0, row = (size_t)g->image.width * 3;
    for (size_t i = 0; i < g->size; i++) {
        size_t at = i - EDGE; /* wraps before the picture */
        bool inside = at < g->image.stride * (size_t)g->image.height && at % g->image.stride < row;
        if (inside)
            changed += g->block[i] != level;
        else if (g->block[i] != GUARD)
            fail_msg("byte %zd beside the picture was written", (ssize_t)at);
    }
    free(g->block);
    return changed;
}

static inline const uint8_t *pixel(const struct duet_image *image, int x, int y)
{
    return duet_image_row(image, y) + 3 * (size_t)x;
}

static inline bool has_color(const uint8_t *p, struct duet_rgb c)
{
    return p[0] == c.r && p[1] == c.g && p[2] == c.b;
}

#endif
