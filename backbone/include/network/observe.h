/* observe.h: what a network's steps leave, for those who calibrate and compare. Internal to Duet. */
#ifndef DUET_NETWORK_OBSERVE_H
#define DUET_NETWORK_OBSERVE_H

#include "duet/network.h"

/* The layer whose result a step leaves; -1: what it leaves is another layer's result in another type. Layers
 * that a step was fused of, but for the last one, have no result: compile `unfused` to see all. */
duet_node duet_compiled_step_layer(const struct duet_compiled *compiled, int step);

/* Of which stage it is: side inputs are filled before the first step of stage 1 runs. */
int duet_compiled_step_stage(const struct duet_compiled *compiled, int step);

/* What the step has left, [1, H, W, C], float32 or bytes: to be read after duet_session_run_step and before
 * the next step runs. */
struct duet_view duet_session_result(const struct duet_session *session, int step);

#endif
