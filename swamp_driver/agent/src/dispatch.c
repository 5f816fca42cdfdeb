#define _GNU_SOURCE
#include "dispatch.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "protocol.h"
#include "reap.h"
#include "start.h"

void dispatch_hello(struct agent *agent)
{
    uint8_t payload[256];
    struct writer writer = writer_over(payload, sizeof payload);
    struct utsname system;
    uint32_t flags = (getpid() == 1 ? HELLO_IS_INIT : 0) | (can_list_children() ? HELLO_HAS_PROC : 0);

    put_bytes(&writer, MAGIC, MAGIC_SIZE);
    put_u16(&writer, PROTOCOL_VERSION);
    put_u32(&writer, (uint32_t)getpid());
    put_u32(&writer, (uint32_t)getuid());
    put_u32(&writer, (uint32_t)getgid());
    put_u32(&writer, flags);
    put_text(&writer, uname(&system) == 0 ? system.machine : "unknown");
    outbox_put(&agent->outbox, 0, FRAME_HELLO, &writer);
}

static int on_open(struct agent *agent, struct cursor *cursor)
{
    const uint8_t *magic = take_bytes(cursor, MAGIC_SIZE);

    if (agent->opened || !magic || memcmp(magic, MAGIC, MAGIC_SIZE) != 0)
        return EBADMSG;
    if (take_u16(cursor) != PROTOCOL_VERSION) {
        agent_end(agent, EXIT_PROTOCOL, "the client speaks another version of the protocol");
        return 0;
    }
    agent->lease_us = (uint64_t)take_u32(cursor) * 1000;
    agent->opened = 1;
    return cursor_done(cursor) ? 0 : EBADMSG;
}

static int on_cancel(struct agent *agent, uint32_t id, struct cursor *cursor)
{
    uint8_t stage = take_u8(cursor);

    if (!cursor_done(cursor) || (stage != CANCEL_GRACEFUL && stage != CANCEL_NOW))
        return EBADMSG;
    jobs_command(&agent->jobs, id, stage == CANCEL_NOW ? COMMAND_NOW : COMMAND_GRACEFUL);
    return 0;
}

static int on_credit(struct agent *agent, uint32_t id, struct cursor *cursor)
{
    uint32_t bytes = take_u32(cursor);

    if (!cursor_done(cursor))
        return EBADMSG;
    jobs_credit(&agent->jobs, id, bytes);
    return 0;
}

static int on_work(struct agent *agent, const struct request *request)
{
    if (jobs_find(&agent->jobs, request->id))
        return EBADMSG;
    if (request->type == FRAME_RUN && agent->stopping) {
        uint8_t payload[16];
        struct writer writer = writer_over(payload, sizeof payload);
        put_u32(&writer, ESHUTDOWN);
        put_text(&writer, "");
        outbox_put(&agent->outbox, request->id, FRAME_FAILED, &writer);
        return 0;
    }
    return request->type == FRAME_RUN ? start_step(&agent->jobs, request)
                                      : start_file_worker(&agent->jobs, request);
}

static int dispatch(struct agent *agent, const struct request *request)
{
    struct cursor cursor = cursor_over(request->body, request->size);
    struct writer empty = writer_over(NULL, 0);

    if (!agent->opened && request->type != FRAME_OPEN)
        return EBADMSG;
    switch (request->type) {
    case FRAME_OPEN:
        return on_open(agent, &cursor);
    case FRAME_CANCEL:
        return on_cancel(agent, request->id, &cursor);
    case FRAME_CREDIT:
        return on_credit(agent, request->id, &cursor);
    case FRAME_PING:
        outbox_put(&agent->outbox, request->id, FRAME_PONG, &empty);
        return 0;
    case FRAME_SHUTDOWN:
        agent_end(agent, EXIT_ENDED, NULL);
        return 0;
    case FRAME_RUN:
    case FRAME_READ_FILE:
    case FRAME_WRITE_FILE:
    case FRAME_MAKE_DIRECTORIES:
    case FRAME_REMOVE_TREE:
    case FRAME_CHOWN_TREE:
        return on_work(agent, request);
    default:
        return EBADMSG;
    }
}

int dispatch_request(void *context, const struct request *request)
{
    struct agent *agent = context;

    if (dispatch(agent, request) != 0)
        agent_end(agent, EXIT_PROTOCOL, "a request is not of the protocol");
    return agent->ending;
}
