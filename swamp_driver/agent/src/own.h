/* Giving a tree to another owner. */
#ifndef SWAMP_OWN_H
#define SWAMP_OWN_H

#include <sys/types.h>

/* Changes only what has another owner; tells `problem` of each thing that could not be changed. */
void own_entry(int parent, const char *name, const char *path, uid_t uid, gid_t gid,
               void (*problem)(void *context, const char *path, int error), void *context);

#endif
