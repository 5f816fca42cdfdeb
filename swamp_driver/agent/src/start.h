/* Requests become jobs: forking supervisors and workers. */
#ifndef SWAMP_START_H
#define SWAMP_START_H

#include "inbox.h"
#include "jobs.h"

/* Each returns 0, or EBADMSG for a body that breaks the protocol. What cannot be started for want of
 * processes, memory or descriptors is answered as such. */
int start_step(struct jobs *jobs, const struct request *request);
int start_file_worker(struct jobs *jobs, const struct request *request);

#endif
