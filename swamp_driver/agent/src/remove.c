#define _GNU_SOURCE
#include "remove.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tree.h"

static int remove_leaf(void *context, int parent, const char *name)
{
    (void)context;
    if (unlinkat(parent, name, 0) == 0)
        return 0;
    return errno;
}

static int enter_any(void *context, int fd, const struct stat *status)
{
    (void)context, (void)fd, (void)status;
    return 0;
}

static int remove_directory(void *context, int parent, const char *name)
{
    (void)context;
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 ? 0 : errno;
}

void remove_entry(int parent, const char *name, const char *path,
                  void (*problem)(void *context, const char *path, int error), void *context)
{
    struct tree_visitor visitor = {
        .leaf = remove_leaf,
        .enter = enter_any,
        .leave = remove_directory,
        .problem = problem,
        .context = context,
        .consuming = 1,
    };

    tree_walk(parent, name, path, &visitor);
}
