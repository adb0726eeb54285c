/* Where the records go: one file, or files one after the other. */
#include "batch/parts.h"

#include "cli/process.h"
#include "core/fail.h"
#include "core/os.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *duet_batch_output_name(const struct duet_batch_settings *settings)
{
    struct stat there, standard;
    const char *output = settings->output;
    if (!output || strcmp(output, "-") == 0) return NULL;
    bool same = stat(output, &there) == 0 && fstat(STDOUT_FILENO, &standard) == 0 &&
                there.st_dev == standard.st_dev && there.st_ino == standard.st_ino;
    return same ? NULL : output;
}

char *duet_batch_timed_name(const char *pattern, unsigned number)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return duet_rotation_name(pattern, (double)now.tv_sec, number);
}

enum duet_status duet_batch_make_folder(const char *path, struct duet_error *error)
{
    const char *name = duet_path_name(path);
    if (name == path) return DUET_OK;
    char *folder = strndup(path, (size_t)(name - path));
    enum duet_status status = folder ? duet_make_folders(folder, error) : duet_no_memory(error, path, NULL);
    free(folder);
    return status;
}

/* The file of the number that follows the last one's. The first may replace or continue what is there, as the
 * settings say; a later one would replace this run's own. */
static enum duet_status open_one(struct batch *batch, struct duet_error *error)
{
    const struct duet_batch_settings *settings = batch->settings;
    const char *pattern = duet_batch_output_name(settings);
    char *path = pattern ? duet_batch_timed_name(pattern, batch->file_number) : NULL;
    if (pattern && !path) return duet_no_memory(error, pattern, NULL);
    bool first = batch->files == 0;
    const struct duet_writer_options options = {.format = (enum duet_format)settings->format,
                                                .output = path,
                                                .stream = stdout,
                                                .force = first && settings->force,
                                                .labels = batch->task->labels,
                                                .coco_images = batch->coco_images,
                                                .segments = batch->task->segments_first,
                                                .in_place = batch->endless,
                                                .append = first && settings->append,
                                                .gives_up = duet_process_gives_up};
    enum duet_status status = duet_writer_open(&options, &batch->writer, error);
    if (status == DUET_OK && duet_writer_cut(batch->writer) > 0)
        duet_console_warning(&batch->console, "%s: its last line was not whole, %zu bytes of it were cut off",
                             path, duet_writer_cut(batch->writer));
    free(path);
    return status;
}

enum duet_status duet_batch_open_writer(struct batch *batch, struct duet_error *error)
{
    enum duet_status status;
    batch->file_number = batch->file_number ? batch->file_number : 1;
    while ((status = open_one(batch, error)) == DUET_EXISTS && batch->settings->rotate) batch->file_number++;
    batch->files += status == DUET_OK;
    batch->file_begun = duet_seconds();
    return status;
}

enum duet_status duet_batch_rotate(struct batch *batch, struct duet_error *error)
{
    double age = duet_seconds() - batch->file_begun;
    int64_t size = duet_writer_size(batch->writer);
    if (batch->file_records == 0 || !duet_rotation_is_due(&batch->rotation, age, size)) return DUET_OK;
    enum duet_status status = duet_writer_commit(&batch->writer, error);
    if (status != DUET_OK) return status;
    batch->file_records = 0;
    /* A name with the time in it is another one by now; if not, it is taken, and the next number's turn. */
    batch->file_number = 1;
    return duet_batch_open_writer(batch, error);
}
