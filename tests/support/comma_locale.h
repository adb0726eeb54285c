/* comma_locale.h: a locale whose decimal point is a comma, for tests of number formats. */
#ifndef DUET_COMMA_LOCALE_H
#define DUET_COMMA_LOCALE_H

#include "support/scratch.h"

#include <locale.h>

/* Take an installed one, or have the C library's own tool compile one into the scratch folder. False, having
 * said why, when there is neither; undo with setlocale(LC_NUMERIC, "C"). */
static inline bool comma_locale(struct scratch *place)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (setlocale(LC_NUMERIC, names[i])) return true;
    char command[1200];
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 '%s' >/dev/null 2>&1",
             scratch_path(place, "de_DE.UTF-8"));
    if (system(command) == 0 && setenv("LOCPATH", place->folder, 1) == 0 &&
        setlocale(LC_NUMERIC, "de_DE.UTF-8"))
        return true;
    fprintf(stderr, "# skipped: no locale with a decimal comma, and no sources to compile one from\n");
    return false;
}

#endif
