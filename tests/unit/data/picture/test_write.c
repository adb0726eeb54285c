#include "support/testing.h"

#include "core/os.h"
#include "data/labels/palette.h"
#include "data/picture/write.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <jpeglib.h>
#include <png.h>

static char folder[] = "picture_write_XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

/* How many names the folder holds, temporary ones included; all are removed. */
static int empty_folder(void)
{
    int count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        char *path = duet_path_join(folder, entry->d_name);
        assert_int_equal(unlink(path), 0);
        free(path);
        count++;
    }
    closedir(dir);
    return count;
}

static int remove_folder(void **state)
{
    (void)state;
    empty_folder();
    return rmdir(folder);
}

static char *in_folder(const char *name)
{
    char *path = duet_path_join(folder, name);
    assert_non_null(path);
    return path;
}

/* Smooth (at most 640 pixels wide), so that a JPEG of it is near; `padding` bytes of nonsense after every
 * row. */
static struct duet_image test_image(int width, int height, enum duet_pixel_format format, size_t padding)
{
    int channels = duet_pixel_size(format);
    struct duet_image image = {width, height, format, (size_t)(width * channels) + padding, NULL};
    image.pixels = malloc(image.stride * (size_t)height);
    assert_non_null(image.pixels);
    memset(image.pixels, 0xee, image.stride * (size_t)height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < channels; c++)
                duet_image_row(&image, y)[x * channels + c] = (uint8_t)(20 + (c == 1 ? y : x) / 4 + 10 * c);
    return image;
}

static uint8_t sample(const struct duet_image *image, int x, int y, int c)
{
    int channels = duet_pixel_size(image->format);
    return duet_image_row(image, y)[x * channels + (channels == 1 ? 0 : c)];
}

static void check_against(const struct duet_image *image, const uint8_t *rgb, int tolerance)
{
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            for (int c = 0; c < 3; c++) {
                int got = rgb[(y * image->width + x) * 3 + c], want = sample(image, x, y, c);
                if (abs(got - want) > tolerance)
                    fail_msg("%dx%d at %d,%d,%d: %d, expected %d", image->width, image->height, x, y, c, got,
                             want);
            }
}

static uint8_t *read_png(const char *path, const struct duet_image *image)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_file(&png, path));
    assert_int_equal(png.width, image->width);
    assert_int_equal(png.height, image->height);
    png.format = PNG_FORMAT_RGB;
    uint8_t *rgb = malloc(PNG_IMAGE_SIZE(png));
    assert_true(png_image_finish_read(&png, NULL, rgb, 0, NULL));
    return rgb;
}

static uint8_t *read_jpeg(const char *path, const struct duet_image *image)
{
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&jpeg);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    jpeg_stdio_src(&jpeg, file);
    jpeg_read_header(&jpeg, TRUE);
    jpeg.out_color_space = JCS_RGB;
    jpeg_start_decompress(&jpeg);
    assert_int_equal(jpeg.output_width, image->width);
    assert_int_equal(jpeg.output_height, image->height);
    uint8_t *rgb = malloc((size_t)image->width * (size_t)image->height * 3);
    while (jpeg.output_scanline < jpeg.output_height) {
        JSAMPROW row = rgb + (size_t)jpeg.output_scanline * (size_t)image->width * 3;
        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    assert_int_equal(errors.num_warnings, 0);
    jpeg_destroy_decompress(&jpeg);
    fclose(file);
    return rgb;
}

static uint8_t *read_ppm(const char *path, const struct duet_image *image)
{
    char header[64];
    struct duet_bytes bytes;
    struct duet_error e;
    assert_ok(duet_read_file(path, 1 << 24, &bytes, &e), e);
    int used = snprintf(header, sizeof header, "P6\n%d %d\n255\n", image->width, image->height);
    size_t size = (size_t)image->width * (size_t)image->height * 3;
    assert_int_equal(bytes.size, (size_t)used + size);
    assert_memory_equal(bytes.data, header, (size_t)used);
    uint8_t *rgb = malloc(size);
    memcpy(rgb, bytes.data + used, size);
    duet_bytes_close(&bytes);
    return rgb;
}

static void pictures_come_back(void **state)
{
    (void)state;
    const struct {
        const char *name;
        uint8_t *(*read)(const char *, const struct duet_image *);
        int tolerance;
    } kinds[] = {{"a.png", read_png, 0},
                 {"b.JPG", read_jpeg, 9},
                 {"c d\n.jpeg", read_jpeg, 9},
                 {"e.f.PpM", read_ppm, 0},
                 {"g.Png", read_png, 0}};
    static const int sizes[][2] = {{1, 1}, {1, 37}, {41, 1}, {67, 45}, {640, 3}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int grey = 0; grey < 2; grey++) {
                struct duet_error e;
                char *path = in_folder(kinds[k].name);
                struct duet_image image =
                    test_image(sizes[s][0], sizes[s][1], grey ? DUET_GRAY8 : DUET_RGB8, s % 2 ? 5 : 0);
                assert_true(duet_picture_writable(path));
                assert_ok(duet_picture_write(path, &image, &e), e);
                uint8_t *rgb = kinds[k].read(path, &image);
                check_against(&image, rgb, kinds[k].tolerance);
                assert_int_equal(empty_folder(), 1);
                free(rgb);
                free(path);
                duet_image_close(&image);
            }
}

static void other_names_are_refused(void **state)
{
    (void)state;
    const char *const names[] = {"a.gif", "a", "png", ".png", "a.png.txt", "a.pn", "dir.png/a", "a.png "};
    struct duet_error e;
    struct duet_image image = test_image(4, 4, DUET_RGB8, 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = in_folder(names[i]);
        assert_false(duet_picture_writable(path));
        assert_fails(DUET_UNSUPPORTED, duet_picture_write(path, &image, &e), e);
        assert_non_null(strstr(e.text, ".jpeg"));
        free(path);
    }
    assert_int_equal(empty_folder(), 0);
    duet_image_close(&image);
}

static void impossible_pictures_are_refused(void **state)
{
    (void)state;
    struct duet_error e;
    uint8_t byte = 0;
    char *path = in_folder("a.png");
    const struct duet_image bad[] = {{0, 4, DUET_RGB8, 12, &byte},
                                     {4, -1, DUET_RGB8, 12, &byte},
                                     {4, 4, DUET_RGB8, 11, &byte},
                                     {4, 4, DUET_RGB8, 12, NULL},
                                     {65536, 1, DUET_GRAY8, 65536, &byte}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fails(DUET_BAD_ARGUMENT, duet_picture_write(path, &bad[i], &e), e);
    const struct duet_image huge = {65535, 65535, DUET_RGB8, 3 * 65535, &byte};
    assert_fails(DUET_TOO_LARGE, duet_picture_write(path, &huge, &e), e);
    assert_fails(DUET_BAD_ARGUMENT, duet_mask_write(path, &huge, &e), e); /* not one byte a pixel */
    assert_int_equal(empty_folder(), 0);
    free(path);
}

/* Writes and expects trouble; whatever stood under the name is untouched, nothing lies beside it. */
static void fail_to_write(const char *path, enum duet_status want)
{
    struct duet_error e;
    struct duet_image image = test_image(300, 200, DUET_RGB8, 0), mask = test_image(300, 200, DUET_GRAY8, 1);
    assert_fails(want, duet_picture_write(path, &image, &e), e);
    assert_non_null(strstr(e.text, path));
    assert_fails(want, duet_mask_write(path, &mask, &e), e);
    duet_image_close(&image);
    duet_image_close(&mask);
}

static void a_failed_write_leaves_nothing(void **state)
{
    (void)state;
    char *path = in_folder("a.png"), *within = in_folder("a.png/b.png");
    const char *const names[] = {"b.png", "b.jpg", "b.ppm"};
    fail_to_write("no/such/folder.png", DUET_NOT_FOUND);
    FILE *file = fopen(path, "wb");
    fputs("old", file);
    fclose(file);
    fail_to_write(within, DUET_NOT_FOUND);
    if (geteuid() != 0) { /* root may write anywhere */
        assert_int_equal(chmod(folder, 0555), 0);
        fail_to_write(path, DUET_IO_ERROR);
        assert_int_equal(chmod(folder, 0755), 0);
    }
    /* The disk is full after 100 bytes. */
    struct rlimit old, full = {100, RLIM_INFINITY};
    getrlimit(RLIMIT_FSIZE, &old);
    full.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &full);
    struct duet_error e;
    struct duet_image image = test_image(300, 200, DUET_RGB8, 0);
    enum duet_status status[4];
    for (int i = 0; i < 3; i++) {
        char *other = in_folder(names[i]);
        status[i] = duet_picture_write(other, &image, &e);
        free(other);
    }
    image.format = DUET_GRAY8;
    status[3] = duet_mask_write(path, &image, &e);
    setrlimit(RLIMIT_FSIZE, &old);
    for (int i = 0; i < 4; i++) assert_int_equal(status[i], DUET_IO_ERROR);
    struct duet_bytes bytes;
    assert_ok(duet_read_file(path, 10, &bytes, &e), e);
    assert_int_equal(bytes.size, 3);
    duet_bytes_close(&bytes);
    assert_int_equal(empty_folder(), 1);
    duet_image_close(&image);
    free(path);
    free(within);
}

/* Pixels of a palette PNG as stored. */
static uint8_t *read_mask(const char *path, const struct duet_image *image)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_read_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
    assert_int_equal(png_get_image_width(png, info), image->width);
    assert_int_equal(png_get_image_height(png, info), image->height);
    assert_int_equal(png_get_color_type(png, info), PNG_COLOR_TYPE_PALETTE);
    assert_int_equal(png_get_bit_depth(png, info), 8);
    png_colorp palette;
    int count = 0;
    png_get_PLTE(png, info, &palette, &count);
    assert_int_equal(count, 256);
    for (int i = 0; i < count; i++) {
        struct duet_rgb c = duet_voc_color(i);
        assert_true(palette[i].red == c.r && palette[i].green == c.g && palette[i].blue == c.b);
    }
    uint8_t *pixels = malloc((size_t)image->width * (size_t)image->height);
    for (int y = 0; y < image->height; y++)
        memcpy(pixels + y * image->width, png_get_rows(png, info)[y], (size_t)image->width);
    png_destroy_read_struct(&png, &info, NULL);
    fclose(file);
    return pixels;
}

static void masks_keep_every_value(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {256, 3}, {257, 19}};
    for (size_t s = 0; s < 3; s++) {
        struct duet_error e;
        struct duet_image mask = test_image(sizes[s][0], sizes[s][1], DUET_GRAY8, 3 * s);
        for (int y = 0; y < mask.height; y++)
            for (int x = 0; x < mask.width; x++) duet_image_row(&mask, y)[x] = (uint8_t)(x * 3 + y);
        char *path = in_folder("mask");
        assert_ok(duet_mask_write(path, &mask, &e), e); /* by its kind, not by the name */
        uint8_t *pixels = read_mask(path, &mask);
        for (int y = 0; y < mask.height; y++)
            assert_memory_equal(pixels + y * mask.width, duet_image_row(&mask, y), (size_t)mask.width);
        assert_int_equal(empty_folder(), 1);
        free(pixels);
        free(path);
        duet_image_close(&mask);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_come_back),
        cmocka_unit_test(other_names_are_refused),
        cmocka_unit_test(impossible_pictures_are_refused),
        cmocka_unit_test(a_failed_write_leaves_nothing),
        cmocka_unit_test(masks_keep_every_value),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
