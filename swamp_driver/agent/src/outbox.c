#include "outbox.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static size_t space(const struct outbox *outbox)
{
    size_t left = OUTBOX_SIZE - outbox->end;
    return left > HEADER_SIZE ? left - HEADER_SIZE : 0;
}

size_t outbox_room(const struct outbox *outbox)
{
    size_t left = space(outbox);
    return left > OUTBOX_RESERVE ? left - OUTBOX_RESERVE : 0;
}

int outbox_accepts(const struct outbox *outbox) { return space(outbox) >= OUTBOX_RESERVE / 2; }

uint8_t *outbox_payload(struct outbox *outbox) { return outbox->data + outbox->end + HEADER_SIZE; }

void outbox_commit(struct outbox *outbox, uint32_t id, uint16_t type, size_t size)
{
    struct writer header = writer_over(outbox->data + outbox->end, HEADER_SIZE);

    put_u32(&header, (uint32_t)size);
    put_u32(&header, id);
    put_u16(&header, 0);
    put_u16(&header, type);
    outbox->end += HEADER_SIZE + size;
}

void outbox_put(struct outbox *outbox, uint32_t id, uint16_t type, const struct writer *writer)
{
    if (writer->size > space(outbox))
        return; /* callers ask outbox_accepts() first; a frame cut in two would be worse */
    memcpy(outbox_payload(outbox), writer->data, writer->size);
    outbox_commit(outbox, id, type, writer->size);
}

void outbox_flush(struct outbox *outbox)
{
    while (outbox->start < outbox->end && !outbox->broken) {
        ssize_t written =
            write(outbox->fd, outbox->data + outbox->start, outbox->end - outbox->start);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && errno == EAGAIN)
            break;
        if (written < 0)
            outbox->broken = errno;
        else
            outbox->start += (size_t)written;
    }
    if (outbox->start == outbox->end) {
        outbox->start = outbox->end = 0;
    } else if (outbox->start >= OUTBOX_SIZE / 2) {
        memmove(outbox->data, outbox->data + outbox->start, outbox->end - outbox->start);
        outbox->end -= outbox->start;
        outbox->start = 0;
    }
}

int outbox_empty(const struct outbox *outbox) { return outbox->start == outbox->end; }
