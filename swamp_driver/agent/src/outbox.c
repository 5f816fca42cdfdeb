#define _GNU_SOURCE
#include "outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fds.h"

#define TAIL_PIPE_SIZE (256 << 10)
#define MOVE_MIN (32 << 10) /* less is copied sooner than it is moved */

void outbox_open(struct outbox *outbox, int fd)
{
    outbox->fd = fd;
    if (pipe2(outbox->tail, O_CLOEXEC | O_NONBLOCK) != 0)
        outbox->tail[0] = outbox->tail[1] = -1;
    else
        fcntl(outbox->tail[1], F_SETPIPE_SZ, TAIL_PIPE_SIZE);
}

static size_t space(const struct outbox *outbox)
{
    size_t left = OUTBOX_SIZE - outbox->end;
    return left > HEADER_SIZE && !outbox->tail_left ? left - HEADER_SIZE : 0;
}

size_t outbox_room(const struct outbox *outbox)
{
    size_t left = space(outbox);
    return left > OUTBOX_RESERVE ? left - OUTBOX_RESERVE : 0;
}

int outbox_accepts(const struct outbox *outbox) { return space(outbox) >= OUTBOX_RESERVE / 2; }

uint8_t *outbox_payload(struct outbox *outbox) { return outbox->data + outbox->end + HEADER_SIZE; }

static void put_header(struct outbox *outbox, uint32_t id, uint16_t type, size_t size)
{
    struct writer header = writer_over(outbox->data + outbox->end, HEADER_SIZE);

    put_u32(&header, (uint32_t)size);
    put_u32(&header, id);
    put_u16(&header, 0);
    put_u16(&header, type);
    outbox->end += HEADER_SIZE;
}

void outbox_commit(struct outbox *outbox, uint32_t id, uint16_t type, size_t size)
{
    put_header(outbox, id, type, size);
    outbox->end += size;
}

void outbox_put(struct outbox *outbox, uint32_t id, uint16_t type, const struct writer *writer)
{
    if (writer->size > space(outbox))
        return; /* callers ask outbox_accepts() first; a frame cut in two would be worse */
    if (writer->size)
        memcpy(outbox_payload(outbox), writer->data, writer->size);
    outbox_commit(outbox, id, type, writer->size);
}

ssize_t outbox_move(struct outbox *outbox, uint32_t id, uint16_t type, int pipe, size_t size)
{
    int held = 0;
    ssize_t got = -1;

    if (outbox->tail[0] >= 0 && size >= MOVE_MIN && ioctl(pipe, FIONREAD, &held) == 0 &&
        held >= MOVE_MIN)
        got = splice(pipe, NULL, outbox->tail[1], NULL, size, SPLICE_F_NONBLOCK);
    if (got > 0) {
        put_header(outbox, id, type, (size_t)got);
        outbox->tail_left = (size_t)got;
        return got;
    }
    got = read(pipe, outbox_payload(outbox), size);
    if (got > 0)
        outbox_commit(outbox, id, type, (size_t)got);
    return got;
}

static void flush_buffer(struct outbox *outbox)
{
    while (outbox->start < outbox->end && !outbox->broken) {
        ssize_t written =
            write(outbox->fd, outbox->data + outbox->start, outbox->end - outbox->start);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && errno == EAGAIN)
            return;
        if (written < 0)
            outbox->broken = errno;
        else
            outbox->start += (size_t)written;
    }
}

/* For an output that cannot be spliced to, such as a file: the tail becomes part of the buffer. */
static void copy_tail(struct outbox *outbox)
{
    ssize_t got = read(outbox->tail[0], outbox->data, outbox->tail_left);

    if (got <= 0) {
        outbox->broken = EIO;
        return;
    }
    outbox->end = (size_t)got;
    outbox->tail_left -= (size_t)got;
    if (outbox->tail_left == 0) {
        close_fd(&outbox->tail[0]);
        close_fd(&outbox->tail[1]);
    }
}

static void flush_tail(struct outbox *outbox)
{
    while (outbox->tail_left && !outbox->broken) {
        ssize_t moved = splice(outbox->tail[0], NULL, outbox->fd, NULL, outbox->tail_left,
                               SPLICE_F_NONBLOCK);
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved < 0 && errno == EAGAIN)
            return;
        if (moved < 0 && errno == EINVAL) {
            copy_tail(outbox);
            return;
        }
        if (moved <= 0)
            outbox->broken = moved < 0 ? errno : EIO;
        else
            outbox->tail_left -= (size_t)moved;
    }
}

void outbox_flush(struct outbox *outbox)
{
    flush_buffer(outbox);
    if (outbox->start == outbox->end) {
        outbox->start = outbox->end = 0;
        flush_tail(outbox);
    } else if (outbox->start >= OUTBOX_SIZE / 2) {
        memmove(outbox->data, outbox->data + outbox->start, outbox->end - outbox->start);
        outbox->end -= outbox->start;
        outbox->start = 0;
    }
}

int outbox_empty(const struct outbox *outbox)
{
    return outbox->start == outbox->end && !outbox->tail_left;
}
