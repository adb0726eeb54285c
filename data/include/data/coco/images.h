/* images.h: which image id belongs to which file name, from a COCO instances file. */
#ifndef DUET_DATA_COCO_IMAGES_H
#define DUET_DATA_COCO_IMAGES_H

#include "data/coco/ids.h"
#include "duet/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct duet_coco_images; /* opaque */

/* Read "images": [{"id", "file_name"} ...] of an instances file, streaming: memory grows with the number of
 * images, not with the file. A '\\' in a name stands for '/'; an image without a name, or with one that is no
 * string, is never found. Owned: duet_coco_images_close. Errors: DUET_BAD_FORMAT with line and column;
 * DUET_MISMATCH for one name with two ids; DUET_NOT_FOUND, DUET_IO_ERROR, DUET_TOO_LARGE, DUET_OUT_OF_MEMORY.
 */
enum duet_status duet_coco_images_open(const char *path, struct duet_coco_images **images,
                                       struct duet_error *error);
/* Accepts NULL; sets *images to NULL. */
void duet_coco_images_close(struct duet_coco_images **images);
/* The ids among them that are no plain numbers. Borrowed. */
const struct duet_coco_ids *duet_coco_images_ids(const struct duet_coco_images *images);

/* The id of the picture at `path`: by file_name as it stands when path ends in it at a '/', else by last
 * component, where that is the last of only one id. False when it is not known. */
bool duet_coco_images_find(const struct duet_coco_images *images, const char *path, int64_t *id);

/* "000000000139.jpg" -> 139: the digits at the end of the stem. False when there are none or over 2^53. */
bool duet_coco_id_from_stem(const char *path, int64_t *id);

#endif
