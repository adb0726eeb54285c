/* ranges.h: what is known of published models' results, measured once. */
#ifndef DUET_APPS_MODELS_RANGES_H
#define DUET_APPS_MODELS_RANGES_H

#include "duet/quantize.h"

#include <stdbool.h>

/* Ranges and what they were measured on, of the model that was made of that source (its sha256). False, and
 * *options stays: none are known. */
bool models_known_ranges(const char *source_sha256, struct duet_quantize_options *options);

#endif
