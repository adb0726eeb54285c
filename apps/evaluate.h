/* evaluate.h: the commands of the evaluate program, and what they share. To add one: a file
 * evaluate_NAME.c with `int evaluate_NAME(int argc, char **argv)`, and its row in evaluate.c. */
#ifndef DUET_APPS_EVALUATE_H
#define DUET_APPS_EVALUATE_H

#include "common/console.h"
#include "common/options.h"
#include "duet/conditions.h"
#include "duet/image.h"

int evaluate_coco(int argc, char **argv);
int evaluate_compare(int argc, char **argv);
int evaluate_subset(int argc, char **argv);
int evaluate_voc(int argc, char **argv);
int evaluate_voc_detect(int argc, char **argv);

/* --- texts into files --------------------------------------------------------------------------------- */

/* Before any work: may `path` (of --option; NULL: not given) be written? "-" is standard output. Returns
 * DUET_GO_ON or the code to exit with. */
int evaluate_may_write(const struct duet_program *program, const char *option, const char *path, bool force);

/* The same for a report's folder: its index.html must not be there yet, without `force`. */
int evaluate_may_report(const struct duet_program *program, const char *folder, bool force);

/* Write a whole text, which is freed, to `path`; "-" is standard output. NULL for `text` stands for memory
 * that was refused. Returns DUET_GO_ON or the code to exit with. */
int evaluate_write(struct duet_console *console, const char *path, char *text);

/* "evaluate voc: ..." and the code to exit with. */
int evaluate_failed(struct duet_console *console, const struct duet_error *error);

/* Decode a picture as it is stored, whatever orientation it notes: ground truth lies over those pixels.
 * Owned: duet_image_close. */
enum duet_status evaluate_decode(const char *path, struct duet_image *image, struct duet_error *error);

#endif
