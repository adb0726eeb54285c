/* report.h: scores as one HTML file that people look at: no scripts, nothing from elsewhere, opens from disk.
 *
 *   FOLDER/index.html
 *   FOLDER/pictures/1.jpg ...   those it shows
 *
 * Open, let each metric put in its part (eval/voc/report.h ...), add pictures, commit. Additions never fail
 * by themselves unless they write a file: a refused allocation is told by commit.
 */
#ifndef DUET_EVAL_REPORT_REPORT_H
#define DUET_EVAL_REPORT_REPORT_H

#include "duet/image.h"
#include "eval/report/conditions.h"

struct duet_report; /* opaque */

/* `title` and `subtitle` head the page. The folder is made if need be; its files are replaced, index.html
 * only at the commit. Texts here and below are borrowed for the call. Errors: DUET_IO_ERROR, DUET_NOT_FOUND,
 * DUET_OUT_OF_MEMORY. */
enum duet_status duet_report_open(const char *folder, const char *title, const char *subtitle,
                                  struct duet_report **report, struct duet_error *error);

/* A headline of its own, and words below it (NULL: none). */
void duet_report_section(struct duet_report *report, const char *title, const char *words);
void duet_report_conditions(struct duet_report *report, const struct duet_conditions *conditions);
/* What is odd about the data; nothing when there is none. */
void duet_report_warnings(struct duet_report *report, const char *const *warnings, size_t count);

/* --- pictures ----------------------------------------------------------------------------------------- */

/* What stands above pictures. */
struct duet_report_heading {
    const char *title;
    const char *caption;
    const struct duet_report_key { /* what colours mean */
        uint8_t r, g, b;
        const char *text;
    } * keys;
    size_t key_count;
};

/* One of several beside each other. */
struct duet_report_picture {
    const struct duet_image *image; /* RGB8 */
    const char *label;              /* below it */
};

/* Pictures of one thing in a row, written as JPEG files. Errors: DUET_IO_ERROR, DUET_OUT_OF_MEMORY. */
enum duet_status duet_report_pictures(struct duet_report *report, const struct duet_report_heading *heading,
                                      const struct duet_report_picture *pictures, size_t count,
                                      struct duet_error *error);

/* A box over a picture. */
enum duet_report_mark_kind {
    DUET_REPORT_HIT,   /* found, and right: green */
    DUET_REPORT_WRONG, /* found, and wrong: red */
    DUET_REPORT_TRUTH, /* a ground truth that was found: blue */
    DUET_REPORT_MISSED /* a ground truth that was not: amber, dashed */
};
struct duet_report_mark {
    double x, y, width, height; /* pixels of the picture */
    enum duet_report_mark_kind kind;
    const char *text; /* "dog 0.93"; may be NULL */
};
struct duet_report_boxes {
    const struct duet_report_mark *marks; /* later ones lie over earlier ones */
    size_t count;
    const char *label; /* below the picture */
};

/* One picture, as often as there are sets of boxes over it. Errors as above. */
enum duet_status duet_report_boxes(struct duet_report *report, const struct duet_report_heading *heading,
                                   const struct duet_image *image, const struct duet_report_boxes *sets,
                                   size_t count, struct duet_error *error);

/* --- the end ------------------------------------------------------------------------------------------ */

/* Write index.html; frees the report and sets *report to NULL in any case. Errors: DUET_IO_ERROR,
 * DUET_OUT_OF_MEMORY. */
enum duet_status duet_report_commit(struct duet_report **report, struct duet_error *error);
/* Free without writing. Accepts NULL. */
void duet_report_discard(struct duet_report **report);

#endif
