#include "core/fail.h"
#include "core/grow.h"
#include "data/results/stamp.h"
#include "results/writer.h"

#include <inttypes.h>
#include <string.h>

char *duet_result_stem(const char *source, const char *name)
{
    if (!name) name = strcmp(source, "-") == 0 ? "stdin" : duet_path_name(source);
    return duet_text("%.*s", (int)(duet_path_extension(name) - name), name);
}

enum duet_status duet_check_below(const char *source, const char *name, struct duet_error *error)
{
    bool out = name[0] == '/';
    for (const char *part = name; !out && part; part = strchr(part, '/')) {
        part += *part == '/';
        out = strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0');
    }
    return out ? duet_fail(error, DUET_BAD_ARGUMENT, "%s: its name for results, %s, leads out of the folder",
                           source, name)
               : DUET_OK;
}

char *duet_frame_stem(const struct duet_record *record)
{
    if (record->captured > 0) { /* numbers begin anew with every run; a host's name has no extension */
        char stamp[DUET_STAMP];
        duet_stamp_name(record->captured, stamp);
        return duet_text("%s_%s", duet_path_name(record->name ? record->name : record->source), stamp);
    }
    char *stem = duet_result_stem(record->source, record->name);
    char *name = stem ? duet_text("%s_%06" PRId64, stem, record->frame) : NULL;
    free(stem);
    return name;
}

void duet_output_names_close(struct duet_output_names *names)
{
    duet_names_close(&names->names);
    duet_names_close(&names->sources);
    free(names->owners);
    *names = (struct duet_output_names){0};
}

enum duet_status duet_output_names_give(struct duet_output_names *names, const char *what, const char *name,
                                        const char *source, bool once, struct duet_error *error)
{
    bool added;
    size_t owner = duet_names_add(&names->sources, source, strlen(source), NULL);
    size_t number = duet_names_add(&names->names, name, strlen(name), &added);
    if (owner == DUET_NAME_NONE || number == DUET_NAME_NONE ||
        !DUET_GROW(names->owners, names->capacity, number + 1))
        return duet_no_memory(error, source, NULL);
    if (added) names->owners[number] = owner;
    if (names->owners[number] != owner)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: its %s, %s, is that of %s too", source, what, name,
                         duet_names_text(&names->sources, names->owners[number]));
    if (!added && once)
        return duet_fail(error, DUET_BAD_ARGUMENT, "%s: given twice, and its %s, %s, can be used once",
                         source, what, name);
    return DUET_OK;
}
