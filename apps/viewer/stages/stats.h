/* stats.h: how fast and how late: what the figures above the picture say. */
#ifndef DUET_APPS_VIEWER_STAGES_STATS_H
#define DUET_APPS_VIEWER_STAGES_STATS_H

#include <stdbool.h>

enum { VIEWER_LATENCIES = 256 };

/* Zero to begin with. */
struct viewer_stats {
    float latencies[VIEWER_LATENCIES]; /* a ring; seconds */
    double when[VIEWER_LATENCIES];     /* they were shown */
    unsigned count;                    /* of all frames so far */
    double inference;                  /* seconds, smoothed; 0: none yet */
};

/* A frame was shown at `now`, `latency` seconds after it could have been at the earliest (it was there, and
 * due); its inference took `inference` seconds (0: none). */
void viewer_stats_add(struct viewer_stats *stats, double now, double latency, double inference);
/* What was measured before a pause or a jump says nothing about the rate after it. */
void viewer_stats_interrupt(struct viewer_stats *stats);

/* Frames a second over the last two seconds. */
double viewer_stats_rate(const struct viewer_stats *stats, double now);
/* Latency that the share `q` (0..1) of the last 256 frames did not exceed: the smallest such value. 0: no
 * frames. */
double viewer_stats_latency(const struct viewer_stats *stats, double q);

#endif
