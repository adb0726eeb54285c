#include "duet/results.h"

#include <stdlib.h>
#include <string.h>

void duet_detections_close(struct duet_detections *detections)
{
    if (!detections) return;
    free(detections->items);
    memset(detections, 0, sizeof *detections);
}

void duet_suppressions_close(struct duet_suppressions *suppressions)
{
    if (!suppressions) return;
    free(suppressions->items);
    memset(suppressions, 0, sizeof *suppressions);
}

void duet_segments_close(struct duet_segments *segments)
{
    if (!segments) return;
    free(segments->items);
    memset(segments, 0, sizeof *segments);
}
