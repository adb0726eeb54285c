/* ranges.h: what the bytes of each layer's result stand for, from what was measured. Internal.
 *
 * A range holds everything seen (of a layer that can be negative, most of it: duet_measured_share), and 0,
 * which is a byte exactly. CONCAT's inputs have its range, so that what
 * is joined needs no rescaling (but for side inputs, which have their own), and BROADCAST, UPSAMPLE and
 * SUBSAMPLE that of their input. No range have layers that nobody reads, logits, and linear 1x1 convolutions
 * that only an ADD reads, as its later term: their sums go into it without being rounded. */
#ifndef DUET_HEADS_QUANTIZE_RANGES_H
#define DUET_HEADS_QUANTIZE_RANGES_H

#include "duet/model.h"
#include "quantize/measured.h"

/* The one of smallest and largest. */
struct duet_model_range duet_range_of(const char *layer, double low, double high);

/* May the layer's result stay without bytes? `kept`: it computes in float32. */
bool duet_ranges_needs_none(const struct duet_network *network, duet_node node, bool kept);

/* ranges[], room for as many as layers; names are the network's. `measured` [layers], `kept` [layers]: those
 * that compute in float32. The picture's range has the bytes of all heads. */
int duet_ranges_find(const struct duet_model_config *config, const struct duet_network *network,
                     const struct measured *measured, const bool *kept, struct duet_model_range *ranges);

#endif
