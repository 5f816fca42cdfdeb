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
#include <sys/utsname.h>
#include <unistd.h>

#include "clock.h"
#include "fds.h"
#include "inbox.h"
#include "jobs.h"
#include "outbox.h"
#include "protocol.h"
#include "reap.h"

#define FIRST_POLLS 3 /* standard input, standard output, signals */
#define ORPHAN_POLL_MS 2
#define LAST_WORDS_MS 200

enum exit_status { EXIT_ENDED = 0, EXIT_NO_START = 1, EXIT_PROTOCOL = 2 };

struct agent {
    struct inbox inbox;
    struct jobs jobs;
    int signals;
    int opened;          /* the client has said hello */
    int stopping;        /* told to stop: ends when the steps have ended */
    int ending;          /* ends now */
    int status;          /* what it exits with */
    const char *why;     /* its last words, if it has any */
    uint64_t lease_us;   /* 0: for ever */
    uint64_t expires_us;
    struct pollfd *polls;
    size_t polls_capacity;
};

static struct outbox outbox; /* a megabyte: not on the stack */

static void end(struct agent *agent, int status, const char *why)
{
    if (agent->ending)
        return;
    agent->ending = 1;
    agent->status = status;
    agent->why = why;
}

static void greet(void)
{
    uint8_t payload[256];
    struct writer writer = writer_over(payload, sizeof payload);
    struct utsname system;
    uint32_t flags = (getpid() == 1 ? HELLO_IS_INIT : 0) | (can_list_children() ? HELLO_HAS_PROC : 0);

    put_bytes(&writer, MAGIC, MAGIC_SIZE);
    put_u16(&writer, PROTOCOL_VERSION);
    put_u32(&writer, (uint32_t)getpid());
    put_u32(&writer, (uint32_t)getuid());
    put_u32(&writer, (uint32_t)getgid());
    put_u32(&writer, flags);
    put_text(&writer, uname(&system) == 0 ? system.machine : "unknown");
    outbox_put(&outbox, 0, FRAME_HELLO, &writer);
}

static int on_open(struct agent *agent, struct cursor *cursor)
{
    const uint8_t *magic = take_bytes(cursor, MAGIC_SIZE);

    if (agent->opened || !magic || memcmp(magic, MAGIC, MAGIC_SIZE) != 0)
        return EBADMSG;
    if (take_u16(cursor) != PROTOCOL_VERSION) {
        end(agent, EXIT_PROTOCOL, "the client speaks another version of the protocol");
        return 0;
    }
    agent->lease_us = (uint64_t)take_u32(cursor) * 1000;
    agent->opened = 1;
    return cursor_done(cursor) ? 0 : EBADMSG;
}

static int on_cancel(struct agent *agent, uint32_t id, struct cursor *cursor)
{
    uint8_t stage = take_u8(cursor);

    if (!cursor_done(cursor) || (stage != CANCEL_GRACEFUL && stage != CANCEL_NOW))
        return EBADMSG;
    jobs_command(&agent->jobs, id, stage == CANCEL_NOW ? COMMAND_NOW : COMMAND_GRACEFUL);
    return 0;
}

static int on_credit(struct agent *agent, uint32_t id, struct cursor *cursor)
{
    uint32_t bytes = take_u32(cursor);

    if (!cursor_done(cursor))
        return EBADMSG;
    jobs_credit(&agent->jobs, id, bytes);
    return 0;
}

static int on_work(struct agent *agent, const struct request *request)
{
    if (jobs_has(&agent->jobs, request->id))
        return EBADMSG;
    if (request->type == FRAME_RUN && agent->stopping) {
        uint8_t payload[16];
        struct writer writer = writer_over(payload, sizeof payload);
        put_u32(&writer, ESHUTDOWN);
        put_text(&writer, "");
        outbox_put(&outbox, request->id, FRAME_FAILED, &writer);
        return 0;
    }
    return request->type == FRAME_RUN ? jobs_run_step(&agent->jobs, request)
                                      : jobs_serve_file(&agent->jobs, request);
}

static int dispatch(struct agent *agent, const struct request *request)
{
    struct cursor cursor = cursor_over(request->body, request->size);
    struct writer empty = writer_over(NULL, 0);

    if (!agent->opened && request->type != FRAME_OPEN)
        return EBADMSG;
    switch (request->type) {
    case FRAME_OPEN:
        return on_open(agent, &cursor);
    case FRAME_CANCEL:
        return on_cancel(agent, request->id, &cursor);
    case FRAME_CREDIT:
        return on_credit(agent, request->id, &cursor);
    case FRAME_PING:
        outbox_put(&outbox, request->id, FRAME_PONG, &empty);
        return 0;
    case FRAME_SHUTDOWN:
        end(agent, EXIT_ENDED, NULL);
        return 0;
    case FRAME_RUN:
    case FRAME_READ_FILE:
    case FRAME_WRITE_FILE:
    case FRAME_MAKE_DIRECTORIES:
    case FRAME_REMOVE_TREE:
    case FRAME_CHOWN_TREE:
        return on_work(agent, request);
    default:
        return EBADMSG;
    }
}

static int on_request(void *context, const struct request *request)
{
    struct agent *agent = context;

    if (dispatch(agent, request) != 0)
        end(agent, EXIT_PROTOCOL, "a request is not of the protocol");
    return agent->ending;
}

/* Reads no more than there is room for answers: no request is shorter than its answer. */
static void on_input(struct agent *agent)
{
    static uint8_t bytes[64 << 10];
    size_t room = outbox_room(&outbox) + OUTBOX_RESERVE / 2;
    ssize_t size = read(STDIN_FILENO, bytes, room < sizeof bytes ? room : sizeof bytes);

    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0) {
        int between = inbox_between(&agent->inbox);
        end(agent, between ? EXIT_ENDED : EXIT_PROTOCOL, NULL);
        return;
    }
    if (inbox_take(&agent->inbox, bytes, (size_t)size, on_request, agent) < 0)
        end(agent, EXIT_PROTOCOL, agent->inbox.error);
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
    jobs_reap();
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
            end(agent, EXIT_NO_START, "out of memory");
            return 0;
        }
        agent->polls = polls;
        agent->polls_capacity = needed * 2;
    }
    agent->polls[0] = (struct pollfd){STDIN_FILENO, outbox_accepts(&outbox) ? POLLIN : 0, 0};
    agent->polls[1] = (struct pollfd){STDOUT_FILENO, outbox_empty(&outbox) ? 0 : POLLOUT, 0};
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
            end(agent, EXIT_NO_START, strerror(errno));
        return;
    }
    if (agent->polls[1].revents)
        outbox_flush(&outbox);
    jobs_turn(&agent->jobs, agent->polls + FIRST_POLLS, job_count);
    if (agent->polls[2].revents)
        on_signals(agent);
    if (agent->polls[0].revents && outbox_accepts(&outbox))
        on_input(agent);
    else if (agent->polls[0].revents & POLLHUP) /* what it may still hold changes nothing */
        end(agent, EXIT_ENDED, NULL);
    jobs_kill_orphans(&agent->jobs);
    outbox_flush(&outbox);
    jobs_finish(&agent->jobs);
    if (outbox.broken || (agent->polls[1].revents & (POLLERR | POLLNVAL)))
        end(agent, EXIT_ENDED, NULL);
    if (agent->lease_us && monotonic_us() >= agent->expires_us)
        end(agent, EXIT_ENDED, "nothing was heard from the client for the time of its lease");
    if (agent->stopping && agent->jobs.count == 0)
        end(agent, EXIT_ENDED, "the agent was told to stop");
}

static void say_last_words(const struct agent *agent)
{
    uint8_t payload[512];
    struct writer writer = writer_over(payload, sizeof payload);
    uint64_t until = later_us(monotonic_us(), LAST_WORDS_MS * 1000);

    if (agent->why) {
        put_text(&writer, agent->why);
        outbox_put(&outbox, 0, FRAME_FATAL, &writer);
    }
    while (!outbox_empty(&outbox) && !outbox.broken && monotonic_us() < until) {
        struct pollfd polled = {STDOUT_FILENO, POLLOUT, 0};
        if (poll(&polled, 1, poll_ms(monotonic_us(), until)) <= 0)
            return;
        outbox_flush(&outbox);
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
    agent->jobs.outbox = &outbox;
    outbox_open(&outbox, STDOUT_FILENO);
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
    static struct agent agent;

    if (start(&agent) != 0) {
        write_all(STDERR_FILENO, "swamp-agent: cannot start\n", 26);
        return EXIT_NO_START;
    }
    greet();
    outbox_flush(&outbox);
    while (!agent.ending)
        take_turn(&agent);
    jobs_kill_all(&agent.jobs, agent.signals);
    say_last_words(&agent);
    inbox_free(&agent.inbox);
    free(agent.polls);
    return agent.status;
}
