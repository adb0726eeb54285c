/* Seeking, exact to the frame.
 *
 * A frame's number is how many come before it, which no container tells. So packets are read ahead without
 * decoding them and their stamps counted: with the codecs below one packet is one frame. That is checked
 * against the frames that were decoded from the beginning, and the stamp looked for must come out of the
 * decoder; wherever that does not hold, and for formats without stamps, the source is read again from its
 * beginning.
 *
 * A jump goes to a key frame at or before the wanted one and decodes on from there. Frames that are shown
 * before that key frame but come after it (an open group of pictures) may lack what they refer to and are not
 * used.
 */
#include "video/read.h"

#include "core/fail.h"
#include "core/grow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* So many frames from the beginning must agree before packets are believed to be frames: fields, invisible
 * frames and the like show at once. */
enum { PROOF_FRAMES = 12 };

/* Decoding on is not dearer than a jump when the frame is so near. */
enum { NEAR_FRAMES = 12 };

/* Codecs hold back 16 frames at most. */
enum { MOST_REORDERED = 64 };

/* --- the index ------------------------------------------------------------------------------------------ */

void duet_index_note(struct duet_reader *reader, const struct duet_decoded *decoded)
{
    struct duet_index *index = &reader->index;
    if (!reader->seekable || reader->jumped || reader->made_up) return;
    if (!decoded) {
        index->known_all = index->known_count == (size_t)reader->next_number;
        return;
    }
    if ((size_t)decoded->number != index->known_count) return; /* known from before */
    int64_t *known = duet_grow(index->known, &index->known_capacity, index->known_count + 1, sizeof *known);
    if (!known) return;
    index->known = known;
    known[index->known_count++] = decoded->ticks;
}

void duet_index_close(struct duet_index *index)
{
    duet_demuxer_close(&index->demuxer);
    free(index->known);
    free(index->scanned);
    *index = (struct duet_index){0};
}

/* Is one packet one frame? */
static bool is_regular(const struct duet_reader *reader)
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
    int64_t *scanned =
        duet_grow(index->scanned, &index->scanned_capacity, index->scanned_count + 1, sizeof *scanned);
    if (!scanned) return false;
    index->scanned = scanned;
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

/* The place of the last stamp at or before `ticks`; -1: none. */
static int64_t place(const int64_t *stamps, size_t count, int64_t ticks)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stamps[middle] <= ticks)
            low = middle + 1;
        else
            high = middle;
    }
    return (int64_t)low - 1;
}

/* --- going there ---------------------------------------------------------------------------------------- */

static void forget_queue(struct duet_reader *reader)
{
    for (int i = 0; i < 2; i++) av_frame_unref(reader->queue[i].frame);
    reader->queued = 0;
}

/* Decode on until the frame `number` lies in the queue. */
static enum duet_status decode_to(struct duet_reader *reader, int64_t number, struct duet_error *error)
{
    bool more = true;
    enum duet_status status = DUET_OK;
    while (more && status == DUET_OK) {
        status = duet_reader_decode(reader, &reader->queue[0], &more, error);
        if (more && reader->queue[0].number >= number) {
            reader->queued = 1;
            return DUET_OK;
        }
    }
    reader->at_end = status == DUET_OK;
    return status;
}

/* Decode on from a key frame until the frame with the stamp `ticks` lies in the queue. */
static bool find(struct duet_reader *reader, int64_t ticks)
{
    bool more = true;
    struct duet_decoded *found = &reader->queue[0];
    while (duet_reader_decode(reader, found, &more, NULL) == DUET_OK && more) {
        bool known = found->ticks != AV_NOPTS_VALUE && reader->key_ticks != AV_NOPTS_VALUE;
        if (!known || reader->key_ticks > ticks || found->ticks > ticks) return false;
        if (found->ticks == ticks) return true;
    }
    return false;
}

/* Jump to a key frame at or before `from`, and on to the frame `number` with the stamp `ticks`. False: it did
 * not come out. */
static bool land(struct duet_reader *reader, int64_t from, int64_t number, int64_t ticks)
{
    if (av_seek_frame(reader->demuxer.format, reader->demuxer.stream, from, AVSEEK_FLAG_BACKWARD) < 0)
        return false;
    duet_reader_flush(reader);
    reader->wait_for_key = true;
    reader->jumped = true;
    reader->last_pts = -INFINITY; /* the first stamp there is right whatever it is */
    reader->landing = true;
    reader->target = ticks;
    bool found = find(reader, ticks);
    reader->landing = false;
    if (!found) {
        reader->made_up = false;
        return false;
    }
    reader->queue[0].number = number;
    reader->next_number = number + 1;
    reader->queued = 1;
    return true;
}

static enum duet_status go_to(struct duet_reader *reader, int64_t number, int64_t ticks,
                              struct duet_error *error)
{
    int64_t next = reader->next_number;
    if (number >= next && number - next < NEAR_FRAMES) return decode_to(reader, number, error);
    double second = 1 / duet_ticks_seconds(reader, 1);
    bool jump = is_regular(reader) && number >= NEAR_FRAMES,
         landed = jump && land(reader, ticks, number, ticks);
    for (double back = 1; jump && !landed && back < 100; back *= 3) {
        int64_t from;
        if (__builtin_sub_overflow(ticks, (int64_t)(back * second), &from)) break;
        landed = land(reader, from, number, ticks);
    }
    if (landed) return DUET_OK;
    enum duet_status status = duet_reader_rewind(reader, error);
    return status == DUET_OK ? decode_to(reader, number, error) : status;
}

/* Decode on, keeping the last frame at or before `time` whose number is a multiple of `every` (`best`) and
 * the one after it that ended the search. *found and *more tell which of them there are. */
static enum duet_status look(struct duet_reader *reader, double time, int every, bool *found, bool *more,
                             struct duet_error *error)
{
    struct duet_decoded *best = &reader->queue[0], *next = &reader->queue[1];
    enum duet_status status;
    *found = false;
    while ((status = duet_reader_decode(reader, next, more, error)) == DUET_OK && *more) {
        if (next->pts - reader->first_pts > time && (*found || next->number > 0)) break;
        if (next->number % every) continue;
        struct duet_decoded kept = *best;
        *best = *next;
        *next = kept;
        *found = true;
    }
    return status;
}

/* Without an index: from where we are if that is before `time`, else from the beginning. */
static enum duet_status search(struct duet_reader *reader, double time, int every, struct duet_error *error)
{
    bool found = false, more = true;
    bool ahead = reader->stepped && !reader->jumped && reader->last_pts - reader->first_pts <= time;
    enum duet_status status = ahead ? look(reader, time, every, &found, &more, error) : DUET_OK;
    if (status == DUET_OK && !found) {
        status = duet_reader_rewind(reader, error);
        if (status == DUET_OK) status = look(reader, time, every, &found, &more, error);
    }
    if (status != DUET_OK) return status;
    reader->at_end = !found || (!more && time >= reader->last_pts - reader->first_pts + 1 / reader->rate);
    reader->queued = reader->at_end ? 0 : more ? 2 : 1;
    return DUET_OK;
}

/* The stamps that tell what is shown at `ticks`: those known when they reach so far, else the packets'. */
static bool choose_stamps(struct duet_reader *reader, int64_t ticks, const int64_t **stamps, size_t *count,
                          bool *all)
{
    struct duet_index *index = &reader->index;
    *stamps = index->known;
    *count = index->known_count;
    *all = index->known_all;
    if (reader->made_up) return false;
    if (*all || (*count > 0 && index->known[*count - 1] > ticks)) return true;
    if (!is_regular(reader)) return false;
    scan(reader, ticks);
    /* None are left when the file is another one by now. */
    index->hopeless = index->hopeless || !agrees(reader) || index->scanned_count == 0;
    *stamps = index->scanned;
    *count = index->scanned_count;
    *all = index->scanned_all;
    return !index->hopeless;
}

/* Decode the first few frames, if that was not done: the index begins with them. */
static enum duet_status prove(struct duet_reader *reader, struct duet_error *error)
{
    struct duet_index *index = &reader->index;
    bool more = true;
    enum duet_status status = DUET_OK;
    if (index->known_count >= PROOF_FRAMES || index->known_all || reader->made_up) return DUET_OK;
    if (reader->jumped) status = duet_reader_rewind(reader, error);
    while (status == DUET_OK && more && index->known_count < PROOF_FRAMES && !reader->made_up)
        status = duet_reader_decode(reader, &reader->queue[0], &more, error);
    return status;
}

enum duet_status duet_reader_seek(void *self, double time, int every, struct duet_error *error)
{
    struct duet_reader *reader = self;
    forget_queue(reader);
    reader->at_end = false;
    if (time < 0) time = 0;
    enum duet_status status = prove(reader, error);
    if (status != DUET_OK) return status;
    const int64_t *stamps;
    size_t count;
    bool all;
    double in_ticks = time / duet_ticks_seconds(reader, 1);
    if (reader->made_up || !(in_ticks < 1e18)) return search(reader, time, every, error);
    int64_t ticks;
    if (__builtin_add_overflow(reader->first_ticks, (int64_t)in_ticks, &ticks) ||
        !choose_stamps(reader, ticks, &stamps, &count, &all))
        return search(reader, time, every, error);
    int64_t number = place(stamps, count, ticks);
    if (number < 0) number = 0;
    int64_t last;
    if (__builtin_sub_overflow(stamps[count - 1], reader->first_ticks, &last))
        return search(reader, time, every, error);
    double end = duet_ticks_seconds(reader, last) + 1 / reader->rate;
    if (all && (size_t)number == count - 1 && time >= end) {
        reader->at_end = true;
        return DUET_OK;
    }
    number -= number % every;
    return go_to(reader, number, stamps[number], error);
}
