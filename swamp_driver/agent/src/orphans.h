/* The agent's own children: reaping them, and killing what a killed supervisor left. */
#ifndef SWAMP_ORPHANS_H
#define SWAMP_ORPHANS_H

#include "jobs.h"

/* Reaps children; one that was stopped by a step is as good as dead. */
void orphans_reap(void);
/* The job's supervisor was killed: its family is the agent's now. */
void orphans_begin(struct jobs *jobs, struct job *job);
/* One pass over that family; ends the jobs when none of it is left. */
void orphans_kill(struct jobs *jobs);
/* Ends everything without a word to the client, and waits until it is gone. */
void orphans_kill_all(struct jobs *jobs, int signals);

#endif
