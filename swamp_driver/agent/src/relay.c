#define _GNU_SOURCE
#include "relay.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fds.h"
#include "orphans.h"
#include "protocol.h"
#include "report.h"

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

void relay_end_broken(struct job *job)
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
        orphans_begin(jobs, job);
        return;
    }
    job_failed(jobs, job->id, EIO);
    job_drop(job);
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
        job_drop(job);
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
    job_drop(job);
    return 0;
}

static void serve(struct jobs *jobs, struct job *job, const struct pollfd *polls)
{
    for (int stream = 0; stream < 2; stream++)
        if (polls[1 + stream].revents && outbox_room(jobs->outbox) >= OUTPUT_ROOM_MIN)
            move_output(jobs, job, stream);
    if (polls[0].revents && outbox_room(jobs->outbox) >= REPORT_MAX)
        move_report(jobs, job);
}

void relay_turn(struct jobs *jobs, const struct pollfd *polls, size_t polled)
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

void relay_finish(struct jobs *jobs)
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
    jobs_forget_dropped(jobs);
}
