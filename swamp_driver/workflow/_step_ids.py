"""The ids of steps in a run: unique, safe in paths, and the same when the run goes on later."""

from __future__ import annotations

_LONGEST = 40
_KEPT = 27
"""Of an id that is too long; a `-` and 12 digits of its digest follow."""


def step_path(frame: str, step_id: str, index: int | None = None) -> str:
    """Return where a step, or its iteration `index`, stands in a run.

    `frame` is the path of the step that runs the workflow that it is in; empty for the run's own.
    """
    path = f"{frame}-{step_id}" if frame else step_id
    return path if index is None else f"{path}-{index}"


def id_of_path(path: str) -> str:
    """Return the id for a path: the path itself, or where it is too long, one that stands for it.

    Ids match `[a-z0-9][a-z0-9-]{0,39}`. Pure.
    """
    if len(path) <= _LONGEST:
        return path
    import hashlib  # noqa: PLC0415 - 3 ms, and few runs need it

    return f"{path[:_KEPT]}-{hashlib.sha256(path.encode()).hexdigest()[:12]}"
