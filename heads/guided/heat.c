#include "guided/heat.h"

#include "ssdlite/decode.h"

#include <math.h>
#include <string.h>

/* Cells of one side, low .. high, whose centres lie in [from, to), fractions of an input of `pixels`. */
struct span {
    int low, high;
};

static struct span cells_within(float from, float to, int pixels, int cells)
{
    const struct duet_cells at = duet_cells_of(pixels, cells);
    double low = ceil(((double)from * pixels - 0.5 - at.origin) / at.pitch);
    double high = ceil(((double)to * pixels - 0.5 - at.origin) / at.pitch);
    if (!(low > 0)) low = 0; /* a NaN paints nothing: `high` is one, too */
    if (!(high > 0)) high = 0;
    return (struct span){low < cells ? (int)low : cells, high < cells ? (int)high : cells};
}

static void paint_box(const struct duet_heat *maps, const struct duet_candidate *box, uint8_t *heat)
{
    struct span y = cells_within(box->box.ymin, box->box.ymax, maps->input_height, maps->height);
    struct span x = cells_within(box->box.xmin, box->box.xmax, maps->input_width, maps->width);
    uint8_t value = (uint8_t)(box->score * 255.0f + 0.5f);
    for (int row = y.low; row < y.high; row++)
        for (int column = x.low; column < x.high; column++) {
            uint8_t *cell = heat + ((size_t)row * (size_t)maps->width + (size_t)column) * (size_t)maps->count;
            if (*cell < value) *cell = value;
        }
}

enum duet_status duet_heat_paint(const struct duet_heat *maps, struct duet_ssdlite_decoder *decoder,
                                 const struct duet_ssdlite_map outputs[DUET_SSDLITE_MAPS], uint8_t *heat,
                                 struct duet_error *error)
{
    enum duet_status status = duet_ssdlite_look(decoder, outputs, error);
    if (status != DUET_OK) return status;
    memset(heat, 0, (size_t)maps->height * (size_t)maps->width * (size_t)maps->count);
    for (int k = 0; k < maps->count; k++) {
        const struct duet_candidate *boxes;
        int count =
            maps->categories[k] ? duet_ssdlite_candidates(decoder, outputs, maps->categories[k], &boxes) : 0;
        for (int i = 0; i < count; i++) paint_box(maps, &boxes[i], heat + k);
    }
    return DUET_OK;
}
