#include "core/labels.h"

const struct duet_label *duet_labels_by_id(const struct duet_labels *labels, int id)
{
    for (size_t i = 0; i < labels->count; i++)
        if (labels->items[i].id == id) return &labels->items[i];
    return NULL;
}

const char *duet_labels_name(const struct duet_labels *labels, int id)
{
    const struct duet_label *label = duet_labels_by_id(labels, id);
    return label ? label->name : "unknown";
}
