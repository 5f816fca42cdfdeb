#include "inbox.h"

#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define KEPT_CAPACITY (256u << 10)

static int broken(struct inbox *inbox, const char *why)
{
    inbox->error = why;
    return -1;
}

static int reserve(struct inbox *inbox, size_t more)
{
    size_t needed = inbox->body_size + more;
    size_t capacity = inbox->body_capacity ? inbox->body_capacity : 4096;

    if (needed > BODY_MAX)
        return broken(inbox, "the request is too large");
    while (capacity < needed)
        capacity *= 2;
    if (capacity == inbox->body_capacity)
        return 0;
    uint8_t *body = realloc(inbox->body, capacity);
    if (!body)
        return broken(inbox, "out of memory");
    inbox->body = body;
    inbox->body_capacity = capacity;
    return 0;
}

static int begin_payload(struct inbox *inbox)
{
    struct cursor header = cursor_over(inbox->header, HEADER_SIZE);
    uint32_t size = take_u32(&header);
    uint32_t id = take_u32(&header);

    if (size > PAYLOAD_MAX)
        return broken(inbox, "a frame is too large");
    if (take_u16(&header) != 0)
        return broken(inbox, "a frame has flags that this version does not know");
    if (inbox->in_parts && id != inbox->parts_id)
        return broken(inbox, "the parts of a request are not together");
    inbox->payload_left = size;
    return reserve(inbox, size);
}

static void forget_body(struct inbox *inbox)
{
    inbox->body_size = 0;
    if (inbox->body_capacity > KEPT_CAPACITY) {
        free(inbox->body);
        inbox->body = NULL;
        inbox->body_capacity = 0;
    }
}

static int end_payload(struct inbox *inbox, request_handler *handler, void *context)
{
    struct cursor header = cursor_over(inbox->header + 4, HEADER_SIZE - 4);
    struct request request = {.id = take_u32(&header)};

    take_u16(&header);
    request.type = take_u16(&header);
    inbox->header_size = 0;
    if (request.type == FRAME_PART) {
        inbox->in_parts = 1;
        inbox->parts_id = request.id;
        return 0;
    }
    inbox->in_parts = 0;
    request.body = inbox->body;
    request.size = inbox->body_size;
    int result = handler(context, &request);
    forget_body(inbox);
    return result;
}

int inbox_take(struct inbox *inbox, const uint8_t *bytes, size_t size, request_handler *handler,
               void *context)
{
    int result = 0;

    while (size > 0 && result == 0) {
        size_t taken;
        if (inbox->header_size < HEADER_SIZE) {
            taken = HEADER_SIZE - inbox->header_size;
            taken = taken < size ? taken : size;
            memcpy(inbox->header + inbox->header_size, bytes, taken);
            inbox->header_size += taken;
            if (inbox->header_size == HEADER_SIZE)
                result = begin_payload(inbox);
        } else {
            taken = inbox->payload_left < size ? inbox->payload_left : size;
            memcpy(inbox->body + inbox->body_size, bytes, taken);
            inbox->body_size += taken;
            inbox->payload_left -= (uint32_t)taken;
        }
        bytes += taken;
        size -= taken;
        if (result == 0 && inbox->header_size == HEADER_SIZE && inbox->payload_left == 0)
            result = end_payload(inbox, handler, context);
    }
    return result;
}

int inbox_between(const struct inbox *inbox) { return inbox->header_size == 0 && !inbox->in_parts; }

void inbox_free(struct inbox *inbox)
{
    free(inbox->body);
    inbox->body = NULL;
}
