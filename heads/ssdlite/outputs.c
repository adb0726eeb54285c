#include "ssdlite/decode.h"

#include <stdio.h>

enum duet_status duet_ssdlite_outputs(const char *head, const struct duet_session *session,
                                      struct duet_ssdlite_map maps[DUET_SSDLITE_MAPS],
                                      struct duet_error *error)
{
    enum duet_status status = DUET_OK;
    for (int m = 0; m < DUET_SSDLITE_MAPS && status == DUET_OK; m++) {
        char name[64];
        struct duet_view boxes, logits;
        snprintf(name, sizeof name, "%s.box%d", head, m);
        status = duet_session_output(session, name, &boxes, error);
        snprintf(name, sizeof name, "%s.class%d", head, m);
        if (status == DUET_OK) status = duet_session_output(session, name, &logits, error);
        if (status == DUET_OK)
            maps[m] = (struct duet_ssdlite_map){(int)boxes.shape.dims[1], (int)boxes.shape.dims[2],
                                                boxes.data, logits.data};
    }
    return status;
}
