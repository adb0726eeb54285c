/* record.h: the results of one picture or frame, as every writer takes them, and the writers.
 *
 * NDJSON, one line a record:
 *   {"index":0,"source":"a.jpg","width":640,"height":480,"detections":[{"class":"dog","category_id":18,
 *    "score":0.93,"bbox":[x,y,w,h]}]}
 * with "frame":12,"pts":0.48,"time":0.48 after "source" for moving inputs (struct duet_frame_info says what
 * they are), for live ones also "captured":"2026-11-22T05:01:02.345Z" (UTC), and a record of its own,
 *   {"index":0,"source":"rtsp://...","frame":512,"gap":{"seconds":3.2,"attempts":4}}
 * for the time that a live source was away before that frame; detections that were tracked end in "track":4;
 * "segments":[{"class","class_id","pixels","share","bbox", "confidence"}] when a segmenter ran (and in each,
 * on request, "segmentation":{"size":[h,w],"counts":"..."}, COCO's compressed runs); "warnings":["..."] when
 * the picture was damaged beside its pixels (struct duet_warnings), and
 * {"index","source","error":{"code","message"}} for a failure. No timings: they would differ from run to run.
 * Numbers do not depend on the locale; floats are the shortest decimal that reads back as the same float.
 */
#ifndef DUET_DATA_RESULTS_RECORD_H
#define DUET_DATA_RESULTS_RECORD_H

#include "duet/image.h"
#include "duet/results.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct duet_warnings; /* frames.h */

/* Everything borrowed for the time of the call; zero what there is none of. */
struct duet_record {
    size_t index; /* counts inputs from 0, before any sharding */
    const char
        *source;       /* the input as named or found; any bytes (JSON writers replace bad UTF-8 by U+FFFD) */
    const char *name;  /* what files about it are called after, its extension left out: a path below their
                          folder, "sub/a.jpg"; NULL: the source's own, without folders. Also VOC's ids */
    bool moving;       /* the next four mean something */
    int64_t frame;     /* counted in the source from 0 */
    double pts, time;  /* seconds */
    double captured;   /* seconds since 1970; 0: not known */
    double gap;        /* > 0: no results, but the news that the source was away for so many seconds ... */
    int attempts;      /* ... and was opened again so many times */
    int64_t dropped;   /* frames left out before this one, because they came faster than they were looked at */
    int width, height; /* of the picture; 0 after an error */
    const struct duet_detections *detections; /* NULL: no detector ran */
    const int *tracks; /* [detections->count] which object that is from frame to frame; 0: not known; NULL:
                          none is. NDJSON */
    const struct duet_segments *segments; /* NULL: no segmenter ran */
    const struct duet_image *classes; /* GRAY8: NDJSON adds each segment's mask from it; NULL: it does not */
    const struct duet_warnings *warnings; /* about the picture; may be NULL. NDJSON */
    const struct duet_error *error;       /* NULL: it went well */
};

enum duet_format {
    DUET_FORMAT_TABLE,  /* for people: aligned columns, one line an object */
    DUET_FORMAT_NDJSON, /* as above */
    /* one JSON array: image_id, category_id, bbox [x,y,w,h], score; "[]" when empty. A moving input's frames
     * have the ids of STEM_000012.png (or .jpg) and so on among `coco_images` */
    DUET_FORMAT_COCO,
    /* RFC 4180 with a header line, CRLF-free; frame and time (seconds) are empty for stills. Texts that a spreadsheet
     * would compute have an apostrophe in front; control characters and the like are written out ("\x1b") */
    DUET_FORMAT_CSV,
    /* DIR/STEM.txt, DIR/sub/STEM.txt ("DIR/STEM_000012.txt" and so on for moving inputs,
     * "DIR/NAME_20261122T050102.345Z.txt" for live ones): "class cx cy w h score", sides as
     * shares of the picture's, class = place among the labels from 0; an empty file when there is nothing.
     * DIR/classes.txt names the classes. */
    DUET_FORMAT_YOLO,
    /* DIR/comp4_det_test_CLASS.txt for each class: "id score xmin ymin xmax ymax", id = stem, pixels counted
     * from 1. Stills only */
    DUET_FORMAT_VOC,
    DUET_FORMAT_COUNT
};

/* "table", "ndjson", "coco", "csv", "yolo", "voc". */
const char *duet_format_name(enum duet_format format);
/* Do the results go to a folder (yolo, voc) rather than into one stream? */
bool duet_format_is_folder(enum duet_format format);

struct duet_coco_images; /* names -> image ids, see data/coco/images.h */

struct duet_writer_options {
    enum duet_format format;
    const char *output;               /* file, or folder for yolo and voc; NULL or "-": `stream` */
    FILE *stream;                     /* stdout, as a rule; borrowed */
    bool force;                       /* replace what is there; else DUET_EXISTS from open, before any work */
    const struct duet_labels *labels; /* yolo: index of a class; voc: one file a class. Borrowed */
    const struct duet_coco_images
        *coco_images; /* coco: ids by file name; NULL: the stem's trailing digits. Borrowed */
    bool segments;    /* table and csv: columns for segments rather than detections */
    bool in_place;    /* for what has no end: the file stands under its name from the beginning, and is whole
                         after every record. Not for folder formats */
    bool append;      /* ndjson and csv: in place, and behind what stands there. A last line that is not whole
                         is cut off */
    /* Asked when a signal interrupts a write that waits for a reader; true: it is given up, an error. NULL: it
     * is not. */
    bool (*gives_up)(void *ctx);
    void *ctx;
};

struct duet_writer; /* opaque */

/* Check everything that can be checked before work starts, and open temporary files. An output that is a
 * device or pipe ("/dev/null") is written directly, and needs no force. Errors: DUET_EXISTS, DUET_IO_ERROR,
 * DUET_NOT_FOUND (no folder), DUET_BAD_ARGUMENT (a folder format without output, or in place; yolo or voc
 * without labels; voc labels that give one file name; a format that nothing can be appended to),
 * DUET_BAD_FORMAT (what stands there is no such file, or one with other columns), DUET_OUT_OF_MEMORY. */
enum duet_status duet_writer_open(const struct duet_writer_options *options, struct duet_writer **writer,
                                  struct duet_error *error);

/* Can `source`, which is a still, be written in this format? For coco: has it an image id of its own; for
 * yolo and voc: does its stem (`name` as in the record) collide with that of an earlier source checked (the same source twice does
 * too), is the file there already, and for voc: is the stem free of white space. Called for every known input
 * before any work; a source that was not is looked at when its record is written. Not for moving inputs.
 * Errors: DUET_BAD_ARGUMENT with a text that names the source (and the other one), DUET_EXISTS,
 * DUET_OUT_OF_MEMORY. */
enum duet_status duet_writer_check(struct duet_writer *writer, const char *source, const char *name,
                                   struct duet_error *error);

/* After opening with `append`: how many bytes of a line that was not whole were cut off. */
size_t duet_writer_cut(const struct duet_writer *writer);

/* Write one record. It is out, in one piece, when this returns. Error records go to NDJSON only, gaps to NDJSON
 * and the table; other formats leave them out, as they do with records that lack what they write (detections,
 * or segments). A record can be refused, and the next one written: DUET_BAD_ARGUMENT (a number that is not
 * finite: the text names the field; no label; a category that is not among the labels; no image id),
 * DUET_UNSUPPORTED (a moving input in voc, or in coco without coco_images), DUET_EXISTS (yolo). After
 * DUET_IO_ERROR (a full disk), DUET_OUT_OF_MEMORY and the like nothing more is written, and commit fails with
 * the same error. */
enum duet_status duet_writer_write(struct duet_writer *writer, const struct duet_record *record,
                                   struct duet_error *error);

/* How many bytes there are so far; 0 for folder formats. */
int64_t duet_writer_size(const struct duet_writer *writer);

/* Finish the format and move every file to its final name; frees the writer and sets *writer to NULL in any
 * case. After a write that failed this keeps the whole records before it: every file is cut back to those,
 * ended as its format wants, and gets its name; the status is still that of the failure, and the text says how
 * many records were kept. Without a single one nothing is: what stood under the names is untouched. Errors:
 * DUET_IO_ERROR, DUET_OUT_OF_MEMORY. */
enum duet_status duet_writer_commit(struct duet_writer **writer, struct duet_error *error);

/* Throw away what is not committed; accepts NULL. */
void duet_writer_discard(struct duet_writer **writer);

#endif
