/* The agent as a whole. */
#ifndef SWAMP_AGENT_H
#define SWAMP_AGENT_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "inbox.h"
#include "jobs.h"
#include "outbox.h"

enum exit_status { EXIT_ENDED = 0, EXIT_NO_START = 1, EXIT_PROTOCOL = 2 };

struct agent {
    struct outbox outbox;
    struct inbox inbox;
    struct jobs jobs;
    int signals;
    int opened;          /* the client has said hello */
    int stopping;        /* told to stop: ends when the steps have ended */
    int ending;          /* ends now */
    int status;          /* what it exits with */
    const char *why;     /* its last words, if it has any */
    uint64_t lease_us;   /* 0: for ever */
    uint64_t expires_us;
    struct pollfd *polls;
    size_t polls_capacity;
};

/* Makes the agent end after this turn; the first reason stays. `why` may be NULL. */
void agent_end(struct agent *agent, int status, const char *why);

#endif
