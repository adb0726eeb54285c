/* Which of FFmpeg's sources and filters a graph (lavfi:) may have: those that make pictures or change them,
 * and open, write or ask for nothing. The list is of what is allowed: FFmpeg has filters that read films,
 * fonts, libraries and commands, send messages and write logs, and gets more of them. */
#include "video/reader.h"

#include "core/fail.h"

#include <libavutil/avstring.h>
#include <libavutil/mem.h>

#include <string.h>

/* None of these has an option that names a file, in FFmpeg 4 to 7. (So drawtext is missing, which has fonts;
 * life, cellauto, curves and lut3d, which read files; metadata and the measures, which write them.) */
static const char *const allowed[] = {
    /* sources */
    "allrgb", "allyuv", "color", "colorchart", "colorspectrum", "gradients", "haldclutsrc", "mandelbrot",
    "nullsrc", "pal75bars", "pal100bars", "rgbtestsrc", "sierpinski", "smptebars", "smptehdbars", "testsrc",
    "testsrc2", "yuvtestsrc", "zoneplate",
    /* shape and place */
    "crop", "fillborders", "hflip", "hstack", "overlay", "pad", "rotate", "scale", "shear", "split", "tile",
    "transpose", "vflip", "vstack", "xstack", "zoompan",
    /* time */
    "concat", "fps", "framerate", "framestep", "interlace", "loop", "realtime", "select", "setpts", "settb",
    "telecine", "tinterlace", "tpad", "trim",
    /* colours and noise */
    "alphamerge", "blend", "boxblur", "chromashift", "colorbalance", "colorchannelmixer", "colorkey",
    "colorlevels", "colorspace", "drawbox", "drawgrid", "edgedetect", "eq", "fade", "format", "gblur", "geq",
    "hue", "lut", "lutrgb", "lutyuv", "negate", "noise", "null", "pixelize", "setdar", "setfield",
    "setparams", "setrange", "setsar", "smartblur", "unsharp", "vignette"};

static const char blanks[] = " \t\r\n";

static bool is_allowed(const char *name)
{
    size_t length = strcspn(name, "@"); /* "scale@small" has a name of its own */
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (strlen(allowed[i]) == length && strncmp(allowed[i], name, length) == 0) return true;
    return false;
}

/* "/option=FILE" takes the option's value from a file, since FFmpeg 6.1. */
static bool names_a_file(const char *options)
{
    for (const char *at = options; at; at = strchr(at, ':')) {
        at += *at == ':';
        at += strspn(at, " \t\r\n'\\");
        if (*at == '/') return true;
    }
    return false;
}

static void skip_labels(const char **at)
{
    *at += strspn(*at, blanks);
    while (**at == '[') {
        char *label = av_get_token(at, "]");
        av_free(label);
        *at += **at == ']';
        *at += strspn(*at, blanks);
    }
}

/* [in] name=options [out]: go to what follows. With FFmpeg's own tokens, so that we see what it will see. */
static enum duet_status check_filter(const char *name, const char **at, struct duet_error *error)
{
    skip_labels(at);
    char *filter = av_get_token(at, "=,;["), *options = NULL;
    if (filter && **at == '=') {
        ++*at;
        options = av_get_token(at, "[],;");
    }
    enum duet_status status = DUET_OK;
    if (!filter)
        status = duet_no_memory(error, name, NULL);
    else if (!is_allowed(filter))
        status = duet_fail(error, DUET_UNSUPPORTED,
                           "%s: the filter '%s' is not among those that only make or change pictures", name,
                           filter);
    else if (options && names_a_file(options))
        status = duet_fail(error, DUET_UNSUPPORTED, "%s: the filter '%s' is to take an option from a file",
                           name, filter);
    av_free(filter);
    av_free(options);
    return status;
}

enum duet_status duet_video_check_graph(const char *name, const char *graph, struct duet_error *error)
{
    const char *at = graph + strspn(graph, blanks);
    if (av_strstart(at, "sws_flags=", &at)) { /* of the whole graph: how to scale */
        at += strcspn(at, ";");
        at += *at == ';';
    }
    enum duet_status status = DUET_OK;
    for (bool more = true; more && status == DUET_OK;) {
        status = check_filter(name, &at, error);
        skip_labels(&at); /* [out] */
        more = *at == ',' || *at == ';';
        at += more;
    }
    if (status == DUET_OK && *at != '\0')
        status =
            duet_fail(error, DUET_BAD_ARGUMENT, "%s: cannot be read as a graph from '%.40s' on", name, at);
    return status;
}
