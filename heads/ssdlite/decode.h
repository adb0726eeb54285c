/* decode.h: what other heads and the detector need of a decoder besides duet/ssdlite_decode.h. Internal. */
#ifndef DUET_HEADS_SSDLITE_DECODE_H
#define DUET_HEADS_SSDLITE_DECODE_H

#include "duet/network.h"
#include "duet/ssdlite_decode.h"

/* The maps of the SSDLite head of that name in a session of its network: sizes, and numbers once it has run.
 * Errors: those of duet_session_output. */
enum duet_status duet_ssdlite_outputs(const char *head, const struct duet_session *session,
                                      struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS],
                                      struct duet_error *error);

/* What it was made with, to make another one like it; borrowed. */
const struct duet_ssdlite_decoder_options *
duet_ssdlite_decoder_options_of(const struct duet_ssdlite_decoder *decoder);

/* Boxes before any suppression: first look at the maps, which must stay as they are, then ask for one class
 * after the other (1 .. classes): every anchor that scores above the class's threshold, in the anchors'
 * order. *candidates lies in the decoder until it is asked again. Returns how many there are. Errors of the
 * look: DUET_BAD_ARGUMENT (maps of another size). */
enum duet_status duet_ssdlite_look(struct duet_ssdlite_decoder *decoder,
                                   const struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS],
                                   struct duet_error *error);
int duet_ssdlite_candidates(struct duet_ssdlite_decoder *decoder,
                            const struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS], int category,
                            const struct duet_candidate **candidates);

#endif
