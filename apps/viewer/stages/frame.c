#include "viewer/stages/frame.h"

#include <math.h>
#include <stdlib.h>

bool viewer_stamp_same(const struct viewer_stamp *a, const struct viewer_stamp *b)
{
    return a->epoch == b->epoch && a->frame == b->frame;
}

void viewer_frame_shape(const struct viewer_frame *frame, int *width, int *height)
{
    double wide = (double)frame->info.aspect_num / frame->info.aspect_den;
    *width = frame->image.width;
    *height = frame->image.height;
    if (wide > 1) *width = (int)lrint(*width * wide);
    if (wide < 1) *height = (int)lrint(*height / wide);
}

void viewer_results_close(struct viewer_results *results)
{
    duet_detections_close(&results->detections);
    free(results->tracks);
    duet_suppressions_close(&results->suppressions);
    duet_segmentation_close(&results->segmentation);
    *results = (struct viewer_results){0};
}

void viewer_frame_close(struct viewer_frame *frame)
{
    duet_image_close(&frame->image);
    viewer_results_close(&frame->results);
    *frame = (struct viewer_frame){0};
}
