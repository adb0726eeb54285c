/* sink.h: where the text of a stream format goes: into a file of its own, or into a stream of the caller's.
 * It knows how far what stands there is whole, and can go back to that. Internal to duet-data.
 *
 * Bytes go straight to the system, a record in one piece: there is nothing in a buffer that a signal, a full
 * disk or a killed process could tear. */
#ifndef DUET_DATA_RESULTS_SINK_H
#define DUET_DATA_RESULTS_SINK_H

#include "core/os.h"
#include "data/results/record.h"

struct duet_sink {
    struct duet_output file; /* of its own, to be committed or discarded; zero: the caller's stream */
    FILE *stream;            /* the caller's; NULL */
    int descriptor;          /* where both end; -1: a stream that is no file at all */
    const char *name;        /* in error texts; borrowed */
    bool own;      /* a regular file of its own: what follows the last whole record is written anew */
    bool regular;  /* a regular file, its own or not */
    int64_t begin; /* where in it we began */
    int64_t whole; /* bytes from there to the end of the last whole record */
    bool (*gives_up)(void *ctx);
    void *ctx;
};

/* Errors: those of duet_output_open. */
enum duet_status duet_sink_open(struct duet_sink *sink, const struct duet_writer_options *options,
                                struct duet_error *error);

/* Write `size` bytes, and into a file of its own the `tail` bytes that follow them in memory: what makes the
 * file whole, for as long as nothing comes after. On failure (DUET_IO_ERROR) the file, or the stream when
 * that is a file that nobody else writes to, is cut back to what was whole before. */
enum duet_status duet_sink_send(struct duet_sink *sink, const char *text, size_t size, size_t tail,
                                struct duet_error *error);

/* Go on in a file that is there already, after its first `size` bytes; the rest is cut off. */
enum duet_status duet_sink_resume(struct duet_sink *sink, int64_t size, struct duet_error *error);

#endif
