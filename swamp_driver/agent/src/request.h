/* A request to run a step, taken apart. */
#ifndef SWAMP_REQUEST_H
#define SWAMP_REQUEST_H

#include <stddef.h>
#include <stdint.h>

struct exchange_file {
    const char *name;
    uint32_t mode;
    const uint8_t *content;
    uint32_t size;
};

/* All strings lie in the frame's body: it must live as long as this does. */
struct run_request {
    uint32_t credit;
    uint64_t timeout_us;
    uint64_t grace_us;
    const char *cwd;
    char **argv;
    char **env; /* the agent's environment with the request's on top */
    const char *exchange; /* "" for none */
    struct exchange_file *files;
    uint32_t file_count;
    const char **directories;
    uint32_t directory_count;
    const char **collect;
    uint32_t collect_count;
    uint64_t collect_limit;
};

/* Returns 0, or EBADMSG for a body that breaks the protocol, or ENOMEM. Free it in each case. */
int run_request_parse(struct run_request *request, const void *body, size_t size);
void run_request_free(struct run_request *request);

#endif
