/* What is known of FFmpeg's formats by their names. */
#include "video/reader.h"

#include <libavutil/avstring.h>

#include <string.h>

bool duet_format_is_list(const AVInputFormat *format)
{
    return av_match_name(format->name, "hls,dash,concat,sdp,rtsp,imf,webm_dash_manifest");
}

bool duet_format_has_no_stamps(const AVInputFormat *format)
{
    return av_match_name(format->name, "mpegvideo,m4v,h261,h263,hevc,vc1,cavsvideo,dirac") ||
           format->flags & AVFMT_NOTIMESTAMPS;
}

bool duet_format_is_pictures(const AVInputFormat *format)
{
    const char *tail = "_pipe";
    size_t length = strlen(format->name);
    return length > strlen(tail) && strcmp(format->name + length - strlen(tail), tail) == 0;
}

bool duet_format_counts(const AVInputFormat *format)
{
    return duet_format_has_no_stamps(format) || duet_format_is_pictures(format) ||
           av_match_name(format->name, "mpjpeg,h264,obu,vvc,evc");
}

bool duet_format_begins_anywhere(const AVInputFormat *format)
{
    return av_match_name(format->name, "mpegts,mpeg");
}
