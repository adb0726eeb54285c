/* budget.h: what pictures may cost: the options that every program has which reads them, and one budget of
 * memory for all threads.
 *
 * A thread takes its picture's share (duet_frames_cost) before it decodes, and gives it back when the network
 * has been through. Who finds too little left waits; so fewer pictures are worked on at once, and nothing
 * else changes. While shares are held nothing is waited for but the processor, and with nobody else holding
 * one any share is granted, so there is no way to wait for ever.
 */
#ifndef DUET_APPS_CLI_BUDGET_H
#define DUET_APPS_CLI_BUDGET_H

#include "cli/options.h"
#include "data/picture/picture.h"
#include "duet/status.h"

#include <pthread.h>

struct duet_picture_settings {
    bool strict;
    int max_pixels;         /* 0: DUET_MAX_PIXELS */
    const char *max_memory; /* "2G"; NULL: half of what there is */
};

#define DUET_PICTURE_OPTIONS(type, field)                                                                    \
    DUET_FLAG(0, "strict", type, field.strict,                                                               \
              "a picture that is damaged beside its pixels (no end marker, a wrong checksum of a PNG's "     \
              "text) has failed; else it is read with a warning"),                                           \
        DUET_INT(0, "max-pixels", "N", type, field.max_pixels, 1, 2147483647,                                \
                 "refuse pictures of more than N pixels", .shown = "268435456, 16384x16384"),                \
        DUET_STRING(                                                                                         \
            0, "max-memory", "SIZE", type, field.max_memory,                                                 \
            "decode with at most SIZE of memory (500M, 2G) over all threads: fewer pictures at once; one "   \
            "that needs more alone is refused, and so is a network",                                         \
            .shown = "half of the memory")

/* Half of this machine's memory, or of what the control group of this process may have. */
size_t duet_budget_default(void);

/* The bytes that --max-memory means. Returns DUET_GO_ON or the code to exit with. */
int duet_budget_bytes(const struct duet_program *program, const struct duet_picture_settings *settings,
                      size_t *bytes);

/* Fill in the limits of `options`; the settings are good. */
void duet_budget_limits(const struct duet_picture_settings *settings, struct duet_picture_options *options);

struct duet_budget {
    size_t limit, used;
    pthread_mutex_t lock;
    pthread_cond_t given; /* a share was given back */
};

/* Errors: DUET_OUT_OF_MEMORY. */
enum duet_status duet_budget_open(struct duet_budget *budget, size_t limit, struct duet_error *error);
/* Accepts a zeroed struct. */
void duet_budget_close(struct duet_budget *budget);

/* How many workers fit whose networks take `each` bytes: half of the budget is theirs, the rest the pictures'.
 * 1 at least. */
int duet_budget_workers(const struct duet_budget *budget, size_t each);

/* Wait for a share. False when a signal ended the waiting (cli/process.h): nothing was taken. */
bool duet_budget_take(struct duet_budget *budget, size_t bytes);
void duet_budget_give(struct duet_budget *budget, size_t bytes);

#endif
