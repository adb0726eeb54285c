#include "viewer/stages/trace.h"

#include <string.h>

enum duet_status viewer_trace_open(struct viewer_trace *trace, const char *path, bool force,
                                   struct duet_error *error)
{
    return duet_output_open(&trace->output, strcmp(path, "-") == 0 ? "/dev/stdout" : path,
                            DUET_OUTPUT_IN_PLACE | (force ? DUET_OUTPUT_FORCE : 0), error);
}

static void put_boxes(struct duet_buffer *line, const struct duet_detections *detections, float threshold)
{
    const char *comma = "";
    duet_put(line, ",\"boxes\":[");
    for (size_t i = 0; i < detections->count; i++) {
        const struct duet_detection *d = &detections->items[i];
        if (!(d->score >= threshold)) continue;
        const float sides[4] = {d->box.x, d->box.y, d->box.width, d->box.height};
        duet_put(line, comma);
        duet_put(line, "{\"class\":");
        duet_put_json_string(line, d->label ? d->label : "unknown");
        duet_put(line, ",\"score\":");
        duet_put_float(line, d->score);
        for (int k = 0; k < 4; k++) {
            duet_put(line, k == 0 ? ",\"bbox\":[" : ",");
            duet_put_float(line, sides[k]);
        }
        duet_put(line, "]}");
        comma = ",";
    }
    duet_put(line, "]");
}

static void put_masks(struct duet_buffer *line, const struct duet_segments *segments)
{
    const char *comma = "";
    duet_put(line, ",\"masks\":[");
    for (size_t i = 0; i < segments->count; i++) {
        if (segments->items[i].class_id == 0) continue;
        duet_put(line, comma);
        duet_put_json_string(line, segments->items[i].label ? segments->items[i].label : "unknown");
        comma = ",";
    }
    duet_put(line, "]");
}

static void put_results(struct duet_buffer *line, const struct viewer_shown *shown, float threshold)
{
    const struct viewer_results *results = &shown->frame->results;
    if (shown->has == 0) {
        duet_put(line, ",\"results_of\":null");
        return;
    }
    duet_putf(line, ",\"results_of\":%lld", (long long)results->stamp.frame);
    if (shown->has & VIEWER_BOXES) put_boxes(line, &results->detections, threshold);
    if (shown->has & VIEWER_MASKS) put_masks(line, &results->segmentation.segments);
}

void viewer_trace_add(struct viewer_trace *trace, const struct viewer_shown *shown, const char *source,
                      float threshold, double now, double latency)
{
    struct duet_buffer *line = &trace->line;
    if (!trace->output.stream) return;
    const struct viewer_stamp *stamp = &shown->frame->stamp;
    if (trace->lines == 0) trace->began = now;
    line->size = 0;
    duet_putf(line, "{\"shown\":%lu,\"at\":", ++trace->lines);
    duet_put_fixed(line, now - trace->began, 4);
    duet_putf(line, ",\"input\":%d,\"source\":", stamp->input);
    duet_put_json_string(line, source);
    duet_putf(line, ",\"frame\":%lld,\"time\":", (long long)stamp->frame);
    duet_put_double(line, stamp->time);
    put_results(line, shown, threshold);
    duet_putf(line, ",\"dropped\":%llu,\"latency\":", (unsigned long long)shown->dropped);
    duet_put_fixed(line, latency, 4);
    duet_put(line, "}\n");
    if (line->failed) return;
    fwrite(line->data, 1, line->size, trace->output.stream);
    fflush(trace->output.stream); /* that it failed is told at the end */
}

enum duet_status viewer_trace_commit(struct viewer_trace *trace, struct duet_error *error)
{
    duet_buffer_close(&trace->line);
    return trace->output.stream ? duet_output_commit(&trace->output, error) : DUET_OK;
}

void viewer_trace_discard(struct viewer_trace *trace)
{
    duet_buffer_close(&trace->line);
    duet_output_discard(&trace->output);
}
