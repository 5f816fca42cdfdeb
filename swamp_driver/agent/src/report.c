#define _GNU_SOURCE
#include "report.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "protocol.h"

int report(int agent, uint16_t type, const void *payload, size_t size)
{
    uint8_t head[2] = {(uint8_t)type, (uint8_t)(type >> 8)};
    struct iovec parts[2] = {{head, sizeof head}, {(void *)(uintptr_t)payload, size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = size ? 2 : 1};

    while (sendmsg(agent, &message, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            return errno;
    return 0;
}

int report_writer(int agent, uint16_t type, const struct writer *writer)
{
    return report(agent, type, writer->data, writer->size);
}

void report_failed(int agent, int error, const char *path)
{
    uint8_t payload[1024];
    struct writer writer = writer_over(payload, sizeof payload);

    put_u32(&writer, (uint32_t)error);
    put_text(&writer, path);
    report_writer(agent, FRAME_FAILED, &writer);
}
