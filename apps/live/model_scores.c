#include "live/model_scores.h"

#include "core/fail.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>

size_t duet_model_scores_read(const struct duet_weights *weights,
                              struct duet_model_score scores[DUET_MODEL_SCORES])
{
    const char *text = duet_weights_metadata(weights);
    json_t *root = text ? json_loads(text, 0, NULL) : NULL, *item;
    size_t count = 0, i;
    json_array_foreach(json_object_get(root, "scores"), i, item)
    {
        struct duet_model_score score;
        bool whole = json_unpack(item, "{s:i, s:i, s:F}", "size", &score.size, "output_stride",
                                 &score.output_stride, "miou", &score.miou) == 0;
        if (count < DUET_MODEL_SCORES && whole && score.miou > 0 && score.miou <= 1) scores[count++] = score;
    }
    json_decref(root);
    return count;
}

enum duet_status duet_model_scores_write(struct duet_weights *weights, const struct duet_model_score *scores,
                                         size_t count, struct duet_error *error)
{
    json_t *root = json_loads(duet_weights_metadata(weights), 0, NULL), *list = json_array();
    bool good = root && list;
    for (size_t i = 0; good && i < count; i++)
        good =
            json_array_append_new(list, json_pack("{s:i, s:i, s:f}", "size", scores[i].size, "output_stride",
                                                  scores[i].output_stride, "miou", scores[i].miou)) == 0;
    good = good && json_object_set(root, "scores", list) == 0;
    char *text = good ? json_dumps(root, JSON_COMPACT) : NULL;
    enum duet_status status = text ? duet_weights_set_metadata(weights, text, error)
                                   : duet_no_memory(error, NULL, "for the model's scores");
    free(text);
    json_decref(list);
    json_decref(root);
    return status;
}
