/* decode.h: what the detector needs to know of a decoder besides duet/ssdlite_decode.h. Internal. */
#ifndef DUET_HEADS_SSDLITE_DECODE_H
#define DUET_HEADS_SSDLITE_DECODE_H

#include "duet/ssdlite_decode.h"

/* What it was made with, to make another one like it; borrowed. */
const struct duet_ssdlite_decoder_options *
duet_ssdlite_decoder_options_of(const struct duet_ssdlite_decoder *decoder);

#endif
