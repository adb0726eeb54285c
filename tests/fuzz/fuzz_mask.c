/* A libFuzzer target: any bytes as a class mask. What can be read is compared with itself, and comes back as
 * it was when it is written. */
#include "data/picture/mask_read.h"
#include "data/picture/write.h"
#include "eval/voc/miou.h"
#include "support/pictures.h"

#include "fuzz_file.h"

#include <string.h>

enum { CLASSES = 21 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
    if (!right) abort();
}

static void compare(const struct duet_image *classes)
{
    static const int bands[] = {1, 3};
    const struct duet_voc_pair pair = {classes, classes, "truth", "found"};
    struct duet_error error = {.text = ""};
    struct duet_voc_counts counts;
    enum duet_status status = duet_voc_count(&pair, CLASSES, bands, 2, &counts, &error);
    check(status == DUET_OK || (status == DUET_MISMATCH && error.text[0]));
    for (size_t i = 0; i < counts.count; i++)
        check(counts.cells[i].truth == counts.cells[i].predicted && counts.cells[i].pixels > 0);
    duet_voc_counts_close(&counts);
}

static void write_and_check(struct duet_image *classes)
{
    const char *path = fuzz_path("mask.png");
    struct duet_error error = {.text = ""};
    for (int y = 0; y < classes->height; y++)
        for (int x = 0; x < classes->width; x++) duet_image_row(classes, y)[x] %= CLASSES;
    check(duet_mask_write(path, classes, &error) == DUET_OK);
    check(duet_mask_check(path, classes, &error) == DUET_OK);
    unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct duet_mask_options options = {.max_pixels = 1 << 14};
    struct duet_error error = {.text = ""};
    struct duet_image classes;
    uint8_t *mended = malloc(size + !size); /* no mutation gets past PNG's checksums otherwise */
    memcpy(mended, data, size);
    picture_mend_png(mended, size);
    if (duet_mask_read(fuzz_file(0, mended, size), &options, &classes, &error) == DUET_OK) {
        compare(&classes);
        write_and_check(&classes);
    } else {
        check(error.text[0] && !classes.pixels);
    }
    duet_image_close(&classes);
    free(mended);
    return 0;
}
