#include "kernels/kernels.h"

#include "core/fail.h"
#if defined(__x86_64__)
#include "kernels/x86/x86.h"
#elif defined(__aarch64__)
#include "kernels/arm/arm.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool always(void)
{
    return true;
}

static void fill_scalar(struct duet_kernels *k)
{
    k->of[DUET_F32] = (struct duet_network_kernels){
        .conv1x1 = {DUET_F32_PACKING(DUET_CONV1X1_SCALAR_PANEL), duet_conv1x1_scalar},
        .conv3x3 = {DUET_F32_PACKING(DUET_CONV3X3_SCALAR_PANEL), duet_conv3x3_scalar},
        .depthwise3x3 = {DUET_F32_PACKING(0), duet_depthwise3x3_scalar}};
    k->of[DUET_U8] = (struct duet_network_kernels){
        .conv1x1 = {DUET_U8_SCALAR_PACKING, duet_conv1x1_u8_scalar},
        .conv3x3 = {DUET_U8_SCALAR_PACKING, duet_conv3x3_u8_scalar},
        .depthwise3x3 = {DUET_U8_DEPTHWISE_PACKING, duet_depthwise3x3_u8_scalar}};
    k->resize = duet_resize_scalar;
    k->upsample = duet_upsample_scalar;
}

/* Worst first; selecting a level runs every fill up to it. */
static const struct {
    const char *name;
    bool (*runs)(void);
    void (*fill)(struct duet_kernels *);
} levels[] = {
    {"scalar", always, fill_scalar},
#if defined(__x86_64__)
    {"avx2", duet_x86_runs_avx2, duet_x86_fill_avx2},
    {"avxvnni", duet_x86_runs_avxvnni, duet_x86_fill_avxvnni},
    {"avx512", duet_x86_runs_avx512, duet_x86_fill_avx512},
    {"avx512vnni", duet_x86_runs_avx512vnni, duet_x86_fill_avx512vnni},
    {"amx", duet_x86_runs_amx, duet_x86_fill_amx},
#elif defined(__aarch64__)
    {"neon", always, duet_arm_fill_neon},
    {"dotprod", duet_arm_runs_dotprod, duet_arm_fill_dotprod},
    {"i8mm", duet_arm_runs_i8mm, duet_arm_fill_i8mm},
#endif
};

enum { LEVELS = sizeof levels / sizeof levels[0] };

const char *duet_kernels_level(int index)
{
    return index >= 0 && index < LEVELS ? levels[index].name : NULL;
}

static int find_level(const char *name)
{
    for (int i = 0; i < LEVELS; i++)
        if (strcmp(levels[i].name, name) == 0) return i;
    return -1;
}

bool duet_kernels_runs(const char *level)
{
    int i = find_level(level);
    return i >= 0 && levels[i].runs();
}

static enum duet_status unknown_level(const char *level, struct duet_error *error)
{
    char known[256] = "";
    size_t used = 0;
    for (int i = 0; i < LEVELS && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", levels[i].name);
    return duet_fail(error, DUET_BAD_ARGUMENT, "unknown CPU level '%s': expected one of %s", level, known);
}

enum duet_status duet_kernels_select(const char *level, struct duet_kernels *kernels,
                                     struct duet_error *error)
{
    if (!level || !*level) level = getenv("DUET_CPU");
    int top = LEVELS - 1;
    if (level && *level) {
        top = find_level(level);
        if (top < 0) return unknown_level(level, error);
        if (!levels[top].runs())
            return duet_fail(error, DUET_UNSUPPORTED, "CPU level %s: this processor does not have it", level);
    }
    memset(kernels, 0, sizeof *kernels);
    for (int i = 0; i <= top; i++) {
        if (!levels[i].runs()) continue;
        levels[i].fill(kernels);
        kernels->level = levels[i].name;
    }
    return DUET_OK;
}
