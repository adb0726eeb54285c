#include "support/testing.h"

#include "data/labels/palette.h"

#include <math.h>

/* --- what eyes see -------------------------------------------------------------------------------------- */

enum eye { NORMAL, PROTANOPIA, DEUTERANOPIA, TRITANOPIA, EYES };

/* Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency"
 * (2009), severity 1, on linear RGB. */
static const double sight[EYES][9] = {
    {1, 0, 0, 0, 1, 0, 0, 0, 1},
    {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998},
    {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881},
    {1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900}};

static double linear(int byte)
{
    double c = byte / 255.0;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* A colour in Oklab (Ottosson 2020) as an eye sees it. */
static void seen(enum eye eye, struct duet_rgb c, double lab[3])
{
    const double rgb[3] = {linear(c.r), linear(c.g), linear(c.b)}, *m = sight[eye];
    double s[3];
    for (int i = 0; i < 3; i++)
        s[i] = fmin(fmax(m[3 * i] * rgb[0] + m[3 * i + 1] * rgb[1] + m[3 * i + 2] * rgb[2], 0), 1);
    double l = cbrt(0.4122214708 * s[0] + 0.5363325363 * s[1] + 0.0514459929 * s[2]);
    double n = cbrt(0.2119034982 * s[0] + 0.6806995451 * s[1] + 0.1073969566 * s[2]);
    double t = cbrt(0.0883024619 * s[0] + 0.2817188376 * s[1] + 0.6299787005 * s[2]);
    lab[0] = 0.2104542553 * l + 0.7936177850 * n - 0.0040720468 * t;
    lab[1] = 1.9779984951 * l - 2.4285922050 * n + 0.4505937099 * t;
    lab[2] = 0.0259040371 * l + 0.7827717662 * n - 0.8086757660 * t;
}

/* The least distance of two of the colours 1 .. count whose ids are less than `near` apart. */
static double nearest(enum eye eye, enum duet_palette palette, int count, int near)
{
    double lab[91][3], least = INFINITY;
    for (int i = 1; i <= count; i++) seen(eye, duet_box_color(palette, i), lab[i]);
    for (int i = 1; i <= count; i++)
        for (int k = i > near ? i - near + 1 : 1; k < i; k++) {
            double *a = lab[i], *b = lab[k];
            double d = sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                            (a[2] - b[2]) * (a[2] - b[2]));
            least = fmin(least, d);
        }
    return least;
}

static void the_simulation_sees_what_is_known(void **state)
{
    (void)state;
    for (int eye = 0; eye < EYES; eye++) { /* grey stays grey */
        double lab[3];
        seen((enum eye)eye, (struct duet_rgb){128, 128, 128}, lab);
        assert_true(fabs(lab[1]) < 1e-3 && fabs(lab[2]) < 1e-3 && fabs(lab[0] - 0.5999) < 1e-3);
    }
    /* A red and a green that a deuteranope takes for the same, and no one else. */
    double red[3], green[3];
    seen(NORMAL, (struct duet_rgb){200, 80, 60}, red);
    seen(NORMAL, (struct duet_rgb){120, 122, 58}, green);
    assert_true(fabs(red[1] - green[1]) > 0.15);
    seen(DEUTERANOPIA, (struct duet_rgb){200, 80, 60}, red);
    seen(DEUTERANOPIA, (struct duet_rgb){120, 122, 58}, green);
    assert_true(fabs(red[0] - green[0]) < 0.05 && fabs(red[1] - green[1]) < 0.05 &&
                fabs(red[2] - green[2]) < 0.05);
}

static void safe_colors_are_apart_for_every_eye(void **state)
{
    (void)state;
    static const char *const names[EYES] = {"normal", "protanopia", "deuteranopia", "tritanopia"};
    for (int eye = 0; eye < EYES; eye++) {
        double safe[4], usual[4];
        static const int near[4] = {8, 12, 20, 90};
        for (int i = 0; i < 4; i++) {
            safe[i] = nearest((enum eye)eye, DUET_PALETTE_SAFE, 90, near[i]);
            usual[i] = nearest((enum eye)eye, DUET_PALETTE_NORMAL, 90, near[i]);
        }
        fprintf(stderr, "# %s: safe %.3f %.3f %.3f %.3f, usual %.3f %.3f %.3f %.3f\n", names[eye], safe[0],
                safe[1], safe[2], safe[3], usual[0], usual[1], usual[2], usual[3]);
        assert_true(safe[0] > 0.07 && safe[1] > 0.055 && safe[2] > 0.04 && safe[3] > 0.01);
        assert_true(nearest((enum eye)eye, DUET_PALETTE_SAFE, 20, 20) > 0.045); /* the classes of VOC */
        if (eye != NORMAL) assert_true(safe[0] > 2 * usual[0] && safe[1] > 1.5 * usual[1]);
    }
}

static void safe_colors_begin_with_okabe_and_itos(void **state)
{
    (void)state;
    static const struct duet_rgb known[7] = {{230, 159, 0}, {86, 180, 233}, {0, 158, 115},  {240, 228, 66},
                                             {0, 114, 178}, {213, 94, 0},   {204, 121, 167}};
    for (int i = 0; i < 7; i++) {
        struct duet_rgb c = duet_box_color(DUET_PALETTE_SAFE, i + 1);
        assert_memory_equal(&c, &known[i], sizeof c);
    }
}

static void palettes_have_a_color_for_every_number(void **state)
{
    (void)state;
    static const int ids[] = {INT32_MIN, -1, 0, 1, 90, 91, 255, 256, INT32_MAX};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct duet_rgb a = duet_box_color(DUET_PALETTE_NORMAL, ids[i]), b = duet_class_color(ids[i]);
        assert_memory_equal(&a, &b, sizeof a);
        duet_box_color(DUET_PALETTE_SAFE, ids[i]);
        duet_mask_color(DUET_PALETTE_SAFE, ids[i]);
        a = duet_mask_color(DUET_PALETTE_NORMAL, ids[i]);
        b = duet_voc_color(ids[i]);
        assert_memory_equal(&a, &b, sizeof a);
    }
    for (int i = 1; i <= 20; i++) {
        struct duet_rgb a = duet_mask_color(DUET_PALETTE_SAFE, i), b = duet_box_color(DUET_PALETTE_SAFE, i);
        assert_memory_equal(&a, &b, sizeof a);
        double luma = 0.299 * a.r + 0.587 * a.g + 0.114 * a.b;
        assert_true(luma > 60 && luma < 220); /* seen in the dark and in the snow */
    }
}

/* --- reading -------------------------------------------------------------------------------------------- */

static void contrast_is_wcags(void **state)
{
    (void)state;
    const struct duet_rgb black = {0, 0, 0}, white = {255, 255, 255}, grey = {118, 118, 118};
    assert_true(fabsf(duet_contrast(black, white) - 21) < 1e-4f);
    assert_true(fabsf(duet_contrast(white, black) - 21) < 1e-4f);
    assert_true(duet_contrast(grey, grey) == 1);
    assert_true(fabsf(duet_contrast(grey, white) - 4.54f) < 0.005f); /* the darkest grey that is allowed */
}

static void labels_can_be_read_on_every_color(void **state)
{
    (void)state;
    float least = 21;
    for (int palette = 0; palette < 2; palette++)
        for (int id = 0; id < 256; id++) {
            struct duet_rgb box = duet_box_color((enum duet_palette)palette, id);
            struct duet_rgb mask = duet_mask_color((enum duet_palette)palette, id);
            least = fminf(least, duet_contrast(box, duet_ink_on(box)));
            least = fminf(least, duet_contrast(mask, duet_ink_on(mask)));
        }
    fprintf(stderr, "# least contrast %.2f\n", (double)least);
    assert_true(least >= 4.5f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_simulation_sees_what_is_known),
        cmocka_unit_test(safe_colors_are_apart_for_every_eye),
        cmocka_unit_test(safe_colors_begin_with_okabe_and_itos),
        cmocka_unit_test(palettes_have_a_color_for_every_number),
        cmocka_unit_test(contrast_is_wcags),
        cmocka_unit_test(labels_can_be_read_on_every_color),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
