#include "data/labels/palette.h"

#include <math.h>
#include <stdbool.h>

/* --- the usual colours -------------------------------------------------------------------------------- */

static uint8_t srgb_byte(float linear)
{
    float c = linear <= 0.0031308f ? 12.92f * linear : 1.055f * powf(linear, 1.0f / 2.4f) - 0.055f;
    return (uint8_t)lrintf(255.0f * fminf(fmaxf(c, 0), 1));
}

/* Oklab (Ottosson 2020): equal steps look equally large. linear[3] may leave 0..1. */
static void oklab_to_linear(float lightness, float a, float b, float linear[3])
{
    float l = lightness + 0.3963377774f * a + 0.2158037573f * b;
    float m = lightness - 0.1055613458f * a - 0.0638541728f * b;
    float s = lightness - 0.0894841775f * a - 1.2914855480f * b;
    l = l * l * l, m = m * m * m, s = s * s * s;
    linear[0] = 4.0767416621f * l - 3.3077115913f * m + 0.2309699292f * s;
    linear[1] = -1.2684380046f * l + 2.6097574011f * m - 0.3413193965f * s;
    linear[2] = -0.0041960863f * l - 0.7034186147f * m + 1.7076147010f * s;
}

static bool displayable(const float linear[3])
{
    for (int c = 0; c < 3; c++)
        if (linear[c] < 0 || linear[c] > 1) return false;
    return true;
}

struct duet_rgb duet_class_color(int class_id)
{
    /* Turning by the silver ratio with three levels of lightness keeps classes 1..90 furthest apart of the
     * steps and levels tried: 0.13 in Oklab for ids less than 12 apart, 0.017 for any two (the golden angle
     * with four levels: 0.03 and 0.017). None is so dark or so bright that it drowns in a night or in snow.
     */
    static const float lightness[3] = {0.78f, 0.54f, 0.66f};
    unsigned n = (unsigned)class_id;
    float turn = (float)(n % 4096) * 0.41421356f, hue = 6.2831853f * (turn - floorf(turn));
    float linear[3], chroma = 0.24f;
    do { /* the strongest chroma that a screen can show */
        chroma -= 0.005f;
        oklab_to_linear(lightness[n % 3], chroma * cosf(hue), chroma * sinf(hue), linear);
    } while (!displayable(linear) && chroma > 0.01f);
    return (struct duet_rgb){srgb_byte(linear[0]), srgb_byte(linear[1]), srgb_byte(linear[2])};
}

struct duet_rgb duet_voc_color(int class_id)
{
    unsigned id = (unsigned)class_id & 0xff, r = 0, g = 0, b = 0;
    for (int bit = 7; id; bit--, id >>= 3) {
        r |= (id & 1) << bit;
        g |= (id >> 1 & 1) << bit;
        b |= (id >> 2 & 1) << bit;
    }
    return (struct duet_rgb){(uint8_t)r, (uint8_t)g, (uint8_t)b};
}

/* --- for eyes that tell fewer colours apart ----------------------------------------------------------- */

#define SAFE_COLORS 90

/* The seven colours of Okabe and Ito (Color Universal Design, 2002; without their black, which a mask cannot
 * be seen in), in their order; then, one by one, whichever of 16 levels a channel lies furthest from those
 * before it, the nearest in number counting most, by the least of the Oklab distances that the eye sees
 * normally and with protanopia, deuteranopia and tritanopia (Machado, Oliveira and Fernandes 2009). What is
 * left between ids less than 8, 12 and 20 apart (test_palette prints it):
 *                   these               the usual ones
 *   normal          0.101 0.082 0.059   0.128 0.128 0.017
 *   protanopia      0.092 0.071 0.053   0.027 0.027 0.006
 *   deuteranopia    0.076 0.075 0.052   0.008 0.008 0.001
 *   tritanopia      0.075 0.056 0.045   0.031 0.031 0.003
 */
static const struct duet_rgb safe_colors[SAFE_COLORS] = {
    {0xe6, 0x9f, 0x00}, {0x56, 0xb4, 0xe9}, {0x00, 0x9e, 0x73}, {0xf0, 0xe4, 0x42}, {0x00, 0x72, 0xb2},
    {0xd5, 0x5e, 0x00}, {0xcc, 0x79, 0xa7}, {0x66, 0x33, 0x33}, {0x77, 0xff, 0xff}, {0xaa, 0xcc, 0x99},
    {0x88, 0x55, 0x66}, {0x88, 0x88, 0xff}, {0x44, 0x33, 0x99}, {0x77, 0x11, 0xff}, {0x77, 0xcc, 0xff},
    {0xbb, 0x33, 0x00}, {0xdd, 0xcc, 0x22}, {0xee, 0x66, 0x55}, {0xbb, 0xee, 0xaa}, {0xcc, 0x99, 0xaa},
    {0x55, 0x33, 0x66}, {0xcc, 0x22, 0xbb}, {0x88, 0xaa, 0xff}, {0x88, 0x66, 0xff}, {0xff, 0xee, 0x00},
    {0xaa, 0x66, 0x77}, {0x99, 0xdd, 0xdd}, {0xee, 0x99, 0x44}, {0x77, 0x33, 0x22}, {0xdd, 0x44, 0x11},
    {0x77, 0x44, 0x88}, {0xbb, 0x88, 0xbb}, {0x22, 0x77, 0xcc}, {0x55, 0x22, 0xcc}, {0x88, 0xff, 0xdd},
    {0xbb, 0xbb, 0x99}, {0xcc, 0xdd, 0x77}, {0x99, 0x55, 0x55}, {0x88, 0xcc, 0xee}, {0xcc, 0x77, 0x77},
    {0x88, 0x88, 0xee}, {0x66, 0x33, 0x55}, {0x77, 0x33, 0xff}, {0xdd, 0x22, 0xaa}, {0xdd, 0xbb, 0x00},
    {0x88, 0x44, 0x00}, {0xbb, 0xff, 0x22}, {0x66, 0xee, 0xbb}, {0xee, 0x77, 0x44}, {0x55, 0x33, 0x88},
    {0x66, 0xbb, 0xff}, {0x22, 0x77, 0x88}, {0xcc, 0x88, 0xaa}, {0xbb, 0x55, 0x33}, {0x88, 0x66, 0xdd},
    {0x55, 0x22, 0xdd}, {0x99, 0xcc, 0x77}, {0x77, 0x44, 0x44}, {0x99, 0xff, 0x88}, {0xdd, 0xcc, 0xee},
    {0x77, 0xaa, 0x66}, {0x66, 0x44, 0x99}, {0x00, 0xaa, 0xee}, {0x88, 0x66, 0x66}, {0xcc, 0x66, 0xaa},
    {0xcc, 0xaa, 0xbb}, {0xaa, 0x33, 0xff}, {0xff, 0xcc, 0x11}, {0xdd, 0x66, 0x00}, {0x55, 0x44, 0x11},
    {0x66, 0xff, 0xbb}, {0x33, 0x55, 0x66}, {0x55, 0x99, 0x66}, {0xcc, 0xbb, 0xff}, {0x33, 0x66, 0xbb},
    {0xee, 0xaa, 0x33}, {0xdd, 0x77, 0xcc}, {0x88, 0x55, 0x11}, {0x77, 0xdd, 0xaa}, {0xaa, 0xff, 0x77},
    {0xaa, 0x66, 0xee}, {0x99, 0xaa, 0x88}, {0x44, 0x22, 0xee}, {0xaa, 0x00, 0x88}, {0xbb, 0x55, 0x88},
    {0x77, 0x33, 0x44}, {0xee, 0x88, 0xff}, {0xee, 0x88, 0x00}, {0xaa, 0xdd, 0x66}, {0xdd, 0x55, 0x33},
};

struct duet_rgb duet_box_color(enum duet_palette palette, int class_id)
{
    if (palette != DUET_PALETTE_SAFE) return duet_class_color(class_id);
    return safe_colors[((unsigned)class_id + SAFE_COLORS - 1) % SAFE_COLORS];
}

struct duet_rgb duet_mask_color(enum duet_palette palette, int class_id)
{
    if (palette != DUET_PALETTE_SAFE || class_id == 0 || class_id == 255) return duet_voc_color(class_id);
    return duet_box_color(palette, class_id);
}

/* --- contrast ----------------------------------------------------------------------------------------- */

static float linear_of(uint8_t byte)
{
    float c = (float)byte / 255;
    return c <= 0.04045f ? c / 12.92f : powf((c + 0.055f) / 1.055f, 2.4f);
}

static float luminance(struct duet_rgb c)
{
    return 0.2126f * linear_of(c.r) + 0.7152f * linear_of(c.g) + 0.0722f * linear_of(c.b);
}

float duet_contrast(struct duet_rgb a, struct duet_rgb b)
{
    float la = luminance(a), lb = luminance(b);
    return (fmaxf(la, lb) + 0.05f) / (fminf(la, lb) + 0.05f);
}

struct duet_rgb duet_ink_on(struct duet_rgb ground)
{
    const struct duet_rgb black = {0, 0, 0}, white = {255, 255, 255};
    return duet_contrast(ground, black) >= duet_contrast(ground, white) ? black : white;
}
