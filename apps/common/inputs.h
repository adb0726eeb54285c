/* inputs.h: operands -> the list of pictures to work on.
 *
 *   NAME        an existing file: itself. An existing folder: the pictures below it. An existing name is
 *               literal, whatever characters it has.
 *   *.jpg       else, with one of * ? [: a pattern; what it matches, sorted; folders among it are walked.
 *   @LIST       the paths in that file, one a line (empty lines are skipped, a CR before the line's end
 *               too; with `null` they are separated by NUL); "@-": from standard input. Relative to the
 *               current folder. Folders among them are walked; patterns are not looked for.
 *   -           a picture or video on standard input.
 *   rtsp://...  and other URLs, lavfi:GRAPH, frames/%04d.png: themselves, unless there is a file of that
 * name. Their * ? [ are no patterns. In lists too.
 *
 * What does not exist, and a pattern that matches nothing, is an input all the same: opening it will fail,
 * which makes it one error record among good ones.
 *
 * Folders are walked recursively, each sorted bytewise by name, so that the order is the same everywhere.
 * Symbolic links are followed, loops noticed. Hidden files and folders (".name") are passed over: thumbnails,
 * version control, our own temporary files. Files that do not begin like a picture (or, when asked for, a
 * video) are counted in `skipped`.
 */
#ifndef DUET_APPS_INPUTS_H
#define DUET_APPS_INPUTS_H

#include "duet/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct duet_input {
    const char *path;     /* to open; "-" is standard input (a file of that name is "./-") */
    const char *shown;    /* to show and to write down: the path, but of a URL's password only "***" */
    const char *relative; /* a name for results: the path below the folder operand, else the last component;
                             "stdin"; of a URL the host and the last component ("cam1_stream"), of a graph its
                             first filter ("testsrc2"), of numbered pictures what is left of the name or the
                             folder's ("frames.png") */
    int errnum;           /* of a folder that could not be read; 0: none */
};

struct duet_inputs {
    struct duet_input *items;
    size_t count, capacity;
    size_t skipped; /* files in folders that are no pictures */
    void *texts;    /* what the strings live in */
};

struct duet_inputs_options {
    size_t struct_size;
    bool null; /* lists are separated by NUL */
    const char *const
        *exclude; /* folders that walks do not enter (results go there), ended by NULL; may be NULL */
    bool (*sniff)(const uint8_t *data, size_t size);       /* is that the beginning of a picture? */
    bool (*sniff_video)(const uint8_t *data, size_t size); /* of a video? NULL: walks leave those out */
};

/* Find the inputs that `count` operands mean. Errors: DUET_NOT_FOUND and DUET_IO_ERROR for a list that cannot
 * be read, DUET_BAD_ARGUMENT when standard input is asked for twice, DUET_OUT_OF_MEMORY. On failure *inputs
 * is empty. */
enum duet_status duet_inputs_find(char *const *operands, int count, const struct duet_inputs_options *options,
                                  struct duet_inputs *inputs, struct duet_error *error);

/* Accepts NULL and a zeroed struct. */
void duet_inputs_close(struct duet_inputs *inputs);

#endif
