#include "models/output.h"

#include "core/os.h"

#include <string.h>

int models_may_write(const struct duet_program *program, const char *path, bool force)
{
    if (strcmp(path, "-") == 0) return duet_usage_error(program, "--output: expected a file, got '-'");
    struct duet_error error;
    enum duet_status status = duet_output_check(path, force ? DUET_OUTPUT_FORCE : 0, &error);
    if (status == DUET_EXISTS) return duet_usage_error(program, "%s; --force replaces it", error.text);
    return status == DUET_OK ? DUET_GO_ON : duet_fatal(program, &error);
}
