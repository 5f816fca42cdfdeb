/* The step's own process, from fork to exec. */
#ifndef SWAMP_LAUNCH_H
#define SWAMP_LAUNCH_H

#include "request.h"

/* Why the program could not be started. */
struct launch_failure {
    int reason; /* enum start_failure, or 0 */
    int error;  /* errno */
    char path[1024];
};

/* Becomes the program: standard input is fd 0 already. Returns only with *failure filled. Safe in
 * a vforked child: it changes no memory but *failure, and calls nothing that does. */
void launch(const struct run_request *request, int out, int err, struct launch_failure *failure);

#endif
