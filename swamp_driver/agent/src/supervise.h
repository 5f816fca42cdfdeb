/* One step's life, in a process of its own. */
#ifndef SWAMP_SUPERVISE_H
#define SWAMP_SUPERVISE_H

#include "request.h"

/* What a supervisor has: its line to the agent, and the step's ends of the output pipes. */
struct supervisor_fds {
    int agent;
    int null;
    int out;
    int err;
};

/* What the agent sends down the line; its closing means KILL now. */
enum supervisor_command { COMMAND_GRACEFUL = 'G', COMMAND_NOW = 'N', COMMAND_STOP = 'S' };

/* Offsets in ENDED that the agent fills or reads. */
enum { ENDED_CAUSE = 0, ENDED_OUT_OF_MEMORY = 1, ENDED_EXIT_CODE = 2, ENDED_SIGNAL = 6 };
#define ENDED_MAX 1024

/* Runs the step and ends this process. All signals are blocked. */
_Noreturn void supervise(const struct run_request *request, struct supervisor_fds fds);

#endif
