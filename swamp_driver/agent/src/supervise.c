/* ENDED: u8 cause, u8 out of memory, i32 exit code (-1 if a signal killed the leader), u32 signal,
 * u64 started_at_us (realtime), u64 duration_us, u64 cpu_us, u64 max_rss_bytes, u32 processes that could not be killed
 * (all ones: not known), text detail. */
#define _GNU_SOURCE
#include "supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "exchange.h"
#include "fds.h"
#include "launch.h"
#include "life.h"
#include "protocol.h"
#include "report.h"

static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static _Noreturn void refuse(struct life *life, int reason, int error, const char *path)
{
    uint8_t payload[2048];
    struct writer writer = writer_over(payload, sizeof payload);

    exchange_remove(&life->exchange, NULL, 0);
    put_u8(&writer, (uint8_t)reason);
    put_u32(&writer, (uint32_t)error);
    put_text(&writer, path);
    report_writer(life->agent, FRAME_START_FAILED, &writer);
    _exit(0);
}

/* Returns once the program runs; where it cannot, the process ends here. vfork: this process waits
 * until the leader has become the program or has failed, and reads from shared memory why. */
static void start_leader(struct life *life, const struct supervisor_fds *fds)
{
    static struct launch_failure failure;

    failure.reason = 0;
    life->started_us = monotonic_us();
    life->started_at_us = realtime_us();
    life->leader = vfork();
    if (life->leader < 0)
        refuse(life, START_NO_RESOURCES, errno, "");
    if (life->leader == 0) {
        launch(life->request, fds->out, fds->err, &failure);
        _exit(127);
    }
    close(fds->out);
    close(fds->err);
    if (!failure.reason)
        return;
    waitpid(life->leader, NULL, 0);
    refuse(life, failure.reason, failure.error, failure.path);
}

static void end_gracefully(struct life *life, int cause)
{
    if (life->stage != RUNNING)
        return;
    life->stage = ENDING;
    life->cause = cause;
    life->deadline_us = later_us(monotonic_us(), life->request->grace_us);
    kill(-life->leader, SIGTERM);
    kill(-life->leader, SIGCONT); /* a stopped process would not see the TERM */
}

static void obey(struct life *life)
{
    char command = 0;
    ssize_t size = recv(life->agent, &command, 1, MSG_DONTWAIT);

    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0)
        life->agent_gone = 1;
    if (size > 0 && command == COMMAND_GRACEFUL) {
        end_gracefully(life, CAUSE_CANCEL);
        return;
    }
    if (size > 0 && command == COMMAND_STOP) {
        end_gracefully(life, CAUSE_STOPPED);
        return;
    }
    if (life->stage == RUNNING)
        life->cause = CAUSE_CANCEL;
    life_kill_all(life);
}

/* Returns 0 where the leader will not end. */
static int on_deadline(struct life *life)
{
    if (life->stage == KILLED)
        return 0;
    if (life->stage == RUNNING && life->request->grace_us > 0)
        end_gracefully(life, CAUSE_TIMEOUT);
    else if (life->stage == RUNNING)
        life->cause = CAUSE_TIMEOUT, life_kill_all(life);
    else
        life_kill_all(life);
    return 1;
}

static void wait_for_leader(struct life *life)
{
    struct pollfd polled[2] = {{life->agent, POLLIN, 0}, {life->signals, POLLIN, 0}};

    while (!life_leader_ended(life)) {
        uint64_t now = monotonic_us();
        if (now >= life->deadline_us && !on_deadline(life))
            break;
        polled[0].fd = life->agent_gone ? -1 : life->agent;
        int ready = poll(polled, 2, poll_ms(now, life->deadline_us));
        if (ready <= 0)
            continue;
        life_drain_signals(life);
        if (polled[0].revents)
            obey(life);
    }
    life->ended_us = monotonic_us();
}

static void put_usage(struct writer *writer)
{
    struct rusage usage;
    uint64_t cpu_us = 0;

    memset(&usage, 0, sizeof usage);
    getrusage(RUSAGE_CHILDREN, &usage);
    cpu_us += (uint64_t)usage.ru_utime.tv_sec * 1000000 + (uint64_t)usage.ru_utime.tv_usec;
    cpu_us += (uint64_t)usage.ru_stime.tv_sec * 1000000 + (uint64_t)usage.ru_stime.tv_usec;
    put_u64(writer, cpu_us);
    put_u64(writer, (uint64_t)usage.ru_maxrss * 1024);
}

static void tell_ended(const struct life *life)
{
    uint8_t payload[ENDED_MAX];
    struct writer writer = writer_over(payload, sizeof payload);
    int by_signal = life->reaped && WIFSIGNALED(life->status);
    int code = life->reaped && WIFEXITED(life->status) ? WEXITSTATUS(life->status) : -1;

    put_u8(&writer, (uint8_t)life->cause);
    put_u8(&writer, 0);
    put_u32(&writer, (uint32_t)code);
    put_u32(&writer, by_signal ? (uint32_t)WTERMSIG(life->status) : 0);
    put_u64(&writer, life->started_at_us);
    put_u64(&writer, life->ended_us - life->started_us);
    put_usage(&writer);
    put_u32(&writer, (uint32_t)life->survivors);
    put_text(&writer, life->detail);
    report_writer(life->agent, FRAME_ENDED, &writer);
}

static void prepare(struct life *life, const struct supervisor_fds *fds)
{
    int keep[] = {fds->agent, fds->out, fds->err};

    for (int fd = 0; fd <= 2; fd++)
        if (dup2(fds->null, fd) < 0)
            refuse(life, START_NO_RESOURCES, errno, "");
    close_others(keep, sizeof keep / sizeof *keep);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    life->signals = open_signals();
    if (life->signals < 0)
        refuse(life, START_NO_RESOURCES, errno, "");
}

_Noreturn void supervise(const struct run_request *request, struct supervisor_fds fds)
{
    struct life life = {
        .request = request,
        .agent = fds.agent,
        .exchange = {.parent = -1, .fd = -1},
    };
    const char *about;

    prepare(&life, &fds);
    int error = exchange_make(&life.exchange, request, &about);
    if (error) {
        exchange_remove(&life.exchange, NULL, 0);
        report_failed(life.agent, error, about);
        _exit(0);
    }
    start_leader(&life, &fds);
    life.deadline_us = request->timeout_us == NO_TIMEOUT
                           ? UINT64_MAX
                           : later_us(life.started_us, request->timeout_us);
    wait_for_leader(&life);
    life_sweep(&life);
    exchange_collect(&life.exchange, request, life.agent);
    exchange_remove(&life.exchange, life.detail, sizeof life.detail);
    tell_ended(&life);
    _exit(0);
}
