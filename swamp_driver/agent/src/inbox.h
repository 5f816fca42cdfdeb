/* What comes from the client: bytes to frames, and frames to requests. */
#ifndef SWAMP_INBOX_H
#define SWAMP_INBOX_H

#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

struct request {
    uint32_t id;
    uint16_t type;
    const uint8_t *body; /* the payloads of its parts and its own, in one piece */
    size_t size;
};

/* Returns 0 to go on; anything else stops the reading and is given back. */
typedef int request_handler(void *context, const struct request *request);

struct inbox {
    uint8_t header[HEADER_SIZE];
    size_t header_size;
    uint32_t payload_left;
    int in_parts;      /* PART frames came, their request has not yet */
    uint32_t parts_id; /* whose they are */
    uint8_t *body;
    size_t body_size;
    size_t body_capacity;
    const char *error; /* why the bytes are not of the protocol */
};

/* Takes bytes as they come and calls `handler` for each request that is complete. Returns 0, -1
 * with `error` set, or what the handler gave. */
int inbox_take(struct inbox *inbox, const uint8_t *bytes, size_t size, request_handler *handler,
               void *context);
/* Whether the bytes so far end between two requests. */
int inbox_between(const struct inbox *inbox);
void inbox_free(struct inbox *inbox);

#endif
