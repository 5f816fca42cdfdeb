#define _GNU_SOURCE
#include "exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory.h"
#include "fds.h"
#include "protocol.h"
#include "remove.h"
#include "report.h"
#include "tree.h"

struct note {
    char *text;
    size_t size;
};

static void note_problem(void *context, const char *path, int error)
{
    struct note *note = context;

    if (note->size && !note->text[0])
        snprintf(note->text, note->size, "%s stays: %s", path, tree_problem(error));
}

static int make_file(int directory, const struct exchange_file *file)
{
    int fd = openat(directory, file->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0600);
    if (fd < 0)
        return errno;
    int error = write_all(fd, file->content, file->size);
    if (!error && fchmod(fd, file->mode) != 0)
        error = errno;
    if (close(fd) != 0 && !error)
        error = errno;
    return error;
}

static int fill(const struct exchange *exchange, const struct run_request *request,
                const char **about)
{
    for (uint32_t i = 0; i < request->directory_count; i++) {
        *about = request->directories[i];
        if (mkdirat(exchange->fd, request->directories[i], 0700) != 0)
            return errno;
    }
    for (uint32_t i = 0; i < request->file_count; i++) {
        *about = request->files[i].name;
        int error = make_file(exchange->fd, &request->files[i]);
        if (error)
            return error;
    }
    return 0;
}

static int make_directory(struct exchange *exchange)
{
    struct note nothing = {NULL, 0};

    if (mkdirat(exchange->parent, exchange->name, 0700) == 0)
        return 0;
    if (errno != EEXIST)
        return errno;
    remove_entry(exchange->parent, exchange->name, exchange->path, note_problem, &nothing);
    return mkdirat(exchange->parent, exchange->name, 0700) == 0 ? 0 : errno;
}

int exchange_make(struct exchange *exchange, const struct run_request *request, const char **about)
{
    *exchange = (struct exchange){.path = request->exchange, .parent = -1, .fd = -1};
    *about = request->exchange;
    if (!exchange->path[0])
        return 0;
    exchange->parent = open_parent(exchange->path, &exchange->name);
    if (exchange->parent < 0)
        return errno;
    int error = make_directory(exchange);
    if (error)
        return error;
    exchange->fd = openat(exchange->parent, exchange->name,
                          O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (exchange->fd < 0)
        return errno;
    return fill(exchange, request, about);
}

static void report_problem(int agent, uint32_t index, const char *why)
{
    uint8_t payload[512];
    struct writer writer = writer_over(payload, sizeof payload);

    put_u32(&writer, index);
    put_text(&writer, why);
    report_writer(agent, FRAME_COLLECT_PROBLEM, &writer);
}

/* At least one piece, so that an empty file is told from one that is not there. */
static const char *send_file(int fd, uint64_t limit, uint32_t index, int agent)
{
    static uint8_t piece[REPORT_MAX];
    uint64_t total = 0;
    struct stat status;

    if (fstat(fd, &status) != 0)
        return strerror(errno);
    if (!S_ISREG(status.st_mode))
        return S_ISDIR(status.st_mode) ? "it is a directory" : "it is not a regular file";
    if ((uint64_t)status.st_size > limit)
        return "it is too large";
    for (;;) {
        struct writer writer = writer_over(piece, sizeof piece);
        put_u32(&writer, index);
        ssize_t size = read(fd, piece + writer.size, sizeof piece - writer.size);
        if (size < 0)
            return strerror(errno);
        if (size == 0 && total > 0)
            return NULL;
        total += (uint64_t)size;
        if (total > limit)
            return "it is too large";
        if (report(agent, FRAME_COLLECTED, piece, writer.size + (size_t)size) != 0 || size == 0)
            return NULL;
    }
}

static void collect_one(const struct exchange *exchange, const struct run_request *request,
                        uint32_t index, int agent)
{
    int fd = openat(exchange->fd, request->collect[index],
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    const char *why;

    if (fd >= 0) {
        why = send_file(fd, request->collect_limit, index, agent);
        close(fd);
    } else if (errno == ENOENT) {
        return;
    } else {
        why = errno == ELOOP ? "it is a symlink" : strerror(errno);
    }
    if (why)
        report_problem(agent, index, why);
}

void exchange_collect(const struct exchange *exchange, const struct run_request *request, int agent)
{
    if (exchange->fd < 0)
        return;
    fchmod(exchange->fd, 0700); /* the step may have locked itself out */
    for (uint32_t i = 0; i < request->collect_count; i++)
        collect_one(exchange, request, i, agent);
}

void exchange_remove(struct exchange *exchange, char *note, size_t note_size)
{
    struct note first = {note, note_size};

    close_fd(&exchange->fd);
    if (exchange->parent < 0)
        return;
    remove_entry(exchange->parent, exchange->name, exchange->path, note_problem, &first);
    close_fd(&exchange->parent);
}
