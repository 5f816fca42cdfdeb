#define _GNU_SOURCE
#include "directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef STATX_ATTR_MOUNT_ROOT /* musl 1.2.5 does not know it yet; linux/stat.h does */
#define STATX_ATTR_MOUNT_ROOT 0x00002000
#endif

int is_mount_point(int fd)
{
    struct statx status;

    if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, 0, &status) != 0)
        return 0;
    return (status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) &&
           (status.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* Gives the owner all rights to a directory that is known by an O_PATH descriptor only: by name it
 * could have become a symlink meanwhile. */
static int unlock_by_path(int fd, mode_t mode)
{
    char link[64];
#ifdef SYS_fchmodat2
    if (syscall(SYS_fchmodat2, fd, "", mode, AT_EMPTY_PATH) == 0)
        return 0;
#endif
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return chmod(link, mode);
}

static int reopen_unlocked(int parent, const char *name)
{
    struct stat status;
    int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
        unlock_by_path(fd, (status.st_mode & 07777) | 0700);
    close(fd);
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int open_directory(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 && errno == EACCES)
        fd = reopen_unlocked(parent, name);
    return fd;
}

int open_parent(const char *path, const char **name)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 0;

    if (path[0] != '/' || !slash[1] || strcmp(slash, "/.") == 0 || strcmp(slash, "/..") == 0) {
        errno = EINVAL;
        return -1;
    }
    if (size >= sizeof directory) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(directory, path, size);
    directory[size] = 0;
    *name = slash + 1;
    return open(size ? directory : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}
