/* compute.h: how networks compute: the options of every program that runs one. */
#ifndef DUET_APPS_CLI_COMPUTE_H
#define DUET_APPS_CLI_COMPUTE_H

#include "cli/options.h"

struct duet_compute_settings {
    const char *cpu; /* best level of instructions to use; NULL: what there is */
    int precision;   /* index in duet_precision_words */
};

/* At the values of enum duet_precision. bf16 comes when there are kernels for it. */
extern const char *const duet_precision_words[]; /* "auto", "float32", "int8" */

#define DUET_CPU_OPTION(type, field)                                                                         \
    DUET_STRING(0, "cpu", "LEVEL", type, field,                                                              \
                "use instructions up to LEVEL (scalar, ...), see also $DUET_CPU",                            \
                .shown = "the best there is")
#define DUET_COMPUTE_OPTIONS(type, field)                                                                    \
    DUET_CHOICE(0, "precision", "NAME", type, field.precision, duet_precision_words,                         \
                "float32, or int8: faster and a little less exact, for models with ranges "                  \
                "('models quantize'); auto: as the model's file says"),                                      \
        DUET_CPU_OPTION(type, field.cpu)

#endif
