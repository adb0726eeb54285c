/* cells.h: where the cells of a map lie on the input that layers of stride 2 made it from. Internal. */
#ifndef DUET_HEADS_GUIDED_CELLS_H
#define DUET_HEADS_GUIDED_CELLS_H

/* Cell i is centred on input pixel origin + i * pitch. */
struct duet_cells {
    int origin, pitch;
};

/* Of a side of `pixels` that "SAME" convolutions of stride 2 made into `cells`: each is centred on every
 * second pixel, from the second one on where their number is even. 300 into 38: pixels 3, 11, 19 ... */
struct duet_cells duet_cells_of(int pixels, int cells);

#endif
