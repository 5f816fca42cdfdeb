#define _GNU_SOURCE
#include "oom.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_in(const char *mount, const char *group, const char *file)
{
    char path[PATH_MAX + 64];

    snprintf(path, sizeof path, "%s%s/%s", mount, group, file);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* In a container the path may be the host's, while the mount shows the container's own group. */
static int open_counter(const char *mount, const char *group, const char *file)
{
    int fd = open_in(mount, group, file);
    return fd >= 0 ? fd : open_in(mount, "", file);
}

/* A line of /proc/self/cgroup: hierarchy:controllers:path. */
static int open_line(char *line)
{
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;

    if (!group)
        return -1;
    *group++ = 0;
    group[strcspn(group, "\n")] = 0;
    if (strcmp(line, "0:") == 0)
        return open_counter("/sys/fs/cgroup", group, "memory.events");
    if (strcmp(controllers + 1, "memory") == 0)
        return open_counter("/sys/fs/cgroup/memory", group, "memory.oom_control");
    return -1;
}

void oom_open(struct oom_counter *counter)
{
    char line[PATH_MAX];
    FILE *groups = fopen("/proc/self/cgroup", "re");

    counter->fd = -1;
    counter->claimed = 0;
    while (groups && counter->fd < 0 && fgets(line, sizeof line, groups))
        counter->fd = open_line(line);
    if (groups)
        fclose(groups);
}

uint64_t oom_read(const struct oom_counter *counter)
{
    char text[512];
    ssize_t size = counter->fd < 0 ? -1 : pread(counter->fd, text, sizeof text - 1, 0);

    if (size <= 0)
        return 0;
    text[size] = 0;
    const char *found = strstr(text, "oom_kill ");
    return found ? strtoull(found + strlen("oom_kill "), NULL, 10) : 0;
}

int oom_claim(struct oom_counter *counter, uint64_t base, int by_kill)
{
    uint64_t now = oom_read(counter);
    uint64_t from = by_kill || base > counter->claimed ? base : counter->claimed;

    if (now <= from)
        return 0;
    counter->claimed = now;
    return 1;
}
