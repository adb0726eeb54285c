/* picture.h: the pictures that a ground truth is about. */
#ifndef DUET_APPS_EVALUATE_PICTURE_H
#define DUET_APPS_EVALUATE_PICTURE_H

#include "cli/budget.h"
#include "duet/image.h"

/* Where the picture is that a ground truth names, below `folder` and nowhere else: neither ".." nor a link
 * leads out of it. A name with '\\' may mean '/'. Owned: free(). Errors: DUET_BAD_ARGUMENT (no name, or it
 * leads out of the folder), DUET_NOT_FOUND, DUET_OUT_OF_MEMORY. */
enum duet_status evaluate_picture_path(const char *folder, const char *name, char **path,
                                       struct duet_error *error);

/* How pictures are read. Zero but for the first two. */
struct evaluate_reading {
    const struct duet_picture_settings *settings;
    struct duet_budget *budget;    /* NULL: nobody else decodes */
    size_t share;                  /* of it, taken for the picture read last: the caller gives it back */
    struct duet_warnings warnings; /* about that one */
};

/* Decode a picture as it is stored, whatever orientation it notes: ground truth lies over those pixels.
 * Owned: duet_image_close. */
enum duet_status evaluate_decode(const char *path, struct evaluate_reading *reading, struct duet_image *image,
                                 struct duet_error *error);

#endif
