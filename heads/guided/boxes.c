#include "guided/boxes.h"

#include "core/fail.h"
#include "guided/heat.h"
#include "ssdlite/decode.h"

#include <stdio.h>
#include <stdlib.h>

struct boxes {
    const struct duet_head *head, *source;
    struct duet_ssdlite_decoder *decoder;
    struct duet_heat maps;
};

static const char *source_of(const struct duet_head *head)
{
    return head->config.guided.boxes_of;
}

static void close_boxes(void **memory)
{
    struct boxes *b = *memory;
    if (b) duet_ssdlite_decoder_close(&b->decoder);
    free(b);
    *memory = NULL;
}

/* The side input, [1, H, W, classes - 1] bytes. */
static enum duet_status side_input(const struct duet_head *head, struct duet_session *session,
                                   struct duet_view *view, struct duet_error *error)
{
    char name[64];
    snprintf(name, sizeof name, "%s.boxes", head->name);
    return duet_session_input(session, name, view, error);
}

static enum duet_status create_boxes(const struct duet_head *head, const struct duet_head *source,
                                     struct duet_session *session, int height, int width, void **memory,
                                     struct duet_error *error)
{
    const struct duet_guided_config *config = &head->config.guided;
    const struct duet_ssdlite_decoder_options options = {.classes = source->config.ssdlite.classes,
                                                         .threshold = config->box_threshold};
    struct duet_ssdlite_map outputs[DUET_SSDLITE_MAPS];
    struct duet_view view;
    struct boxes *b = calloc(1, sizeof *b);
    *memory = b;
    if (!b) return duet_no_memory(error, NULL, "for boxes");
    b->head = head;
    b->source = source;
    enum duet_status status = side_input(head, session, &view, error);
    if (status == DUET_OK) status = duet_ssdlite_outputs(source->name, session, outputs, error);
    if (status == DUET_OK)
        status = duet_ssdlite_decoder_create(&options, outputs, height, width, &b->decoder, error);
    if (status != DUET_OK) {
        close_boxes(memory);
        return status;
    }
    int rows = (int)view.shape.dims[1], columns = (int)view.shape.dims[2];
    b->maps = (struct duet_heat){.height = rows,
                                 .width = columns,
                                 .input_height = height,
                                 .input_width = width,
                                 .categories = config->categories,
                                 .count = config->classes - 1};
    return DUET_OK;
}

static enum duet_status paint(void *memory, struct duet_session *session, const struct duet_pool *pool,
                              struct duet_error *error)
{
    (void)pool; /* a few thousand boxes: less work than waking somebody */
    struct boxes *b = memory;
    struct duet_ssdlite_map outputs[DUET_SSDLITE_MAPS];
    struct duet_view view;
    enum duet_status status = side_input(b->head, session, &view, error);
    if (status == DUET_OK) status = duet_ssdlite_outputs(b->source->name, session, outputs, error);
    return status == DUET_OK ? duet_heat_paint(&b->maps, b->decoder, outputs, view.data, error) : status;
}

const struct duet_feed_kind duet_guided_feed = {source_of, create_boxes, paint, close_boxes};
