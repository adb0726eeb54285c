/* writer.h: what a result format is. Internal to duet-data.
 *
 * To add one: data/results/write_NAME.c defines a `const struct duet_writer_kind duet_writer_NAME`; a value
 * in record.h's enum duet_format, its declaration below and its row in record.c's table make it known;
 * tests/unit/data/results/test_records.c gets its exact bytes. CONTRIBUTING.md has the whole list. */
#ifndef DUET_DATA_RESULTS_WRITER_H
#define DUET_DATA_RESULTS_WRITER_H

#include "coco/names.h"
#include "core/os.h"
#include "data/coco/images.h"
#include "data/json/text.h"
#include "data/labels/labels.h"
#include "data/results/record.h"
#include "results/sink.h"

/* A format's functions; any but `write` may be NULL. Stream formats put what they have to say into
 * writer->text, which is sent on when they return DUET_OK and dropped when not. Folder formats write their
 * own files. */
struct duet_writer_kind {
    const char *name;
    bool folder;
    bool needs_labels;
    size_t state_size; /* of writer->state, zeroed before open */
    enum duet_status (*open)(struct duet_writer *writer, struct duet_error *error);
    enum duet_status (*check)(struct duet_writer *writer, const char *source, const char *name,
                              struct duet_error *error);
    /* Before the first record, and before end when there was none. */
    void (*begin)(struct duet_writer *writer);
    /* The record is well-formed: numbers are finite, objects have labels (with needs_labels: their ids are
     * among the options'), it carries no error (unless `errors`, below). */
    enum duet_status (*write)(struct duet_writer *writer, const struct duet_record *record,
                              struct duet_error *error);
    /* Folder formats: take back what a record that failed has left. */
    void (*undo)(struct duet_writer *writer);
    /* Folder formats: the last files. */
    enum duet_status (*end)(struct duet_writer *writer, struct duet_error *error);
    /* Stream formats: what makes the text so far a whole file. */
    const char *(*tail)(const struct duet_writer *writer);
    /* Stream formats: how much of an existing file is whole, so that more can follow. `lines` is its text,
     * to be read from the beginning. NULL: nothing can follow. */
    enum duet_status (*resume)(struct duet_writer *writer, FILE *lines, int64_t *whole,
                               struct duet_error *error);
    void (*close)(struct duet_writer *writer); /* frees state's contents; after a failed open as well */
    bool errors;                               /* writes records that carry an error */
    bool gaps;                                 /* writes records that carry a gap */
};

extern const struct duet_writer_kind duet_writer_table, duet_writer_ndjson, duet_writer_coco, duet_writer_csv,
    duet_writer_yolo, duet_writer_voc;

/* Which source has which name: a file's or an image id. Zero to begin with. */
struct duet_output_names {
    struct duet_names names, sources;
    size_t *owners; /* [names.count] number in sources */
    size_t capacity;
};

struct duet_writer {
    const struct duet_writer_kind *kind;
    struct duet_writer_options options; /* borrowed, but for output */
    char *output;                       /* options.output, owned; NULL for a stream */
    struct duet_sink sink;              /* where a stream format goes */
    unsigned flags;                     /* for duet_output_open */
    struct duet_buffer text;
    bool begun;
    size_t records; /* written and whole */
    size_t cut;     /* bytes of a line that was not */
    struct duet_error broken; /* the first fault in writing; nothing is written after it */
    struct duet_output_names names;
    void *state;
};

/* --- output names (output_names.c) -------------------------------------------------------------------- */

void duet_output_names_close(struct duet_output_names *names);

/* Give `name` to `source`. `what` says what kind of name it is: "image id". DUET_BAD_ARGUMENT when another
 * source has it, or, with `once`, this one already. */
enum duet_status duet_output_names_give(struct duet_output_names *names, const char *what, const char *name,
                                        const char *source, bool once, struct duet_error *error);

/* "STEM_000012", of what is live "NAME_20261122T050102.345Z": what everything that is written about a frame by
 * itself is called. NULL when out of memory;
 * free() it. */
char *duet_frame_stem(const struct duet_record *record);

/* What is written about a source is called: its record's `name` without the extension, "sub/STEM"; when that is
 * NULL, its file name without folders; "stdin" for "-". NULL when out of memory; free() it. */
char *duet_result_stem(const char *source, const char *name);

/* DUET_BAD_ARGUMENT for a name that is absolute or has a ".." in it: no file is made of it. */
enum duet_status duet_check_below(const char *source, const char *name, struct duet_error *error);

#endif
