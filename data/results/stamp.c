#include "data/results/stamp.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* "2026", dash, "11", dash, "22T05", colon, "01", colon, "02.345Z" */
static void put(double seconds, const char *dash, const char *colon, char text[DUET_STAMP])
{
    struct tm utc;
    const int64_t thousandths = (int64_t)floor(seconds * 1000 + 0.5);
    const time_t whole = (time_t)(thousandths / 1000);
    if (!gmtime_r(&whole, &utc)) utc = (struct tm){0};
    int length = snprintf(text, DUET_STAMP, "%04d%s%02d%s%02dT%02d%s%02d%s%02d.%03dZ",
                          (utc.tm_year + 1900) % 10000, dash, utc.tm_mon + 1, dash, utc.tm_mday, utc.tm_hour,
                          colon, utc.tm_min, colon, utc.tm_sec, (int)(thousandths % 1000));
    if (length >= DUET_STAMP) text[0] = '\0'; /* never: every field has its width */
}

void duet_stamp(double seconds, char text[DUET_STAMP])
{
    put(seconds, "-", ":", text);
}

void duet_stamp_name(double seconds, char text[DUET_STAMP])
{
    put(seconds, "", "", text);
}
