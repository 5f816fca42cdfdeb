#define _GNU_SOURCE
#include "reap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pass {
    const pid_t *spared;
    size_t spared_count;
    pid_t self;
    pid_t own_group;
    pid_t last_group;
    int found;
};

/* The group goes first: kill(2) of a group is atomic against fork, so a storm inside of one group
 * ends with one call. A group that a child is in holds nothing but the family: the leader began a
 * session of its own, and a group never reaches beyond its session. */
static void kill_child(struct pass *pass, pid_t pid)
{
    for (size_t i = 0; i < pass->spared_count; i++)
        if (pass->spared[i] == pid)
            return;
    pass->found++;
    pid_t group = getpgid(pid);
    if (group > 1 && group != pass->own_group && group != pass->last_group) {
        kill(-group, SIGKILL);
        pass->last_group = group;
    }
    kill(pid, SIGKILL);
}

static int open_children(pid_t self)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)self);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Kills while it reads: what is listed has little time to fork and go. */
static void kill_listed(struct pass *pass, int fd)
{
    char chunk[1024];
    pid_t pid = 0;
    ssize_t size;

    while ((size = read(fd, chunk, sizeof chunk)) > 0)
        for (ssize_t i = 0; i < size; i++) {
            if (chunk[i] >= '0' && chunk[i] <= '9') {
                pid = pid * 10 + (chunk[i] - '0');
                continue;
            }
            if (pid > 1)
                kill_child(pass, pid);
            pid = 0;
        }
    if (pid > 1)
        kill_child(pass, pid);
}

static pid_t parent_of(int proc, const char *pid)
{
    char path[32];
    char stat[512];
    int parent = 0;

    snprintf(path, sizeof path, "%.20s/stat", pid);
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t size = read(fd, stat, sizeof stat - 1);
    close(fd);
    if (size <= 0)
        return 0;
    stat[size] = 0;
    const char *name_end = strrchr(stat, ')'); /* a name may hold anything, also ") S 1" */
    if (!name_end || sscanf(name_end + 1, " %*c %d", &parent) != 1)
        return 0;
    return parent;
}

/* Kernels without CONFIG_PROC_CHILDREN: look at every process for its parent. */
static int kill_scanned(struct pass *pass)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;

    if (!proc)
        return -1;
    while ((entry = readdir(proc)))
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
            parent_of(dirfd(proc), entry->d_name) == pass->self)
            kill_child(pass, (pid_t)atoi(entry->d_name));
    closedir(proc);
    return 0;
}

int can_list_children(void)
{
    return access("/proc/self/stat", R_OK) == 0;
}

int kill_children(const pid_t *spared, size_t count)
{
    struct pass pass = {
        .spared = spared, .spared_count = count, .self = getpid(), .own_group = getpgrp()};
    int fd = open_children(pass.self);

    if (fd >= 0) {
        kill_listed(&pass, fd);
        close(fd);
    } else if (!can_list_children() || kill_scanned(&pass) != 0) {
        return -1;
    }
    return pass.found;
}
