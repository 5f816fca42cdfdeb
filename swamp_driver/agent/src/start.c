#define _GNU_SOURCE
#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fds.h"
#include "files.h"
#include "protocol.h"
#include "supervise.h"

#define OUTPUT_PIPE_SIZE (256 << 10)

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

static void start_parsed(struct jobs *jobs, uint32_t id, const struct run_request *request)
{
    struct job *job = jobs_add(jobs, id);
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
        job_drop(job);
    refuse_start(jobs, id, error);
}

int start_step(struct jobs *jobs, const struct request *request)
{
    struct run_request run;
    int error = run_request_parse(&run, request->body, request->size);

    if (!error)
        start_parsed(jobs, request->id, &run);
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

int start_file_worker(struct jobs *jobs, const struct request *request)
{
    if (!file_request_valid(request->type, request->body, request->size))
        return EBADMSG;
    struct job *job = jobs_add(jobs, request->id);
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
        job_drop(job);
    job_failed(jobs, request->id, error);
    return 0;
}
