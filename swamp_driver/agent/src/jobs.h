/* What runs: a job is a child of the agent, either a step's supervisor or a file worker. */
#ifndef SWAMP_JOBS_H
#define SWAMP_JOBS_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "inbox.h"
#include "oom.h"
#include "outbox.h"
#include "reap.h"
#include "supervise.h"

#define JOB_POLLS 3 /* its line, standard output, standard error */

struct job {
    uint32_t id;
    int is_step;
    pid_t pid;
    int line; /* to the child; -1 once it has no more to say */
    int out[2];
    uint64_t credit; /* bytes of output that the client takes yet */
    uint64_t drain[2]; /* after the end: what the pipes still hold */
    uint64_t oom_base;
    int orphaned; /* the child was killed: its descendants are being killed by the agent */
    int ended;
    int over; /* the client has had the last word of it */
    uint8_t end[ENDED_MAX];
    size_t end_size;
};

struct jobs {
    struct job **list;
    size_t count;
    size_t capacity;
    size_t turn; /* which job is served first */
    struct killing killing; /* of what killed supervisors left */
    uint64_t orphans_until_us; /* when to give up killing orphans; 0 while there are none */
    int null;
    struct outbox *outbox;
    struct oom_counter oom;
};

/* Each returns 0, or errno: EBADMSG for a body that breaks the protocol. */
int jobs_run_step(struct jobs *jobs, const struct request *request);
int jobs_serve_file(struct jobs *jobs, const struct request *request);

int jobs_has(const struct jobs *jobs, uint32_t id);
void jobs_credit(struct jobs *jobs, uint32_t id, uint32_t bytes);
void jobs_command(struct jobs *jobs, uint32_t id, enum supervisor_command command);
void jobs_command_all(struct jobs *jobs, enum supervisor_command command);

/* Fills JOB_POLLS entries per job. */
void jobs_poll(const struct jobs *jobs, struct pollfd *polls);
/* Moves what those entries say is there into the outbox. */
void jobs_turn(struct jobs *jobs, const struct pollfd *polls, size_t polled);
/* Says the last word of jobs that are over, and flushes. To be called last before the next poll. */
void jobs_finish(struct jobs *jobs);

/* Reaps children; one that was stopped by a step is as good as dead. */
void jobs_reap(void);
/* One pass over what killed supervisors left. */
void jobs_kill_orphans(struct jobs *jobs);
/* Ends everything without a word to the client, and waits until it is gone. */
void jobs_kill_all(struct jobs *jobs, int signals);

#endif
