/* What the client asks for, and who does it. */
#ifndef SWAMP_DISPATCH_H
#define SWAMP_DISPATCH_H

#include "agent.h"

void dispatch_hello(struct agent *agent);
/* A request_handler; its context is the agent. Stops the reading once the agent is to end. */
int dispatch_request(void *context, const struct request *request);

#endif
