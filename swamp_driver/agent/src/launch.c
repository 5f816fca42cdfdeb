#define _GNU_SOURCE
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "fds.h"
#include "protocol.h"

/* Where the step's environment has no PATH: what a shell without one looks through. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define LAST_SIGNAL 64

static void fail(struct launch_failure *failure, int reason, int error, const char *path)
{
    failure->reason = reason;
    failure->error = error;
    snprintf(failure->path, sizeof failure->path, "%s", path);
}

static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number <= LAST_SIGNAL; number++)
        signal(number, SIG_DFL); /* KILL, STOP and those of libc refuse: they need no reset */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* EACCES has many causes; the file tells which. */
static int reason_for_access(const char *path)
{
    struct stat status;
    struct statvfs mount;

    if (stat(path, &status) != 0)
        return START_REFUSED;
    if (S_ISDIR(status.st_mode))
        return START_IS_A_DIRECTORY;
    if (!S_ISREG(status.st_mode))
        return START_NOT_EXECUTABLE;
    if (access(path, X_OK) == 0)
        return START_BAD_INTERPRETER;
    if (statvfs(path, &mount) == 0 && (mount.f_flag & ST_NOEXEC))
        return START_REFUSED;
    return START_NOT_EXECUTABLE;
}

static int reason_for(int error, const char *path)
{
    switch (error) {
    case ENOENT:
        return access(path, F_OK) == 0 ? START_BAD_INTERPRETER : START_NOT_FOUND;
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
        return START_NOT_FOUND;
    case EACCES:
        return reason_for_access(path);
    case ENOEXEC:
    case EINVAL:
        return START_NOT_EXECUTABLE;
    case ELIBBAD:
    case EISDIR:
        return START_BAD_INTERPRETER;
    case E2BIG:
        return START_ARGUMENTS_TOO_LONG;
    case ENOMEM:
    case EAGAIN:
    case EMFILE:
    case ENFILE:
        return START_NO_RESOURCES;
    default:
        return START_REFUSED;
    }
}

static void try_exec(const struct run_request *request, const char *path,
                     struct launch_failure *failure)
{
    execve(path, request->argv, request->env);
    int error = errno;
    fail(failure, reason_for(error, path), error, path);
}

static const char *step_path(const struct run_request *request)
{
    for (char **entry = request->env; *entry; entry++)
        if (strncmp(*entry, "PATH=", 5) == 0)
            return *entry + 5;
    return DEFAULT_PATH;
}

/* Tries each directory of PATH. The first file that is there but cannot run is what is reported
 * where no later one runs, as a shell does; a directory of that name is no program at all. */
static void search_exec(const struct run_request *request, struct launch_failure *failure)
{
    const char *name = request->argv[0];
    const char *directory = step_path(request);
    struct launch_failure first; /* not *failure: that stays empty where a later attempt succeeds */
    struct launch_failure attempt;
    char path[PATH_MAX];

    fail(&first, START_NOT_FOUND, ENOENT, name);
    while (name[0]) {
        int size = (int)strcspn(directory, ":");
        int needed = snprintf(path, sizeof path, "%.*s%s%s", size, directory, size ? "/" : "./",
                              name);
        if (needed > 0 && (size_t)needed < sizeof path) {
            try_exec(request, path, &attempt);
            if (attempt.reason != START_NOT_FOUND && attempt.reason != START_IS_A_DIRECTORY &&
                first.reason == START_NOT_FOUND)
                first = attempt;
        }
        if (!directory[size] || first.error == E2BIG)
            break;
        directory += size + 1;
    }
    *failure = first;
}

static int enter_directory(const char *cwd, struct launch_failure *failure)
{
    if (chdir(cwd) == 0)
        return 0;
    int error = errno;
    int reason = error == ENOENT ? START_CWD_MISSING
                 : error == ENOTDIR ? START_CWD_NOT_A_DIRECTORY
                                    : START_REFUSED;
    fail(failure, reason, error, cwd);
    return -1;
}

/* Output goes to 1 and 2; nothing else is open when the program starts. The pipes were made while
 * 0, 1 and 2 were taken, so neither of them is in the way here. */
static int arrange_descriptors(int out, int err, struct launch_failure *failure)
{
    if (dup2(out, 1) < 0 || dup2(err, 2) < 0) {
        fail(failure, START_NO_RESOURCES, errno, "");
        return -1;
    }
    close_from(3);
    return 0;
}

void launch(const struct run_request *request, int out, int err, struct launch_failure *failure)
{
    setsid(); /* cannot fail: a process that was just forked leads no group */
    /* Should the supervisor be killed, then the leader at least goes with it. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    umask(022);
    if (arrange_descriptors(out, err, failure) != 0 ||
        enter_directory(request->cwd, failure) != 0)
        return;
    reset_signals();
    if (strchr(request->argv[0], '/'))
        try_exec(request, request->argv[0], failure);
    else
        search_exec(request, failure);
}
