/* Reading and writing of the protocol's values, with bounds. */
#ifndef SWAMP_WIRE_H
#define SWAMP_WIRE_H

#include <stddef.h>
#include <stdint.h>

/* A place in a payload. Once `bad` is set every take_ gives zero, "" or NULL. */
struct cursor {
    const uint8_t *at;
    size_t left;
    int bad;
};

struct cursor cursor_over(const void *data, size_t size);
uint8_t take_u8(struct cursor *cursor);
uint16_t take_u16(struct cursor *cursor);
uint32_t take_u32(struct cursor *cursor);
uint64_t take_u64(struct cursor *cursor);
/* The text stays in the payload; it ends with a NUL and has none within. */
const char *take_text(struct cursor *cursor);
const uint8_t *take_blob(struct cursor *cursor, uint32_t *size);
const uint8_t *take_bytes(struct cursor *cursor, size_t size);
/* A count that the rest of the payload can hold, each item being at least `item_min` bytes. */
uint32_t take_count(struct cursor *cursor, size_t item_min);
/* True where all was taken and nothing was wrong. */
int cursor_done(const struct cursor *cursor);

/* A payload under construction, in memory of the caller. Texts are cut to fit. */
struct writer {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

struct writer writer_over(void *data, size_t capacity);
void put_u8(struct writer *writer, uint8_t value);
void put_u16(struct writer *writer, uint16_t value);
void put_u32(struct writer *writer, uint32_t value);
void put_u64(struct writer *writer, uint64_t value);
void put_text(struct writer *writer, const char *text);
void put_bytes(struct writer *writer, const void *bytes, size_t size);

#endif
