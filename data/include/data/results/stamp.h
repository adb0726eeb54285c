/* stamp.h: moments as text, in UTC, to the millisecond. Internal to Duet's libraries and programs. */
#ifndef DUET_DATA_RESULTS_STAMP_H
#define DUET_DATA_RESULTS_STAMP_H

#define DUET_STAMP 32 /* bytes that suffice */

/* Of seconds since 1970: "2026-11-22T05:01:02.345Z", as it stands in records, ... */
void duet_stamp(double seconds, char text[DUET_STAMP]);
/* ... and "20261122T050102.345Z", as it stands in the names of files. */
void duet_stamp_name(double seconds, char text[DUET_STAMP]);

#endif
