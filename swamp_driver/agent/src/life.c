#define _GNU_SOURCE
#include "life.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "reap.h"

/* How long to go on killing what does not die: a storm on a busy machine may take its time, and a
 * process that waits for a dead disk never dies. The result then says how many are left. */
#define GIVE_UP_US 30000000
/* The same where all that is left may not be killed (setuid programs), or cannot be found (without
 * /proc only the leader's group is known): it takes a moment only to die by itself. */
#define POWERLESS_US 500000
#define SWEEP_WAIT_MS 2

void life_drain_signals(const struct life *life)
{
    struct signalfd_siginfo info;

    while (read(life->signals, &info, sizeof info) > 0)
        ;
}

int life_leader_ended(const struct life *life)
{
    for (;;) {
        siginfo_t info = {.si_pid = 0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
            return errno == ECHILD; /* then somebody reaped it: nothing is left to wait for */
        if (info.si_pid == 0)
            return 0;
        if (info.si_pid == life->leader)
            return 1;
        waitpid(info.si_pid, NULL, WNOHANG);
    }
}

void life_kill_all(struct life *life)
{
    struct killing killing = {0};

    kill(-life->leader, SIGKILL);
    kill_pass(&killing, NULL, 0);
    if (life->stage != KILLED)
        life->deadline_us = later_us(monotonic_us(), GIVE_UP_US);
    life->stage = KILLED;
}

/* Returns whether there is a child yet. */
static int reap(struct life *life)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == life->leader) {
            life->status = status;
            life->reaped = 1;
        }
    return pid == 0;
}

/* Everything that the step started is, or becomes on the death of its parent, a child of this
 * process. So: kill children until there is none. */
void life_sweep(struct life *life)
{
    uint64_t start = monotonic_us();
    struct pollfd signals = {life->signals, POLLIN, 0};
    struct killing killing = {0};

    kill(-life->leader, SIGKILL);
    while (reap(life)) {
        kill_pass(&killing, NULL, 0);
        life->survivors = killing.found;
        int powerless = life->reaped && killing.found != 0 && killing.refused >= killing.found;
        if (monotonic_us() - start >= (powerless ? POWERLESS_US : GIVE_UP_US))
            return;
        life_drain_signals(life);
        if (!reap(life))
            break;
        poll(&signals, 1, SWEEP_WAIT_MS);
    }
    life->survivors = 0;
}
