/* ranges.h: what is known of published models' results, measured once. */
#ifndef DUET_APPS_MODELS_RANGES_H
#define DUET_APPS_MODELS_RANGES_H

#include "duet/quantize.h"

#include <stdbool.h>

/* Ranges and what they were measured on, of the model whose data has that sha256: one that was made of the
 * same source, but trained further or with another head, has other results. False, and *options stays: none
 * are known. */
bool models_known_ranges(const char *data_sha256, struct duet_quantize_options *options);

#endif
