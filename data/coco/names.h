/* names.h: a set of byte strings, numbered 0, 1, 2 ... as they came, found again by hashing. Internal to
 * duet-data. */
#ifndef DUET_DATA_COCO_NAMES_H
#define DUET_DATA_COCO_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DUET_NAME_NONE SIZE_MAX

/* Zero to begin with. Takes the names' bytes plus some 24 bytes a name. */
struct duet_names {
    char *text; /* all names, each with a terminator */
    size_t text_size, text_capacity;
    size_t *starts; /* [count] in text */
    size_t count, capacity;
    uint32_t *slots; /* [slot_count] number + 1, 0 = free; slot_count is a power of two, at most 3/4 full */
    size_t slot_count;
};

void duet_names_close(struct duet_names *names);

/* The number of a name, or DUET_NAME_NONE. */
size_t duet_names_find(const struct duet_names *names, const char *name, size_t length);

/* The same, adding the name when it is new; *added (may be NULL) tells. DUET_NAME_NONE when out of memory. */
size_t duet_names_add(struct duet_names *names, const char *name, size_t length, bool *added);

/* Borrowed until the next addition. */
const char *duet_names_text(const struct duet_names *names, size_t number);

#endif
