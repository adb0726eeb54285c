/* Parameters and multiply-adds of the paper's MobileNetV2 rows (arXiv 1801.04381v4, Tables 4, 6 and 7), from
 * the description of the network alone.
 *
 * What the paper seems to count where a row differs from ours:
 *   classifier   3.4M is 3.47M cut off: weights alone, as its authors' table of checkpoints has it. Ours
 * counts the scale and shift of every batch normalisation, too: 3.51M. At width 1.4 the paper prints 6.9M,
 *                the authors' table 6.06M.
 *   SSDLite      4.3M and 0.8B are those of 320x320 pixels and 80 classes: 4.34M and 0.79B. The published
 * network has 300x300 and 90 classes (COCO's ids have gaps), hence 4.50M and 0.75B. DeepLabv3    MAdds as
 * TensorFlow ran atrous convolutions: SPACE_TO_BATCH pads the map to a multiple of the rate, and what is
 * computed there is thrown away. With that: 5.82B for 5.8B, 152.5B for 152.6B, and 387.5B for the 387B of
 * full ASPP at output stride 8, which is 15 % above what is needed. "Without ASPP" keeps the 1x1 branch and
 * the image pooling.
 */
#include "support/testing.h"

#include "duet/model.h"

#include <math.h>

struct cost {
    double parameters, weights; /* millions: as trained; without biases and normalisation */
    double madds, padded;       /* millions: ours; as TensorFlow's SPACE_TO_BATCH does it */
};

static double round_up(double n, int step)
{
    return ceil(n / step) * step;
}

static struct cost cost_of(double width, struct duet_head head, int output_stride, int side)
{
    const struct duet_model_config config = {.backbone = {width, 8}, .heads = &head, .head_count = 1};
    struct duet_error e;
    struct duet_network *network;
    struct cost cost = {0};
    assert_ok(duet_model_network(&config, output_stride, &network, &e), e);
    int count = duet_network_layer_count(network);
    struct duet_layer_info *info = calloc((size_t)count, sizeof *info);
    assert_non_null(info);
    assert_ok(duet_network_account(network, side, side, info, sizeof(struct duet_layer_info), &e), e);
    for (int i = 0; i < count; i++) {
        const struct duet_layer *layer = duet_network_layer(network, i);
        struct duet_shape shape = duet_network_weight_shape(network, i);
        double area = (double)info[i].output.dims[1] * (double)info[i].output.dims[2],
               madds = (double)info[i].madds;
        size_t weights = 0;
        if (shape.rank) duet_shape_elements(&shape, &weights);
        cost.parameters += (double)info[i].parameters / 1e6;
        cost.weights += (double)weights / 1e6;
        cost.madds += madds / 1e6;
        if (layer->rate > 1)
            madds *= round_up((double)info[i].output.dims[1], layer->rate) *
                     round_up((double)info[i].output.dims[2], layer->rate) / area;
        cost.padded += madds / 1e6;
    }
    free(info);
    duet_network_close(&network);
    return cost;
}

static void assert_near(const char *what, double got, double want, double percent)
{
    printf("# %-42s %10.4g, printed %10.4g: %+.2f %%\n", what, got, want, (got / want - 1) * 100);
    if (fabs(got / want - 1) * 100 > percent)
        fail_msg("%s: %g, expected %g within %g %%", what, got, want, percent);
}

static struct cost classifier(double width, int side)
{
    return cost_of(width, duet_head_usual(DUET_CLASSIFIER), 0, side);
}

static struct cost ssdlite(int classes, int side)
{
    struct duet_head head = duet_head_usual(DUET_SSDLITE);
    head.config.ssdlite.classes = classes;
    return cost_of(1, head, 0, side);
}

static struct cost deeplabv3(bool aspp, int output_stride, int side)
{
    struct duet_head head = duet_head_usual(DUET_DEEPLABV3);
    head.config.deeplabv3.atrous_branches = aspp;
    return cost_of(1, head, output_stride, side);
}

static void table_4_classifier(void **state)
{
    (void)state;
    struct cost c = classifier(1, 224);
    assert_near("classifier 224: M parameters", c.parameters, 3.4, 5);
    assert_near("classifier 224: M MAdds", c.madds, 300, 1);
    c = classifier(1.4, 224);
    assert_near("classifier 224, width 1.4: M MAdds", c.madds, 585, 1);
    assert_near("classifier 224, width 1.4: M parameters", c.parameters, 6.9, 12);
}

/* The authors' table of published checkpoints: weights alone, to the last digit printed. */
static void every_width_costs_what_its_checkpoint_does(void **state)
{
    (void)state;
    static const struct {
        double width;
        int side;
        double madds, weights;
    } rows[] = {{0.35, 224, 59, 1.66}, {0.5, 224, 97, 1.95},  {0.75, 224, 209, 2.61}, {1.0, 224, 300, 3.47},
                {1.3, 224, 509, 5.34}, {1.4, 224, 582, 6.06}, {1.0, 192, 221, 3.47},  {1.0, 96, 56, 3.47}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char what[64];
        struct cost c = classifier(rows[i].width, rows[i].side);
        snprintf(what, sizeof what, "width %.2f, %d: M weights", rows[i].width, rows[i].side);
        assert_near(what, c.weights, rows[i].weights, 0.6);
        snprintf(what, sizeof what, "width %.2f, %d: M MAdds", rows[i].width, rows[i].side);
        assert_near(what, c.madds, rows[i].madds, 1);
    }
}

static void table_6_ssdlite(void **state)
{
    (void)state;
    struct cost c = ssdlite(90, 300);
    assert_near("SSDLite 300, 90 classes: M parameters", c.parameters, 4.3, 5);
    assert_near("SSDLite 300, 90 classes: M MAdds", c.madds, 800, 10);
    c = ssdlite(80, 320);
    assert_near("SSDLite 320, 80 classes: M parameters", c.parameters, 4.3, 1);
    assert_near("SSDLite 320, 80 classes: M MAdds", c.madds, 800, 2);
}

static void table_7_deeplabv3(void **state)
{
    (void)state;
    struct cost c = deeplabv3(false, 16, 513);
    assert_near("DeepLabv3 without ASPP: M parameters", c.parameters, 2.11, 1.5);
    assert_near("DeepLabv3 without ASPP: M MAdds", c.madds, 2750, 10);
    assert_near("DeepLabv3 without ASPP: M MAdds, padded", c.padded, 2750, 0.5);
    c = deeplabv3(true, 16, 513);
    assert_near("DeepLabv3 with ASPP: M parameters", c.parameters, 4.52, 1.5);
    assert_near("DeepLabv3 with ASPP: M MAdds", c.madds, 5800, 10);
    assert_near("DeepLabv3 with ASPP: M MAdds, padded", c.padded, 5800, 0.5);
}

/* Six scales, each as it is and mirrored. */
static void table_7_multi_scale_and_flip(void **state)
{
    (void)state;
    static const int sides[] = {257, 385, 513, 641, 769, 897}; /* 512 * scale + 1 */
    struct cost lite = {0}, aspp = {0};
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        struct cost a = deeplabv3(false, 8, sides[i]), b = deeplabv3(true, 8, sides[i]);
        lite.madds += 2 * a.madds;
        lite.padded += 2 * a.padded;
        aspp.madds += 2 * b.madds;
        aspp.padded += 2 * b.padded;
    }
    assert_near("output stride 8, MF: B MAdds", lite.madds / 1e3, 152.6, 2);
    assert_near("output stride 8, MF: B MAdds, padded", lite.padded / 1e3, 152.6, 0.2);
    assert_near("output stride 8, MF, ASPP: B MAdds", aspp.madds / 1e3, 387, 16);
    assert_near("output stride 8, MF, ASPP: B MAdds, padded", aspp.padded / 1e3, 387, 0.2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_4_classifier),
        cmocka_unit_test(every_width_costs_what_its_checkpoint_does),
        cmocka_unit_test(table_6_ssdlite),
        cmocka_unit_test(table_7_deeplabv3),
        cmocka_unit_test(table_7_multi_scale_and_flip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
