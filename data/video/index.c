/* What is known of the frames' stamps, for seeking.
 *
 * A frame's number is how many come before it, which no container tells. So packets are read ahead without
 * decoding them and their stamps counted: with the codecs below one packet is one frame. That is checked
 * against the frames that were decoded from the beginning; for formats without stamps there is no index.
 */
#include "video/reader.h"

#include "core/grow.h"

#include <string.h>

/* Codecs hold back 16 frames at most. */
enum { MOST_REORDERED = 64 };

void duet_index_note(struct duet_reader *reader, const struct duet_decoded *decoded)
{
    struct duet_index *index = &reader->index;
    if (!reader->about.seekable || reader->jumped || reader->made_up) return;
    if (!decoded) {
        index->known_all = index->known_count == (size_t)reader->next_number;
        return;
    }
    if ((size_t)decoded->number != index->known_count) return; /* known from before */
    if (DUET_GROW(index->known, index->known_capacity, index->known_count + 1))
        index->known[index->known_count++] = decoded->ticks;
}

void duet_index_close(struct duet_index *index)
{
    duet_demuxer_close(&index->demuxer);
    free(index->known);
    free(index->scanned);
    *index = (struct duet_index){0};
}

bool duet_index_is_regular(const struct duet_reader *reader)
{
    const AVInputFormat *format = reader->demuxer.format->iformat;
    if (format->flags & (AVFMT_NOTIMESTAMPS | AVFMT_GENERIC_INDEX)) return false;
    if (reader->source.kind == DUET_VIDEO_LAVFI) return false;
    enum AVCodecID codec = duet_reader_stream(reader)->codecpar->codec_id;
    const AVCodecDescriptor *description = avcodec_descriptor_get(codec);
    if (description && description->props & AV_CODEC_PROP_INTRA_ONLY) return true;
    static const enum AVCodecID good[] = {
        AV_CODEC_ID_H264,       AV_CODEC_ID_HEVC,      AV_CODEC_ID_MPEG4, AV_CODEC_ID_MPEG1VIDEO,
        AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MSMPEG4V3, AV_CODEC_ID_H263,  AV_CODEC_ID_FLV1,
        AV_CODEC_ID_WMV1,       AV_CODEC_ID_WMV2,      AV_CODEC_ID_FFV1,  AV_CODEC_ID_VP8,
        AV_CODEC_ID_VP9,        AV_CODEC_ID_AV1};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (good[i] == codec) return true;
    return false;
}

/* Is it a frame that is shown? VP8 has packets that only others refer to, and a bit says so. */
static bool is_shown(const struct duet_reader *reader, const AVPacket *packet)
{
    if (packet->stream_index != reader->index.demuxer.stream || packet->flags & AV_PKT_FLAG_DISCARD)
        return false;
    bool vp8 = duet_reader_stream(reader)->codecpar->codec_id == AV_CODEC_ID_VP8;
    return !(vp8 && packet->size > 0 && !(packet->data[0] & 0x10));
}

/* Put a packet's stamp in its place: among the last few. False: it is not there, its like is, or no memory.
 */
static bool note_packet(struct duet_index *index, const AVPacket *packet)
{
    if (packet->pts == AV_NOPTS_VALUE || packet->dts == AV_NOPTS_VALUE) return false;
    if (index->last_dts != AV_NOPTS_VALUE && packet->dts < index->last_dts) return false;
    index->last_dts = packet->dts;
    if (!DUET_GROW(index->scanned, index->scanned_capacity, index->scanned_count + 1)) return false;
    size_t at = index->scanned_count++;
    for (; at > 0 && index->scanned[at - 1] >= packet->pts; at--) {
        if (index->scanned[at - 1] == packet->pts || index->scanned_count - at > MOST_REORDERED) return false;
        index->scanned[at] = index->scanned[at - 1];
    }
    index->scanned[at] = packet->pts;
    return true;
}

/* Read packets until all those that are shown up to `ticks` have been seen. */
static void scan(struct duet_reader *reader, int64_t ticks)
{
    struct duet_index *index = &reader->index;
    AVPacket *packet = reader->packet;
    if (!index->demuxer.format && !index->hopeless && !index->scanned_all) {
        index->last_dts = AV_NOPTS_VALUE;
        index->hopeless = duet_demuxer_open(&index->demuxer, reader, NULL) != DUET_OK;
    }
    while (!index->hopeless && !index->scanned_all &&
           (index->last_dts == AV_NOPTS_VALUE || index->last_dts <= ticks)) {
        av_packet_unref(packet);
        int code = av_read_frame(index->demuxer.format, packet);
        if (code == AVERROR_EOF)
            index->scanned_all = true;
        else if (code < 0 || packet->flags & AV_PKT_FLAG_CORRUPT)
            index->hopeless = true; /* reading from the beginning will find the damage in its place */
        else if (is_shown(reader, packet))
            index->hopeless = !note_packet(index, packet);
    }
    av_packet_unref(packet);
}

/* Do the packets agree with the frames that were decoded? Those before the first frame are none. */
static bool agrees(struct duet_reader *reader)
{
    struct duet_index *index = &reader->index;
    size_t before = 0;
    while (before < index->scanned_count && index->scanned[before] < reader->first_ticks) before++;
    index->scanned_count -= before;
    if (before > 0)
        memmove(index->scanned, index->scanned + before, index->scanned_count * sizeof *index->scanned);
    for (size_t i = 0; i < index->known_count && i < index->scanned_count; i++)
        if (index->scanned[i] != index->known[i]) return false;
    return true;
}

bool duet_index_stamps(struct duet_reader *reader, int64_t ticks, struct duet_stamps *stamps)
{
    struct duet_index *index = &reader->index;
    *stamps = (struct duet_stamps){index->known, index->known_count, index->known_all};
    if (reader->made_up) return false;
    if (stamps->all || (stamps->count > 0 && stamps->ticks[stamps->count - 1] > ticks)) return true;
    if (!duet_index_is_regular(reader)) return false;
    scan(reader, ticks);
    /* None are left when the file is another one by now. */
    index->hopeless = index->hopeless || !agrees(reader) || index->scanned_count == 0;
    *stamps = (struct duet_stamps){index->scanned, index->scanned_count, index->scanned_all};
    return !index->hopeless;
}
