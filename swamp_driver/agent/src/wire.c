#include "wire.h"

#include <string.h>

struct cursor cursor_over(const void *data, size_t size)
{
    return (struct cursor){.at = data, .left = size, .bad = 0};
}

const uint8_t *take_bytes(struct cursor *cursor, size_t size)
{
    if (cursor->bad || size > cursor->left) {
        cursor->bad = 1;
        return NULL;
    }
    const uint8_t *bytes = cursor->at;
    cursor->at += size;
    cursor->left -= size;
    return bytes;
}

static uint64_t take_number(struct cursor *cursor, size_t size)
{
    const uint8_t *bytes = take_bytes(cursor, size);
    uint64_t value = 0;

    for (size_t i = 0; bytes && i < size; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

uint8_t take_u8(struct cursor *cursor) { return (uint8_t)take_number(cursor, 1); }
uint16_t take_u16(struct cursor *cursor) { return (uint16_t)take_number(cursor, 2); }
uint32_t take_u32(struct cursor *cursor) { return (uint32_t)take_number(cursor, 4); }
uint64_t take_u64(struct cursor *cursor) { return take_number(cursor, 8); }

const uint8_t *take_blob(struct cursor *cursor, uint32_t *size)
{
    *size = take_u32(cursor);
    const uint8_t *bytes = take_bytes(cursor, *size);
    if (!bytes)
        *size = 0;
    return bytes;
}

const char *take_text(struct cursor *cursor)
{
    uint32_t size = take_u32(cursor);
    const uint8_t *bytes = take_bytes(cursor, (size_t)size + 1);

    if (!bytes)
        return "";
    if (bytes[size] != 0 || memchr(bytes, 0, size)) {
        cursor->bad = 1;
        return "";
    }
    return (const char *)bytes;
}

uint32_t take_count(struct cursor *cursor, size_t item_min)
{
    uint32_t count = take_u32(cursor);

    if (cursor->bad || count > cursor->left / item_min) {
        cursor->bad = 1;
        return 0;
    }
    return count;
}

int cursor_done(const struct cursor *cursor) { return !cursor->bad && cursor->left == 0; }

struct writer writer_over(void *data, size_t capacity)
{
    return (struct writer){.data = data, .size = 0, .capacity = capacity};
}

void put_bytes(struct writer *writer, const void *bytes, size_t size)
{
    if (size > writer->capacity - writer->size)
        size = writer->capacity - writer->size;
    if (size == 0)
        return;
    memcpy(writer->data + writer->size, bytes, size);
    writer->size += size;
}

static void put_number(struct writer *writer, uint64_t value, size_t size)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    put_bytes(writer, bytes, size);
}

void put_u8(struct writer *writer, uint8_t value) { put_number(writer, value, 1); }
void put_u16(struct writer *writer, uint16_t value) { put_number(writer, value, 2); }
void put_u32(struct writer *writer, uint32_t value) { put_number(writer, value, 4); }
void put_u64(struct writer *writer, uint64_t value) { put_number(writer, value, 8); }

void put_text(struct writer *writer, const char *text)
{
    size_t room = writer->capacity - writer->size;
    size_t size = strlen(text);

    if (room < 5)
        return;
    if (size > room - 5)
        size = room - 5;
    put_u32(writer, (uint32_t)size);
    put_bytes(writer, text, size);
    put_u8(writer, 0);
}
