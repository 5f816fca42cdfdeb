"""Replaces what differs from run to run, in a stream that is never in memory as a whole."""

from __future__ import annotations

import re
from collections.abc import Mapping


class StreamReplacer:
    """Replaces each of some texts by another one; feed it pieces in order, then flush it.

    Where several texts begin at one place the longest is replaced. Of a text that is cut between
    two pieces nothing gets out.
    """

    def __init__(self, replace: Mapping[bytes, bytes]) -> None:
        self._replace = {text: other for text, other in replace.items() if text}
        longest_first = sorted(self._replace, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, longest_first))) if replace else None
        self._hold = max(map(len, longest_first), default=1) - 1
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return what can be passed on now."""
        if self._pattern is None:
            return data
        data = self._held + data
        end = max(len(data) - self._hold, 0)
        parts = []
        position = 0
        for match in self._pattern.finditer(data):
            if match.start() >= end:
                break
            parts += [data[position : match.start()], self._replace[match[0]]]
            position = match.end()
        end = max(end, position)
        parts.append(data[position:end])
        self._held = data[end:]
        return b"".join(parts)

    def flush(self) -> bytes:
        """Return the rest."""
        rest, self._held = self._held, b""
        if self._pattern is None:
            return rest
        return self._pattern.sub(lambda match: self._replace[match[0]], rest)


def replace_all(data: bytes, replace: Mapping[bytes, bytes]) -> bytes:
    """Return `data` with everything replaced."""
    replacer = StreamReplacer(replace)
    return replacer.feed(data) + replacer.flush()
