"""Puts what overlaps in time into lanes, so that nothing in a lane overlaps."""

from __future__ import annotations

import heapq
from collections.abc import Sequence


def lanes_of(spans: Sequence[tuple[float, float]]) -> list[int]:
    """Return a lane from 0 for each span (start, end), in order of starts; as few as it takes."""
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    lanes = [0] * len(spans)
    for position in sorted(range(len(spans)), key=lambda number: spans[number]):
        start, end = spans[position]
        while busy and busy[0][0] <= start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        lane = heapq.heappop(free) if free else len(busy)
        lanes[position] = lane
        heapq.heappush(busy, (end, lane))
    return lanes
