/* PNG through libpng: every colour type to RGB8. 16 bit keeps the high byte, alpha is laid over white as the
 * numbers stand; gamma and colour profiles are left alone, as viewers and training sets did.
 *
 * A picture is refused when pixels are missing or their checksums wrong. What is wrong in the ancillary
 * chunks, and whatever stands behind the pixels or is missing there, is warned of. */
#include "core/fail.h"
#include "picture/decode.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

/* The best that deflate can do: 258 bytes for 2 bits. */
#define MAX_INFLATION 1032

/* The largest ancillary chunk that is looked at; only eXIf is. */
#define MAX_CHUNK ((png_alloc_size_t)8 << 20)

struct job {
    png_structp png;
    png_infop info;
    jmp_buf escape;
    struct duet_coded *coded;
    size_t at; /* what libpng has read of the bytes */
    bool no_memory;
    bool has_pixels; /* all rows were read */
    enum duet_status status;
};

bool duet_png_matches(const uint8_t *data, size_t size)
{
    return size >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0;
}

/* --- what libpng calls ---------------------------------------------------------------------------------- */

static _Noreturn void give_up(struct job *job, enum duet_status status)
{
    job->status = status;
    longjmp(job->escape, 1);
}

/* Is libpng past the pixels, the last chunk of them with a right checksum? The end may then be damaged or
 * missing. */
static bool is_behind_pixels(const struct job *job)
{
    enum { IDAT = 0x49444154 };
    return job->has_pixels &&
           ((png_get_io_state(job->png) & PNG_IO_CHUNK_HDR) != 0 || png_get_io_chunk_type(job->png) != IDAT);
}

static _Noreturn void give_up_truncated(struct job *job)
{
    if (is_behind_pixels(job)) give_up(job, duet_coded_warn(job->coded, "PNG without its end (IEND)"));
    give_up(job, duet_coded_fail(job->coded, DUET_BAD_FORMAT, "truncated PNG (ends after %zu bytes)",
                                 job->coded->size));
}

static _Noreturn void on_error(png_structp png, png_const_charp message)
{
    struct job *job = png_get_error_ptr(png);
    if (job->no_memory) give_up(job, duet_no_memory(job->coded->error, job->coded->name, "to decode"));
    if (is_behind_pixels(job))
        give_up(job, duet_coded_warn(job->coded, "PNG damaged behind its pixels (%s)", message));
    give_up(job, duet_coded_fail(job->coded, DUET_BAD_FORMAT, "damaged PNG (%s)", message));
}

/* libpng warns of what it can make good, by leaving out a chunk as a rule. */
static void on_warning(png_structp png, png_const_charp message)
{
    struct job *job = png_get_error_ptr(png);
    enum duet_status status = duet_coded_warn(job->coded, "PNG damaged beside its pixels (%s)", message);
    if (status != DUET_OK) give_up(job, status);
}

static void on_read(png_structp png, png_bytep to, size_t count)
{
    struct job *job = png_get_io_ptr(png);
    if (count > job->coded->size - job->at) give_up_truncated(job);
    memcpy(to, job->coded->data + job->at, count);
    job->at += count;
}

/* The same as libpng's own, but it is remembered that memory was the trouble. */
static png_voidp on_alloc(png_structp png, png_alloc_size_t size)
{
    struct job *job = png_get_mem_ptr(png);
    void *memory = malloc(size);
    if (!memory) job->no_memory = true;
    return memory;
}

/* --- decoding ------------------------------------------------------------------------------------------- */

static void set_up(struct job *job)
{
    png_structp png =
        png_create_read_struct_2(PNG_LIBPNG_VER_STRING, job, on_error, on_warning, job, on_alloc, NULL);
    job->png = png;
    if (png) job->info = png_create_info_struct(png);
    if (!job->info) give_up(job, duet_no_memory(job->coded->error, job->coded->name, "to decode"));
    png_set_read_fn(png, job, on_read);
    /* Sides are judged by duet_coded_check, whose message is better. */
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(png, MAX_CHUNK);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_WARN_DISCARD);
    png_set_benign_errors(png, 1);
    /* No text, no profile is unpacked, and gAMA does not get a say in how alpha is laid over white. */
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_AS_DEFAULT, (png_const_bytep) "eXIf", 1);
}

static void read_header(struct job *job)
{
    png_read_info(job->png, job->info);
    size_t width = png_get_image_width(job->png, job->info);
    size_t height = png_get_image_height(job->png, job->info);
    enum duet_status status = duet_coded_check(job->coded, width, height);
    if (status != DUET_OK) give_up(job, status);
    size_t bits = (size_t)png_get_bit_depth(job->png, job->info) * png_get_channels(job->png, job->info);
    if (width * height / 8 / MAX_INFLATION * bits > job->coded->size)
        give_up(job, duet_coded_too_short(job->coded, "PNG", width, height));
    /* Two rows as they are stored, one as it is made, and zlib's window. */
    size_t beside = 2 * png_get_rowbytes(job->png, job->info) + width * 8 + 100000;
    status = duet_coded_afford(job->coded, width, height, beside);
    if (status != DUET_OK || job->coded->costs_only) give_up(job, status);
}

static void ask_for_rgb8(struct job *job)
{
    png_structp png = job->png;
    bool alpha = (png_get_color_type(png, job->info) & PNG_COLOR_MASK_ALPHA) != 0 ||
                 png_get_valid(png, job->info, PNG_INFO_tRNS) != 0;
    png_set_expand(png);
    png_set_gray_to_rgb(png);
    png_set_strip_16(png);
    if (alpha) {
        png_color_16 white = {0, 255, 255, 255, 255}; /* as the output will be, even for 16 bit */
        png_set_background_fixed(png, &white, PNG_BACKGROUND_GAMMA_SCREEN, 0, PNG_FP_1);
    }
}

static void read_rows(struct job *job)
{
    int passes = png_set_interlace_handling(job->png);
    png_read_update_info(job->png, job->info);
    if (png_get_rowbytes(job->png, job->info) != job->coded->image.stride)
        png_error(job->png, "rows are not of the expected size");
    for (; passes > 0; passes--)
        for (int y = 0; y < job->coded->image.height; y++)
            png_read_row(job->png, duet_image_row(&job->coded->image, y), NULL);
}

static void read_orientation(struct job *job)
{
    png_uint_32 size = 0;
    png_bytep exif = NULL;
    if (png_get_eXIf_1(job->png, job->info, &size, &exif) != 0 && exif)
        job->coded->orientation = duet_exif_orientation(exif, size);
}

static void decode(struct job *job)
{
    set_up(job);
    read_header(job);
    enum duet_status status = duet_coded_image(job->coded, png_get_image_width(job->png, job->info),
                                               png_get_image_height(job->png, job->info));
    if (status != DUET_OK) give_up(job, status);
    ask_for_rgb8(job);
    read_rows(job);
    job->has_pixels = true;
    png_read_end(job->png, job->info);                    /* eXIf may follow the pixels */
    if (job->no_memory) png_error(job->png, "no memory"); /* libpng would do without an eXIf it cannot keep */
}

/* In a function of its own: *job, which changes on the way, is not a local of the one that calls setjmp. */
static void run(struct job *job)
{
    if (setjmp(job->escape) == 0) decode(job);
}

enum duet_status duet_decode_png(struct duet_coded *coded)
{
    struct job job = {.coded = coded};
    run(&job);
    if (job.status == DUET_OK && !coded->costs_only) read_orientation(&job);
    png_destroy_read_struct(&job.png, &job.info, NULL);
    return job.status;
}
