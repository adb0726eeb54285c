#include "cli/compute.h"

const char *const duet_precision_words[] = {"auto", "float32", "int8", NULL};
