/* The agent: requests come in on standard input, frames go out on standard output, and steps run.
 * When the input ends, everything that runs is killed. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent.h"
#include "clock.h"
#include "dispatch.h"
#include "fds.h"
#include "orphans.h"
#include "protocol.h"
#include "relay.h"

#define FIRST_POLLS 3 /* standard input, standard output, signals */
#define ORPHAN_POLL_MS 2
#define LAST_WORDS_MS 200

void agent_end(struct agent *agent, int status, const char *why)
{
    if (agent->ending)
        return;
    agent->ending = 1;
    agent->status = status;
    agent->why = why;
}

/* Reads no more than there is room for answers: no request is shorter than its answer. */
static void on_input(struct agent *agent)
{
    static uint8_t bytes[64 << 10];
    size_t room = outbox_room(&agent->outbox) + OUTBOX_RESERVE / 2;
    ssize_t size = read(STDIN_FILENO, bytes, room < sizeof bytes ? room : sizeof bytes);

    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0) {
        int between = inbox_between(&agent->inbox);
        agent_end(agent, between ? EXIT_ENDED : EXIT_PROTOCOL, NULL);
        return;
    }
    if (inbox_take(&agent->inbox, bytes, (size_t)size, dispatch_request, agent) < 0)
        agent_end(agent, EXIT_PROTOCOL, agent->inbox.error);
    /* After the requests: one of them may have been the first, which says how long the lease is. */
    agent->expires_us = later_us(monotonic_us(), agent->lease_us);
}

/* As process 1 it is stopped from outside of its namespace only, where the sender has no number: a
 * step could send a TERM as well, and has no right to end the others. */
static void on_signals(struct agent *agent)
{
    struct signalfd_siginfo info;

    while (read(agent->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo != SIGTERM || (getpid() == 1 && info.ssi_pid != 0))
            continue;
        agent->stopping = 1;
        jobs_command_all(&agent->jobs, COMMAND_STOP);
    }
    orphans_reap();
}

static int poll_timeout(const struct agent *agent)
{
    if (agent->jobs.orphans_until_us)
        return ORPHAN_POLL_MS;
    return agent->lease_us ? poll_ms(monotonic_us(), agent->expires_us) : -1;
}

static size_t fill_polls(struct agent *agent)
{
    size_t needed = FIRST_POLLS + agent->jobs.count * JOB_POLLS;

    if (needed > agent->polls_capacity) {
        struct pollfd *polls = realloc(agent->polls, needed * 2 * sizeof *polls);
        if (!polls) {
            agent_end(agent, EXIT_NO_START, "out of memory");
            return 0;
        }
        agent->polls = polls;
        agent->polls_capacity = needed * 2;
    }
    agent->polls[0] = (struct pollfd){STDIN_FILENO, outbox_accepts(&agent->outbox) ? POLLIN : 0, 0};
    agent->polls[1] = (struct pollfd){STDOUT_FILENO, outbox_empty(&agent->outbox) ? 0 : POLLOUT, 0};
    agent->polls[2] = (struct pollfd){agent->signals, POLLIN, 0};
    jobs_poll(&agent->jobs, agent->polls + FIRST_POLLS);
    return needed;
}

static void take_turn(struct agent *agent)
{
    size_t job_count = agent->jobs.count;
    size_t polled = fill_polls(agent);
    int ready = polled ? poll(agent->polls, polled, poll_timeout(agent)) : -1;

    if (ready < 0) {
        if (polled && errno != EINTR)
            agent_end(agent, EXIT_NO_START, strerror(errno));
        return;
    }
    if (agent->polls[1].revents)
        outbox_flush(&agent->outbox);
    relay_turn(&agent->jobs, agent->polls + FIRST_POLLS, job_count);
    if (agent->polls[2].revents)
        on_signals(agent);
    if (agent->polls[0].revents && outbox_accepts(&agent->outbox))
        on_input(agent);
    else if (agent->polls[0].revents & POLLHUP) /* what it may still hold changes nothing */
        agent_end(agent, EXIT_ENDED, NULL);
    orphans_kill(&agent->jobs);
    outbox_flush(&agent->outbox);
    relay_finish(&agent->jobs);
    if (agent->outbox.broken || (agent->polls[1].revents & (POLLERR | POLLNVAL)))
        agent_end(agent, EXIT_ENDED, NULL);
    if (agent->lease_us && monotonic_us() >= agent->expires_us)
        agent_end(agent, EXIT_ENDED, "nothing was heard from the client for the time of its lease");
    if (agent->stopping && agent->jobs.count == 0)
        agent_end(agent, EXIT_ENDED, "the agent was told to stop");
}

static void say_last_words(struct agent *agent)
{
    uint8_t payload[512];
    struct writer writer = writer_over(payload, sizeof payload);
    uint64_t until = later_us(monotonic_us(), LAST_WORDS_MS * 1000);

    if (agent->why) {
        put_text(&writer, agent->why);
        outbox_put(&agent->outbox, 0, FRAME_FATAL, &writer);
    }
    while (!outbox_empty(&agent->outbox) && !agent->outbox.broken && monotonic_us() < until) {
        struct pollfd polled = {STDOUT_FILENO, POLLOUT, 0};
        if (poll(&polled, 1, poll_ms(monotonic_us(), until)) <= 0)
            return;
        outbox_flush(&agent->outbox);
    }
}

static int open_signals(void)
{
    sigset_t all;
    sigset_t wanted;

    /* Blocked, a signal that a step sends does nothing to the agent or to a supervisor. */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGTERM);
    return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int start(struct agent *agent)
{
    close_from(3);
    agent->signals = open_signals();
    agent->jobs.null = open_null();
    agent->jobs.outbox = &agent->outbox;
    outbox_open(&agent->outbox, STDOUT_FILENO);
    if (agent->signals < 0 || agent->jobs.null < 0 || set_nonblocking(STDOUT_FILENO) != 0)
        return -1;
    oom_open(&agent->jobs.oom);
    /* What a supervisor leaves behind when it is killed comes to the agent. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    /* Keeps steps of the same user, but not root, out of its memory and its descriptors. */
    prctl(PR_SET_DUMPABLE, 0);
    return 0;
}

int main(void)
{
    static struct agent agent; /* a megabyte of outbox: not on the stack */

    if (start(&agent) != 0) {
        write_all(STDERR_FILENO, "swamp-agent: cannot start\n", 26);
        return EXIT_NO_START;
    }
    dispatch_hello(&agent);
    outbox_flush(&agent.outbox);
    while (!agent.ending)
        take_turn(&agent);
    orphans_kill_all(&agent.jobs, agent.signals);
    say_last_words(&agent);
    inbox_free(&agent.inbox);
    free(agent.polls);
    return agent.status;
}
