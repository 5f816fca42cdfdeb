#define _GNU_SOURCE
#include "own.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tree.h"

struct owning {
    uid_t uid;
    gid_t gid;
    void (*problem)(void *context, const char *path, int error);
    void *context;
};

static int is_owned(const struct owning *owning, const struct stat *status)
{
    return status->st_uid == owning->uid && status->st_gid == owning->gid;
}

static int own_leaf(void *context, int parent, const char *name)
{
    const struct owning *owning = context;
    struct stat status;

    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno;
    if (S_ISDIR(status.st_mode)) /* a file system that does not tell types while it lists */
        return EISDIR;
    if (is_owned(owning, &status))
        return 0;
    return fchownat(parent, name, owning->uid, owning->gid, AT_SYMLINK_NOFOLLOW) ? errno : 0;
}

static int own_directory(void *context, int fd, const struct stat *status)
{
    const struct owning *owning = context;

    if (is_owned(owning, status))
        return 0;
    return fchown(fd, owning->uid, owning->gid) ? errno : 0;
}

static void tell(void *context, const char *path, int error)
{
    const struct owning *owning = context;
    owning->problem(owning->context, path, error);
}

void own_entry(int parent, const char *name, const char *path, uid_t uid, gid_t gid,
               void (*problem)(void *context, const char *path, int error), void *context)
{
    struct owning owning = {.uid = uid, .gid = gid, .problem = problem, .context = context};
    struct tree_visitor visitor = {
        .leaf = own_leaf,
        .enter = own_directory,
        .problem = tell,
        .context = &owning,
    };

    tree_walk(parent, name, path, &visitor);
}
