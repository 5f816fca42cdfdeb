#ifndef SWAMP_CLOCK_H
#define SWAMP_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds of a clock; clock_gettime cannot fail for the two clocks that are used. */
static inline uint64_t clock_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static inline uint64_t monotonic_us(void) { return clock_us(CLOCK_MONOTONIC); }
static inline uint64_t realtime_us(void) { return clock_us(CLOCK_REALTIME); }

/* The moment `span` after `start`, or the end of time. */
static inline uint64_t later_us(uint64_t start, uint64_t span)
{
    return span > UINT64_MAX - start ? UINT64_MAX : start + span;
}

/* What poll() has to wait for `deadline`: rounded up, so that it has passed on return. */
static inline int poll_ms(uint64_t now, uint64_t deadline)
{
    if (deadline == UINT64_MAX)
        return -1;
    if (deadline <= now)
        return 0;
    uint64_t left = (deadline - now + 999) / 1000;
    return left > 3600000 ? 3600000 : (int)left;
}

#endif
