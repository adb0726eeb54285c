#include "batch/rotation.h"

#include "cli/words.h"
#include "core/fail.h"
#include "core/os.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum duet_status duet_rotation_parse(const char *text, struct duet_rotation *rotation,
                                     struct duet_error *error)
{
    static const struct {
        char suffix;
        double seconds, bytes;
    } units[] = {{'s', 1, 0},    {'m', 60, 0},      {'h', 3600, 0},   {'d', 86400, 0},
                 {'K', 0, 1024}, {'M', 0, 1 << 20}, {'G', 0, 1 << 30}};
    const double longest = 1e9, largest = 1e15;
    size_t length = strlen(text), unit = 0, count = sizeof units / sizeof *units;
    char *digits = length > 1 ? strndup(text, length - 1) : NULL;
    double value = 0;
    while (length > 1 && unit < count && units[unit].suffix != text[length - 1]) unit++;
    bool good = digits && unit < count && duet_parse_float(digits, &value) && value > 0;
    free(digits);
    if (good) *rotation = (struct duet_rotation){value * units[unit].seconds, (int64_t)0};
    if (good && value * units[unit].bytes <= largest) rotation->bytes = (int64_t)(value * units[unit].bytes);
    good = good && rotation->seconds <= longest && value * units[unit].bytes <= largest &&
           (rotation->seconds > 0 || rotation->bytes > 0);
    if (good) return DUET_OK;
    *rotation = (struct duet_rotation){0};
    return duet_fail(error, DUET_BAD_ARGUMENT,
                     "'%s': expected a time such as 90s, 30m, 1h or 1d, or a size such as 500K, 100M or 2G",
                     text);
}

bool duet_rotation_is_due(const struct duet_rotation *rotation, double seconds, int64_t bytes)
{
    return (rotation->seconds > 0 && seconds >= rotation->seconds) ||
           (rotation->bytes > 0 && bytes >= rotation->bytes);
}

/* One conversion, into at most `size` bytes. */
static size_t put_conversion(char *text, size_t size, char conversion, const struct tm *utc)
{
    const char format[] = {'%', conversion, '\0'};
    size_t length = strftime(text, size, format, utc);
    for (size_t i = 0; i < length; i++)
        if (text[i] == '/' || (unsigned char)text[i] < 0x20) text[i] = '-';
    return length;
}

char *duet_rotation_name(const char *pattern, double now, unsigned number)
{
    static const char conversions[] = "aAbBcCdDeFgGhHIjklmMpPrRsSTuUVwWxXyYzZ";
    enum { LONGEST = 64 }; /* of what one of them becomes */
    struct tm utc = {0};
    const time_t seconds = (time_t)now;
    gmtime_r(&seconds, &utc);
    char *text = malloc(strlen(pattern) / 2 * LONGEST + strlen(pattern) + 1), *end = text;
    for (const char *p = pattern; text && *p; p++) {
        if (p[0] == '%' && p[1] && strchr(conversions, p[1]))
            end += put_conversion(end, LONGEST, *++p, &utc);
        else if (p[0] == '%' && p[1] == '%')
            *end++ = *p++;
        else
            *end++ = *p;
    }
    if (!text) return NULL;
    *end = '\0';
    if (number < 2) return text;
    const char *extension = duet_path_extension(text);
    char *numbered = duet_text("%.*s-%u%s", (int)(extension - text), text, number, extension);
    free(text);
    return numbered;
}
