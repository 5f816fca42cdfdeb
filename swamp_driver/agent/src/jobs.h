/* What runs: a job is a child of the agent, either a step's supervisor or a file worker. */
#ifndef SWAMP_JOBS_H
#define SWAMP_JOBS_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "oom.h"
#include "outbox.h"
#include "reap.h"
#include "supervise.h"

#define OUTPUT_ROOM_MIN (16u << 10) /* less room in the outbox is not worth a read */
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

/* NULL where there is none of that number. */
struct job *jobs_find(const struct jobs *jobs, uint32_t id);
/* NULL where there is no memory. */
struct job *jobs_add(struct jobs *jobs, uint32_t id);
/* Closes all of a job. It stays in the list until jobs_forget_dropped(), so that places hold. */
void job_drop(struct job *job);
void jobs_forget_dropped(struct jobs *jobs);
/* Answers FAILED. */
void job_failed(struct jobs *jobs, uint32_t id, int error);

void jobs_credit(struct jobs *jobs, uint32_t id, uint32_t bytes);
void jobs_command(struct jobs *jobs, uint32_t id, enum supervisor_command command);
void jobs_command_all(struct jobs *jobs, enum supervisor_command command);

/* Fills JOB_POLLS entries per job with what there is room and credit for. */
void jobs_poll(const struct jobs *jobs, struct pollfd *polls);

#endif
