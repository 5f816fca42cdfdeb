#define _GNU_SOURCE
#include "fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FALLBACK_LIMIT 65536

static int close_range_fast(unsigned first, unsigned last)
{
#ifdef SYS_close_range
    return (int)syscall(SYS_close_range, first, last, 0u);
#else
    (void)first, (void)last;
    return -1;
#endif
}

/* close_range is new (5.9), and older container engines answer EPERM to what they do not know. */
static void close_span(int first, int last)
{
    struct rlimit limit;

    if (first > last || close_range_fast((unsigned)first, (unsigned)last) == 0)
        return;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > FALLBACK_LIMIT)
        limit.rlim_cur = FALLBACK_LIMIT;
    if (last >= (int)limit.rlim_cur)
        last = (int)limit.rlim_cur - 1;
    for (int fd = first; fd <= last; fd++)
        close(fd);
}

void close_from(int first) { close_span(first, INT32_MAX); }

void close_others(int *keep, size_t count)
{
    int next = 3;

    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && keep[j] < keep[j - 1]; j--) {
            int swapped = keep[j];
            keep[j] = keep[j - 1];
            keep[j - 1] = swapped;
        }
    for (size_t i = 0; i < count; i++) {
        if (keep[i] < next)
            continue;
        close_span(next, keep[i] - 1);
        next = keep[i] + 1;
    }
    close_from(next);
}

void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

int open_null(void)
{
    int ends[2];
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (fd >= 0 || pipe2(ends, O_CLOEXEC) != 0)
        return fd;
    close(ends[1]);
    return ends[0];
}

int set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int write_all(int fd, const void *data, size_t size)
{
    const char *at = data;

    while (size > 0) {
        ssize_t written = write(fd, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        at += written;
        size -= (size_t)written;
    }
    return 0;
}
