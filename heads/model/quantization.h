/* quantization.h: the metadata's "quantization": what the bytes of a network's results stand for. Internal.
 */
#ifndef DUET_HEADS_MODEL_QUANTIZATION_H
#define DUET_HEADS_MODEL_QUANTIZATION_H

#include "heads/metadata.h"
#include "model/fields.h"

/* `value` (NULL: there is none) into metadata->config.quantization. */
enum duet_status duet_quantization_read(const struct duet_field_reader *reader, const json_t *value,
                                        struct duet_metadata *metadata);

/* Are those that it names layers of the network? */
enum duet_status duet_quantization_check(const struct duet_field_reader *reader,
                                         const struct duet_model_quantization *quantization,
                                         const struct duet_network *network);

/* Into root["quantization"], which goes where rounding is NULL. False: no memory, or a text is not UTF-8. */
bool duet_quantization_write(json_t *root, const struct duet_model_quantization *quantization);

#endif
