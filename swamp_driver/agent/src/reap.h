/* Killing whole families: a subreaper's children are all that is left of a step, however it
 * forked, so killing children until there are none ends every descendant. */
#ifndef SWAMP_REAP_H
#define SWAMP_REAP_H

#include <stddef.h>
#include <sys/types.h>

/* Whether the children of a process can be listed here (/proc is mounted). */
int can_list_children(void);

/* Kills each child of this process but the `spared`, with the group that it leads or is in.
 * Returns how many were found, or -1 where children cannot be listed. */
int kill_children(const pid_t *spared, size_t count);

#endif
