/* kinds.h: the kinds of heads, and what is to be known of each. Internal to Duet.
 * To add a kind: a value of enum duet_head_kind and its config in duet/head.h, and a row of the table in
 * heads/model/kinds.c. */
#ifndef DUET_HEADS_KINDS_H
#define DUET_HEADS_KINDS_H

#include "duet/model.h"

/* A member of a struct, as the metadata has it. */
enum duet_field_type {
    DUET_FIELD_INT,    /* int: a whole number from low to high */
    DUET_FIELD_FLOAT,  /* float: a number from low to high */
    DUET_FIELD_DOUBLE, /* double: the same */
    DUET_FIELD_FLAG,   /* bool */
    DUET_FIELD_TEXT    /* const char *: NULL where there is none */
};
struct duet_field {
    const char *name;
    enum duet_field_type type;
    size_t offset;
    bool needed; /* else the file may leave it out, and the member stays as it is */
    double low, high;
};

struct duet_head_type {
    const char *name;
    enum duet_head_task task;
    int first_label;             /* the lowest id that a label may have; there are as many as classes */
    struct duet_head usual;      /* see duet_head_usual; its kind and name follow from the row */
    struct duet_field fields[8]; /* of its config, "classes" first; ends with a name of NULL */
    enum duet_status (*build)(struct duet_network *network, const struct duet_mobilenet_v2 *backbone,
                              const struct duet_head *head, struct duet_error *error);
};

/* `kind` is one. */
const struct duet_head_type *duet_head_type(enum duet_head_kind kind);

/* "ssdlite, deeplabv3", as many as fit. Returns `text`. */
#define DUET_HEAD_NAMES 256
const char *duet_model_head_names(const struct duet_model *model, char text[DUET_HEAD_NAMES]);

/* A model of weights in memory that have its metadata: one reference more to them. `path` is for messages.
 * Errors: those of duet_metadata_read. */
enum duet_status duet_model_of_weights(const char *path, struct duet_weights *weights,
                                       struct duet_model **model, struct duet_error *error);

/* What counts its references: keeps alive the labels that results point to. */
struct duet_kept *duet_model_kept(const struct duet_model *model);

/* duet_model_task_head that says so when there is none: DUET_UNSUPPORTED, "the model ssdlite-coco (ssdlite)
 * has no head that segments". */
enum duet_status duet_model_need_head(const struct duet_model *model, enum duet_head_task task,
                                      const struct duet_head **head, struct duet_error *error);

#endif
