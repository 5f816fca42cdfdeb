/* Killing whole families: a subreaper's children are all that is left of a step, however it
 * forked, so killing children until there are none ends every descendant. */
#ifndef SWAMP_REAP_H
#define SWAMP_REAP_H

#include <stddef.h>
#include <sys/types.h>

/* One attempt to end a family, pass by pass; begins as zeros. */
struct killing {
    int passes;
    int found;   /* by the last pass; -1 where processes cannot be listed */
    int refused; /* of those, how many may not be killed: they belong to somebody else */
};

/* Whether the children of a process can be listed here (/proc is mounted). */
int can_list_children(void);

/* Kills each child of this process but the `spared`, with the group that it is in; now and then
 * each descendant as well. */
void kill_pass(struct killing *killing, const pid_t *spared, size_t count);

#endif
