#define _GNU_SOURCE
#include "orphans.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fds.h"
#include "reap.h"
#include "relay.h"

#define ORPHANS_US 30000000
#define PATIENCE_US 1000000 /* what supervisors get beyond the time that they give themselves */

void orphans_begin(struct jobs *jobs, struct job *job)
{
    job->orphaned = 1;
    jobs->orphans_until_us = later_us(monotonic_us(), ORPHANS_US);
}

void orphans_reap(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0)
        if (WIFSTOPPED(status))
            kill(pid, SIGKILL);
}

/* The children that are not to be killed; returns how many, with *pids to be freed. */
static size_t supervisors(const struct jobs *jobs, pid_t **pids)
{
    size_t count = 0;

    *pids = calloc(jobs->count + 1, sizeof **pids);
    for (size_t i = 0; *pids && i < jobs->count; i++)
        if (!jobs->list[i]->over && !jobs->list[i]->orphaned)
            (*pids)[count++] = jobs->list[i]->pid;
    return count;
}

static void kill_orphans_once(struct jobs *jobs)
{
    pid_t *spared;
    size_t count = supervisors(jobs, &spared);

    if (spared)
        kill_pass(&jobs->killing, spared, count);
    free(spared);
}

void orphans_kill(struct jobs *jobs)
{
    if (!jobs->orphans_until_us)
        return;
    orphans_reap();
    kill_orphans_once(jobs);
    if (jobs->killing.found > 0 && monotonic_us() < jobs->orphans_until_us)
        return;
    jobs->orphans_until_us = 0;
    for (size_t i = 0; i < jobs->count; i++)
        if (jobs->list[i]->orphaned && !jobs->list[i]->ended)
            relay_end_broken(jobs->list[i]);
}

/* Supervisors kill their steps and go by themselves once their line is closed. */
static void cut_lines(struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++) {
        struct job *job = jobs->list[i];
        if (!job->is_step && !job->over)
            kill(job->pid, SIGKILL);
        close_fd(&job->line);
    }
}

static void kill_rest(struct jobs *jobs, uint64_t spent)
{
    if (getpid() == 1)
        kill(-1, SIGKILL); /* all in the namespace is ours */
    else if (spent > ORPHANS_US + PATIENCE_US)
        kill_pass(&jobs->killing, NULL, 0);
    else
        kill_orphans_once(jobs);
}

void orphans_kill_all(struct jobs *jobs, int signals)
{
    uint64_t start = monotonic_us();
    struct pollfd polled = {signals, POLLIN, 0};
    struct signalfd_siginfo info;

    cut_lines(jobs);
    for (;;) {
        uint64_t spent = monotonic_us() - start;
        uint64_t limit = jobs->killing.found < 0 ? 0 : ORPHANS_US;
        orphans_reap();
        int none_left = waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
        if (none_left || spent > limit + 2 * PATIENCE_US)
            return;
        kill_rest(jobs, spent);
        poll(&polled, 1, 2);
        while (read(signals, &info, sizeof info) > 0)
            ;
    }
}
