/* sessions.h: the inputs and outputs of a session, which are there. */
#ifndef DUET_SESSIONS_H
#define DUET_SESSIONS_H

#include "support/testing.h"

#include "duet/network.h"

/* The picture's place. */
static inline float *session_input(struct duet_session *session)
{
    struct duet_error e;
    struct duet_view view;
    assert_ok(duet_session_input(session, NULL, &view, &e), e);
    assert_true(view.dtype == DUET_F32 && duet_view_is_dense(&view));
    return view.data;
}

/* An output of float32; *count tells how many there are of them. */
static inline const float *session_output(const struct duet_session *session, const char *name, size_t *count)
{
    struct duet_error e;
    struct duet_view view;
    assert_ok(duet_session_output(session, name, &view, &e), e);
    assert_true(view.dtype == DUET_F32 && duet_view_is_dense(&view));
    assert_true(duet_shape_elements(&view.shape, count));
    return view.data;
}

#endif
