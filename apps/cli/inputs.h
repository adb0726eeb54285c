/* inputs.h: operands -> the list of pictures to work on.
 *
 *   NAME        an existing file: itself. An existing folder: the pictures and videos below it. An existing
 *               name is literal, whatever characters it has.
 *   *.jpg       else, with one of * ? [: a pattern; what it matches, sorted; folders among it are walked.
 *   @LIST       the paths in that file, one a line (empty lines are skipped, a CR before the line's end too,
 *               and a byte order mark; with `null` they are separated by NUL); "@-": from standard input.
 *               Relative to the current folder. Folders among them are walked; patterns are not looked for.
 *   -           a picture or video on standard input.
 *   rtsp://...  and other URLs, lavfi:GRAPH, frames/%04d.png: themselves, unless there is a file of that
 *               name. Their * ? [ are no patterns.
 *
 * A list may come from somebody who is not trusted: it names files, folders and numbered pictures of this
 * machine, and nothing else. Its URLs and graphs become inputs that fail, each by itself, unless they are
 * allowed; so do devices and named pipes, which may block for ever or do something when they are opened. What
 * a folder or pattern holds is always a file, whatever it is called.
 *
 * What does not exist, and a pattern that matches nothing, is an input all the same: opening it will fail,
 * which makes it one error record among good ones.
 *
 * Folders are walked recursively, each sorted bytewise by name, so that the order is the same everywhere.
 * Symbolic links are followed, loops noticed. Hidden files and folders (".name") are passed over: thumbnails,
 * version control, our own temporary files. A file whose name ends like a picture's or video's is an input,
 * so that one that is damaged, or something else, fails by name; of other names those that begin like one
 * are. The rest, and what is no plain file, is counted in `skipped`.
 */
#ifndef DUET_APPS_CLI_INPUTS_H
#define DUET_APPS_CLI_INPUTS_H

#include "data/moving/frames.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known to be wrong with an input when it is found. */
enum duet_input_fault {
    DUET_INPUT_FINE,
    DUET_INPUT_UNREADABLE,    /* a folder that could not be read */
    DUET_INPUT_LISTED_STREAM, /* in a list: a URL, */
    DUET_INPUT_LISTED_GRAPH,  /* a lavfi: graph, */
    DUET_INPUT_LISTED_DEVICE  /* a device, pipe or socket */
};

struct duet_input {
    const char *path;     /* to open; "-" is standard input (a file of that name is "./-") */
    const char *shown;    /* to show and to write down: the path, but of a URL's password only "***" */
    const char *relative; /* a name for results: the path below the folder operand, else the last component;
                             "stdin"; of a URL the host and the last component ("cam1_stream"), of a graph its
                             first filter ("testsrc2"), of numbered pictures what is left of the name or the
                             folder's ("frames.png") */
    enum duet_input_fault fault; /* why it will not open */
    int errnum;                  /* of DUET_INPUT_UNREADABLE */
};

struct duet_inputs {
    struct duet_input *items;
    size_t count, capacity;
    size_t lists;   /* that were read */
    size_t folders; /* that were asked for, by operands or lists */
    size_t skipped; /* files in folders that are neither pictures nor videos */
    void *texts;    /* what the strings live in */
};

struct duet_inputs_options {
    bool null;                       /* lists are separated by NUL */
    bool allow_network, allow_lavfi; /* lists may name URLs, graphs */
    const char *const
        *exclude; /* folders that walks do not enter (results go there), ended by NULL; may be NULL */
};

/* Find the inputs that `count` operands mean. Errors: DUET_NOT_FOUND and DUET_IO_ERROR for a list that cannot
 * be read, DUET_BAD_FORMAT for one that is no text, DUET_BAD_ARGUMENT when standard input is asked for twice
 * or an operand is empty, DUET_OUT_OF_MEMORY. On failure *inputs is empty. */
enum duet_status duet_inputs_find(char *const *operands, int count, const struct duet_inputs_options *options,
                                  struct duet_inputs *inputs, struct duet_error *error);

/* Accepts NULL and a zeroed struct. */
void duet_inputs_close(struct duet_inputs *inputs);

/* duet_frames_open, and the errors of faults: DUET_UNSUPPORTED for what a list may not name. */
enum duet_status duet_input_open(const struct duet_input *input, const struct duet_frames_options *options,
                                 struct duet_frames **frames, struct duet_error *error);

/* Does an input that was not opened look as if it moved? It matters for the names of what is written about
 * it, and for how the threads are used. Of standard input nobody knows: false. */
bool duet_input_looks_moving(const struct duet_input *input);

/* `relative` of an address, before it is one's. NULL when out of memory; free() it. */
char *duet_input_name(const char *address);

/* How much of a file's beginning tells every kind that data/ knows. */
enum { DUET_INPUT_SNIFF_BYTES = 400 };

#endif
