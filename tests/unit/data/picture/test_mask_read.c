#include "support/testing.h"

#include "core/os.h"
#include "data/draw/draw.h"
#include "data/picture/mask_read.h"
#include "data/picture/write.h"

#include <fcntl.h>
#include <png.h>
#include <stdbool.h>
#include <unistd.h>

static char folder[] = "mask_read_test_XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/mask.png", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static struct duet_image make_classes(int width, int height)
{
    struct duet_error e;
    struct duet_image classes;
    assert_ok(duet_image_create(&classes, width, height, DUET_GRAY8, &e), e);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) duet_image_row(&classes, y)[x] = (uint8_t)((x + y * 3) % 21);
    return classes;
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_image classes = make_classes(31, 17), read;
    assert_ok(duet_mask_write(path, &classes, &e), e);
    assert_ok(duet_mask_read(path, NULL, &read, &e), e);
    assert_int_equal(read.width, 31);
    assert_int_equal(read.height, 17);
    for (int y = 0; y < 17; y++)
        assert_memory_equal(duet_image_row(&read, y), duet_image_row(&classes, y), 31);
    assert_ok(duet_mask_check(path, &classes, &e), e);
    duet_image_row(&classes, 3)[4] ^= 1;
    assert_fails(DUET_MISMATCH, duet_mask_check(path, &classes, &e), e);
    assert_non_null(strstr(e.text, "4,3"));
    duet_image_row(&classes, 3)[4] = 21; /* the server refuses classes over 20 */
    assert_ok(duet_mask_write(path, &classes, &e), e);
    assert_fails(DUET_MISMATCH, duet_mask_check(path, &classes, &e), e);
    duet_image_close(&read);
    duet_image_close(&classes);
}

/* A PNG of another kind: grey or colour, any depth. Every byte of a row is `fill`. */
static void write_png(int kind, int depth, int fill)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, 8, 4, depth, kind, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    png_byte row[64];
    memset(row, fill, sizeof row);
    for (int y = 0; y < 4; y++) png_write_row(png, row);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    fclose(file);
}

static void grey_levels_are_classes_as_stored(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_image read;
    write_png(PNG_COLOR_TYPE_GRAY, 4, 0x3c);
    assert_ok(duet_mask_read(path, NULL, &read, &e), e);
    assert_int_equal(read.pixels[0], 3);
    assert_int_equal(read.pixels[1], 12);
    assert_fails(DUET_MISMATCH, duet_mask_check(path, &read, &e), e); /* right values, but no palette */
    duet_image_close(&read);
}

static void pictures_are_no_masks(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_image read;
    static const struct {
        int kind, depth;
    } kinds[] = {{PNG_COLOR_TYPE_RGB, 8}, {PNG_COLOR_TYPE_GRAY, 16}, {PNG_COLOR_TYPE_GRAY_ALPHA, 8}};
    for (size_t i = 0; i < 3; i++) {
        write_png(kinds[i].kind, kinds[i].depth, 1);
        assert_fails(DUET_UNSUPPORTED, duet_mask_read(path, NULL, &read, &e), e);
        assert_null(read.pixels);
    }
    write_png(PNG_COLOR_TYPE_GRAY, 8, 1);
    const struct duet_mask_options small = {.max_pixels = 31};
    assert_fails(DUET_TOO_LARGE, duet_mask_read(path, &small, &read, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_mask_read(folder, NULL, &read, &e), e);
    assert_fails(DUET_NOT_FOUND, duet_mask_read("no/such/mask.png", NULL, &read, &e), e);
}

static bool on_third_asking(void *ctx)
{
    return ++*(int *)ctx >= 3;
}

static void a_pipe_that_stays_dry_is_left_on_request(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_image read;
    int asked = 0;
    const struct duet_mask_options options = {.cancelled = on_third_asking, .ctx = &asked};
    unlink(path);
    assert_return_code(mkfifo(path, 0600), 0);
    assert_fails(DUET_INTERRUPTED, duet_mask_read(path, &options, &read, &e), e); /* no writer ever came */
    assert_int_equal(asked, 3);
    assert_null(read.pixels);
    int writer = open(path, O_RDWR); /* one who says nothing */
    assert_return_code(writer, 0);
    asked = 0;
    assert_fails(DUET_INTERRUPTED, duet_mask_read(path, &options, &read, &e), e);
    close(writer);
    unlink(path);
}

static void every_truncation_is_an_error(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_bytes bytes;
    struct duet_image classes = make_classes(9, 5), read;
    assert_ok(duet_mask_write(path, &classes, &e), e);
    assert_ok(duet_read_file(path, 1 << 20, &bytes, &e), e);
    for (size_t n = 0; n < bytes.size; n++) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fwrite(bytes.data, 1, n, file);
        fclose(file);
        assert_fails(DUET_BAD_FORMAT, duet_mask_read(path, NULL, &read, &e), e);
        assert_null(read.pixels);
    }
    duet_bytes_close(&bytes);
    duet_image_close(&classes);
}

/* --- drawing masks ------------------------------------------------------------------------------------ */

static void masks_cover_what_they_label(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_image image, classes, small;
    assert_ok(duet_image_create(&image, 8, 4, DUET_RGB8, &e), e);
    assert_ok(duet_image_create(&classes, 8, 4, DUET_GRAY8, &e), e);
    assert_ok(duet_image_create(&small, 7, 4, DUET_GRAY8, &e), e);
    for (int y = 0; y < 4; y++)
        for (int x = 4; x < 8; x++) duet_image_row(&classes, y)[x] = x == 7 ? 255 : 15; /* 15: person */
    assert_ok(duet_draw_mask(&image, &classes, 0.5f, false, NULL, &e), e);
    struct duet_rgb person = duet_voc_color(15);
    const uint8_t *row = duet_image_row(&image, 1);
    assert_int_equal(row[0], 0);
    assert_in_range(row[3 * 5], person.r / 2 - 1, person.r / 2 + 1);
    assert_int_equal(row[3 * 7 + 1], 0); /* void stays clear */
    assert_ok(duet_draw_mask(&image, &classes, 0, true, NULL, &e), e);
    assert_int_equal(row[3 * 3], person.r); /* the edge takes the class's colour, not background's */
    assert_fails(DUET_MISMATCH, duet_draw_mask(&image, &small, 0.5f, true, NULL, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_draw_mask(&classes, &classes, 0.5f, true, NULL, &e), e);
    duet_image_close(&image);
    duet_image_close(&classes);
    duet_image_close(&small);
}

/* How many pixels of the middle row have the class's full colour. */
static int outline_width(int side)
{
    struct duet_error e;
    struct duet_image image, classes;
    assert_ok(duet_image_create(&image, side, side, DUET_RGB8, &e), e);
    assert_ok(duet_image_create(&classes, side, side, DUET_GRAY8, &e), e);
    for (int y = 0; y < side; y++)
        memset(duet_image_row(&classes, y) + side / 2, 15, (size_t)(side - side / 2));
    assert_ok(duet_draw_mask(&image, &classes, 0.5f, true, NULL, &e), e);
    int width = 0;
    for (int x = 0; x < side; x++) width += duet_image_row(&image, side / 2)[3 * x] == duet_voc_color(15).r;
    duet_image_close(&image);
    duet_image_close(&classes);
    return width;
}

static void outlines_are_seen_in_large_pictures_too(void **state)
{
    (void)state;
    assert_int_equal(outline_width(1), 0);
    assert_int_equal(outline_width(40), 1);
    assert_int_equal(outline_width(480), 1);
    assert_in_range(outline_width(2400), 5, 8);
}

static void legends_fit_any_picture(void **state)
{
    (void)state;
    struct duet_error e;
    struct duet_segment items[21];
    for (int i = 0; i < 21; i++)
        items[i] =
            (struct duet_segment){.class_id = i, .label = i % 5 ? "a rather long name" : NULL, .share = 0.04};
    struct duet_segments segments = {.items = items, .count = 21};
    static const int sizes[][2] = {{1, 1}, {3, 200}, {640, 480}, {4000, 30}};
    for (size_t i = 0; i < 4; i++) {
        struct duet_image image;
        assert_ok(duet_image_create(&image, sizes[i][0], sizes[i][1], DUET_RGB8, &e), e);
        assert_ok(duet_draw_legend(&image, &segments, NULL, &e), e);
        duet_image_close(&image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(grey_levels_are_classes_as_stored),
        cmocka_unit_test(pictures_are_no_masks),
        cmocka_unit_test(a_pipe_that_stays_dry_is_left_on_request),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(masks_cover_what_they_label),
        cmocka_unit_test(outlines_are_seen_in_large_pictures_too),
        cmocka_unit_test(legends_fit_any_picture),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
