/* FFmpeg reports through one function for the whole process, from whatever thread it runs in, and says what
 * went wrong better than its codes do. So each thread keeps the last complaint that was made in it. */
#include "video/reader.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { LOG_TEXT = 240 };

static _Thread_local char last_text[LOG_TEXT];

bool duet_video_log_is_size(void)
{
    return strncmp(last_text, "Picture size ", strlen("Picture size ")) == 0;
}

static void keep_message(void *context, int level, const char *format, va_list arguments)
{
    (void)context;
    if (level > AV_LOG_ERROR) return;
    char text[LOG_TEXT];
    if (vsnprintf(text, sizeof text, format, arguments) <= 0) return;
    text[strcspn(text, "\r\n")] = '\0';
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == '.' || text[length - 1] == ' ')) text[--length] = '\0';
    if (length > 0 && !duet_video_log_is_size()) memcpy(last_text, text, length + 1);
}

static void set_callback(void)
{
    av_log_set_callback(keep_message);
}

void duet_video_log_begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT; /* FFmpeg's side of this is a plain variable */
    pthread_once(&once, set_callback);
    duet_video_log_clear();
}

void duet_video_log_clear(void)
{
    last_text[0] = '\0';
}

const char *duet_video_log_text(void)
{
    return last_text;
}
