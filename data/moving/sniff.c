/* What a file is, by its first bytes or by its name, without opening it for good. */
#include "data/moving/frames.h"

#include "core/os.h"
#include "picture/scan.h"

#include <string.h>
#include <strings.h>

static bool has(const uint8_t *data, size_t size, size_t at, const char *bytes, size_t count)
{
    return size >= at + count && memcmp(data + at, bytes, count) == 0;
}

/* A beginning that tells a format by itself. */
struct beginning {
    size_t at, length;
    const char *bytes;
};

static bool has_one(const uint8_t *data, size_t size, const struct beginning *beginnings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (has(data, size, beginnings[i].at, beginnings[i].bytes, beginnings[i].length)) return true;
    return false;
}

/* --- pictures ------------------------------------------------------------------------------------------- */

/* Version, run lengths, bits a plane; then a corner of the picture. */
static bool is_pcx(const uint8_t *data, size_t size)
{
    return size >= 4 && data[0] == 10 && data[1] <= 5 && data[1] != 1 && data[2] == 1 &&
           (data[3] == 1 || data[3] == 2 || data[3] == 4 || data[3] == 8);
}

bool duet_frames_sniff_still(const uint8_t *data, size_t size)
{
    static const struct beginning beginnings[] = {
        {8, 4, "WEBP"},
        {0, 4, "II*\0"},
        {0, 4, "MM\0*"},            /* TIFF */
        {4, 8, "jP  \r\n\x87\n"},   /* JPEG 2000 */
        {0, 4, "\xff\x4f\xff\x51"}, /* the same, without its boxes */
        {4, 8, "JXL \r\n\x87\n"},   /* JPEG XL; without its boxes it begins with two bytes only */
        {0, 4, "\x76\x2f\x31\x01"}, /* EXR */
        {0, 4, "SDPX"},
        {0, 4, "XPDS"},
        {0, 4, "qoif"},
        {0, 6, "8BPS\0\1"}, /* PSD */
        {0, 3, "PF\n"},
        {0, 3, "Pf\n"},
        {0, 3, "PH\n"},             /* PFM, PHM */
        {0, 4, "\x59\xa6\x6a\x95"}, /* Sun raster */
        {0, 4, "\1\xda\0\1"},
        {0, 4, "\1\xda\1\1"}, /* SGI */
        {0, 8, "DDS \x7c\0\0\0"},
    };
    return duet_bmp_matches(data, size) || is_pcx(data, size) ||
           has_one(data, size, beginnings, sizeof beginnings / sizeof *beginnings);
}

/* --- what moves ----------------------------------------------------------------------------------------- */

/* MP4 and MOV begin so, and AVIF; but so do other pictures (HEIF, CR3) and music. */
static bool is_mp4(const uint8_t *data, size_t size)
{
    static const char others[][5] = {"heic", "heix", "heim", "heis", "hevc", "hevx",
                                     "mif1", "msf1", "crx ", "M4A ", "M4B "};
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
    static const struct beginning beginnings[] = {
        {0, 4, "\x1a\x45\xdf\xa3"}, /* MKV, WebM */
        {8, 4, "AVI "},
        {0, 6, "GIF87a"},
        {0, 6, "GIF89a"},
        {0, 10, "YUV4MPEG2 "},
        {0, 4, "\0\0\1\xba"},
        {0, 4, "\0\0\1\xb3"},                       /* MPEG-PS, MPEG-1/2 */
        {0, 8, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"}, /* ASF */
        {0, 4, "DKIF"},                             /* IVF */
        {0, 14, "nut/multimedia"},
        {0, 4, "\x06\x0e\x2b\x34"}, /* MXF */
        {0, 4, ".RMF"},
        {0, 9, "SIMPLE  ="},      /* FITS */
        {0, 5, "\0\0\0\1\x67"},   /* H.264 */
        {0, 6, "\0\0\0\1\x40\1"}, /* H.265 */
    };
    return is_mp4(data, size) || is_mpegts(data, size) ||
           (has(data, size, 0, "OggS", 4) && has(data, size, 28, "\x80theora", 7)) ||
           (has(data, size, 0, "FLV\1", 4) && size > 4 && data[4] & 1) ||
           has_one(data, size, beginnings, sizeof beginnings / sizeof *beginnings);
}

/* --- names ---------------------------------------------------------------------------------------------- */

static bool is_among(const char *extension, const char *const *words)
{
    for (; *words; words++)
        if (strcasecmp(extension, *words) == 0) return true;
    return false;
}

enum duet_ending duet_frames_ending(const char *path)
{
    static const char *const pictures[] = {
        "jpg", "jpeg", "jpe", "jfif", "png",  "apng", "ppm", "pgm", "pbm", "pnm", "pam",
        "pfm", "bmp",  "dib", "webp", "tif",  "tiff", "gif", "jp2", "j2k", "j2c", "jpc",
        "jpx", "jpf",  "jls", "avif", "heic", "heif", "hif", "jxl", "tga", "exr", "dpx",
        "psd", "qoi",  "pcx", "sgi",  "ras",  "dds",  "ico", "xbm", "xpm", "xwd", NULL};
    /* .ts and .mts are left out: most such files are programs' sources. Their content tells. */
    static const char *const videos[] = {
        "mp4",  "m4v",  "mov", "qt",   "3gp", "3g2",  "f4v", "mkv", "webm", "avi",  "divx",  "flv",  "mpg",
        "mpeg", "mpe",  "m1v", "m2v",  "vob", "m2ts", "wmv", "asf", "ogv",  "y4m",  "mjpeg", "mjpg", "h264",
        "264",  "h265", "265", "hevc", "ivf", "nut",  "mxf", "obu", "rm",   "rmvb", "swf",   NULL};
    const char *extension = duet_path_extension(path);
    if (!*extension) return DUET_ENDING_OTHER;
    if (is_among(extension + 1, pictures)) return DUET_ENDING_PICTURE;
    return is_among(extension + 1, videos) ? DUET_ENDING_VIDEO : DUET_ENDING_OTHER;
}
