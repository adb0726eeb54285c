/* plain_number.h: decimal numbers in text files, the same in every locale. Internal to duet-data and
 * duet-eval. */
#ifndef DUET_DATA_JSON_PLAIN_NUMBER_H
#define DUET_DATA_JSON_PLAIN_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* The whole of `text` as a number, correctly rounded: "12", "-0.5", "+1e-3", ".5". False when it is none, or
 * too large for a double; "nan", "inf" and hexadecimal are none. */
bool duet_plain_number(const char *text, size_t length, double *value);

#endif
