/* Descriptors: what a child may keep, and what it must not have. */
#ifndef SWAMP_FDS_H
#define SWAMP_FDS_H

#include <stddef.h>

/* Closes every descriptor from `first` on. */
void close_from(int first);
/* Closes every descriptor above 2 but the `count` that are kept; sorts `keep`. */
void close_others(int *keep, size_t count);
/* Closes `*fd` where it is open and sets it to -1. */
void close_fd(int *fd);
/* A descriptor that reads as empty: /dev/null, or a pipe without a writer where there is none. */
int open_null(void);
int set_nonblocking(int fd);
/* Writes all; returns 0, or errno. */
int write_all(int fd, const void *data, size_t size);

#endif
