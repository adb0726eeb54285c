#include "evaluate/output.h"

#include "batch/batch.h"
#include "cli/process.h"
#include "core/fail.h"
#include "core/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int evaluate_may_report(const struct duet_program *program, const char *folder, bool force)
{
    struct duet_error error;
    if (!folder) return DUET_GO_ON;
    char *page = duet_path_join(folder, "index.html");
    enum duet_status status = page ? duet_output_check(page, force ? DUET_OUTPUT_FORCE : 0, &error)
                                   : duet_no_memory(&error, NULL, NULL);
    free(page);
    if (status == DUET_OK || status == DUET_NOT_FOUND) return DUET_GO_ON; /* the folder will be made */
    if (status == DUET_EXISTS || status == DUET_BAD_ARGUMENT)
        return duet_usage_error(program, "--report: %s%s", error.text,
                                status == DUET_EXISTS ? "; --force replaces it" : "");
    fprintf(stderr, "%s: --report: %s\n", program->name, error.text);
    return DUET_EXIT_FATAL;
}

int evaluate_failed(struct duet_console *console, const struct duet_error *error)
{
    if (duet_pipe_broken()) {
        duet_console_clear(console);
        duet_process_die_of_broken_pipe();
    }
    duet_console_error(console, "%s", error->text);
    return duet_batch_exit_code(error->status);
}

int evaluate_no_memory(struct duet_console *console)
{
    duet_console_error(console, "no memory");
    return DUET_EXIT_FATAL;
}

static enum duet_status write_file(const char *path, const char *text, bool force, struct duet_error *error)
{
    struct duet_output output;
    enum duet_status status = duet_output_open(&output, path, force ? DUET_OUTPUT_FORCE : 0, error);
    if (status != DUET_OK) return status;
    fputs(text, output.stream); /* commit looks whether it went well */
    return duet_output_commit(&output, error);
}

int evaluate_write(struct duet_console *console, const char *path, char *text, bool force)
{
    bool standard = strcmp(path, "-") == 0;
    if (!standard) duet_process_catch_signals(); /* a file that was begun is finished */
    struct duet_error error = {.status = DUET_OUT_OF_MEMORY, .text = "no memory to write the scores"};
    enum duet_status status = text ? DUET_OK : DUET_OUT_OF_MEMORY;
    if (status == DUET_OK && standard) {
        errno = 0;
        if (fputs(text, stdout) < 0 || fflush(stdout) != 0 || ferror(stdout)) {
            status = error.status = DUET_IO_ERROR;
            snprintf(error.text, sizeof error.text, "cannot write to standard output: %s", strerror(errno));
        }
    } else if (status == DUET_OK) {
        status = write_file(path, text, force, &error);
    }
    free(text);
    return status == DUET_OK ? DUET_GO_ON : evaluate_failed(console, &error);
}

int evaluate_write_texts(struct duet_console *console, const struct evaluate_text *texts, size_t count,
                         bool force, bool *taken)
{
    int code = DUET_GO_ON;
    *taken = false;
    for (size_t i = 0; i < count; i++) {
        if (texts[i].path && code == DUET_GO_ON)
            code = evaluate_write(console, texts[i].path, texts[i].text, force);
        else
            free(texts[i].text);
        *taken |= texts[i].path && strcmp(texts[i].path, "-") == 0;
    }
    return code;
}

enum duet_status evaluate_report_open(const char *folder, char *title, char *subtitle,
                                      struct duet_report **report, struct duet_error *error)
{
    duet_process_catch_signals();
    enum duet_status status = title && subtitle ? duet_report_open(folder, title, subtitle, report, error)
                                                : duet_no_memory(error, NULL, "for a report");
    free(title);
    free(subtitle);
    return status;
}
