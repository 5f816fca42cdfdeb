/* What a child of the agent (a supervisor or a file worker) says to it: one datagram per message,
 * u16 frame type and payload, which the agent passes on to the client. */
#ifndef SWAMP_REPORT_H
#define SWAMP_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

#define REPORT_MAX (64u << 10)

/* Blocks while the agent is busy. Returns 0, or errno: EPIPE where the agent has gone. */
int report(int agent, uint16_t type, const void *payload, size_t size);
int report_writer(int agent, uint16_t type, const struct writer *writer);
/* FAILED: errno and what it was about. */
void report_failed(int agent, int error, const char *path);

#endif
