/* What the results of published models are like. A table is what "models quantize NAME --calibrate" prints.
 */
#include "models/ranges.h"

#include <string.h>

/* ssdlite-coco on photographs that PASCAL VOC trains on: the first 64 of VOC2012/train_311. (All 311 gave
 * half a dB less on other photographs: their widest ranges are wider.) */
static const struct duet_known_range ssdlite_coco[] = {
    {{"input", 0.00787401572f, 127}, -0.118846f},
    {{"backbone.conv", 0.0235294122f, 0}, 1.33711f},
    {{"backbone.block0.depthwise", 0.0235294122f, 0}, 2.01039f},
    {{"backbone.block0.project", 0.157204866f, 122}, -0.0310127f},
    {{"backbone.block1.expand", 0.0235294122f, 0}, 1.15491f},
    {{"backbone.block1.depthwise", 0.0235294122f, 0}, 0.807766f},
    {{"backbone.block1.project", 0.148523659f, 142}, -0.0313094f},
    {{"backbone.block2.expand", 0.0235294122f, 0}, 1.14658f},
    {{"backbone.block2.depthwise", 0.0235294122f, 0}, 0.583725f},
    {{"backbone.block2.add", 0.256753206f, 138}, -0.045432f},
    {{"backbone.block3.expand", 0.0235294122f, 0}, 0.705751f},
    {{"backbone.block3.depthwise", 0.0235294122f, 0}, 0.859823f},
    {{"backbone.block3.project", 0.101027675f, 128}, 0.0510992f},
    {{"backbone.block4.expand", 0.0235294122f, 0}, 1.04803f},
    {{"backbone.block4.depthwise", 0.0235294122f, 0}, 0.508138f},
    {{"backbone.block4.add", 0.172784671f, 123}, 0.0463225f},
    {{"backbone.block5.expand", 0.0235294122f, 0}, 0.769344f},
    {{"backbone.block5.depthwise", 0.0235294122f, 0}, 0.455331f},
    {{"backbone.block5.add", 0.235273093f, 153}, 0.0384058f},
    {{"backbone.block6.expand", 0.0235294122f, 0}, 0.462829f},
    {{"backbone.block6.depthwise", 0.0235294122f, 0}, 1.14934f},
    {{"backbone.block6.project", 0.116526887f, 122}, -0.00855892f},
    {{"backbone.block7.expand", 0.0235294122f, 0}, 0.74018f},
    {{"backbone.block7.depthwise", 0.0235294122f, 0}, 0.3276f},
    {{"backbone.block7.add", 0.133061916f, 134}, 0.0221157f},
    {{"backbone.block8.expand", 0.0235294122f, 0}, 0.554745f},
    {{"backbone.block8.depthwise", 0.0235294122f, 0}, 0.425686f},
    {{"backbone.block8.add", 0.149565548f, 126}, 0.0111692f},
    {{"backbone.block9.expand", 0.0235294122f, 0}, 0.469448f},
    {{"backbone.block9.depthwise", 0.0235294122f, 0}, 0.441621f},
    {{"backbone.block9.add", 0.185675949f, 133}, -0.0137993f},
    {{"backbone.block10.expand", 0.0235294122f, 0}, 0.546814f},
    {{"backbone.block10.depthwise", 0.0235294122f, 0}, 0.637163f},
    {{"backbone.block10.project", 0.0710996687f, 120}, 0.0121037f},
    {{"backbone.block11.expand", 0.0235294122f, 0}, 0.521068f},
    {{"backbone.block11.depthwise", 0.0235294122f, 0}, 0.305111f},
    {{"backbone.block11.add", 0.277811646f, 192}, 0.00918615f},
    {{"backbone.block12.expand", 0.0235294122f, 0}, 0.464413f},
    {{"backbone.block12.depthwise", 0.0235294122f, 0}, 0.405294f},
    {{"backbone.block12.add", 0.54921788f, 191}, 0.0254214f},
    {{"backbone.block13.expand", 0.0235294122f, 0}, 0.483724f},
    {{"backbone.block13.depthwise", 0.0235294122f, 0}, 0.664724f},
    {{"backbone.block13.project", 0.18779707f, 184}, -0.00119546f},
    {{"backbone.block14.expand", 0.0235294122f, 0}, 0.569573f},
    {{"backbone.block14.depthwise", 0.0235294122f, 0}, 0.272507f},
    {{"backbone.block14.add", 0.273380995f, 184}, -0.00386527f},
    {{"backbone.block15.expand", 0.0235294122f, 0}, 0.434166f},
    {{"backbone.block15.depthwise", 0.0235294122f, 0}, 0.289764f},
    {{"backbone.block15.add", 0.446186751f, 191}, -0.00861839f},
    {{"backbone.block16.expand", 0.0235294122f, 0}, 0.430661f},
    {{"backbone.block16.depthwise", 0.0235294122f, 0}, 0.300447f},
    {{"backbone.block16.project", 0.218904436f, 104}, -0.000875459f},
    {{"backbone.conv_1", 0.0235294122f, 0}, 0.0915099f},
    {{"ssdlite.extra0.reduce", 0.0235294122f, 0}, 0.387858f},
    {{"ssdlite.extra0.depthwise", 0.0235294122f, 0}, 0.420779f},
    {{"ssdlite.extra0.expand", 0.0235294122f, 0}, 0.317542f},
    {{"ssdlite.extra1.reduce", 0.0235294122f, 0}, 0.576803f},
    {{"ssdlite.extra1.depthwise", 0.0235294122f, 0}, 0.671708f},
    {{"ssdlite.extra1.expand", 0.0235294122f, 0}, 0.575247f},
    {{"ssdlite.extra2.reduce", 0.0235294122f, 0}, 0.49643f},
    {{"ssdlite.extra2.depthwise", 0.0180079881f, 0}, 0.615845f},
    {{"ssdlite.extra2.expand", 0.0235294122f, 0}, 0.614638f},
    {{"ssdlite.extra3.reduce", 0.0181190297f, 0}, 0.28869f},
    {{"ssdlite.extra3.depthwise", 0.00992668886f, 0}, 0.506465f},
    {{"ssdlite.extra3.expand", 0.017929554f, 0}, 0.826782f},
    {{"ssdlite.map0.box.depthwise", 0.0235294122f, 0}, 0.146457f},
    {{"ssdlite.map0.class.depthwise", 0.0235294122f, 0}, 0.172182f},
    {{"ssdlite.map1.box.depthwise", 0.0235294122f, 0}, 0.111473f},
    {{"ssdlite.map1.class.depthwise", 0.0235294122f, 0}, 0.211189f},
    {{"ssdlite.map2.box.depthwise", 0.0235294122f, 0}, 0.219764f},
    {{"ssdlite.map2.class.depthwise", 0.0235294122f, 0}, 0.566269f},
    {{"ssdlite.map3.box.depthwise", 0.0235294122f, 0}, 0.403724f},
    {{"ssdlite.map3.class.depthwise", 0.0235294122f, 0}, 1.15048f},
    {{"ssdlite.map4.box.depthwise", 0.0235294122f, 0}, 0.3977f},
    {{"ssdlite.map4.class.depthwise", 0.0235294122f, 0}, 1.48911f},
    {{"ssdlite.map5.box.depthwise", 0.0235294122f, 0}, 0.452896f},
    {{"ssdlite.map5.class.depthwise", 0.0235294122f, 0}, 1.80687f},
};

bool models_known_ranges(const char *data_sha256, struct duet_quantize_options *options)
{
    static const char data[] = "dcc1abd0fb58f4a122d3aaedbd77a1adf6cdcf1067e63194c2d3bd7d878b2523";
    if (!data_sha256 || strcmp(data_sha256, data) != 0) return false;
    options->known = ssdlite_coco;
    options->known_count = sizeof ssdlite_coco / sizeof *ssdlite_coco;
    options->calibration =
        (struct duet_model_calibration){.on = "PASCAL VOC's training photographs", .pictures = 64};
    return true;
}
