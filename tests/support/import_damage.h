/* import_damage.h: the import of damaged TFLite files, watched. Wants memory.c. */
#ifndef DUET_SUPPORT_IMPORT_DAMAGE_H
#define DUET_SUPPORT_IMPORT_DAMAGE_H

#include "support/import_tflite.h"
#include "support/memory.h"
#include "support/mutation.h"

/* What an import may take beside twice the file: counts have limits, the rest is the network's description.
 */
#define MOST_MEMORY ((ptrdiff_t)16 << 20)

/* True: it was accepted all the same. `what` and `at` say what was done to the file. */
static inline bool import_damaged(const uint8_t *file, size_t size, const char *what, size_t at)
{
    struct duet_error e = {.text = ""};
    struct duet_weights *weights;
    memory_watch(0);
    enum duet_status status = import_bytes(file, size, NULL, &weights, &e);
    duet_weights_close(&weights);
    struct memory_report report = memory_unwatch();
    if (status != DUET_OK && !e.text[0]) fail_msg("%s %zu: no text", what, at);
    if (report.blocks != 0) fail_msg("%s %zu: %ld leaks", what, at, report.blocks);
    if (report.peak_size > MOST_MEMORY + 2 * (ptrdiff_t)size)
        fail_msg("%s %zu: %td bytes taken for a file of %zu", what, at, report.peak_size, size);
    return status == DUET_OK;
}

#endif
