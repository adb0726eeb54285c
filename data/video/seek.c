/* Seeking, exact to the frame.
 *
 * Where the index (index.c) tells what is shown at a time, a jump goes to a key frame at or before the wanted
 * frame and decodes on from there, and the stamp looked for must come out of the decoder. Wherever that does
 * not hold, and without an index, the source is read again from its beginning.
 *
 * Frames that are shown before that key frame but come after it (an open group of pictures) may lack what
 * they refer to and are not used.
 */
#include "video/reader.h"

#include <math.h>

/* So many frames from the beginning must agree before packets are believed to be frames: fields, invisible
 * frames and the like show at once. */
enum { PROOF_FRAMES = 12 };

/* Decoding on is not dearer than a jump when the frame is so near. */
enum { NEAR_FRAMES = 12 };

/* The place of the last stamp at or before `ticks`; -1: none. */
static int64_t place(const struct duet_stamps *stamps, int64_t ticks)
{
    size_t low = 0, high = stamps->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stamps->ticks[middle] <= ticks)
            low = middle + 1;
        else
            high = middle;
    }
    return (int64_t)low - 1;
}

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
    bool jump = duet_index_is_regular(reader) && number >= NEAR_FRAMES,
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
        FFSWAP(struct duet_decoded, *best, *next);
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
    struct duet_stamps stamps;
    double in_ticks = time / duet_ticks_seconds(reader, 1);
    if (reader->made_up || !(in_ticks < 1e18)) return search(reader, time, every, error);
    int64_t ticks;
    if (__builtin_add_overflow(reader->first_ticks, (int64_t)in_ticks, &ticks) ||
        !duet_index_stamps(reader, ticks, &stamps))
        return search(reader, time, every, error);
    int64_t number = place(&stamps, ticks);
    if (number < 0) number = 0;
    int64_t last;
    if (__builtin_sub_overflow(stamps.ticks[stamps.count - 1], reader->first_ticks, &last))
        return search(reader, time, every, error);
    double end = duet_ticks_seconds(reader, last) + 1 / reader->rate;
    if (stamps.all && (size_t)number == stamps.count - 1 && time >= end) {
        reader->at_end = true;
        return DUET_OK;
    }
    number -= number % every;
    return go_to(reader, number, stamps.ticks[number], error);
}
