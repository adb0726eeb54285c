/* sizes.h: the layers that some heads of a model need, compiled for each input size that they are run at,
 * ready to run. Internal. */
#ifndef DUET_HEADS_RUNNER_SIZES_H
#define DUET_HEADS_RUNNER_SIZES_H

#include "duet/model.h"
#include "duet/network.h"

/* Room for an output's name: that of a head, a dot, and which of its outputs. */
#define DUET_OUTPUT_NAME 256

struct network {
    int height, width; /* of its input */
    struct duet_compiled *compiled;
    struct duet_session *session;
    float *input;       /* of the session, [height][width][3] */
    int threads;        /* that the session is made for; 0: there is none */
    unsigned long used; /* when: the clock of struct sizes */
    struct feed *feeds; /* [feed_count]: what heads that read others need */
    int feed_count;
};

/* They share the packed weights. */
struct sizes {
    const struct duet_model *model;
    const struct duet_head *const *heads; /* borrowed */
    int head_count;
    int output_stride;
    const char *cpu;
    enum duet_precision precision;
    bool unfused; /* see duet_compile_options */
    struct network *items;
    int count, most;
    int base; /* the first so many stay; when there is no room, the least recently used of the others goes */
    unsigned long clock;
};

/* The network for an input size, compiled if there is none yet, with a session for `threads` workers. All of
 * them together may take `budget` bytes; 0: as much as they like. Errors: those of duet_model_network,
 * duet_compile and duet_session_create. */
enum duet_status duet_sizes_find(struct sizes *sizes, int height, int width, int threads, size_t budget,
                                 struct network **network, struct duet_error *error);

/* The same for another thread, without sessions. Errors: DUET_OUT_OF_MEMORY. */
enum duet_status duet_sizes_clone(const struct sizes *sizes, struct sizes *clone, struct duet_error *error);

void duet_sizes_close(struct sizes *sizes);

/* What they take to run, packed weights aside. */
size_t duet_sizes_bytes(const struct sizes *sizes);

/* Heads that read others are fed, after stage 0 and before stage 1. `pool` NULL: the caller's thread. Errors:
 * those of the feeds. */
enum duet_status duet_sizes_feed(const struct network *network, const struct duet_pool *pool,
                                 struct duet_error *error);

/* All stages; between them heads that read others are fed. Errors: those of duet_session_run_stage and of the
 * feeds. */
enum duet_status duet_sizes_run(const struct network *network, const struct duet_run_options *options,
                                struct duet_error *error);

#endif
