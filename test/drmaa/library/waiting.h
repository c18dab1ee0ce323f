/* Waiting for jobs, in the standard's relative seconds. */
#ifndef WAITING_H
#define WAITING_H

#include "handles.h"

enum moment { STARTED, TERMINATED };

/* Returns when enough of the jobs are that far: SUCCESS, TIMEOUT, or INVALID_STATE if one is unknown. */
drmaa2_error wait_for(drmaa2_j *jobs, long count, bool all, enum moment moment, time_t timeout, long *first);

#endif
