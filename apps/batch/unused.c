/* Options that change nothing for the inputs and results at hand: each is told before work starts. */
#include "batch/parts.h"

#include "data/moving/frames.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Is it one that may come as fast as it likes, and go away: a camera, a stream, a pipe? */
static bool may_be_live(const struct duet_input *input)
{
    struct stat st;
    if (strcmp(input->path, "-") == 0) return true;
    if (stat(input->path, &st) == 0) return !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
    return duet_frames_address(input->path) != DUET_ADDRESS_FILE &&
           duet_frames_address(input->path) != DUET_ADDRESS_NUMBERED;
}

static void warn_of_still_inputs(const struct batch *batch, const struct duet_program *program,
                                 const struct duet_arguments *arguments)
{
    bool moving = batch->any_moving, live = false, known = batch->opening == DUET_OK;
    for (size_t i = 0; i < batch->inputs.count; i++) {
        live = live || may_be_live(&batch->inputs.items[i]);
        known = known && (batch->first || strcmp(batch->inputs.items[i].path, "-") != 0);
    }
    if (!known || batch->inputs.count == 0) return; /* among several inputs, or it will fail */
    if (!moving)
        duet_options_unused(program, arguments, "every,start,duration,reconnect,live,track",
                            "where no input moves");
    else if (!live)
        duet_options_unused(program, arguments, "reconnect,live", "where no input is a camera or stream");
}

void duet_batch_warn_of_unused(const struct batch *batch, const struct duet_program *program,
                               const struct duet_arguments *arguments)
{
    const struct duet_batch_settings *settings = batch->settings;
    bool drawn = settings->annotate != NULL, all = settings->format == DUET_FORMAT_NDJSON;
    char why[64];
    snprintf(why, sizeof why, "on --format %s without --annotate",
             duet_format_name((enum duet_format)settings->format));
    if (batch->inputs.lists == 0)
        duet_options_unused(program, arguments, "null,allow-network,allow-lavfi", "without @LIST");
    if (!drawn)
        duet_options_unused(program, arguments, "annotate-format,palette,alpha", "without --annotate");
    if (batch->one_video || batch->one_picture)
        duet_options_unused(program, arguments, "annotate-format", "where --annotate names a file");
    if (!drawn && !all)
        duet_options_unused(program, arguments, batch->task->segments_first ? "detect" : "segment", why);
    if (!drawn && !all && batch->any_moving) duet_options_unused(program, arguments, "track", why);
    warn_of_still_inputs(batch, program, arguments);
}
