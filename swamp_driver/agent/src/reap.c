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

/* Most families are dead after a pass or two over the children. What is not may be a storm: it
 * fills each place that a death leaves, so all of it has to be hit in one pass. */
#define FAMILY_PASS 4
#define FAMILY_MAX 8192

struct pass {
    const pid_t *spared;
    size_t spared_count;
    pid_t self;
    pid_t own_group;
    pid_t last_group;
    struct killing *killing;
};

/* The group goes first: kill(2) of a group is atomic against fork, so a storm inside of one group
 * ends with one call. A group that a child is in holds nothing but the family: the leader began a
 * session of its own, and a group never reaches beyond its session. */
static void kill_member(struct pass *pass, pid_t pid)
{
    pid_t group = getpgid(pid);

    pass->killing->found++;
    if (group > 1 && group != pass->own_group && group != pass->last_group) {
        kill(-group, SIGKILL);
        pass->last_group = group;
    }
    if (kill(pid, SIGKILL) != 0 && errno == EPERM)
        pass->killing->refused++;
}

static int is_spared(const struct pass *pass, pid_t pid)
{
    for (size_t i = 0; i < pass->spared_count; i++)
        if (pass->spared[i] == pid)
            return 1;
    return pid <= 1;
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
            if (!is_spared(pass, pid))
                kill_member(pass, pid);
            pid = 0;
        }
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

/* /proc lists processes by rising number, and children mostly have higher ones than their parent:
 * one reading finds nearly the whole family, and the family stays sorted. */
static int is_member(const pid_t *family, size_t size, pid_t parent, pid_t self)
{
    size_t low = 0;

    if (parent == self)
        return 1;
    while (low < size) {
        size_t middle = low + (size - low) / 2;
        if (family[middle] == parent)
            return 1;
        if (family[middle] < parent)
            low = middle + 1;
        else
            size = middle;
    }
    return 0;
}

static int kill_family(struct pass *pass)
{
    static pid_t family[FAMILY_MAX];
    size_t size = 0;
    DIR *proc = opendir("/proc");
    struct dirent *entry;

    if (!proc)
        return -1;
    while (size < FAMILY_MAX && (entry = readdir(proc))) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        if (pid <= 1 || pid == pass->self || is_spared(pass, pid) ||
            !is_member(family, size, parent_of(dirfd(proc), entry->d_name), pass->self))
            continue;
        kill_member(pass, pid);
        family[size++] = pid;
    }
    closedir(proc);
    return 0;
}

int can_list_children(void)
{
    return access("/proc/self/stat", R_OK) == 0;
}

void kill_pass(struct killing *killing, const pid_t *spared, size_t count)
{
    struct pass pass = {
        .spared = spared,
        .spared_count = count,
        .self = getpid(),
        .own_group = getpgrp(),
        .killing = killing,
    };
    /* Kernels without CONFIG_PROC_CHILDREN have no list of children: read all of /proc. */
    int fd = ++killing->passes % FAMILY_PASS ? open_children(pass.self) : -1;

    killing->found = killing->refused = 0;
    if (fd >= 0) {
        kill_listed(&pass, fd);
        close(fd);
    } else if (!can_list_children() || kill_family(&pass) != 0) {
        killing->found = -1;
    }
}
