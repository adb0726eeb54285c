/* labels.h: the classes of COCO and PASCAL VOC, and how people name them. */
#ifndef DUET_DATA_LABELS_LABELS_H
#define DUET_DATA_LABELS_LABELS_H

#include "core/labels.h" /* by id */

#include <stdbool.h>

/* COCO's 80 object classes, ids 1..90 with gaps; VOC's 21 with background, ids 0..20. Static. */
struct duet_labels duet_labels_coco(void);
struct duet_labels duet_labels_voc(void);
/* Of VOC's class 0 .. 20. */
const char *duet_voc_class_name(int class_id);

/* The label that `name` means: its own name, or the other data set's for the same thing (aeroplane/airplane,
 * motorbike/motorcycle, sofa/couch, tvmonitor/tv, diningtable/"dining table", pottedplant/"potted plant").
 * Case, '_', '-' and spaces do not matter. NULL when there is none. Borrowed like `labels`. */
const struct duet_label *duet_labels_find(const struct duet_labels *labels, const char *name);

/* The label whose name is nearest to `name` (edit distance at most a third of its length), or NULL. */
const struct duet_label *duet_labels_suggest(const struct duet_labels *labels, const char *name);

/* Read "person,car,traffic light" into selected[label index] (labels.count flags, set to false first).
 * Errors: DUET_NOT_FOUND: "unknown class 'persn'; did you mean 'person'?"; DUET_BAD_ARGUMENT for an empty
 * list. */
enum duet_status duet_labels_select(const struct duet_labels *labels, const char *list, bool *selected,
                                    struct duet_error *error);

#endif
