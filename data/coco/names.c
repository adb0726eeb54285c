#include "coco/names.h"

#include "core/grow.h"

#include <string.h>
#include <xxhash.h>

void duet_names_close(struct duet_names *names)
{
    free(names->text);
    free(names->starts);
    free(names->slots);
    *names = (struct duet_names){0};
}

static size_t length_of(const struct duet_names *names, size_t number)
{
    size_t end = number + 1 < names->count ? names->starts[number + 1] : names->text_size;
    return end - 1 - names->starts[number];
}

/* The slot that holds the name, or the free one where it belongs. The hash is seeded with an address, which
 * nobody who makes a file knows: names that all fall into one slot cannot be prepared. */
static size_t slot_of(const struct duet_names *names, const char *name, size_t length)
{
    size_t mask = names->slot_count - 1,
           slot = (size_t)XXH3_64bits_withSeed(name, length, (uintptr_t)names->slots) & mask;
    for (;; slot = (slot + 1) & mask) {
        uint32_t entry = names->slots[slot];
        if (entry == 0) return slot;
        if (length_of(names, entry - 1) == length &&
            memcmp(names->text + names->starts[entry - 1], name, length) == 0)
            return slot;
    }
}

size_t duet_names_find(const struct duet_names *names, const char *name, size_t length)
{
    if (names->count == 0) return DUET_NAME_NONE;
    uint32_t entry = names->slots[slot_of(names, name, length)];
    return entry ? entry - 1 : DUET_NAME_NONE;
}

static bool grow_slots(struct duet_names *names)
{
    if (names->count < names->slot_count / 4 * 3) return true;
    size_t slot_count = names->slot_count ? names->slot_count * 2 : 64;
    uint32_t *slots = names->count < UINT32_MAX / 4 ? calloc(slot_count, sizeof *slots) : NULL;
    if (!slots) return false;
    free(names->slots);
    names->slots = slots;
    names->slot_count = slot_count;
    for (size_t i = 0; i < names->count; i++)
        slots[slot_of(names, names->text + names->starts[i], length_of(names, i))] = (uint32_t)i + 1;
    return true;
}

size_t duet_names_add(struct duet_names *names, const char *name, size_t length, bool *added)
{
    size_t found = duet_names_find(names, name, length), text_needed;
    if (added) *added = found == DUET_NAME_NONE;
    if (found != DUET_NAME_NONE) return found;
    if (!grow_slots(names) || !duet_add_size(length, 1, &text_needed) ||
        !duet_add_size(text_needed, names->text_size, &text_needed))
        return DUET_NAME_NONE;
    if (!DUET_GROW(names->text, names->text_capacity, text_needed) ||
        !DUET_GROW(names->starts, names->capacity, names->count + 1))
        return DUET_NAME_NONE;
    size_t slot = slot_of(names, name, length);
    names->starts[names->count] = names->text_size;
    memcpy(names->text + names->text_size, name, length);
    names->text[text_needed - 1] = '\0';
    names->text_size = text_needed;
    names->slots[slot] = (uint32_t)++names->count;
    return names->count - 1;
}

const char *duet_names_text(const struct duet_names *names, size_t number)
{
    return names->text + names->starts[number];
}
