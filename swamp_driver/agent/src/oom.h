/* How many processes the kernel has killed in this cgroup for want of memory. */
#ifndef SWAMP_OOM_H
#define SWAMP_OOM_H

#include <stdint.h>

struct oom_counter {
    int fd;           /* -1 where the system does not tell */
    uint64_t claimed; /* up to here each kill has been put down to a step */
};

void oom_open(struct oom_counter *counter);
uint64_t oom_read(const struct oom_counter *counter);
/* Whether a step that began when the counter was `base` ended for want of memory: `by_kill` where
 * its leader was killed by a KILL that was not ours, else it left with 137 as a shell does whose
 * child was killed. The second is weaker and holds only for a kill that no other step had. */
int oom_claim(struct oom_counter *counter, uint64_t base, int by_kill);

#endif
