/* Removing a tree, whatever is in it. */
#ifndef SWAMP_REMOVE_H
#define SWAMP_REMOVE_H

/* Tells `problem` of each thing that stays and why. */
void remove_entry(int parent, const char *name, const char *path,
                  void (*problem)(void *context, const char *path, int error), void *context);

#endif
