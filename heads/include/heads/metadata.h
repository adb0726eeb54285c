/* metadata.h: the metadata text of a model file, read and written; backbone/weights/FORMAT.md says what is in
 * it. Internal to Duet. */
#ifndef DUET_HEADS_METADATA_H
#define DUET_HEADS_METADATA_H

#include "duet/model.h"

/* What ranges may have, as networks take them; the least one is a float32, which is a little less than 1e-12: so
 * what is rounded to it is not below it. */
#define DUET_RANGE_MIN_SCALE ((double)DUET_MIN_SCALE)
#define DUET_RANGE_MAX_SCALE 1e12

/* Zeroed: nothing. Ended by duet_metadata_close. */
struct duet_metadata {
    struct duet_model_config config; /* borrowed from the rest */
    struct json_t *root;
    struct duet_head *heads;
    void *lists[2 * DUET_MODEL_MAX_HEADS]; /* what heads point to */
    int list_count;
    char *settings;
    struct duet_model_range *ranges;
    const char **float32;
};

/* Every field is checked. `path` is for messages. Errors: see duet_model_open. */
enum duet_status duet_metadata_read(const char *path, const char *text, struct duet_metadata *metadata,
                                    struct duet_error *error);
/* Does it speak of a model, of whatever version? Of tensors alone a file has checksums. NULL: no. */
bool duet_metadata_is_model(const char *text);
void duet_metadata_close(struct duet_metadata *metadata);

/* The text for a config; "data" is left to duet_weights_save, `revision` and `data_sha256` are not looked at.
 * `base`: such a text of a file that is rewritten, whose keys that are not ours are kept,
 * of heads with those of the same name; NULL: none. Owned: free(). NULL when out of memory, or a text is not
 * UTF-8. */
char *duet_metadata_write(const struct duet_model_config *config, const char *base);

#endif
