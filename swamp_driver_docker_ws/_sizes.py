"""Sizes in the notation of the docker command line."""

from __future__ import annotations

import re

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgt]?)i?b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def parse_size(value: int | str) -> int:
    """Return the bytes of `512m`, `1.5g`, `64KiB` or a plain number; units are powers of 1024.

    Raises:
        ValueError: It is no size, or not greater than 0.
    """
    match = _SIZE.fullmatch(str(value))
    size = int(float(match[1]) * 1024 ** _POWERS[match[2].lower()]) if match else 0
    if size <= 0:
        raise ValueError(f"{value!r} is not a size (512m, 2g, or a number of bytes)")
    return size
