/* Opening directories that may be hostile. */
#ifndef SWAMP_DIRECTORY_H
#define SWAMP_DIRECTORY_H

/* Opens the directory `name` in `parent`, never through a symlink; one that gives its owner no right
 * gets all of them first. */
int open_directory(int parent, const char *name);

/* Whether something is mounted there: a bind mount of the same file system is told by this only. */
int is_mount_point(int fd);

/* Opens the directory that `path` lies in; *name is set to its last part, within `path`. Returns
 * -1 with errno: EINVAL for a path that is relative, the root, or ends in a slash, "." or "..". */
int open_parent(const char *path, const char **name);

#endif
