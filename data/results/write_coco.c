/* COCO results: one JSON array of detections, written as they come. The writer's state: are there any yet? */
#include "coco/ids_read.h"
#include "core/fail.h"
#include "results/writer.h"

#include <stdlib.h>

static enum duet_status id_of(struct duet_writer *writer, const char *source, int64_t *id,
                              struct duet_error *error)
{
    if (writer->options.coco_images) {
        if (duet_coco_images_find(writer->options.coco_images, source, id)) return DUET_OK;
        return duet_fail(
            error, DUET_BAD_ARGUMENT,
            "%s: no image id: the file given as --coco-images does not name it, or by several ids", source);
    }
    if (duet_coco_id_from_stem(source, id)) return DUET_OK;
    return duet_fail(error, DUET_BAD_ARGUMENT,
                     "%s: no image id: its name ends in no digits, and no --coco-images was given", source);
}

/* Frames have the names that they are annotated under. Numbers of our own would be some picture's. */
static enum duet_status id_of_frame(struct duet_writer *writer, const struct duet_record *record, int64_t *id,
                                    struct duet_error *error)
{
    static const char *const endings[] = {".png", ".jpg"};
    if (!writer->options.coco_images)
        return duet_fail(error, DUET_UNSUPPORTED,
                         "%s: frames have no COCO image ids by themselves; --coco-images can give them, by "
                         "names such as clip_000012.png",
                         record->source);
    char *stem = duet_frame_stem(record);
    bool found = false;
    for (int i = 0; stem && !found && i < 2; i++) {
        char *name = duet_text("%s%s", stem, endings[i]);
        found = name && duet_coco_images_find(writer->options.coco_images, name, id);
        free(name);
    }
    enum duet_status status =
        found  ? DUET_OK
        : stem ? duet_fail(error, DUET_BAD_ARGUMENT,
                           "%s: no image id: the file given as --coco-images names no %s.png, nor .jpg",
                           record->source, stem)
               : duet_no_memory(error, record->source, NULL);
    free(stem);
    return status;
}

/* Ids that are no plain numbers have come from there. */
static const struct duet_coco_ids *named_ids(const struct duet_writer *writer)
{
    return writer->options.coco_images ? duet_coco_images_ids(writer->options.coco_images) : NULL;
}

static enum duet_status check(struct duet_writer *writer, const char *source, const char *name,
                              struct duet_error *error)
{
    (void)name;
    int64_t id;
    enum duet_status status = id_of(writer, source, &id, error);
    if (status != DUET_OK) return status;
    char room[DUET_COCO_ID_ROOM];
    const char *key = duet_coco_id_text(named_ids(writer), id, room);
    return duet_output_names_give(&writer->names, "image id", key, source, true, error);
}

static void begin(struct duet_writer *writer)
{
    duet_put(&writer->text, "[");
}

static void put_detection(struct duet_buffer *text, const struct duet_coco_ids *named, int64_t id,
                          const struct duet_detection *d)
{
    duet_put(text, "{\"image_id\":");
    duet_put_coco_id(text, named, id);
    duet_putf(text, ",\"category_id\":%d,\"bbox\":[", d->category_id);
    duet_put_box(text, &d->box, ",");
    duet_put(text, "],\"score\":");
    duet_put_float(text, d->score);
    duet_put(text, "}");
}

static enum duet_status write_record(struct duet_writer *writer, const struct duet_record *record,
                                     struct duet_error *error)
{
    bool *any = writer->state;
    if (!record->detections) return DUET_OK;
    int64_t id;
    enum duet_status status =
        record->moving ? id_of_frame(writer, record, &id, error) : id_of(writer, record->source, &id, error);
    if (status != DUET_OK) return status;
    for (size_t i = 0; i < record->detections->count; i++) {
        duet_put(&writer->text, *any ? ",\n" : "\n");
        put_detection(&writer->text, named_ids(writer), id, &record->detections->items[i]);
        *any = true;
    }
    return DUET_OK;
}

static const char *tail(const struct duet_writer *writer)
{
    const bool *any = writer->state;
    return *any ? "\n]\n" : "]\n";
}

const struct duet_writer_kind duet_writer_coco = {.name = "coco",
                                                  .state_size = sizeof(bool),
                                                  .check = check,
                                                  .begin = begin,
                                                  .write = write_record,
                                                  .tail = tail};
