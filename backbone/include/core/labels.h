/* labels.h: the class that an id stands for. Internal. */
#ifndef DUET_CORE_LABELS_H
#define DUET_CORE_LABELS_H

#include "duet/results.h"

/* The label of an id, or NULL. Borrowed like `labels`. */
const struct duet_label *duet_labels_by_id(const struct duet_labels *labels, int id);

/* Its name, as results carry it: "unknown" where there is none. */
const char *duet_labels_name(const struct duet_labels *labels, int id);

#endif
