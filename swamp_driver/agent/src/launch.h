/* The step's own process, from fork to exec. */
#ifndef SWAMP_LAUNCH_H
#define SWAMP_LAUNCH_H

#include "request.h"

/* Why the program could not be started; fits a pipe write that is atomic. */
struct launch_failure {
    int reason; /* enum start_failure */
    int error;  /* errno */
    char path[1024];
};

/* Becomes the program: standard input is fd 0 already. Returns only with *failure filled. */
void launch(const struct run_request *request, int out, int err, int failure_fd,
            struct launch_failure *failure);

#endif
