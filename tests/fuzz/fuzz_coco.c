/* A libFuzzer target: any bytes as a COCO instances file, for its images alone, and as a COCO results file;
 * what can be read is looked up again. */
#include "data/coco/images.h"
#include "data/coco/results.h"

#include "fuzz_file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_up(const struct duet_coco_images *images, const uint8_t *data, size_t size)
{
    char path[64];
    size_t length = size < sizeof path - 1 ? size : sizeof path - 1;
    memcpy(path, data, length);
    path[length] = '\0';
    int64_t id;
    duet_coco_images_find(images, path, &id);
    duet_coco_id_from_stem(path, &id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct duet_error error = {.text = ""};
    struct duet_coco_images *images;
    struct duet_coco_results results;
    const char *path = fuzz_file(0, data, size);
    if (duet_coco_images_open(path, &images, &error) == DUET_OK)
        look_up(images, data, size);
    else if (!error.text[0])
        abort();
    duet_coco_images_close(&images);
    error.text[0] = '\0';
    if (duet_coco_results_open(path, false, &results, &error) != DUET_OK && !error.text[0]) abort();
    duet_coco_results_close(&results);
    return 0;
}
