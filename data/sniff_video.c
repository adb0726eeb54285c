#include "duet/frames.h"

#include <string.h>

static bool has(const uint8_t *data, size_t size, size_t at, const char *bytes, size_t count)
{
    return size >= at + count && memcmp(data + at, bytes, count) == 0;
}

/* MP4 and MOV begin so; but so do pictures (HEIF, AVIF, CR3) and music. */
static bool is_mp4(const uint8_t *data, size_t size)
{
    static const char others[][5] = {"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1",
                                     "msf1", "avif", "avis", "crx ", "M4A ", "M4B "};
    if (!has(data, size, 4, "ftyp", 4)) return has(data, size, 4, "moov", 4) || has(data, size, 4, "mdat", 4);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (has(data, size, 8, others[i], 4)) return false;
    return true;
}

/* Packets of 188 bytes (192 with a time before each), all beginning with 'G'. */
static bool is_mpegts(const uint8_t *data, size_t size)
{
    for (size_t before = 0; before <= 4; before += 4)
        if (size > before + 188 + before && data[before] == 0x47 && data[before + 188 + before] == 0x47)
            return true;
    return false;
}

bool duet_frames_sniff_video(const uint8_t *data, size_t size)
{
    return is_mp4(data, size) || is_mpegts(data, size) ||
           has(data, size, 0, "\x1a\x45\xdf\xa3", 4) || /* MKV, WebM */
           (has(data, size, 0, "RIFF", 4) && has(data, size, 8, "AVI ", 4)) ||
           (has(data, size, 0, "OggS", 4) && has(data, size, 28, "\x80theora", 7)) ||
           (has(data, size, 0, "FLV\1", 4) && size > 4 && data[4] & 1) ||
           has(data, size, 0, "YUV4MPEG2 ", 10) || has(data, size, 0, "\0\0\1\xba", 4) ||
           has(data, size, 0, "\0\0\1\xb3", 4) ||                     /* MPEG-PS, MPEG-1/2 */
           has(data, size, 0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", 8); /* ASF */
}
