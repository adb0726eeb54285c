/* depthwise_vnni.h: x86/depthwise_u8_vnni.h in plain C; weights that are not int8 are the scalar kernel's.
 * Included after DW_WIDEST. */
#ifndef DUET_STANDIN_DEPTHWISE_VNNI_H
#define DUET_STANDIN_DEPTHWISE_VNNI_H

#include "kernels/depthwise3x3.h"

#include <string.h>

#define DW_INLINE static inline

#define DW(name)    dw_##name##_q16
#define DW_CHANNELS 16
#include "support/standins/depthwise_plain.h"

#define DW(name)    dw_##name##_q32
#define DW_CHANNELS 32
#include "support/standins/depthwise_plain.h"

#if DW_WIDEST == 64
#define DW(name)    dw_##name##_q64
#define DW_CHANNELS 64
#include "support/standins/depthwise_plain.h"
#endif

#define depthwise3x3_u8 duet_depthwise3x3_u8_scalar
#include "kernels/vector/u8/depthwise_vnni.h"

#endif
