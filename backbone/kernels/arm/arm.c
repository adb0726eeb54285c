#include "kernels/arm/arm.h"

#include <asm/hwcap.h>
#include <sys/auxv.h>

bool duet_arm_runs_dotprod(void)
{
    return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
}

bool duet_arm_runs_i8mm(void)
{
    return (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0;
}
