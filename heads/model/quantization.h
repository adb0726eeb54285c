/* quantization.h: the metadata's "quantization": what stored numbers stand for, by layer. Internal. */
#ifndef DUET_HEADS_MODEL_QUANTIZATION_H
#define DUET_HEADS_MODEL_QUANTIZATION_H

#include "duet/model.h"
#include "model/fields.h"

/* Check `value` (NULL: there is none) against the network that it belongs to; a summary into *quantization.
 */
enum duet_status duet_quantization_read(const struct duet_field_reader *reader, const json_t *value,
                                        const struct duet_network *network,
                                        struct duet_model_quantization *quantization);

#endif
