/* video.h: the module that knows FFmpeg, loaded when it is needed. Internal. */
#ifndef DUET_DATA_MOVING_VIDEO_H
#define DUET_DATA_MOVING_VIDEO_H

#include "video/module.h"

/* Load the module: $DUET_VIDEO_MODULE, else lib/duet/duet-video.so beside the program's bin/. It stays
 * loaded; a second call costs little. Errors: DUET_UNSUPPORTED, `name` first, with what is missing. */
enum duet_status duet_video_load(const char *name, const struct duet_video_functions **module,
                                 struct duet_error *error);

#endif
