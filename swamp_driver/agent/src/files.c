#define _GNU_SOURCE
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory.h"
#include "fds.h"
#include "own.h"
#include "protocol.h"
#include "remove.h"
#include "report.h"
#include "tree.h"
#include "wire.h"

#define NOTES_MAX 100

struct file_request {
    const char *path;
    struct cursor paths; /* MAKE_DIRECTORIES: where its list begins */
    uint32_t path_count;
    uint64_t limit;
    uint32_t mode;
    uint32_t uid;
    uint32_t gid;
    const uint8_t *content;
    uint32_t size;
    int notes;
    int agent;
};

static void take_owner(struct cursor *cursor, struct file_request *request)
{
    request->uid = take_u32(cursor);
    request->gid = take_u32(cursor);
}

static void take_paths(struct cursor *cursor, struct file_request *request)
{
    request->path_count = take_count(cursor, 5);
    request->paths = *cursor;
    for (uint32_t i = 0; i < request->path_count; i++)
        take_text(cursor);
}

static int parse(uint16_t type, const void *body, size_t size, struct file_request *request)
{
    struct cursor cursor = cursor_over(body, size);

    if (type == FRAME_MAKE_DIRECTORIES)
        take_paths(&cursor, request);
    else
        request->path = take_text(&cursor);
    if (type == FRAME_READ_FILE)
        request->limit = take_u64(&cursor);
    if (type == FRAME_WRITE_FILE || type == FRAME_MAKE_DIRECTORIES)
        request->mode = take_u32(&cursor) & 07777;
    if (type != FRAME_READ_FILE && type != FRAME_REMOVE_TREE)
        take_owner(&cursor, request);
    if (type == FRAME_WRITE_FILE)
        request->content = take_blob(&cursor, &request->size);
    return cursor_done(&cursor);
}

int file_request_valid(uint16_t type, const void *body, size_t size)
{
    struct file_request request = {0};
    return parse(type, body, size, &request);
}

static int send_content(int fd, const struct file_request *request)
{
    static uint8_t piece[REPORT_MAX];
    uint64_t total = 0;
    struct stat status;
    ssize_t size;

    if (fstat(fd, &status) != 0)
        return errno;
    if (!S_ISREG(status.st_mode))
        return S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    while ((size = read(fd, piece, sizeof piece)) > 0) {
        total += (uint64_t)size;
        if (total > request->limit)
            return EFBIG;
        int error = report(request->agent, FRAME_DATA, piece, (size_t)size);
        if (error)
            return error;
    }
    return size < 0 ? errno : 0;
}

static int read_file(const struct file_request *request)
{
    int fd = open(request->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0)
        return errno;
    int error = send_content(fd, request);
    close(fd);
    return error;
}

static int give(int fd, const struct file_request *request)
{
    if ((request->uid != NO_ID || request->gid != NO_ID) &&
        fchown(fd, request->uid, request->gid) != 0)
        return errno;
    return fchmod(fd, request->mode) == 0 ? 0 : errno;
}

static int write_file(const struct file_request *request)
{
    int fd = open(request->path,
                  O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                  0600);

    if (fd < 0)
        return errno;
    int error = write_all(fd, request->content, request->size);
    if (!error)
        error = give(fd, request);
    if (close(fd) != 0 && !error)
        error = errno;
    return error;
}

static int make_one(const struct file_request *request, const char *path)
{
    if (mkdir(path, 0700) != 0) {
        struct stat status;
        if (errno != EEXIST)
            return errno;
        return stat(path, &status) == 0 && S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int error = give(fd, request);
    close(fd);
    return error;
}

/* Makes `path` and what is missing above it; what is there already is left as it is. */
static int make_path(const struct file_request *request, const char *path)
{
    char part[PATH_MAX];
    size_t size = strlen(path);

    if (size >= sizeof part)
        return ENAMETOOLONG;
    memcpy(part, path, size + 1);
    for (size_t i = 1; i < size; i++) {
        if (part[i] != '/' || part[i - 1] == '/')
            continue;
        part[i] = 0;
        int error = make_one(request, part);
        if (error)
            return error;
        part[i] = '/';
    }
    return make_one(request, part);
}

static int make_directories(struct file_request *request)
{
    for (uint32_t i = 0; i < request->path_count; i++) {
        request->path = take_text(&request->paths);
        int error = request->path[0] == '/' ? make_path(request, request->path) : EINVAL;
        if (error)
            return error;
    }
    return 0;
}

static void send_note(void *context, const char *path, int error)
{
    struct file_request *request = context;
    uint8_t payload[2048];
    char line[2000];

    if (request->notes++ >= NOTES_MAX)
        return;
    snprintf(line, sizeof line, "%.1800s: %s", path, tree_problem(error));
    struct writer writer = writer_over(payload, sizeof payload);
    put_text(&writer, line);
    report_writer(request->agent, FRAME_NOTE, &writer);
}

static int change_tree(uint16_t type, struct file_request *request)
{
    const char *name;
    int parent = open_parent(request->path, &name);

    if (parent < 0)
        return errno == ENOENT ? 0 : errno;
    if (type == FRAME_REMOVE_TREE)
        remove_entry(parent, name, request->path, send_note, request);
    else
        own_entry(parent, name, request->path, request->uid, request->gid, send_note, request);
    close(parent);
    return 0;
}

static int serve(uint16_t type, struct file_request *request)
{
    switch (type) {
    case FRAME_READ_FILE:
        return read_file(request);
    case FRAME_WRITE_FILE:
        return write_file(request);
    case FRAME_MAKE_DIRECTORIES:
        return make_directories(request);
    default:
        return change_tree(type, request);
    }
}

void file_request_serve(uint16_t type, const void *body, size_t size, int agent)
{
    struct file_request request = {.agent = agent};

    parse(type, body, size, &request);
    int error = serve(type, &request);
    if (error)
        report_failed(agent, error, request.path ? request.path : "");
    else
        report(agent, FRAME_DONE, NULL, 0);
}
