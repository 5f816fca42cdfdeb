"""Times and sizes in the words of the views."""

from __future__ import annotations

import time

_MINUTE = 60
_HOUR = 3600
_DAY = 86400
_DECIMALS_FROM = 0.1
_WHOLE_SECONDS_FROM = 10
_KIB = 1024


def format_duration(seconds: float) -> str:
    """Return `40ms`, `4.2s`, `42s`, `3m05s` or `1h02m`."""
    if seconds < _DECIMALS_FROM:
        return f"{max(seconds, 0.0) * 1000:.0f}ms"
    if seconds < _WHOLE_SECONDS_FROM:
        return f"{seconds:.1f}s"
    return format_elapsed(seconds)


def format_elapsed(seconds: float) -> str:
    """Return a duration that still grows, in whole seconds."""
    whole = int(max(seconds, 0))
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m{whole % _MINUTE:02}s"
    return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02}m"


def format_age(seconds: float) -> str:
    """Return how long ago something was: `12s ago`, `3 min ago`, `2 h ago`, `4 d ago`."""
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= unit:
            return f"{int(seconds // unit)} {name} ago"
    return f"{int(max(seconds, 0))}s ago"


def format_bytes(size: float) -> str:
    """Return a size in powers of 1024: `812 B`, `1.4 MiB`."""
    if size < _KIB:
        return f"{int(size)} B"
    for unit in ("KiB", "MiB", "GiB"):
        size /= _KIB
        if size < _KIB:
            return f"{size:.1f} {unit}"
    return f"{size / _KIB:.1f} TiB"


def format_time(seconds: float) -> str:
    """Return a point in time (seconds since the epoch) as local date and time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
