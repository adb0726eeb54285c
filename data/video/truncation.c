/* Is a file as long as its container says? FFmpeg takes the end of the file for the end of the video. Of a
 * pipe, the beginning and the length are known at its end. */
#include "video/reader.h"

#include <libavutil/intreadwrite.h>

#include <ctype.h>
#include <string.h>

static bool read_at(const struct duet_reader *reader, int64_t position, uint8_t *data, size_t size)
{
    const struct duet_video_io *io = &reader->demuxer.io;
    size_t have = 0;
    if (reader->source.size < 0) {
        if (position + (int64_t)size > (int64_t)sizeof io->head || position + (int64_t)size > io->position)
            return false;
        memcpy(data, io->head + position, size);
        return true;
    }
    while (have < size) {
        ptrdiff_t got =
            reader->source.read(reader->source.io, position + (int64_t)have, data + have, size - have);
        if (got <= 0) return false;
        have += (size_t)got;
    }
    return true;
}

static uint64_t big_endian(const uint8_t *data, int size)
{
    uint64_t value = 0;
    for (int i = 0; i < size; i++) value = value << 8 | data[i];
    return value;
}

/* How far `length` bytes from `from` on reach beyond the file. */
static int64_t beyond(const struct duet_reader *reader, int64_t from, uint64_t length)
{
    int64_t end, size = reader->source.size >= 0 ? reader->source.size : reader->demuxer.io.position;
    if (length > INT64_MAX || __builtin_add_overflow(from, (int64_t)length, &end)) return INT64_MAX;
    return end > size ? end - size : 0;
}

/* MP4 and MOV: boxes end to end, each with its size. */
static int64_t missing_boxes(const struct duet_reader *reader)
{
    int64_t at = 0, missing = 0;
    uint8_t head[16];
    while (missing == 0 && read_at(reader, at, head, 8)) {
        uint64_t size = big_endian(head, 4);
        for (int i = 4; i < 8; i++)
            if (!isprint(head[i]) && head[i] != 0xa9) return 0; /* something else that follows */
        if (size == 1 && read_at(reader, at, head, 16)) size = big_endian(head + 8, 8);
        if (size < 8) return 0; /* 0: to the end of the file */
        missing = beyond(reader, at, size);
        at += missing ? 0 : (int64_t)size;
    }
    return missing;
}

/* MKV and WebM: a header, then one segment that holds everything; each with an identifier and a size. */
static int64_t missing_segment(const struct duet_reader *reader)
{
    int64_t at = 0;
    for (int element = 0; element < 2; element++) {
        uint8_t head[12];
        if (!read_at(reader, at, head, sizeof head)) return 0;
        int length = 1; /* of the size: a bit tells, the others belong to it */
        while (length <= 8 && !(head[4] & (0x80 >> (length - 1)))) length++;
        if (length > 8) return 0;
        uint64_t mask = ((uint64_t)1 << (7 * length)) - 1, size = big_endian(head + 4, length) & mask;
        if (size == mask) return 0; /* not known when it was written */
        at += 4 + length;
        int64_t missing = beyond(reader, at, size);
        if (missing || element == 1) return missing;
        at += (int64_t)size;
    }
    return 0;
}

/* AVI: RIFF chunks end to end. */
static int64_t missing_riff(const struct duet_reader *reader)
{
    int64_t at = 0, missing = 0;
    uint8_t head[8];
    while (missing == 0 && read_at(reader, at, head, sizeof head) && memcmp(head, "RIFF", 4) == 0) {
        uint32_t size = AV_RL32(head + 4);
        if (size == 0 || size == UINT32_MAX) return 0; /* not known when it was written */
        missing = beyond(reader, at, 8 + (uint64_t)size);
        at += 8 + (int64_t)size + (size & 1);
    }
    return missing;
}

static int64_t missing_trailer(const struct duet_reader *reader)
{
    uint8_t last;
    return reader->source.size > 0 && read_at(reader, reader->source.size - 1, &last, 1) && last != 0x3b ? 1
                                                                                                         : 0;
}

/* Y4M: frame after frame; what follows the last whole one is a part of the next. */
static int64_t missing_frame(const struct duet_reader *reader)
{
    int64_t part = avio_tell(reader->demuxer.format->pb) - reader->packet_end;
    return part > 0 && reader->packet_size > part ? reader->packet_size - part : 0;
}

int64_t duet_video_missing_bytes(const struct duet_reader *reader)
{
    static const struct {
        const char *format;
        int64_t (*missing)(const struct duet_reader *reader);
    } kinds[] = {{"mov,mp4,m4a,3gp,3g2,mj2", missing_boxes},
                 {"matroska,webm", missing_segment},
                 {"avi", missing_riff},
                 {"gif", missing_trailer}};
    if (reader->source.kind != DUET_VIDEO_BYTES) return 0;
    if (strcmp(reader->demuxer.format->iformat->name, "yuv4mpegpipe") == 0) return missing_frame(reader);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(reader->demuxer.format->iformat->name, kinds[i].format) == 0)
            return kinds[i].missing(reader);
    return 0;
}

/* Has a JPEG its end marker, behind its last scan's beginning? A preview in its head has one of its own. */
bool duet_video_jpeg_ends(const uint8_t *data, int size)
{
    int at = 2; /* behind FF D8 */
    while (at + 4 <= size && data[at] == 0xff && data[at + 1] != 0xda)
        at += 2 + (int)big_endian(data + at + 2, 2);
    for (; at + 1 < size; at++)
        if (data[at] == 0xff && data[at + 1] == 0xd9) return true;
    return false;
}
