#define _GNU_SOURCE
#include "jobs.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "fds.h"
#include "protocol.h"
#include "report.h"

struct job *jobs_find(const struct jobs *jobs, uint32_t id)
{
    for (size_t i = 0; i < jobs->count; i++)
        if (jobs->list[i]->id == id && !jobs->list[i]->over)
            return jobs->list[i];
    return NULL;
}

struct job *jobs_add(struct jobs *jobs, uint32_t id)
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

void job_drop(struct job *job)
{
    close_fd(&job->line);
    close_fd(&job->out[0]);
    close_fd(&job->out[1]);
    job->over = 1;
}

void jobs_forget_dropped(struct jobs *jobs)
{
    size_t kept = 0;

    for (size_t i = 0; i < jobs->count; i++)
        if (jobs->list[i]->over)
            free(jobs->list[i]);
        else
            jobs->list[kept++] = jobs->list[i];
    jobs->count = kept;
}

void jobs_credit(struct jobs *jobs, uint32_t id, uint32_t bytes)
{
    struct job *job = jobs_find(jobs, id);
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
    struct job *job = jobs_find(jobs, id);
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
        int takes_output = room >= OUTPUT_ROOM_MIN && job->credit > 0;
        polls[0] = (struct pollfd){room >= REPORT_MAX ? job->line : -1, POLLIN, 0};
        polls[1] = (struct pollfd){takes_output ? job->out[0] : -1, POLLIN, 0};
        polls[2] = (struct pollfd){takes_output ? job->out[1] : -1, POLLIN, 0};
    }
}

void job_failed(struct jobs *jobs, uint32_t id, int error)
{
    uint8_t payload[16];
    struct writer writer = writer_over(payload, sizeof payload);

    put_u32(&writer, (uint32_t)error);
    put_text(&writer, "");
    outbox_put(jobs->outbox, id, FRAME_FAILED, &writer);
}
