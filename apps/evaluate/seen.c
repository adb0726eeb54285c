#include "evaluate/seen.h"

#include "core/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The last part of a path that may end with '/'. Owned: free(). */
static char *last_part(const char *path)
{
    char *copy = strdup(path);
    for (size_t n = copy ? strlen(copy) : 0; n > 1 && copy[n - 1] == '/'; n--) copy[n - 1] = '\0';
    char *part = copy ? strdup(duet_path_name(copy)) : NULL;
    free(copy);
    return part;
}

/* Is it one of the words between commas? */
static bool is_listed(const char *words, const char *name)
{
    size_t length = strlen(name);
    while (words && *words) {
        words += strspn(words, " ,");
        size_t word = strcspn(words, ","), used = word;
        while (used > 0 && words[used - 1] == ' ') used--;
        if (used == length && strncasecmp(words, name, length) == 0) return true;
        words += word;
    }
    return false;
}

void evaluate_warn_seen(struct duet_console *console, const struct duet_model *model, const char *folder,
                        const char *list)
{
    const char *words = duet_model_config(model)->training.not_for;
    char *place = folder ? last_part(folder) : NULL, *name = last_part(list);
    char *whole = place && name ? duet_text("%s/%s", place, name) : name ? strdup(name) : NULL;
    bool seen = whole && is_listed(words, whole);
    if (whole && !seen && !folder) {
        whole[(size_t)(duet_path_extension(whole) - whole)] = '\0';
        seen = is_listed(words, whole);
    }
    if (seen)
        duet_console_warning(console,
                             "the model has seen this data when it was trained (%s, says its file): "
                             "the scores flatter it",
                             whole);
    free(place);
    free(name);
    free(whole);
}
