/* Walking a tree that someone hostile may be changing: by descriptors only, never through a
 * symlink, never onto another mount, at any depth, with few descriptors. */
#ifndef SWAMP_TREE_H
#define SWAMP_TREE_H

#include <stddef.h>
#include <sys/stat.h>

struct tree_visitor {
    /* Something that is not a directory. */
    int (*leaf)(void *context, int parent, const char *name);
    /* A directory that was just opened, before its entries. */
    int (*enter)(void *context, int fd, const struct stat *status);
    /* The same directory after its entries; may be NULL. */
    int (*leave)(void *context, int parent, const char *name);
    /* Each callback returns 0 or errno; an error comes here with its path, and the walk goes on. */
    void (*problem)(void *context, const char *path, int error);
    void *context;
    /* The entries vanish as they are visited: a directory that must be read again is read from
     * its beginning. Otherwise it is read on from where it was left. */
    int consuming;
};

/* Walks `name` in the directory `parent`; `path` is how problems are to name it. A thing that is
 * not there is no problem. */
void tree_walk(int parent, const char *name, const char *path, const struct tree_visitor *visitor);

/* A problem's error in words. */
const char *tree_problem(int error);

#endif
