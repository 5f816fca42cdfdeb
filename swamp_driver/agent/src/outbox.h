/* What goes to the client: one bounded buffer before standard output. */
#ifndef SWAMP_OUTBOX_H
#define SWAMP_OUTBOX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "protocol.h"
#include "wire.h"

#define OUTBOX_SIZE (1u << 20)
/* Kept free for short answers, so that they need no other place to wait. */
#define OUTBOX_RESERVE 8192

struct outbox {
    int fd;
    int broken; /* errno of the write that failed: the client has gone */
    /* The payload of the last frame in the buffer may be here and not in it: large output goes from
     * pipe to pipe without being copied. By way of a pipe of our own, as a step can take bytes
     * back out of its pipe at any time, also when a frame has promised them. */
    int tail[2]; /* -1 where that does not work */
    size_t tail_left;
    size_t start;
    size_t end;
    uint8_t data[OUTBOX_SIZE];
};

void outbox_open(struct outbox *outbox, int fd);
/* Room for the payload of one more frame, beside the reserve. */
size_t outbox_room(const struct outbox *outbox);
/* Whether a short answer fits. */
int outbox_accepts(const struct outbox *outbox);
/* Where the payload of the next frame is to be put, outbox_room() bytes at most. */
uint8_t *outbox_payload(struct outbox *outbox);
/* Makes what was put there a frame. */
void outbox_commit(struct outbox *outbox, uint32_t id, uint16_t type, size_t size);
/* Reads up to `size` bytes of a pipe into a frame. Returns as read() does; no frame for 0 or -1. */
ssize_t outbox_move(struct outbox *outbox, uint32_t id, uint16_t type, int pipe, size_t size);
void outbox_put(struct outbox *outbox, uint32_t id, uint16_t type, const struct writer *writer);
/* Writes what the client takes now. */
void outbox_flush(struct outbox *outbox);
int outbox_empty(const struct outbox *outbox);

#endif
