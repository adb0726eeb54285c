/* image_ids.h: lists of images in files, by their ids. */
#ifndef DUET_APPS_EVALUATE_IMAGE_IDS_H
#define DUET_APPS_EVALUATE_IMAGE_IDS_H

#include "data/coco/truth.h"
#include "eval/report/conditions.h"

/* Images of the ground truth by their ids, one a line: each once, lowest first. Owned: free(). Errors:
 * DUET_BAD_FORMAT with line (it is none of its images), those of reading. */
enum duet_status evaluate_read_ids(const char *path, const struct duet_coco_truth *truth, int64_t **ids,
                                   size_t *count, struct duet_error *error);

/* duet_list_hash of ids as files have them. */
void evaluate_hash_ids(const struct duet_coco_ids *ids, const int64_t *items, size_t count,
                       char hex[DUET_LIST_HASH]);

#endif
