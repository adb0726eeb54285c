#include "duet/box_coder.h"

#include "kernels/exp.h"

/* The reciprocals of the scale factors, as the graph multiplies them. */
#define CENTRE_SCALE 0.1f
#define SIZE_SCALE   0.2f

struct duet_corners duet_box_decode(const float code[4], struct duet_anchor anchor)
{
    if (!code) return (struct duet_corners){0};
    float y = code[0] * CENTRE_SCALE * anchor.height + anchor.y;
    float x = code[1] * CENTRE_SCALE * anchor.width + anchor.x;
    float half_height = duet_exp(code[2] * SIZE_SCALE) * anchor.height / 2;
    float half_width = duet_exp(code[3] * SIZE_SCALE) * anchor.width / 2;
    return (struct duet_corners){y - half_height, x - half_width, y + half_height, x + half_width};
}
