/* The formats of pictures, and one of them decoded. */
#include "picture/decode.h"

#include "core/fail.h"

#include <stdio.h>

/* The first that matches decodes. duet_decode_unknown names them. */
static const struct duet_decoder decoders[] = {
    {"JPEG", duet_jpeg_matches, duet_decode_jpeg},
    {"PNG", duet_png_matches, duet_decode_png},
    {"PNM", duet_pnm_matches, duet_decode_pnm},
};

const struct duet_decoder *duet_find_decoder(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++)
        if (decoders[i].matches(data, size)) return &decoders[i];
    return NULL;
}

enum duet_status duet_decode_unknown(const char *name, const uint8_t *data, size_t size, const char *also,
                                     struct duet_error *error)
{
    char begin[8 * 3 + 1] = "";
    for (size_t i = 0, at = 0; i < size && i < 8; i++)
        at += (size_t)snprintf(begin + at, sizeof begin - at, i ? " %02x" : "%02x", data[i]);
    return duet_fail(
        error, DUET_BAD_FORMAT,
        "%s: not a picture or video this build knows (begins with %s%s; known: JPEG, PNG, PNM%s)", name,
        begin, size > 8 ? " ..." : "", also);
}

enum duet_status duet_decode(const struct duet_decoder *decoder, struct duet_coded *coded,
                             struct duet_image *image)
{
    enum duet_status status = decoder->decode(coded);
    if (status == DUET_OK && coded->options->exif == DUET_EXIF_APPLY)
        status = duet_exif_turn(coded->name, &coded->image, coded->orientation, coded->error);
    if (status != DUET_OK) duet_image_close(&coded->image);
    *image = coded->image;
    return status;
}
