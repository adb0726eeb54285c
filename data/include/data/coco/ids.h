/* ids.h: ids of images, categories and annotations, as COCO files have them.
 *
 * Most are whole numbers, and those of 64 bits stand for themselves. Whatever else Python's json can read and
 * look up - strings, larger numbers, fractions, null - is kept as text in the table of its file and known by
 * a number of a range that is set aside for such names, INT64_MIN to INT64_MIN + 2^32 - 1. Two values are one
 * id where Python has them equal: 1, 1.0 and true; "1" is another. */
#ifndef DUET_DATA_COCO_IDS_H
#define DUET_DATA_COCO_IDS_H

#include "data/json/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The names of one file; NULL, and a table without any, when all its ids are plain numbers. */
struct duet_coco_ids; /* opaque */

/* Is it a number that stands for a name? */
static inline bool duet_coco_id_is_named(int64_t id)
{
    return id < INT64_MIN + ((int64_t)1 << 32);
}

/* The last of those numbers: it is nobody's. */
#define DUET_COCO_ID_NONE (INT64_MIN + (((int64_t)1 << 32) - 1))

/* The id as text: a number's digits, a string without quotes. Borrowed from `ids`, or in `room`. */
#define DUET_COCO_ID_ROOM 24
const char *duet_coco_id_text(const struct duet_coco_ids *ids, int64_t id, char room[DUET_COCO_ID_ROOM]);

/* As JSON has it. */
void duet_put_coco_id(struct duet_buffer *buffer, const struct duet_coco_ids *ids, int64_t id);

/* Does it want quotes in JSON? */
bool duet_coco_id_is_string(const struct duet_coco_ids *ids, int64_t id);

/* The id that a word of a list stands for: a number, or else a string. Is that number not among `known`, the
 * string of its digits may be. */
struct duet_coco_id_words {
    int64_t number, string; /* DUET_COCO_ID_NONE: it is none, or the file has no such id */
};
struct duet_coco_id_words duet_coco_id_of_word(const struct duet_coco_ids *ids, const char *word,
                                               size_t length);

/* What an id of one file is in another: itself, or the number that the same name has there;
 * DUET_COCO_ID_NONE: there is no such name. */
int64_t duet_coco_id_in(const struct duet_coco_ids *there, const struct duet_coco_ids *here, int64_t id);

#endif
