/* What was drawn, as a COCO instances file. */
#include "data/scene/scene.h"

#include "core/fail.h"
#include "core/os.h"
#include "data/coco/rle.h"
#include "data/json/text.h"

#include <inttypes.h>
#include <stdlib.h>

struct duet_scene_truth {
    struct duet_output output;
    struct duet_buffer images, annotations; /* the items, separated by commas */
    int64_t next_id; /* of an annotation; 0 is left out: evaluators take it for "none" */
};

enum duet_status duet_scene_truth_open(const char *path, struct duet_scene_truth **truth,
                                       struct duet_error *error)
{
    *truth = calloc(1, sizeof **truth);
    if (!*truth) return duet_no_memory(error, path, NULL);
    (*truth)->next_id = 1;
    enum duet_status status = duet_output_open(&(*truth)->output, path, DUET_OUTPUT_FORCE, error);
    if (status != DUET_OK) duet_scene_truth_discard(truth);
    return status;
}

void duet_scene_truth_discard(struct duet_scene_truth **truth)
{
    if (!truth || !*truth) return;
    duet_output_discard(&(*truth)->output);
    duet_buffer_close(&(*truth)->images);
    duet_buffer_close(&(*truth)->annotations);
    free(*truth);
    *truth = NULL;
}

static void put_runs(struct duet_buffer *buffer, const struct duet_image *owners, int owner)
{
    struct duet_rle rle = {0};
    if (!duet_rle_from_pixels(&rle, owners, owner)) buffer->failed = true;
    for (size_t i = 0; i < rle.count; i++) duet_putf(buffer, "%s%u", i ? "," : "[", rle.counts[i]);
    duet_put(buffer, "]");
    duet_rle_close(&rle);
}

static void put_object(struct duet_scene_truth *truth, int64_t image_id, const struct duet_scene *scene,
                       size_t index)
{
    const struct duet_scene_object *object = &scene->objects[index];
    struct duet_buffer *buffer = &truth->annotations;
    duet_putf(buffer,
              "%s\n  {\"id\": %" PRId64 ", \"image_id\": %" PRId64 ", \"category_id\": %d, \"bbox\": [",
              buffer->size ? "," : "", truth->next_id++, image_id, object->category_id);
    duet_put_box(buffer, &object->box, ", ");
    duet_putf(buffer,
              "], \"area\": %" PRIu64
              ", \"iscrowd\": 0,\n   \"segmentation\": {\"size\": [%d, %d], \"counts\": ",
              object->pixels, scene->owners.height, scene->owners.width);
    put_runs(buffer, &scene->owners, (int)index + 1);
    duet_put(buffer, "}}");
}

enum duet_status duet_scene_truth_add(struct duet_scene_truth *truth, const char *file_name, int64_t image_id,
                                      const struct duet_scene *scene, struct duet_error *error)
{
    struct duet_buffer *images = &truth->images;
    duet_putf(images, "%s\n  {\"id\": %" PRId64 ", \"width\": %d, \"height\": %d, \"file_name\": ",
              images->size ? "," : "", image_id, scene->picture.width, scene->picture.height);
    duet_put_json_string(images, file_name);
    duet_put(images, "}");
    for (size_t i = 0; i < scene->count; i++) put_object(truth, image_id, scene, i);
    if (images->failed || truth->annotations.failed)
        return duet_fail(error, DUET_OUT_OF_MEMORY, "%s: no memory for what is in %s", truth->output.path,
                         file_name);
    return DUET_OK;
}

enum duet_status duet_scene_truth_commit(struct duet_scene_truth **truth, struct duet_error *error)
{
    struct duet_scene_truth *t = *truth;
    FILE *stream = t->output.stream;
    fputs("{\"info\": {\"description\": \"pictures drawn by Duet's scene program\"},\n \"images\": [",
          stream);
    fwrite(t->images.data, 1, t->images.size, stream);
    fputs("],\n \"annotations\": [", stream);
    fwrite(t->annotations.data, 1, t->annotations.size, stream);
    fputs("],\n"
          " \"categories\": [\n"
          "  {\"id\": 5, \"name\": \"airplane\", \"supercategory\": \"vehicle\"},\n"
          "  {\"id\": 6, \"name\": \"bus\", \"supercategory\": \"vehicle\"},\n"
          "  {\"id\": 13, \"name\": \"stop sign\", \"supercategory\": \"outdoor\"}]}\n",
          stream);
    enum duet_status status = duet_output_commit(&t->output, error);
    duet_scene_truth_discard(truth);
    return status;
}
