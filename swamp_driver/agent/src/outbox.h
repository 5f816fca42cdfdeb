/* What goes to the client: one bounded buffer before standard output. */
#ifndef SWAMP_OUTBOX_H
#define SWAMP_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "protocol.h"
#include "wire.h"

#define OUTBOX_SIZE (1u << 20)
/* Kept free for short answers, so that they need no other place to wait. */
#define OUTBOX_RESERVE 8192

struct outbox {
    int fd;
    int broken; /* errno of the write that failed: the client has gone */
    size_t start;
    size_t end;
    uint8_t data[OUTBOX_SIZE];
};

/* Room for the payload of one more frame, beside the reserve. */
size_t outbox_room(const struct outbox *outbox);
/* Whether a short answer fits. */
int outbox_accepts(const struct outbox *outbox);
/* Where the payload of the next frame is to be put, outbox_room() bytes at most. */
uint8_t *outbox_payload(struct outbox *outbox);
/* Makes what was put there a frame. */
void outbox_commit(struct outbox *outbox, uint32_t id, uint16_t type, size_t size);
void outbox_put(struct outbox *outbox, uint32_t id, uint16_t type, const struct writer *writer);
/* Writes what the client takes now. */
void outbox_flush(struct outbox *outbox);
int outbox_empty(const struct outbox *outbox);

#endif
