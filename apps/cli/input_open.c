/* From an input to its frames, and what can be said of it before. */
#include "cli/inputs.h"

#include "core/fail.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum duet_status duet_input_open(const struct duet_input *input, const struct duet_frames_options *options,
                                 struct duet_frames **frames, struct duet_error *error)
{
    *frames = NULL;
    switch (input->fault) {
    case DUET_INPUT_UNREADABLE:
        return duet_fail_errno(error, input->errnum, "%s: cannot read the folder", input->shown);
    case DUET_INPUT_LISTED_STREAM:
        return duet_fail(error, DUET_UNSUPPORTED,
                         "%s: is an address; lists may name files only, unless --allow-network is given",
                         input->shown);
    case DUET_INPUT_LISTED_GRAPH:
        return duet_fail(
            error, DUET_UNSUPPORTED,
            "%s: is a graph of filters; lists may name files only, unless --allow-lavfi is given",
            input->shown);
    case DUET_INPUT_LISTED_DEVICE:
        return duet_fail(error, DUET_UNSUPPORTED,
                         "%s: is a device or pipe; lists may name files only, give it on the command line",
                         input->shown);
    default:
        return duet_frames_open(input->path, options, frames, error);
    }
}

bool duet_input_looks_moving(const struct duet_input *input)
{
    uint8_t begin[DUET_INPUT_SNIFF_BYTES];
    struct stat st;
    if (input->fault != DUET_INPUT_FINE || strcmp(input->path, "-") == 0) return false;
    if (stat(input->path, &st) != 0) /* an address, a numbered sequence; or nothing at all */
        return duet_frames_is_address(input->path);
    if (S_ISCHR(st.st_mode)) return true;
    if (!S_ISREG(st.st_mode) || st.st_size == 0) return false;
    enum duet_ending ending = duet_frames_ending(input->path);
    if (ending == DUET_ENDING_VIDEO) return true; /* JPEGs one after the other begin like one */
    int file = open(input->path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? -1 : read(file, begin, sizeof begin);
    if (file >= 0) close(file);
    if (got <= 0) return false;
    size_t size = (size_t)got;
    return duet_frames_sniff_video(begin, size) ||
           (ending == DUET_ENDING_OTHER && !duet_frames_sniff(begin, size) &&
            !duet_frames_sniff_still(begin, size));
}
