/* JPEG through libjpeg-turbo, with its defaults (islow DCT, fancy upsampling): the decode that the published
 * numbers of the networks were measured with.
 *
 * A picture is refused when pixels would not be what was encoded, and warned of when its wrapping is merely
 * odd, or only its end marker is missing; see is_damage() and on_empty(). Bytes after the picture's end are
 * nobody's business (telephones put a second picture there).
 */
#include "core/checked.h"
#include "core/fail.h"
#include "picture/decode.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

/* Each scan of a progressive file walks over all coefficients, whatever little data it has: 10 KB of empty
 * scans can ask for hours. Encoders write about ten; cjpeg itself accepts scripts of 100. */
#define MAX_SCANS 100

/* A whole file cannot hold more pixels than this: every 8x8 block of Huffman codes takes at least one bit,
 * and at least half of the blocks of an unsubsampled picture are there (components of 4x1, 1x4 and 1x1: 9 of
 * 16). */
#define MAX_PIXELS_PER_BYTE 1024

struct job {
    struct jpeg_decompress_struct cinfo;
    struct jpeg_error_mgr fault;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    struct duet_coded *coded;
    bool in_pixels; /* behind the header */
    bool cut;       /* the data ended before the end marker */
    enum duet_status status;
};

bool duet_jpeg_matches(const uint8_t *data, size_t size)
{
    return size >= 3 && memcmp(data, "\xff\xd8\xff", 3) == 0;
}

/* --- faults: all lead to the one setjmp ---------------------------------------------------------------- */

static _Noreturn void give_up(struct job *job, enum duet_status status)
{
    job->status = status;
    longjmp(job->escape, 1);
}

static _Noreturn void give_up_truncated(j_decompress_ptr cinfo)
{
    struct job *job = cinfo->client_data;
    give_up(job, duet_coded_fail(job->coded, DUET_BAD_FORMAT, "truncated JPEG (ends after %zu bytes)",
                                 job->coded->size));
}

static enum duet_status status_of(int message)
{
    switch (message) {
    case JERR_OUT_OF_MEMORY:
        return DUET_OUT_OF_MEMORY;
    case JERR_IMAGE_TOO_BIG: /* a side of 65501 to 65535 */
    case JERR_WIDTH_OVERFLOW:
        return DUET_TOO_LARGE;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_EMPTY_IMAGE: /* height to be told after the pixels (DNL) */
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED: /* lossless, hierarchical */
        return DUET_UNSUPPORTED;
    default:
        return DUET_BAD_FORMAT;
    }
}

static _Noreturn void give_up_message(j_common_ptr cinfo)
{
    struct job *job = cinfo->client_data;
    enum duet_status status = status_of(job->fault.msg_code);
    char text[JMSG_LENGTH_MAX];
    if (job->cut) give_up_truncated(&job->cinfo);
    job->fault.format_message(cinfo, text);
    if (status == DUET_BAD_FORMAT)
        give_up(job, duet_coded_fail(job->coded, status, "damaged JPEG (%s)", text));
    give_up(job, duet_coded_fail(job->coded, status, "cannot decode this JPEG (%s)", text));
}

/* Of libjpeg's warnings, those after which pixels are not what was encoded. */
static bool is_damage(int message)
{
    switch (message) {
    case JWRN_ARITH_BAD_CODE:
    case JWRN_HUFF_BAD_CODE:     /* what follows in the segment is made up */
    case JWRN_HIT_MARKER:        /* a segment ends early: the rest of it is grey */
    case JWRN_MUST_RESYNC:       /* restart markers are missing: blocks move */
    case JWRN_BOGUS_PROGRESSION: /* a scan refines what was never sent: one was lost */
        return true;
    /* The rest says something of the wrapping only: JWRN_EXTRANEOUS_DATA (bytes between segments that are
     * skipped), JWRN_NOT_SEQUENTIAL, JWRN_ADOBE_XFORM and JWRN_JFIF_MAJOR (unknown versions), JWRN_BOGUS_ICC
     * (not used). */
    default:
        return false;
    }
}

static void on_message(j_common_ptr cinfo, int level)
{
    struct job *job = cinfo->client_data;
    char text[JMSG_LENGTH_MAX];
    if (level >= 0) return;
    if (is_damage(cinfo->err->msg_code)) give_up_message(cinfo);
    /* Header fields that mean nothing here; telephones wrote them for years. */
    if (cinfo->err->msg_code == JWRN_NOT_SEQUENTIAL) return;
    job->fault.format_message(cinfo, text);
    enum duet_status status = duet_coded_warn(job->coded, "odd JPEG (%s)", text);
    if (status != DUET_OK) give_up(job, status);
}

static void on_progress(j_common_ptr cinfo)
{
    struct job *job = cinfo->client_data;
    if (job->cinfo.input_scan_number > MAX_SCANS)
        give_up(job, duet_coded_fail(job->coded, DUET_TOO_LARGE, "JPEG of more than %d scans", MAX_SCANS));
}

/* --- the source: all bytes are there from the beginning ------------------------------------------------- */

static void no_op(j_decompress_ptr cinfo)
{
    (void)cinfo;
}

/* The data ended. Perhaps only the end marker is missing: it is made up, once, and whoever lacks more than
 * that says so. Not so the arithmetic decoder: zeros behind the end are its rule. */
static boolean on_empty(j_decompress_ptr cinfo)
{
    static const JOCTET end[] = {0xff, JPEG_EOI};
    struct job *job = cinfo->client_data;
    if (!job->in_pixels || job->cut || cinfo->arith_code) give_up_truncated(cinfo);
    job->cut = true;
    cinfo->src->next_input_byte = end;
    cinfo->src->bytes_in_buffer = sizeof end;
    return TRUE;
}

static void skip_bytes(j_decompress_ptr cinfo, long count)
{
    if (count <= 0) return;
    if ((size_t)count > cinfo->src->bytes_in_buffer) give_up_truncated(cinfo);
    cinfo->src->next_input_byte += count;
    cinfo->src->bytes_in_buffer -= (size_t)count;
}

/* APP1, read where it lies. The first EXIF block that tells an orientation counts. */
static boolean on_app1(j_decompress_ptr cinfo)
{
    struct job *job = cinfo->client_data;
    const uint8_t *data = cinfo->src->next_input_byte;
    if (cinfo->src->bytes_in_buffer < 2) give_up_truncated(cinfo);
    size_t length = (size_t)data[0] << 8 | data[1]; /* counts itself */
    skip_bytes(cinfo, length < 2 ? 2 : (long)length);
    if (job->coded->orientation == 0 && length > 8 && memcmp(data + 2, "Exif\0", 5) == 0)
        job->coded->orientation = duet_exif_orientation(data + 8, length - 8);
    return TRUE;
}

/* --- decoding ------------------------------------------------------------------------------------------- */

static void set_up(struct job *job)
{
    j_decompress_ptr cinfo = &job->cinfo;
    cinfo->err = jpeg_std_error(&job->fault);
    job->fault.error_exit = give_up_message;
    job->fault.emit_message = on_message;
    cinfo->client_data = job; /* kept by jpeg_create_decompress, which may already fail */
    jpeg_create_decompress(cinfo);
    job->source = (struct jpeg_source_mgr){.next_input_byte = job->coded->data,
                                           .bytes_in_buffer = job->coded->size,
                                           .init_source = no_op,
                                           .fill_input_buffer = on_empty,
                                           .skip_input_data = skip_bytes,
                                           .resync_to_restart = jpeg_resync_to_restart,
                                           .term_source = no_op};
    cinfo->src = &job->source;
    job->progress.progress_monitor = on_progress;
    cinfo->progress = &job->progress;
    jpeg_set_marker_processor(cinfo, JPEG_APP0 + 1, on_app1);
}

/* What libjpeg takes: some rows of every component; and where these, or their bits, come one after the other,
 * all coefficients, of two bytes. */
static size_t memory_beside(j_decompress_ptr cinfo)
{
    size_t coefficients = 0;
    if (jpeg_has_multiple_scans(cinfo))
        for (int i = 0; i < cinfo->num_components; i++)
            coefficients +=
                (size_t)cinfo->comp_info[i].width_in_blocks * DCTSIZE2 * cinfo->comp_info[i].height_in_blocks;
    return coefficients * sizeof(JCOEF) + (size_t)cinfo->image_width * 128 + 100000;
}

static void read_header(struct job *job)
{
    j_decompress_ptr cinfo = &job->cinfo;
    jpeg_read_header(cinfo, TRUE);
    size_t width = cinfo->image_width, height = cinfo->image_height;
    enum duet_status status = duet_coded_check(job->coded, width, height);
    if (status != DUET_OK) give_up(job, status);
    if (!cinfo->arith_code && width * height / MAX_PIXELS_PER_BYTE > job->coded->size)
        give_up(job, duet_coded_too_short(job->coded, "JPEG", width, height));
    switch (cinfo->jpeg_color_space) {
    case JCS_GRAYSCALE:
    case JCS_YCbCr:
    case JCS_RGB:
        cinfo->out_color_space = JCS_RGB;
        break;
    case JCS_CMYK:
    case JCS_YCCK:
        cinfo->out_color_space = JCS_CMYK;
        break;
    default:
        give_up(job, duet_coded_fail(job->coded, DUET_UNSUPPORTED, "JPEG of %d unknown colour components",
                                     cinfo->num_components));
    }
    status = duet_coded_afford(job->coded, width, height, memory_beside(cinfo));
    if (status != DUET_OK || job->coded->costs_only) give_up(job, status);
    job->in_pixels = true;
}

/* Plain (1-c)(1-k). Adobe's programs store CMYK upside down, 255 for no ink, and say so by their marker. */
static void cmyk_to_rgb(const uint8_t *from, uint8_t *to, int count, bool inverted)
{
    unsigned flip = inverted ? 0 : 255;
    for (int i = 0; i < count; i++, from += 4, to += 3) {
        unsigned light = from[3] ^ flip;
        for (int c = 0; c < 3; c++) to[c] = (uint8_t)(((from[c] ^ flip) * light + 127) / 255);
    }
}

static void read_rows(struct job *job)
{
    j_decompress_ptr cinfo = &job->cinfo;
    struct duet_image *image = &job->coded->image;
    JSAMPARRAY inks = NULL;
    if (cinfo->out_color_space == JCS_CMYK) /* libjpeg's pool: freed with the decoder */
        inks = cinfo->mem->alloc_sarray((j_common_ptr)cinfo, JPOOL_IMAGE, cinfo->output_width * 4, 1);
    while (cinfo->output_scanline < cinfo->output_height) {
        JSAMPROW row = duet_image_row(image, (int)cinfo->output_scanline);
        jpeg_read_scanlines(cinfo, inks ? inks : &row, 1);
        if (inks) cmyk_to_rgb(inks[0], row, image->width, cinfo->saw_Adobe_marker);
    }
}

/* Is there, of a file without its end marker, nothing else missing either? Whole scans may be. */
static bool has_all_scans(const struct jpeg_decompress_struct *cinfo)
{
    for (int i = 0; i < cinfo->num_components; i++) {
        if (!cinfo->comp_info[i].quant_table) return false; /* kept from a component's first scan on */
        for (int k = 0; cinfo->progressive_mode && k < DCTSIZE2; k++)
            if (cinfo->coef_bits[i][k] != 0) return false;
    }
    return true;
}

static void decode(struct job *job)
{
    set_up(job);
    read_header(job);
    jpeg_start_decompress(&job->cinfo);
    enum duet_status status = duet_coded_image(job->coded, job->cinfo.output_width, job->cinfo.output_height);
    if (status != DUET_OK) give_up(job, status);
    read_rows(job);
    if (job->cut && !has_all_scans(&job->cinfo)) give_up_truncated(&job->cinfo);
    jpeg_finish_decompress(&job->cinfo); /* demands the end marker */
    if (job->cut) job->status = duet_coded_warn(job->coded, "JPEG without an end marker (EOI)");
}

/* In a function of its own: *job, which changes on the way, is not a local of the one that calls setjmp. */
static void run(struct job *job)
{
    if (setjmp(job->escape) == 0) decode(job);
}

enum duet_status duet_decode_jpeg(struct duet_coded *coded)
{
    struct job job = {.coded = coded};
    run(&job);
    jpeg_destroy_decompress(&job.cinfo);
    return job.status;
}
