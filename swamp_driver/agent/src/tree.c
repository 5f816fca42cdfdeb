#define _GNU_SOURCE
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "directory.h"

#define OPEN_LEVELS 48 /* directories that are kept open; those above are reopened through ".." */

struct level {
    DIR *directory; /* NULL while it is closed to save descriptors */
    dev_t device;
    ino_t inode;
    long position;
    size_t path_size; /* of the path up to this directory */
    int stuck;        /* something in it could not be consumed */
};

struct walk {
    const struct tree_visitor *visitor;
    int parent;
    const char *name;
    struct level *levels;
    size_t depth;
    size_t capacity;
    char *path; /* grows with the depth */
    size_t path_capacity;
};

static void problem_at(struct walk *walk, int error)
{
    if (error && error != ENOENT)
        walk->visitor->problem(walk->visitor->context, walk->path, error);
}

/* Sets the path to that of the innermost directory plus `name`. Returns 0 or ENOMEM. */
static int path_push(struct walk *walk, const char *name)
{
    size_t base = walk->levels[walk->depth - 1].path_size;
    size_t size = strlen(name);

    if (base + size + 2 > walk->path_capacity) {
        size_t capacity = (base + size + 2) * 2;
        char *path = realloc(walk->path, capacity);
        if (!path)
            return ENOMEM;
        walk->path = path;
        walk->path_capacity = capacity;
    }
    walk->path[base] = '/';
    memcpy(walk->path + base + 1, name, size + 1);
    return 0;
}

static void path_pop(struct walk *walk)
{
    walk->path[walk->levels[walk->depth - 1].path_size] = 0;
}

/* What must hold for a directory before its entries are looked at. */
static int admit(struct walk *walk, int fd, struct stat *status)
{
    if (fstat(fd, status) != 0)
        return errno;
    if (walk->depth > 0 && status->st_dev != walk->levels[0].device)
        return EXDEV;
    if ((walk->depth > 0 || walk->visitor->consuming) && is_mount_point(fd))
        return EXDEV;
    if ((status->st_mode & 0700) != 0700 && walk->visitor->consuming)
        fchmod(fd, (status->st_mode & 07777) | 0700); /* where it fails, unlinkat says why */
    return walk->visitor->enter(walk->visitor->context, fd, status);
}

static int grow(struct walk *walk)
{
    if (walk->depth < walk->capacity)
        return 0;
    size_t capacity = walk->capacity ? walk->capacity * 2 : 64;
    struct level *levels = realloc(walk->levels, capacity * sizeof *levels);
    if (!levels)
        return ENOMEM;
    walk->levels = levels;
    walk->capacity = capacity;
    return 0;
}

static void put_to_sleep(struct walk *walk)
{
    if (walk->depth <= OPEN_LEVELS)
        return;
    struct level *old = &walk->levels[walk->depth - 1 - OPEN_LEVELS];
    if (!old->directory)
        return;
    old->position = telldir(old->directory);
    closedir(old->directory);
    old->directory = NULL;
}

/* Goes into a directory. Returns 0, or errno with the depth as it was. */
static int descend(struct walk *walk, int parent, const char *name)
{
    struct stat status;
    int error = grow(walk);
    int fd = error ? -1 : open_directory(parent, name);

    if (error)
        return error;
    if (fd < 0)
        return errno;
    error = admit(walk, fd, &status);
    DIR *directory = error ? NULL : fdopendir(fd);
    if (!directory) {
        error = error ? error : errno;
        close(fd);
        return error;
    }
    walk->levels[walk->depth++] = (struct level){
        .directory = directory,
        .device = status.st_dev,
        .inode = status.st_ino,
        .path_size = strlen(walk->path),
    };
    put_to_sleep(walk);
    return 0;
}

/* Opens the level above the one of `fd` again; it must be the directory that it was. */
static int wake_up(struct walk *walk, struct level *level, int fd)
{
    struct stat status;
    int above = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (above < 0)
        return errno;
    if (fstat(above, &status) != 0 || status.st_dev != level->device ||
        status.st_ino != level->inode) {
        close(above);
        return ESTALE;
    }
    level->directory = fdopendir(above);
    if (!level->directory) {
        int error = errno;
        close(above);
        return error;
    }
    if (!walk->visitor->consuming)
        seekdir(level->directory, level->position);
    return 0;
}

/* Leaves the innermost directory. Returns errno where the one above cannot be found again. */
static int ascend(struct walk *walk)
{
    struct level *level = &walk->levels[--walk->depth];
    struct level *above = walk->depth ? level - 1 : NULL;
    int slept = above && !above->directory;
    int error = slept ? wake_up(walk, above, dirfd(level->directory)) : 0;
    size_t path_size = level->path_size;

    closedir(level->directory);
    if (error) {
        problem_at(walk, error);
        return error;
    }
    walk->path[path_size] = 0;
    if (!walk->visitor->leave)
        return 0;
    size_t base = above ? above->path_size + 1 : 0;
    const char *name = above ? walk->path + base : walk->name;
    error = walk->visitor->leave(walk->visitor->context,
                                 above ? dirfd(above->directory) : walk->parent, name);
    /* Below, something was reported already: that this is not empty then is no news. */
    if (error != ENOTEMPTY || !level->stuck)
        problem_at(walk, error);
    if (error && error != ENOENT && above)
        above->stuck |= slept ? 2 : 1;
    return 0;
}

static void visit(struct walk *walk, int parent, const struct dirent *entry)
{
    int error = path_push(walk, entry->d_name);

    if (!error && entry->d_type != DT_DIR)
        error = walk->visitor->leaf(walk->visitor->context, parent, entry->d_name);
    else if (!error)
        error = EISDIR;
    if (error == EISDIR)
        error = descend(walk, parent, entry->d_name);
    if (error == ENOTDIR) /* it was swapped for something else since it was listed */
        error = walk->visitor->leaf(walk->visitor->context, parent, entry->d_name);
    if (error && error != ENOENT) {
        problem_at(walk, error);
        walk->levels[walk->depth - 1].stuck |= 1;
    }
}

static int is_dots(const char *name)
{
    return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static int step_once(struct walk *walk)
{
    struct level *level = &walk->levels[walk->depth - 1];
    struct dirent *entry = NULL;

    path_pop(walk);
    /* A directory that is read anew would offer forever what cannot be removed from it. */
    if (!(level->stuck & 2)) {
        errno = 0;
        entry = readdir(level->directory);
        if (!entry && errno)
            problem_at(walk, errno);
    }
    if (!entry)
        return ascend(walk);
    if (!is_dots(entry->d_name))
        visit(walk, dirfd(level->directory), entry);
    return 0;
}

static void walk_free(struct walk *walk)
{
    while (walk->depth > 0) {
        struct level *level = &walk->levels[--walk->depth];
        if (level->directory)
            closedir(level->directory);
    }
    free(walk->levels);
    free(walk->path);
}

void tree_walk(int parent, const char *name, const char *path, const struct tree_visitor *visitor)
{
    struct walk walk = {.visitor = visitor, .parent = parent, .name = name, .path = strdup(path)};
    struct stat status;
    int error = 0;

    if (!walk.path) {
        visitor->problem(visitor->context, path, ENOMEM);
        return;
    }
    walk.path_capacity = strlen(path) + 1;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        error = errno;
    else if (!S_ISDIR(status.st_mode))
        error = visitor->leaf(visitor->context, parent, name);
    else
        error = descend(&walk, parent, name);
    problem_at(&walk, error);
    while (!error && walk.depth > 0)
        error = step_once(&walk);
    walk_free(&walk);
}

const char *tree_problem(int error)
{
    if (error == EXDEV)
        return "it is a mount point";
    return error == ESTALE ? "it changed during the walk" : strerror(error);
}
