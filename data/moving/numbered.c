#include "moving/kinds.h"

#include "core/fail.h"
#include "core/grow.h"
#include "core/order.h"
#include "core/os.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 25, MAX_DIGITS = 18 };

struct numbered {
    duet_read_picture *read;
    void *ctx;
    char *path;                    /* as it was given */
    char *folder, *before, *after; /* "frames", "", ".png" */
    int digits;                    /* at least so many; 0: as they come, without leading zeros */
    int64_t *numbers;              /* ascending */
    size_t count, capacity;
    size_t next;
    int width, height; /* of the first picture that was decoded */
};

/* --- the pattern ---------------------------------------------------------------------------------------- */

/* Copy a name's part up to the number or the end, "%%" made "%". Each copy may be NULL. */
static const char *copy_plain(const char *from, char *to)
{
    while (*from && (*from != '%' || from[1] == '%')) {
        from += *from == '%';
        if (to) *to++ = *from;
        from++;
    }
    if (to) *to = '\0';
    return from;
}

/* The place after "%d" or "%0Nd" (N of 1 to 18); NULL: something else. */
static const char *read_number(const char *from, int *digits)
{
    *digits = 0;
    if (*from++ != '%') return NULL;
    if (*from == '0')
        while (*++from >= '0' && *from <= '9' && *digits <= MAX_DIGITS)
            *digits = *digits * 10 + (*from - '0');
    return *from == 'd' && *digits <= MAX_DIGITS ? from + 1 : NULL;
}

/* `before` and `after` have room for the name. */
static bool parse(const char *name, char *before, int *digits, char *after)
{
    const char *rest = read_number(copy_plain(name, before), digits);
    return rest && *copy_plain(rest, after) == '\0';
}

bool duet_is_numbered(const char *path)
{
    int digits;
    return parse(duet_path_name(path), NULL, &digits, NULL);
}

/* --- what there is -------------------------------------------------------------------------------------- */

/* The number in a name that fits the pattern; -1: it does not. */
static int64_t number_in(const struct numbered *numbered, const char *name)
{
    size_t before = strlen(numbered->before), length = 0;
    if (strncmp(name, numbered->before, before) != 0) return -1;
    const char *digits = name + before;
    int64_t number = 0;
    for (; digits[length] >= '0' && digits[length] <= '9' && length < MAX_DIGITS; length++)
        number = number * 10 + (digits[length] - '0');
    bool padded = length > 1 && digits[0] == '0';
    bool fits = length > 0 && (int)length >= numbered->digits && (!padded || (int)length == numbered->digits);
    return fits && strcmp(digits + length, numbered->after) == 0 ? number : -1;
}

static enum duet_status list(struct numbered *numbered, struct duet_error *error)
{
    DIR *folder = opendir(*numbered->folder ? numbered->folder : ".");
    if (!folder) return duet_fail_errno(error, errno, "%s: cannot read the folder", numbered->path);
    bool room = true;
    for (struct dirent *entry; room && (entry = readdir(folder));) {
        int64_t number = number_in(numbered, entry->d_name);
        if (number < 0) continue;
        room = DUET_GROW(numbered->numbers, numbered->capacity, numbered->count + 1);
        if (room) numbered->numbers[numbered->count++] = number;
    }
    closedir(folder);
    if (!room) return duet_no_memory(error, numbered->path, NULL);
    if (numbered->count == 0)
        return duet_fail(error, DUET_NOT_FOUND, "%s: no file has a name of that kind", numbered->path);
    qsort(numbered->numbers, numbered->count, sizeof *numbered->numbers, duet_by_int64);
    return DUET_OK;
}

static void close_numbered(void *self)
{
    struct numbered *numbered = self;
    if (!numbered) return;
    free(numbered->path);
    free(numbered->folder);
    free(numbered->before);
    free(numbered->after);
    free(numbered->numbers);
    free(numbered);
}

enum duet_status duet_numbered_open(const char *path, duet_read_picture *read, void *ctx, void **self,
                                    struct duet_error *error)
{
    struct numbered *numbered = *self = calloc(1, sizeof *numbered);
    if (!numbered) return duet_no_memory(error, path, NULL);
    const char *name = duet_path_name(path);
    numbered->read = read;
    numbered->ctx = ctx;
    numbered->path = duet_text("%s", path);
    numbered->folder = duet_text("%.*s", (int)(name - path), path);
    numbered->before = duet_text("%s", name);
    numbered->after = duet_text("%s", name);
    enum duet_status status = DUET_OK;
    if (!numbered->path || !numbered->folder || !numbered->before || !numbered->after)
        status = duet_no_memory(error, path, NULL);
    else if (!parse(name, numbered->before, &numbered->digits, numbered->after))
        status = duet_fail(error, DUET_BAD_ARGUMENT, "%s: expected one %%d or %%0Nd in the name", path);
    if (status == DUET_OK) status = list(numbered, error);
    if (status == DUET_OK) return DUET_OK;
    close_numbered(numbered);
    *self = NULL;
    return status;
}

/* --- frames --------------------------------------------------------------------------------------------- */

static double time_of(const struct numbered *numbered, size_t index)
{
    return (double)(numbered->numbers[index] - numbered->numbers[0]) / RATE;
}

static struct duet_frames_about about(const void *self)
{
    const struct numbered *numbered = self;
    return (struct duet_frames_about){.moving = true,
                                      .seekable = true,
                                      .width = numbered->width,
                                      .height = numbered->height,
                                      .rate_num = RATE,
                                      .rate_den = 1,
                                      .duration = time_of(numbered, numbered->count - 1) + 1.0 / RATE,
                                      .kind = "numbered pictures"};
}

static enum duet_status step(void *self, struct duet_moving_stamp *stamp, bool *more,
                             struct duet_error *error)
{
    struct numbered *numbered = self;
    (void)error;
    *more = numbered->next < numbered->count;
    if (!*more) return DUET_OK;
    size_t index = numbered->next++;
    double time = time_of(numbered, index);
    *stamp = (struct duet_moving_stamp){(int64_t)index, time, time};
    return DUET_OK;
}

static enum duet_status image(void *self, struct duet_image *into, int *orientation, struct duet_error *error)
{
    struct numbered *numbered = self;
    char *path = duet_text("%s%s%0*lld%s", numbered->folder, numbered->before, numbered->digits,
                           (long long)numbered->numbers[numbered->next - 1], numbered->after);
    if (!path) return duet_no_memory(error, numbered->path, NULL);
    *orientation = 1; /* the picture comes upright if it is to be */
    enum duet_status status = numbered->read(numbered->ctx, path, NULL, 0, into, error);
    if (status == DUET_OK && numbered->width == 0) {
        numbered->width = into->width;
        numbered->height = into->height;
    }
    free(path);
    return status;
}

static enum duet_status seek(void *self, double time, int every, struct duet_error *error)
{
    struct numbered *numbered = self;
    (void)error;
    size_t low = 0, high = numbered->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (time_of(numbered, middle) <= time)
            low = middle + 1;
        else
            high = middle;
    }
    size_t shown = low > 0 ? low - 1 : 0;
    bool past = time >= time_of(numbered, numbered->count - 1) + 1.0 / RATE;
    numbered->next = past ? numbered->count : shown - shown % (size_t)every;
    return DUET_OK;
}

const struct duet_moving_type duet_numbered_type = {about, step, image, seek, close_numbered};
