"""How a container ended, told from the engine's events. Pure.

`inspect` knows nothing of a container that removed itself, and an exit code of 137 says neither who
killed it nor why; the events do.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_FORGOTTEN = (
    "the engine has no record of its end: the container was removed, or the engine was restarted"
)


def read_events(chunks: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
    """Yield the events of a stream of JSON lines, as they come."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (json.loads(line) for line in lines if line.strip())
    if rest.strip():
        yield json.loads(rest)


def explain_events(events: Iterable[Mapping[str, Any]]) -> str:
    """Return the cause of the first end in the events; stops reading there."""
    causes: list[str] = []
    for event in events:
        action = event.get("Action") or event.get("status")
        attributes = (event.get("Actor") or {}).get("Attributes") or {}
        if action == "kill":
            causes.append(f"it was killed from outside with signal {attributes.get('signal', '?')}")
        elif action == "oom":
            causes.append("the kernel killed in it for want of memory")
        elif action in ("die", "died"):
            code = attributes.get("exitCode") or attributes.get("containerExitCode") or "?"
            return "; ".join((*causes, f"the container ended with exit code {code}"))
        elif action in ("destroy", "remove"):
            break
    return "; ".join(causes) or _FORGOTTEN
