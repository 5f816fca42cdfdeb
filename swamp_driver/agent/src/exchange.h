/* The exchange directory of a step: made before it, read and removed after it. */
#ifndef SWAMP_EXCHANGE_H
#define SWAMP_EXCHANGE_H

#include <stddef.h>

#include "request.h"

struct exchange {
    const char *path; /* "" where the step has none */
    const char *name; /* its last part */
    int parent;       /* the directory that it lies in */
    int fd;           /* the directory itself: the step may put another thing in its place */
};

/* Makes it new: what is there by that name goes first. Returns 0, or errno with *about set. */
int exchange_make(struct exchange *exchange, const struct run_request *request,
                  const char **about);
/* Sends the files that were asked for to the agent. */
void exchange_collect(const struct exchange *exchange, const struct run_request *request,
                      int agent);
/* Removes it; `note` gets the first thing that stays and why, or stays as it was. */
void exchange_remove(struct exchange *exchange, char *note, size_t note_size);

#endif
