#include "cli/words.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- nearest word ------------------------------------------------------------------------------------- */

enum { LONGEST_WORD = 64 };

/* Edit distance with swaps of neighbours; words longer than LONGEST_WORD are infinitely far. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST_WORD || m > LONGEST_WORD) return SIZE_MAX;
    size_t rows[3][LONGEST_WORD + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++) last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best) best = last[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before[j - 2] + 1 < best) best = before[j - 2] + 1;
            row[j] = best;
        }
        size_t *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[m];
}

static const char *const *next_word(const char *const *at, size_t stride)
{
    return (const char *const *)(const void *)((const char *)at + stride);
}

/* The only word that begins with `part` (two characters or more) or contains it (three or more). */
static const char *only_containing(const char *part, const char *const *words, size_t stride)
{
    const char *found[2] = {NULL, NULL}; /* beginning with it, containing it */
    size_t hits[2] = {0, 0}, length = strlen(part);
    for (; *words; words = next_word(words, stride)) {
        bool begins = length >= 2 && strncmp(part, *words, length) == 0;
        bool contains = length >= 3 && strstr(*words, part);
        if (begins) found[0] = *words;
        if (contains) found[1] = *words;
        hits[0] += begins;
        hits[1] += contains;
    }
    return hits[0] == 1 ? found[0] : hits[1] == 1 ? found[1] : NULL;
}

static const char *nearest_word(const char *word, const char *const *words, size_t stride)
{
    const char *nearest = only_containing(word, words, stride);
    if (nearest) return nearest;
    size_t length = strlen(word), allowed = length < 3 ? 0 : length < 5 ? 1 : length < 9 ? 2 : length / 3;
    for (size_t best = allowed + 1; *words; words = next_word(words, stride)) {
        size_t d = distance(word, *words);
        if (d >= best) continue;
        best = d;
        nearest = *words;
    }
    return nearest;
}

const char *duet_suggestion(char text[DUET_SUGGESTION], const char *lead, const char *word,
                            const char *const *words, size_t stride)
{
    const char *nearest = nearest_word(word, words, stride);
    text[0] = '\0';
    if (nearest) snprintf(text, DUET_SUGGESTION, "; did you mean '%s%s'?", lead, nearest);
    return text;
}

/* --- numbers ------------------------------------------------------------------------------------------ */

static const char *skip_digits(const char *p)
{
    while (*p >= '0' && *p <= '9') p++;
    return p;
}

bool duet_parse_int(const char *text, long long *value)
{
    const char *digits = text + (*text == '-' || *text == '+');
    if (*digits == '\0' || *skip_digits(digits) != '\0') return false;
    errno = 0;
    *value = strtoll(text, NULL, 10); /* on overflow: the nearest, which every range refuses */
    return true;
}

int duet_parse_pair(const char *text, const char *between, long long pair[2])
{
    char first[32];
    size_t length = strcspn(text, between);
    const char *second = text[length] ? text + length + 1 : NULL;
    if (length >= sizeof first) return 0;
    memcpy(first, text, length);
    first[length] = '\0';
    if (!duet_parse_int(first, &pair[0]) || (second && !duet_parse_int(second, &pair[1]))) return 0;
    return second ? 2 : 1;
}

/* [+-] digits [. digits] [e [+-] digits], with a digit somewhere before the e. */
static bool is_decimal(const char *p)
{
    p += *p == '-' || *p == '+';
    const char *whole = p;
    p = skip_digits(p);
    bool any = p > whole;
    if (*p == '.') {
        const char *fraction = p + 1;
        p = skip_digits(fraction);
        any = any || p > fraction;
    }
    if (!any) return false;
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '-' || p[1] == '+');
        const char *exponent = p;
        p = skip_digits(exponent);
        if (p == exponent) return false;
    }
    return *p == '\0';
}

bool duet_parse_float(const char *text, double *value)
{
    if (!is_decimal(text)) return false;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0) return false;
    double number = strtod_l(text, NULL, plain);
    freelocale(plain);
    if (!isfinite(number)) return false;
    *value = number;
    return true;
}

bool duet_parse_size(const char *text, size_t *bytes)
{
    static const char units[] = "KMGT";
    char digits[32];
    double value;
    size_t length = strspn(text, "0123456789.");
    const char *unit = text + length;
    if (length == 0 || length >= sizeof digits) return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!duet_parse_float(digits, &value)) return false;
    const char *found = *unit ? strchr(units, *unit >= 'a' ? *unit - 'a' + 'A' : *unit) : NULL;
    if (*unit && (!found || unit[1] != '\0')) return false;
    for (const char *u = units; found && u <= found; u++) value *= 1024;
    if (!(value >= 1) || value >= 9e18) return false;
    *bytes = (size_t)value;
    return true;
}
