/* What a supervisor knows of its step. */
#ifndef SWAMP_LIFE_H
#define SWAMP_LIFE_H

#include <stdint.h>
#include <sys/types.h>

#include "exchange.h"
#include "request.h"

struct life {
    const struct run_request *request;
    struct exchange exchange;
    int agent;
    int signals;
    pid_t leader;
    uint64_t started_at_us; /* by the clock on the wall */
    uint64_t started_us;    /* monotonic, as all below */
    uint64_t ended_us;
    uint64_t deadline_us; /* of the time-out, then of the grace, then of giving up */
    enum { RUNNING, ENDING, KILLED } stage;
    int cause; /* enum end_cause */
    int agent_gone;
    int status; /* the leader's, as wait gives it */
    int reaped;
    int survivors;
    char detail[512];
};

/* Reaps what has ended, except the leader: while it is a zombie nobody else can get its number, so
 * its group can be killed without doubt. Returns whether the leader has ended. */
int life_leader_ended(const struct life *life);
/* Kills all that is known of the step, once; sets when to give up. */
void life_kill_all(struct life *life);
/* Kills until nothing of the step is left; sets status, reaped and survivors. */
void life_sweep(struct life *life);
/* Empties the signal descriptor: it only wakes. */
void life_drain_signals(const struct life *life);

#endif
