/* What the decoders make of every kind of JPEG, PNG and PNM, and of EXIF. */
#include "support/pictures.h"
#include "support/testing.h"

#include "data/moving/frames.h"
#include "picture/decode.h"

static struct duet_image decode_with(enum duet_exif exif, const void *data, size_t size)
{
    struct duet_frames_options options = {.picture.exif = exif};
    struct duet_error e;
    struct duet_frames *frames;
    struct duet_image image;
    bool more;
    assert_ok(duet_frames_open_bytes(data, size, "x", &options, &frames, &e), e);
    assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
    assert_true(more);
    duet_frames_close(&frames);
    assert_null(frames);
    assert_int_equal(image.format, DUET_RGB8);
    return image;
}

static struct duet_image decode(struct picture picture)
{
    struct duet_image image = decode_with(DUET_EXIF_APPLY, picture.data, picture.size);
    free(picture.data);
    return image;
}

/* Decoding fails with `want`, and its text contains `says`. */
static void check_refused(enum duet_status want, const char *says, const void *data, size_t size)
{
    struct duet_error e;
    struct duet_frames *frames;
    struct duet_image image;
    bool more;
    assert_ok(duet_frames_open_bytes(data, size, "x", NULL, &frames, &e), e);
    assert_fails(want, duet_frames_next(frames, &image, NULL, &more, &e), e);
    if (!strstr(e.text, says)) fail_msg("'%s' does not say '%s'", e.text, says);
    assert_null(image.pixels);
    duet_frames_close(&frames);
}

enum { SAID = DUET_ERROR_TEXT };

/* Decode, strictly or not. What it says, "" for nothing, is an error's text or its warnings'. */
static enum duet_status decode_telling(const void *data, size_t size, bool strict, struct duet_image *image,
                                       char said[SAID])
{
    struct duet_frames_options options = {.picture.exif = DUET_EXIF_IGNORE, .picture.strict = strict};
    struct duet_error e = {.text = ""};
    struct duet_frames *frames;
    bool more;
    assert_ok(duet_frames_open_bytes(data, size, "x", &options, &frames, &e), e);
    enum duet_status status = duet_frames_next(frames, image, NULL, &more, &e);
    const struct duet_warnings *warnings = duet_frames_warnings(frames);
    said[0] = '\0';
    for (int i = 0; status == DUET_OK && i < warnings->count; i++)
        snprintf(said + strlen(said), SAID - strlen(said), "%s;", warnings->texts[i]);
    if (status != DUET_OK) snprintf(said, SAID, "%s", e.text);
    duet_frames_close(&frames);
    return status;
}

/* Decoding `data` gives the picture `want` with warnings that contain `says`, and strictly an error. */
static void check_warned(const struct duet_image *want, const char *says, const void *data, size_t size)
{
    struct duet_image image;
    char said[SAID];
    enum duet_status status = decode_telling(data, size, false, &image, said);
    if (status != DUET_OK || !strstr(said, says))
        fail_msg("%s: says '%s', expected '%s'", duet_status_name(status), said, says);
    assert_int_equal(image.height, want->height);
    assert_memory_equal(image.pixels, want->pixels, want->stride * (size_t)want->height);
    duet_image_close(&image);
    assert_int_equal(decode_telling(data, size, true, &image, said), DUET_BAD_FORMAT);
    if (!strstr(said, "; --strict refuses that")) fail_msg("strictly: '%s'", said);
}

/* --- JPEG ----------------------------------------------------------------------------------------------- */

/* One colour all over, so that a JPEG keeps it to a level or three. */
static void check_flat(struct picture_jpeg how, const uint8_t *pixel, int channels, const int rgb[3])
{
    enum { SIDE = 24 };
    uint8_t pixels[SIDE * SIDE * 4];
    how.width = how.height = SIDE;
    for (int i = 0; i < SIDE * SIDE; i++) memcpy(pixels + i * channels, pixel, (size_t)channels);
    struct duet_image image = decode(picture_jpeg(&how, pixels));
    assert_int_equal(image.width, SIDE);
    assert_int_equal(image.height, SIDE);
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        if (abs(image.pixels[i] - rgb[i % 3]) > 3)
            fail_msg("channel %d is %d, expected %d", i % 3, image.pixels[i], rgb[i % 3]);
    duet_image_close(&image);
}

static void jpegs_of_every_colour_space(void **state)
{
    (void)state;
    const uint8_t color[3] = {200, 80, 30}, grey[1] = {77};
    const int rgb[3] = {200, 80, 30}, greys[3] = {77, 77, 77};
    check_flat((struct picture_jpeg){.in = JCS_GRAYSCALE, .stored = JCS_GRAYSCALE}, grey, 1, greys);
    check_flat((struct picture_jpeg){.in = JCS_RGB, .stored = JCS_YCbCr}, color, 3, rgb);
    check_flat((struct picture_jpeg){.in = JCS_RGB, .stored = JCS_RGB}, color, 3, rgb);
    check_flat((struct picture_jpeg){.in = JCS_RGB, .stored = JCS_YCbCr, .progressive = true}, color, 3, rgb);
    check_flat((struct picture_jpeg){.in = JCS_RGB, .stored = JCS_YCbCr, .arithmetic = true}, color, 3, rgb);
}

static void jpegs_of_four_inks(void **state)
{
    (void)state;
    const uint8_t inks[4] = {51, 102, 204, 25};
    const int plain[3] = {184, 138, 46}; /* (255 - ink) (255 - 25) / 255 */
    const int inverted[3] = {5, 10, 20}; /* ink 25 / 255 */
    check_flat((struct picture_jpeg){.in = JCS_CMYK, .stored = JCS_CMYK}, inks, 4, inverted);
    check_flat((struct picture_jpeg){.in = JCS_CMYK, .stored = JCS_YCCK}, inks, 4, inverted);
    check_flat((struct picture_jpeg){.in = JCS_CMYK, .stored = JCS_CMYK, .no_adobe = true}, inks, 4, plain);
}

static struct picture noisy_jpeg(struct picture_jpeg how, int side)
{
    uint8_t *pixels = malloc((size_t)side * (size_t)side * 4);
    uint64_t random = 5;
    for (int i = 0; i < side * side * 4; i++) pixels[i] = (uint8_t)picture_random(&random);
    how.width = how.height = side;
    struct picture picture = picture_jpeg(&how, pixels);
    free(pixels);
    return picture;
}

/* Where the first marker `code` begins. */
static size_t find_marker(struct picture p, int code)
{
    for (size_t i = 0; i + 1 < p.size; i++)
        if (p.data[i] == 0xff && p.data[i + 1] == code) return i;
    fail_msg("no marker %02x", (unsigned)code);
    return 0;
}

static void insert(struct picture *p, size_t at, const void *data, size_t size)
{
    p->data = realloc(p->data, p->size + size);
    memmove(p->data + at + size, p->data + at, p->size - at);
    memcpy(p->data + at, data, size);
    p->size += size;
}

static void odd_wrapping_of_a_jpeg_is_no_fault(void **state)
{
    (void)state;
    struct picture p = noisy_jpeg((struct picture_jpeg){.in = JCS_RGB, .stored = JCS_YCbCr}, 40);
    struct duet_image want = decode_with(DUET_EXIF_APPLY, p.data, p.size);
    p.data[find_marker(p, 0xe0) + 9] = 7;              /* JFIF version 7 */
    p.data[find_marker(p, 0xda) + 13] = 0x11;          /* nonsense where a sequential scan has 0 */
    insert(&p, find_marker(p, 0xdb), "stray", 5);      /* between segments */
    insert(&p, p.size - 2, "\0\0\0", 3);               /* before the end marker */
    insert(&p, p.size, "\xff\xd8 another picture", 5); /* after it */
    check_warned(&want, "extraneous bytes", p.data, p.size);
    duet_image_close(&want);
    free(p.data);
}

static void a_jpeg_without_its_end_marker_is_a_warning(void **state)
{
    (void)state;
    static const jpeg_scan_info parts[] = {{1, {0}, 0, 63, 0, 0}, {2, {1, 2}, 0, 63, 0, 0}};
    const struct picture_jpeg kinds[] = {
        {.in = JCS_RGB, .stored = JCS_YCbCr},
        {.in = JCS_RGB, .stored = JCS_YCbCr, .restart = 2},
        {.in = JCS_RGB, .stored = JCS_YCbCr, .progressive = true},
        {.in = JCS_RGB, .stored = JCS_YCbCr, .scans = parts, .scan_count = 2},
    };
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        struct picture p = noisy_jpeg(kinds[k], 40);
        struct duet_image want = decode_with(DUET_EXIF_APPLY, p.data, p.size);
        check_warned(&want, "JPEG without an end marker (EOI)", p.data, p.size - 2);
        check_warned(&want, "JPEG without an end marker (EOI)", p.data, p.size - 1);
        for (size_t cut = 5; cut < p.size;
             cut += cut < 20 ? 1 : 37) /* what has pixels missing is no picture */
            if (cut + 700 < p.size || cut < 20)
                check_refused(DUET_BAD_FORMAT, "truncated JPEG", p.data, p.size - cut);
        for (size_t i = 2; i + 1 < p.size; i++) /* not even when it ends between two scans */
            if (p.data[i] == 0xff && (p.data[i + 1] == 0xda || p.data[i + 1] == 0xc4))
                check_refused(DUET_BAD_FORMAT, "truncated JPEG", p.data, i);
        duet_image_close(&want);
        free(p.data);
    }
}

static void damage_in_a_jpeg_is_a_fault(void **state)
{
    (void)state;
    struct picture p =
        noisy_jpeg((struct picture_jpeg){.in = JCS_RGB, .stored = JCS_YCbCr, .restart = 2}, 64);
    size_t restart = find_marker(p, 0xd1);
    p.data[restart + 1] = 0xd5; /* a wrong restart marker */
    check_refused(DUET_BAD_FORMAT, "damaged JPEG", p.data, p.size);
    p.data[restart + 1] = 0xd1;
    memcpy(p.data + restart - 20, "\xff\0\xff\0\xff\0", 6); /* 24 ones: no Huffman code is so long */
    check_refused(DUET_BAD_FORMAT, "bad Huffman code", p.data, p.size);
    memmove(p.data + restart - 30, p.data + restart, p.size - restart); /* lost bytes */
    check_refused(DUET_BAD_FORMAT, "premature end of data segment", p.data, p.size - 30);
    free(p.data);
}

static void a_lost_scan_of_a_jpeg_is_a_fault(void **state)
{
    (void)state;
    static const jpeg_scan_info scans[] = {
        {1, {0}, 0, 0, 0, 0}, {1, {0}, 1, 63, 0, 1}, {1, {0}, 1, 63, 1, 0}};
    struct picture_jpeg how = {.in = JCS_GRAYSCALE, .stored = JCS_GRAYSCALE, .scans = scans, .scan_count = 3};
    struct picture p = noisy_jpeg(how, 16);
    size_t begin = 0, end = 0;
    for (size_t i = 0, seen = 0; i + 1 < p.size; i++) { /* the second scan, up to the tables of the third */
        if (p.data[i] != 0xff || p.data[i + 1] == 0 || end) continue;
        if (begin) end = i;
        if (p.data[i + 1] == 0xda && ++seen == 2) begin = i;
    }
    memmove(p.data + begin, p.data + end, p.size - end);
    check_refused(DUET_BAD_FORMAT, "Inconsistent progression", p.data, p.size - (end - begin));
    free(p.data);
}

static void a_jpeg_may_not_have_scans_without_end(void **state)
{
    (void)state;
    static const jpeg_scan_info scans[] = {{1, {0}, 0, 0, 0, 0}, {1, {0}, 1, 63, 0, 0}};
    struct picture_jpeg how = {.in = JCS_GRAYSCALE, .stored = JCS_GRAYSCALE, .scans = scans, .scan_count = 2};
    for (int extra = 90; extra <= 110; extra += 20) {
        struct picture p = noisy_jpeg(how, 16);
        size_t scan = 0;
        for (size_t i = 0; i + 1 < p.size; i++)
            if (p.data[i] == 0xff && p.data[i + 1] == 0xda) scan = i; /* the last one */
        size_t size = p.size - 2 - scan;
        uint8_t *copy = malloc(size);
        memcpy(copy, p.data + scan, size);
        for (int i = 0; i < extra; i++) insert(&p, p.size - 2, copy, size);
        free(copy);
        if (extra > 100) {
            check_refused(DUET_TOO_LARGE, "scans", p.data, p.size);
        } else {
            struct duet_image image = decode_with(DUET_EXIF_APPLY, p.data, p.size);
            duet_image_close(&image);
        }
        free(p.data);
    }
}

static void jpegs_that_are_not_supported_say_so(void **state)
{
    (void)state;
    struct picture p = noisy_jpeg((struct picture_jpeg){.in = JCS_RGB, .stored = JCS_YCbCr}, 16);
    size_t frame = find_marker(p, 0xc0);
    p.data[frame + 1] = 0xc3; /* lossless */
    check_refused(DUET_UNSUPPORTED, "cannot decode this JPEG", p.data, p.size);
    p.data[frame + 1] = 0xc1;
    p.data[frame + 4] = 12; /* bits a sample */
    check_refused(DUET_UNSUPPORTED, "cannot decode this JPEG", p.data, p.size);
    free(p.data);
}

/* What a picture needs is known after its header: a byte less is refused, so much is not. */
static void memory_is_limited(void **state)
{
    (void)state;
    for (int i = 0; i < picture_count; i++) {
        const char *name;
        struct picture p = picture_at(i, &name);
        struct duet_frames_options options = {0};
        struct duet_error e;
        struct duet_frames *frames;
        struct duet_image image;
        bool more;
        for (int less = 0; less < 2; less++) {
            assert_ok(duet_frames_open_bytes(p.data, p.size, "x", &options, &frames, &e), e);
            options.picture.max_memory = duet_frames_cost(frames);
            assert_true(options.picture.max_memory > p.size);
            options.picture.max_memory -= (size_t)less;
            duet_frames_close(&frames);
            assert_ok(duet_frames_open_bytes(p.data, p.size, "x", &options, &frames, &e), e);
            if (!less) {
                assert_ok(duet_frames_next(frames, &image, NULL, &more, &e), e);
            } else {
                assert_fails(DUET_TOO_LARGE, duet_frames_next(frames, &image, NULL, &more, &e), e);
                assert_non_null(strstr(e.text, "--max-memory raises it"));
            }
            assert_int_equal(duet_frames_cost(frames), 0); /* there is no more */
            duet_image_close(&image);
            duet_frames_close(&frames);
        }
        free(p.data);
    }
}

/* --- PNG ------------------------------------------------------------------------------------------------ */

enum { WIDE = 21, TALL = 11 };

static const png_color_16 clear_color = {.red = 200, .green = 200, .blue = 200, .gray = 1};
static png_color palette[200];
static uint8_t alphas[100];

/* Sample c of pixel (x, y) in rows as PNG packs them. */
static unsigned sample_at(const struct picture_png *how, const uint8_t *rows, int channels, int x, int y,
                          int c)
{
    size_t stride = (size_t)(WIDE * how->depth * channels + 7) / 8;
    int bit = (x * channels + c) * how->depth;
    const uint8_t *at = rows + (size_t)y * stride + bit / 8;
    if (how->depth == 16) return (unsigned)at[0] << 8 | at[1];
    return at[0] >> (8 - how->depth - bit % 8) & ((1u << how->depth) - 1);
}

static unsigned over_white(unsigned value, unsigned alpha, unsigned full)
{
    return (unsigned)(((uint64_t)value * alpha + (uint64_t)full * (full - alpha) + full / 2) / full);
}

/* What a pixel is to become, written down a second time and plainly. */
static void expected_pixel(const struct picture_png *how, const uint8_t *rows, int x, int y, uint8_t rgb[3])
{
    static const int channel_counts[7] = {1, 0, 3, 1, 2, 0, 4};
    int channels = channel_counts[how->color_type];
    bool color = how->color_type & PNG_COLOR_MASK_COLOR;
    unsigned v[4] = {0}, full = how->depth == 16 ? 65535 : 255, alpha = full;
    for (int c = 0; c < channels; c++) v[c] = sample_at(how, rows, channels, x, y, c);
    if (how->color_type == PNG_COLOR_TYPE_PALETTE) {
        const png_color *entry = &palette[v[0]];
        alpha = how->alphas && v[0] < (unsigned)how->alpha_count ? how->alphas[v[0]] : 255;
        v[0] = entry->red, v[1] = entry->green, v[2] = entry->blue;
    } else {
        if (how->color_type & PNG_COLOR_MASK_ALPHA) alpha = v[channels - 1];
        if (how->clear && color && v[0] == 200 && v[1] == 200 && v[2] == 200) alpha = 0;
        if (how->clear && !color && v[0] == 1) alpha = 0;
        if (how->depth < 8) v[0] = v[0] * 255 / ((1u << how->depth) - 1);
        if (!color) v[1] = v[2] = v[0];
    }
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)(over_white(v[c], alpha, full) >> (how->depth == 16 ? 8 : 0));
}

static void check_png(struct picture_png how)
{
    uint8_t rows[WIDE * TALL * 8];
    uint64_t random = 9;
    for (size_t i = 0; i < sizeof rows; i++) rows[i] = (uint8_t)picture_random(&random);
    if (how.color_type == PNG_COLOR_TYPE_PALETTE && how.depth == 8)
        for (size_t i = 0; i < sizeof rows; i++) rows[i] %= 200;
    if (how.clear && how.depth == 8)
        for (size_t i = 0; i < 60; i++) rows[i] = 200; /* 20 clear pixels */
    how.width = WIDE;
    how.height = TALL;
    struct duet_image image = decode(picture_png(&how, rows));
    assert_int_equal(image.width, WIDE);
    assert_int_equal(image.height, TALL);
    for (int y = 0; y < TALL; y++)
        for (int x = 0; x < WIDE; x++) {
            uint8_t rgb[3];
            const uint8_t *got = duet_image_row(&image, y) + x * 3;
            expected_pixel(&how, rows, x, y, rgb);
            if (memcmp(rgb, got, 3) != 0)
                fail_msg("type %d, depth %d, laced %d, gamma %d, pixel %d,%d: %d %d %d, expected %d %d %d",
                         how.color_type, how.depth, how.interlaced, how.gamma, x, y, got[0], got[1], got[2],
                         rgb[0], rgb[1], rgb[2]);
        }
    duet_image_close(&image);
}

static void pngs_of_every_kind(void **state)
{
    (void)state;
    static const struct {
        int color_type, depth;
    } kinds[] = {
        {PNG_COLOR_TYPE_GRAY, 1},        {PNG_COLOR_TYPE_GRAY, 2},      {PNG_COLOR_TYPE_GRAY, 4},
        {PNG_COLOR_TYPE_GRAY, 8},        {PNG_COLOR_TYPE_GRAY, 16},     {PNG_COLOR_TYPE_RGB, 8},
        {PNG_COLOR_TYPE_RGB, 16},        {PNG_COLOR_TYPE_PALETTE, 1},   {PNG_COLOR_TYPE_PALETTE, 2},
        {PNG_COLOR_TYPE_PALETTE, 4},     {PNG_COLOR_TYPE_PALETTE, 8},   {PNG_COLOR_TYPE_GRAY_ALPHA, 8},
        {PNG_COLOR_TYPE_GRAY_ALPHA, 16}, {PNG_COLOR_TYPE_RGB_ALPHA, 8}, {PNG_COLOR_TYPE_RGB_ALPHA, 16},
    };
    for (int i = 0; i < 200; i++)
        palette[i] = (png_color){(png_byte)i, (png_byte)(255 - i), (png_byte)(i * 7)};
    for (int i = 0; i < 100; i++) alphas[i] = (uint8_t)(i * 5);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds * 8; i++) {
        struct picture_png how = {.color_type = kinds[i / 8].color_type, .depth = kinds[i / 8].depth};
        how.interlaced = i & 1;
        how.gamma = i & 2; /* must not make a difference */
        if (how.color_type == PNG_COLOR_TYPE_PALETTE) {
            how.palette = palette;
            how.palette_size = how.depth == 8 ? 200 : 1 << how.depth;
            how.alphas = i & 4 ? alphas : NULL;
            how.alpha_count = how.palette_size < 100 ? how.palette_size - 1 : 100;
        } else if (!(how.color_type & PNG_COLOR_MASK_ALPHA)) {
            how.clear = i & 4 ? &clear_color : NULL;
        }
        check_png(how);
    }
}

static struct picture some_png(void)
{
    static uint8_t rows[WIDE * TALL * 3], app1[PICTURE_EXIF_SIZE];
    for (size_t i = 0; i < sizeof rows; i++) rows[i] = (uint8_t)(i * 7);
    size_t exif_size = picture_exif(1, true, app1) - 6;
    return picture_png(&(struct picture_png){WIDE, TALL, 8, PNG_COLOR_TYPE_RGB, .gamma = true,
                                             .exif = app1 + 6, .exif_size = exif_size},
                       rows);
}

static void no_byte_of_a_png_can_change_unnoticed(void **state)
{
    (void)state;
    struct picture p = some_png();
    int warned = 0;
    for (size_t i = 8; i < p.size; i++) {
        struct duet_image image;
        char said[SAID];
        p.data[i] ^= 0x20;
        if (decode_telling(p.data, p.size, false, &image, said) == DUET_OK) warned++;
        duet_image_close(&image);
        assert_true(said[0]);
        assert_int_equal(decode_telling(p.data, p.size, true, &image, said), DUET_BAD_FORMAT);
        p.data[i] ^= 0x20;
    }
    assert_in_range(warned, 20, 90); /* in gAMA, eXIf and IEND */
    free(p.data);
}

/* Where the chunk begins: its length. */
static size_t find_chunk(struct picture p, const char *type)
{
    for (size_t i = 8; i + 8 <= p.size; i++)
        if (memcmp(p.data + i + 4, type, 4) == 0) return i;
    fail_msg("no chunk %s", type);
    return 0;
}

static void damage_beside_the_pixels_of_a_png_is_a_warning(void **state)
{
    (void)state;
    struct picture p = some_png();
    struct duet_image want = decode_with(DUET_EXIF_IGNORE, p.data, p.size);
    size_t gamma = find_chunk(p, "gAMA"), pixels = find_chunk(p, "IDAT"), exif = find_chunk(p, "eXIf");
    const struct {
        size_t at;
        const char *says;
    } ancillary[] = {{gamma + 8, "PNG damaged beside its pixels (gAMA: CRC error)"},
                     {gamma + 12, "gAMA: CRC error"},
                     {exif + 20, "eXIf: CRC error"},
                     {p.size - 1, "PNG damaged behind its pixels (IEND: CRC error)"}};
    for (size_t i = 0; i < sizeof ancillary / sizeof *ancillary; i++) {
        p.data[ancillary[i].at] ^= 1;
        check_warned(&want, ancillary[i].says, p.data, p.size);
        p.data[ancillary[i].at] ^= 1;
    }
    check_warned(&want, "PNG without its end (IEND)", p.data, p.size - 12);
    check_warned(&want, "PNG without its end (IEND)", p.data, p.size - 1);
    check_warned(&want, "PNG without its end (IEND)", p.data, exif);
    check_refused(DUET_BAD_FORMAT, "truncated PNG", p.data, exif - 1); /* half a checksum */
    p.data[exif - 1] ^= 1;
    check_refused(DUET_BAD_FORMAT, "damaged PNG (IDAT: CRC error)", p.data, p.size);
    p.data[exif - 1] ^= 1;
    p.data[pixels - 1] ^= 1; /* of gAMA; and a text, which is not looked at otherwise */
    insert(&p, pixels, "\0\0\0\3tEXta\0b\0\0\0\1", 15);
    check_warned(&want, "gAMA: CRC error);PNG damaged beside its pixels (tEXt: CRC error)", p.data, p.size);
    p.data[19] ^= 1; /* the width */
    check_refused(DUET_BAD_FORMAT, "damaged PNG (IHDR: CRC error)", p.data, p.size);
    duet_image_close(&want);
    free(p.data);
}

/* --- PNM ------------------------------------------------------------------------------------------------ */

static void check_pnm(const char *text, size_t size, int width, int height, const char *rgb)
{
    struct duet_image image = decode_with(DUET_EXIF_APPLY, text, size);
    assert_int_equal(image.width, width);
    assert_int_equal(image.height, height);
    assert_memory_equal(image.pixels, rgb, (size_t)(width * height * 3));
    duet_image_close(&image);
}

static void pnms_of_every_kind(void **state)
{
    (void)state;
#define CHECK_PNM(text, width, height, rgb)                                                                  \
    do {                                                                                                     \
        check_pnm(text, sizeof text - 1, width, height, rgb);                                                \
        assert_int_equal(sizeof rgb - 1, width * height * 3);                                                \
    } while (0)
    CHECK_PNM("P6 2 1 255\nabcdef", 2, 1, "abcdef");
    CHECK_PNM("P6#x\n2#y\r1\t\n#z 9\n#\n255\n\n bc # and more", 2, 1, "\n bc #");
    CHECK_PNM("P5 2 1 255 ab", 2, 1, "aaabbb");
    CHECK_PNM("P2 3 1 15 0 7\n#c\n15", 3, 1, "\0\0\0\x77\x77\x77\xff\xff\xff");
    CHECK_PNM("P3\n1 2\n1\n0 1 0\n1 0 1\n", 1, 2, "\0\xff\0\xff\0\xff");
    CHECK_PNM("P5 1 3 65535\n\0\x80\0\x81\xff\xff", 1, 3, "\0\0\0\1\1\1\xff\xff\xff");
    CHECK_PNM("P6 1 1 1000 \0\0\1\xf4\3\xe8", 1, 1, "\0\x80\xff");
    CHECK_PNM("P5 2 1 2 \0\1", 2, 1, "\0\0\0\x80\x80\x80");
    CHECK_PNM("P1 3 1 10 #x\n1", 3, 1, "\0\0\0\xff\xff\xff\0\0\0");
    CHECK_PNM(
        "P4\n9 2\n\xfe\x7f\0\x80", 9, 2, /* a row begins with a byte of its own */
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff"
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
        "\0\0\0");
}

#define PAM(width, depth, maxval, type, samples)                                                             \
    "P7\nWIDTH " #width "\nHEIGHT 1\nDEPTH " #depth "\nMAXVAL " #maxval "\n" type "ENDHDR\n" samples

static void pams_of_every_kind(void **state)
{
    (void)state;
    CHECK_PNM(PAM(2, 1, 1, "TUPLTYPE BLACKANDWHITE\n", "\0\1"), 2, 1, "\0\0\0\xff\xff\xff"); /* 1 is white */
    CHECK_PNM(PAM(1, 1, 100, "TUPLTYPE GRAYSCALE\n", "\62"), 1, 1, "\x80\x80\x80");
    CHECK_PNM(PAM(2, 3, 255, "TUPLTYPE RGB\n", "abcdef"), 2, 1, "abcdef");
    CHECK_PNM(PAM(1, 3, 65535, "TUPLTYPE RGB\n", "\0\0\x80\0\xff\xff"), 1, 1, "\0\x80\xff");
    CHECK_PNM(PAM(2, 2, 255, "TUPLTYPE GRAYSCALE_ALPHA\n", "\100\377\100\0"), 2, 1, "@@@\xff\xff\xff");
    CHECK_PNM(PAM(2, 2, 1, "TUPLTYPE BLACKANDWHITE_ALPHA\n", "\0\1\0\0"), 2, 1, "\0\0\0\xff\xff\xff");
    /* Half of 100 over white: (100 * 51 + 255 * 204) / 255 */
    CHECK_PNM(PAM(1, 4, 255, "TUPLTYPE RGB_ALPHA\n", "\144\0\377\63"), 1, 1, "\xe0\xcc\xff");
    /* Without a tuple type, the depth says it. */
    CHECK_PNM(PAM(1, 1, 255, "", "a"), 1, 1, "aaa");
    CHECK_PNM(PAM(1, 2, 255, "", "a\377"), 1, 1, "aaa");
    CHECK_PNM(PAM(1, 3, 255, "#c\n\n", "abc"), 1, 1, "abc");
    CHECK_PNM(PAM(1, 4, 255, "NOTE unknown words are passed over\n", "abc\377"), 1, 1, "abc");
}

static void pnms_that_lie(void **state)
{
    (void)state;
#define CHECK_LIE(status, says, text) check_refused(status, says, text, sizeof text - 1)
    CHECK_LIE(DUET_BAD_FORMAT, "maxval 0", "P5 1 1 0 a");
    CHECK_LIE(DUET_BAD_FORMAT, "maxval 65536", "P5 1 1 65536 ab");
    CHECK_LIE(DUET_BAD_FORMAT, "0x1 pixels", "P5 0 1 255 a");
    CHECK_LIE(DUET_BAD_FORMAT, "sample 8", "P5 1 1 7 \10");
    CHECK_LIE(DUET_BAD_FORMAT, "sample 256", "P2 1 1 255 256");
    CHECK_LIE(DUET_BAD_FORMAT, "expected a digit", "P2 1 1 255 x");
    CHECK_LIE(DUET_BAD_FORMAT, "expected a digit", "P2 1 -1 255 5");
    CHECK_LIE(DUET_BAD_FORMAT, "expected a space", "P5 1 1 255x5");
    CHECK_LIE(DUET_BAD_FORMAT, "truncated", "P6 60000 4000 255 abcd"); /* before memory is taken */
    CHECK_LIE(DUET_BAD_FORMAT, "truncated", "P5 2 2 255 abc");
    CHECK_LIE(DUET_BAD_FORMAT, "truncated", "P2 2 1 255 1 ");
    CHECK_LIE(DUET_TOO_LARGE, "65536x1 pixels", "P5 65536 1 255 a");
    CHECK_LIE(DUET_TOO_LARGE, "pixels", "P5 99999999999999999999 1 255 a");
    CHECK_LIE(DUET_BAD_FORMAT, "expected 0 or 1", "P1 2 1 12");
    CHECK_LIE(DUET_BAD_FORMAT, "truncated", "P1 2 1 1 ");
    CHECK_LIE(DUET_BAD_FORMAT, "truncated", "P4 9 2\nabc");
    CHECK_LIE(DUET_BAD_FORMAT, "truncated", "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\na");
    CHECK_LIE(DUET_BAD_FORMAT, "truncated", PAM(1, 3, 255, "", "ab"));
    CHECK_LIE(DUET_BAD_FORMAT, "maxval 0", PAM(1, 3, 0, "", "abc"));
    CHECK_LIE(DUET_BAD_FORMAT, "sample 99", PAM(1, 3, 98, "", "abc"));
    CHECK_LIE(DUET_BAD_FORMAT, "depth 4, the tuple type RGB has 3", PAM(1, 4, 255, "TUPLTYPE RGB\n", "abcd"));
    CHECK_LIE(DUET_UNSUPPORTED, "tuple type 'CMYK'", PAM(1, 4, 255, "TUPLTYPE CMYK\n", "abcd"));
    CHECK_LIE(DUET_UNSUPPORTED, "depth 5", PAM(1, 5, 255, "", "abcde"));
}

/* --- EXIF ----------------------------------------------------------------------------------------------- */

static void a_png_is_turned_upright(void **state)
{
    (void)state;
    static const struct {
        int width, height;
        const char *grey;
    } want[9] = {{3, 2, "abcdef"}, {3, 2, "abcdef"}, {3, 2, "cbafed"}, {3, 2, "fedcba"}, {3, 2, "defabc"},
                 {2, 3, "adbecf"}, {2, 3, "daebfc"}, {2, 3, "fcebda"}, {2, 3, "cfbead"}};
    for (int i = 0; i < 36; i++) {
        int orientation = i / 4;
        uint8_t app1[PICTURE_EXIF_SIZE];
        size_t size = picture_exif(orientation, i & 1, app1);
        struct picture p = picture_png(
            &(struct picture_png){3, 2, 8, PNG_COLOR_TYPE_GRAY, .exif = app1 + 6, .exif_size = size - 6},
            (const uint8_t *)"abcdef");
        bool apply = i & 2;
        struct duet_image image = decode_with(apply ? DUET_EXIF_APPLY : DUET_EXIF_IGNORE, p.data, p.size);
        int as = apply ? orientation : 1;
        assert_int_equal(image.width, want[as].width);
        assert_int_equal(image.height, want[as].height);
        for (int k = 0; k < 18; k++) assert_int_equal(image.pixels[k], want[as].grey[k / 3]);
        duet_image_close(&image);
        free(p.data);
    }
}

static struct picture jpeg_with_app1(const uint8_t *app1, size_t size)
{
    uint8_t pixels[24 * 16] = {0};
    struct picture_jpeg how = {.width = 24,
                               .height = 16,
                               .in = JCS_GRAYSCALE,
                               .stored = JCS_GRAYSCALE,
                               .app1 = app1,
                               .app1_size = size};
    memset(pixels, 255, 24 * 8); /* the upper half is white */
    return picture_jpeg(&how, pixels);
}

static void a_jpeg_is_turned_upright(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        uint8_t app1[PICTURE_EXIF_SIZE];
        size_t size = picture_exif(6, i & 1, app1);
        struct duet_image image = decode(jpeg_with_app1(app1, size));
        assert_int_equal(image.width, 16);
        assert_int_equal(image.height, 24);
        for (int y = 0; y < 24; y++) { /* what was above is now on the right */
            assert_in_range(duet_image_row(&image, y)[0], 0, 4);
            assert_in_range(duet_image_row(&image, y)[15 * 3], 251, 255);
        }
        duet_image_close(&image);
    }
}

/* Upright, whatever byte of the block is what; none makes it an error. */
static void malformed_exif_is_ignored(void **state)
{
    (void)state;
    uint8_t app1[PICTURE_EXIF_SIZE];
    size_t size = picture_exif(6, true, app1);
    for (size_t cut = 0; cut <= size; cut++) {
        struct duet_image image = decode(jpeg_with_app1(app1, cut));
        assert_int_equal(image.width, cut < 38 ? 24 : 16); /* 38: up to the orientation's value */
        duet_image_close(&image);
        if (cut <= 6) continue;
        uint8_t *tiff = malloc(cut - 6); /* at the end of a block: a sanitizer sees who reads on */
        memcpy(tiff, app1 + 6, cut - 6);
        assert_int_equal(duet_exif_orientation(tiff, cut - 6), cut < 38 ? 0 : 6);
        free(tiff);
    }
    for (size_t i = 0; i < size; i++)
        for (int value = 0; value < 256; value += 5) {
            uint8_t kept = app1[i];
            app1[i] = (uint8_t)value;
            struct duet_image image = decode(jpeg_with_app1(app1, size));
            duet_image_close(&image);
            app1[i] = kept;
        }
    struct duet_image image = decode(jpeg_with_app1((const uint8_t *)"Exif\0\0MM\0*\xff\xff\xff\xff", 14));
    assert_int_equal(image.width, 24);
    duet_image_close(&image);
}

/* Whole numbers of any type are understood, inside the entry and outside of it. */
static void odd_orientations_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *name, *tiff;
        size_t size;
        int orientation;
    } cases[] = {
#define TIFF(name, tiff, orientation) {name, tiff, sizeof tiff - 1, orientation}
        TIFF("LONG, little", "II*\0\10\0\0\0\1\0\x12\1\4\0\1\0\0\0\6\0\0\0", 6),
        TIFF("LONG, big", "MM\0*\0\0\0\10\0\1\1\x12\0\4\0\0\0\1\0\0\0\6", 6),
        TIFF("BYTE, big", "MM\0*\0\0\0\10\0\1\1\x12\0\1\0\0\0\1\6\0\0\0", 6),
        TIFF("SSHORT, big", "MM\0*\0\0\0\10\0\1\1\x12\0\10\0\0\0\1\0\6\0\0", 6),
        TIFF("two SHORTs", "II*\0\10\0\0\0\1\0\x12\1\3\0\2\0\0\0\10\0\1\0", 8),
        TIFF("three SHORTs, elsewhere", "II*\0\10\0\0\0\1\0\x12\1\3\0\3\0\0\0\x16\0\0\0\3\0\1\0\1\0", 3),
        TIFF("two LONGs, elsewhere", "MM\0*\0\0\0\10\0\1\1\x12\0\4\0\0\0\2\0\0\0\x16\0\0\0\5\0\0\0\0", 5),
        TIFF("a directory at an odd place", "II*\0\11\0\0\0?\1\0\x12\1\3\0\1\0\0\0\6\0\0\0", 6),
        TIFF("the second tag is sound",
             "II*\0\10\0\0\0\2\0\x12\1\3\0\1\0\0\0\0\0\0\0"
             "\x12\1\3\0\1\0\0\0\7\0\0\0",
             7),
        TIFF("elsewhere is outside", "II*\0\10\0\0\0\1\0\x12\1\3\0\3\0\0\0\x15\0\0\0", 0),
        TIFF("0", "II*\0\10\0\0\0\1\0\x12\1\4\0\1\0\0\0\0\0\0\0", 0),
        TIFF("9", "II*\0\10\0\0\0\1\0\x12\1\4\0\1\0\0\0\11\0\0\0", 0),
        TIFF("6 and more bits", "II*\0\10\0\0\0\1\0\x12\1\4\0\1\0\0\0\6\0\1\0", 0),
        TIFF("-6", "II*\0\10\0\0\0\1\0\x12\1\6\0\1\0\0\0\xfa\0\0\0", 0),
        TIFF("none of them", "II*\0\10\0\0\0\1\0\x12\1\3\0\0\0\0\0\6\0\0\0", 0),
        TIFF("RATIONAL", "II*\0\10\0\0\0\1\0\x12\1\5\0\1\0\0\0\10\0\0\0", 0),
        TIFF("an unknown type", "II*\0\10\0\0\0\1\0\x12\1\0\1\1\0\0\0\6\0\0\0", 0),
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t *tiff = malloc(cases[i].size); /* at the end of a block: a sanitizer sees who reads on */
        memcpy(tiff, cases[i].tiff, cases[i].size);
        int got = duet_exif_orientation(tiff, cases[i].size);
        if (got != cases[i].orientation)
            fail_msg("%s: %d, expected %d", cases[i].name, got, cases[i].orientation);
        free(tiff);
    }
}

/* XMP stands in an APP1 as well, and what one block does not tell the next one may. */
static void any_of_several_app1_tells_the_orientation(void **state)
{
    (void)state;
    static const char before[] = "\xff\xe1\0\x0ahttp://n\xff\xe1\0\x10"
                                 "Exif\0\0II*\0\0\0\0\0";
    uint8_t app1[PICTURE_EXIF_SIZE];
    struct picture p = jpeg_with_app1(app1, picture_exif(6, true, app1));
    insert(&p, 2, before, sizeof before - 1);
    struct duet_image image = decode(p);
    assert_int_equal(image.width, 16);
    duet_image_close(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jpegs_of_every_colour_space),
        cmocka_unit_test(jpegs_of_four_inks),
        cmocka_unit_test(odd_wrapping_of_a_jpeg_is_no_fault),
        cmocka_unit_test(a_jpeg_without_its_end_marker_is_a_warning),
        cmocka_unit_test(damage_in_a_jpeg_is_a_fault),
        cmocka_unit_test(a_lost_scan_of_a_jpeg_is_a_fault),
        cmocka_unit_test(a_jpeg_may_not_have_scans_without_end),
        cmocka_unit_test(jpegs_that_are_not_supported_say_so),
        cmocka_unit_test(memory_is_limited),
        cmocka_unit_test(pngs_of_every_kind),
        cmocka_unit_test(no_byte_of_a_png_can_change_unnoticed),
        cmocka_unit_test(damage_beside_the_pixels_of_a_png_is_a_warning),
        cmocka_unit_test(pnms_of_every_kind),
        cmocka_unit_test(pams_of_every_kind),
        cmocka_unit_test(pnms_that_lie),
        cmocka_unit_test(a_png_is_turned_upright),
        cmocka_unit_test(a_jpeg_is_turned_upright),
        cmocka_unit_test(malformed_exif_is_ignored),
        cmocka_unit_test(odd_orientations_are_understood),
        cmocka_unit_test(any_of_several_app1_tells_the_orientation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
