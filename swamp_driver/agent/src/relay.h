/* What children write and report goes to the client, in turns. */
#ifndef SWAMP_RELAY_H
#define SWAMP_RELAY_H

#include <poll.h>

#include "jobs.h"

/* Moves what the entries of jobs_poll() say is there into the outbox. */
void relay_turn(struct jobs *jobs, const struct pollfd *polls, size_t polled);
/* Says the last word of jobs that are over, and flushes. To be called last before the next poll. */
void relay_finish(struct jobs *jobs);
/* Ends a job whose child was killed, once nothing of it is alive. */
void relay_end_broken(struct job *job);

#endif
