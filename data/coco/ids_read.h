/* ids_read.h: how tables of ids are made. Internal to duet-data; what they are is said in
 * data/coco/ids.h. */
#ifndef DUET_DATA_COCO_IDS_READ_H
#define DUET_DATA_COCO_IDS_READ_H

#include "data/coco/ids.h"
#include "json/read.h"

/* The id that a value stands for; *ids is made with the first name. DUET_OK; DUET_BAD_FORMAT: it cannot be
 * an id (an array, an object, NaN, a string with NUL in it); DUET_OUT_OF_MEMORY; DUET_TOO_LARGE: too many. */
enum duet_status duet_coco_id_of_token(struct duet_coco_ids **ids, const struct duet_json_token *token,
                                       int64_t *id);
/* The same without adding: DUET_COCO_ID_NONE when it is none, or not in `ids`. */
int64_t duet_coco_id_find(const struct duet_coco_ids *ids, const struct duet_json_token *token);

/* What such faults say was expected. */
#define DUET_COCO_ID_WANTED "a number or a string"

/* Number the names anew, in the order of the ids that pycocotools would sort: numbers by size, strings by
 * code points. Then duet_coco_id_sorted says what has become of a number. False when out of memory. */
bool duet_coco_ids_sort(struct duet_coco_ids *ids);
int64_t duet_coco_id_sorted(const struct duet_coco_ids *ids, int64_t id);

/* Free and set to NULL. Accepts NULL in it. */
void duet_coco_ids_close(struct duet_coco_ids **ids);

#endif
