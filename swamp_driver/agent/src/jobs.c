#define _GNU_SOURCE
#include "jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fds.h"
#include "files.h"
#include "reap.h"
#include "report.h"

#define OUTPUT_PIPE_SIZE (256 << 10)
#define READ_MIN (16u << 10) /* less room is not worth a read */
#define ORPHANS_US 30000000
#define PATIENCE_US 1000000 /* what supervisors get beyond the time that they give themselves */

static struct job *find(const struct jobs *jobs, uint32_t id)
{
    for (size_t i = 0; i < jobs->count; i++)
        if (jobs->list[i]->id == id && !jobs->list[i]->over)
            return jobs->list[i];
    return NULL;
}

int jobs_has(const struct jobs *jobs, uint32_t id) { return find(jobs, id) != NULL; }

static struct job *add(struct jobs *jobs, uint32_t id)
{
    if (jobs->count == jobs->capacity) {
        size_t capacity = jobs->capacity ? jobs->capacity * 2 : 16;
        struct job **list = realloc(jobs->list, capacity * sizeof *list);
        if (!list)
            return NULL;
        jobs->list = list;
        jobs->capacity = capacity;
    }
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    *job = (struct job){.id = id, .line = -1, .out = {-1, -1}};
    jobs->list[jobs->count++] = job;
    return job;
}

/* The job stays in the list until the turn is over, so that places in the list hold. */
static void drop(struct job *job)
{
    close_fd(&job->line);
    close_fd(&job->out[0]);
    close_fd(&job->out[1]);
    job->over = 1;
}

static void forget_dropped(struct jobs *jobs)
{
    size_t kept = 0;

    for (size_t i = 0; i < jobs->count; i++)
        if (jobs->list[i]->over)
            free(jobs->list[i]);
        else
            jobs->list[kept++] = jobs->list[i];
    jobs->count = kept;
}

/* The child's end of its line; the job has the other. */
static int open_line(struct job *job)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return -1;
    job->line = ends[0];
    return ends[1];
}

static int open_output(int *end)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    fcntl(ends[1], F_SETPIPE_SZ, OUTPUT_PIPE_SIZE); /* refused beyond the user's limit: no harm */
    set_nonblocking(ends[0]);
    *end = ends[0];
    return ends[1];
}

static int fork_supervisor(struct jobs *jobs, struct job *job, const struct run_request *request)
{
    struct supervisor_fds fds = {.null = jobs->null, .agent = -1, .out = -1, .err = -1};

    fds.agent = open_line(job);
    fds.out = fds.agent < 0 ? -1 : open_output(&job->out[0]);
    fds.err = fds.out < 0 ? -1 : open_output(&job->out[1]);
    job->pid = fds.err < 0 ? -1 : fork();
    int error = errno;
    if (job->pid == 0)
        supervise(request, fds);
    close_fd(&fds.agent);
    close_fd(&fds.out);
    close_fd(&fds.err);
    return job->pid < 0 ? error : 0;
}

static void refuse_start(struct jobs *jobs, uint32_t id, int error)
{
    uint8_t payload[16];
    struct writer writer = writer_over(payload, sizeof payload);

    put_u8(&writer, START_NO_RESOURCES);
    put_u32(&writer, (uint32_t)error);
    put_text(&writer, "");
    outbox_put(jobs->outbox, id, FRAME_START_FAILED, &writer);
}

static void start_step(struct jobs *jobs, uint32_t id, const struct run_request *request)
{
    struct job *job = add(jobs, id);
    int error = job ? 0 : ENOMEM;

    if (job) {
        job->is_step = 1;
        job->credit = request->credit;
        job->oom_base = oom_read(&jobs->oom);
        error = fork_supervisor(jobs, job, request);
    }
    if (!error)
        return;
    if (job)
        drop(job);
    refuse_start(jobs, id, error);
}

int jobs_run_step(struct jobs *jobs, const struct request *request)
{
    struct run_request run;
    int error = run_request_parse(&run, request->body, request->size);

    if (!error)
        start_step(jobs, request->id, &run);
    else if (error != EBADMSG)
        refuse_start(jobs, request->id, error);
    run_request_free(&run);
    return error == EBADMSG ? EBADMSG : 0;
}

static _Noreturn void work(const struct request *request, int agent)
{
    int keep[] = {agent};

    for (int fd = 0; fd <= 2; fd++)
        close(fd);
    close_others(keep, 1);
    file_request_serve(request->type, request->body, request->size, agent);
    _exit(0);
}

static void refuse_file(struct jobs *jobs, uint32_t id, int error)
{
    uint8_t payload[16];
    struct writer writer = writer_over(payload, sizeof payload);

    put_u32(&writer, (uint32_t)error);
    put_text(&writer, "");
    outbox_put(jobs->outbox, id, FRAME_FAILED, &writer);
}

int jobs_serve_file(struct jobs *jobs, const struct request *request)
{
    if (!file_request_valid(request->type, request->body, request->size))
        return EBADMSG;
    struct job *job = add(jobs, request->id);
    int line = job ? open_line(job) : -1;
    if (line >= 0)
        job->pid = fork();
    if (line >= 0 && job->pid == 0)
        work(request, line);
    int error = line < 0 || job->pid < 0 ? errno : 0;
    close_fd(&line);
    if (!error)
        return 0;
    if (job)
        drop(job);
    refuse_file(jobs, request->id, error);
    return 0;
}

void jobs_credit(struct jobs *jobs, uint32_t id, uint32_t bytes)
{
    struct job *job = find(jobs, id);
    if (job)
        job->credit += bytes;
}

/* Best effort: where the line is full or closed the supervisor has its orders or is gone. */
static void command(const struct job *job, enum supervisor_command command)
{
    char byte = (char)command;
    if (job->is_step && job->line >= 0)
        send(job->line, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void jobs_command(struct jobs *jobs, uint32_t id, enum supervisor_command stage)
{
    struct job *job = find(jobs, id);
    if (job)
        command(job, stage);
}

void jobs_command_all(struct jobs *jobs, enum supervisor_command stage)
{
    for (size_t i = 0; i < jobs->count; i++)
        command(jobs->list[i], stage);
}

void jobs_poll(const struct jobs *jobs, struct pollfd *polls)
{
    size_t room = outbox_room(jobs->outbox);

    for (size_t i = 0; i < jobs->count; i++, polls += JOB_POLLS) {
        const struct job *job = jobs->list[i];
        int takes_output = room >= READ_MIN && job->credit > 0;
        polls[0] = (struct pollfd){room >= REPORT_MAX ? job->line : -1, POLLIN, 0};
        polls[1] = (struct pollfd){takes_output ? job->out[0] : -1, POLLIN, 0};
        polls[2] = (struct pollfd){takes_output ? job->out[1] : -1, POLLIN, 0};
    }
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static void move_output(struct jobs *jobs, struct job *job, int stream)
{
    size_t size = outbox_room(jobs->outbox);

    size = least(size, job->credit > SIZE_MAX ? SIZE_MAX : (size_t)job->credit);
    if (job->ended)
        size = least(size, (size_t)job->drain[stream]);
    if (size == 0 || job->out[stream] < 0)
        return;
    uint16_t type = stream ? FRAME_STDERR : FRAME_STDOUT;
    ssize_t got = outbox_move(jobs->outbox, job->id, type, job->out[stream], size);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0) {
        job->credit -= (size_t)got;
        job->drain[stream] -= job->ended ? (uint64_t)got : 0;
    }
    if (got <= 0 || (job->ended && job->drain[stream] == 0))
        close_fd(&job->out[stream]);
}

/* Nothing of the step is alive: what the pipes hold now is all that comes. Their end of file says
 * less, as a process of another step can have opened them through /proc. */
static void begin_drain(struct job *job)
{
    job->ended = 1;
    for (int stream = 0; stream < 2; stream++) {
        int held = 0;
        if (job->out[stream] < 0)
            continue;
        if (ioctl(job->out[stream], FIONREAD, &held) != 0 || held <= 0)
            close_fd(&job->out[stream]);
        else
            job->drain[stream] = (uint64_t)held;
    }
}

/* The last word of a child, kept until its output is out. */
static void keep_end(struct jobs *jobs, struct job *job, size_t size)
{
    job->end_size = least(size, sizeof job->end);
    memcpy(job->end, outbox_payload(jobs->outbox), job->end_size);
    struct cursor cursor = cursor_over(job->end, job->end_size);
    uint8_t cause = take_u8(&cursor);
    take_u8(&cursor);
    uint32_t code = take_u32(&cursor);
    uint32_t number = take_u32(&cursor);
    if (cause == CAUSE_ITSELF && (number == SIGKILL || code == 128 + SIGKILL))
        job->end[ENDED_OUT_OF_MEMORY] =
            (uint8_t)oom_claim(&jobs->oom, job->oom_base, number == SIGKILL);
    close_fd(&job->line);
    begin_drain(job);
}

static void end_broken(struct job *job)
{
    struct writer writer = writer_over(job->end, sizeof job->end);

    put_u8(&writer, CAUSE_BROKEN);
    put_u8(&writer, 0);
    put_u32(&writer, UINT32_MAX);
    put_u32(&writer, 0);
    for (int i = 0; i < 4; i++) /* times and usage */
        put_u64(&writer, 0);
    put_u32(&writer, 0);
    put_text(&writer, "the step's supervisor was killed");
    job->end_size = writer.size;
    begin_drain(job);
}

/* A child that went without its last word was killed, by a step or by the kernel. */
static void lose_child(struct jobs *jobs, struct job *job)
{
    close_fd(&job->line);
    if (job->is_step) {
        job->orphaned = 1;
        jobs->orphans_until_us = later_us(monotonic_us(), ORPHANS_US);
        return;
    }
    refuse_file(jobs, job->id, EIO);
    drop(job);
}

static int is_last(uint16_t type)
{
    return type == FRAME_DONE || type == FRAME_FAILED || type == FRAME_START_FAILED;
}

/* Passes one message of a child on. */
static void move_report(struct jobs *jobs, struct job *job)
{
    uint8_t head[2];
    struct iovec parts[2] = {{head, sizeof head}, {outbox_payload(jobs->outbox), REPORT_MAX}};
    ssize_t size = readv(job->line, parts, 2);

    /* ECONNRESET: it exited with a command of ours unread. The error comes once, and before what it
     * had queued, which the next read gives. */
    if (size < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNRESET))
        return;
    if (size < (ssize_t)sizeof head) {
        lose_child(jobs, job);
        return;
    }
    uint16_t type = (uint16_t)(head[0] | head[1] << 8);
    size -= (ssize_t)sizeof head;
    if (type == FRAME_ENDED) {
        keep_end(jobs, job, (size_t)size);
        return;
    }
    outbox_commit(jobs->outbox, job->id, type, (size_t)size);
    if (is_last(type))
        drop(job);
}

/* Returns whether the last word has to wait for room. */
static int end_if_drained(struct jobs *jobs, struct job *job)
{
    struct writer writer = {.data = job->end, .size = job->end_size};

    if (job->over || !job->ended || job->out[0] >= 0 || job->out[1] >= 0)
        return 0;
    if (!outbox_accepts(jobs->outbox))
        return 1;
    outbox_put(jobs->outbox, job->id, FRAME_ENDED, &writer);
    drop(job);
    return 0;
}

static void serve(struct jobs *jobs, struct job *job, const struct pollfd *polls)
{
    for (int stream = 0; stream < 2; stream++)
        if (polls[1 + stream].revents && outbox_room(jobs->outbox) >= READ_MIN)
            move_output(jobs, job, stream);
    if (polls[0].revents && outbox_room(jobs->outbox) >= REPORT_MAX)
        move_report(jobs, job);
}

void jobs_turn(struct jobs *jobs, const struct pollfd *polls, size_t polled)
{
    /* Each time another job comes first: when the outbox is short of room, none is left out. */
    for (size_t i = 0; i < polled; i++) {
        size_t index = (jobs->turn + i) % polled;
        if (!jobs->list[index]->over)
            serve(jobs, jobs->list[index], polls + index * JOB_POLLS);
        outbox_flush(jobs->outbox);
    }
    jobs->turn++;
}

void jobs_finish(struct jobs *jobs)
{
    int waiting;

    /* A job without descriptors is heard of no more: what waits here must leave something in the
     * outbox, so that poll comes back for it. */
    do {
        waiting = 0;
        for (size_t i = 0; i < jobs->count; i++)
            waiting |= end_if_drained(jobs, jobs->list[i]);
        outbox_flush(jobs->outbox);
    } while (waiting && outbox_empty(jobs->outbox));
    forget_dropped(jobs);
}

void jobs_reap(void)
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

void jobs_kill_orphans(struct jobs *jobs)
{
    if (!jobs->orphans_until_us)
        return;
    jobs_reap();
    kill_orphans_once(jobs);
    if (jobs->killing.found > 0 && monotonic_us() < jobs->orphans_until_us)
        return;
    jobs->orphans_until_us = 0;
    for (size_t i = 0; i < jobs->count; i++)
        if (jobs->list[i]->orphaned && !jobs->list[i]->ended)
            end_broken(jobs->list[i]);
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

void jobs_kill_all(struct jobs *jobs, int signals)
{
    uint64_t start = monotonic_us();
    struct pollfd polled = {signals, POLLIN, 0};
    struct signalfd_siginfo info;

    cut_lines(jobs);
    for (;;) {
        uint64_t spent = monotonic_us() - start;
        uint64_t limit = jobs->killing.found < 0 ? 0 : ORPHANS_US;
        jobs_reap();
        int none_left = waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
        if (none_left || spent > limit + 2 * PATIENCE_US)
            return;
        kill_rest(jobs, spent);
        poll(&polled, 1, 2);
        while (read(signals, &info, sizeof info) > 0)
            ;
    }
}
