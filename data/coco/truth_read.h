/* truth_read.h: the images of a COCO instances file, one after the other, and nothing else of it: memory does not
 * grow with the file. Internal to duet-data. */
#ifndef DUET_DATA_COCO_TRUTH_READ_H
#define DUET_DATA_COCO_TRUTH_READ_H

#include "coco/ids_read.h"

/* Called for each: images[index] has that id, a name in `ids`, and that file name, which is the handler's to
 * change until it returns; NULL: none, or no string. Returns what duet_json_refuse returned to stop, else true. */
typedef bool duet_coco_image_handler(void *ctx, struct duet_json_reader *reader,
                                     const struct duet_coco_ids *ids, size_t index, int64_t id,
                                     char *file_name);

/* *ids, also after a failure, is the caller's to close. Errors: those of duet_coco_truth_open, and what the
 * handler said. */
enum duet_status duet_coco_read_images(const char *path, duet_coco_image_handler *on_image, void *ctx,
                                       struct duet_coco_ids **ids, struct duet_error *error);

#endif
