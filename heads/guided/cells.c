#include "guided/cells.h"

struct duet_cells duet_cells_of(int pixels, int cells)
{
    struct duet_cells c = {0, 1};
    for (int side = pixels; side > cells && side > 1; side = (side + 1) / 2, c.pitch *= 2)
        if (side % 2 == 0) c.origin += c.pitch;
    return c;
}
