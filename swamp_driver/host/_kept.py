"""What a suspended run needs to go on in another process: its plans, and where it stands.

It is written into the directory of the run's logs, readable for its user alone: inputs may be
secret. How the steps ended is in the records.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import StoreError, SwampDriverError
from swamp_driver.host._records import StepRecord
from swamp_driver.spec import Json
from swamp_driver.workflow import Iteration, Plan, Preserve, plan_from_json, plan_to_json

_NAME = "suspended.json"
_VERSION = 1


@attrs.frozen(kw_only=True, eq=False, repr=False)
class KeptFrame(Value):
    """A workflow of the run, as it was planned, and what its steps are run for."""

    plan: Plan
    iterations: Mapping[str, tuple[Iteration, ...]] = attrs.field(factory=dict)
    """Of the steps that had their turn, by their ids in the plan."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class History(Value):
    """What is known of a run that goes on: what has ended is not done again."""

    steps: Mapping[str, StepRecord] = attrs.field(factory=dict)
    """The steps that ended, by their ids."""
    frames: Mapping[str, KeptFrame] = attrs.field(factory=dict)
    """By their ids; that of the run itself is empty."""
    broken: tuple[str, ...] = ()
    """What broke before, in words."""
    broken_exit_code: int = 3
    attempt: int = 1
    """How many processes have run it."""
    preserve: Preserve | None = None
    """What the caller of the run had decided."""
    run_dir: str | None = None
    """Where an earlier run left its workspace for this one; None: the run has its own."""
    taken: Mapping[tuple[str, str], StepRecord] = attrs.field(factory=dict)
    """What succeeded in an earlier run, by the names of job and step: it is taken over where
    nothing that it depends on is run again."""


def write_history(directory: Path, history: History) -> None:
    """Keep all but the steps, which are in the records. Raises `StoreError`."""
    content = {
        "version": _VERSION,
        "frames": {key: _frame_to_json(frame) for key, frame in history.frames.items()},
        "broken": list(history.broken),
        "broken_exit_code": history.broken_exit_code,
        "attempt": history.attempt,
        "preserve": history.preserve,
        "run_dir": history.run_dir,
    }
    path = directory / _NAME
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    try:
        with open(os.open(f"{path}.new", flags, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            json.dump(content, file)
        Path(f"{path}.new").replace(path)
    except (OSError, ValueError) as error:
        raise StoreError(f"'{path}' cannot be written: {error}") from error


def read_history(directory: Path, steps: tuple[StepRecord, ...]) -> History:
    """Return what `write_history` kept, with the records of steps that ended.

    Raises:
        StoreError: it is not there, or cannot be read, or another version wrote it.
    """
    path = directory / _NAME
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if data["version"] != _VERSION:
            raise ValueError(f"its version is {data['version']}, not {_VERSION}")  # noqa: TRY301
        return History(
            steps={step.step_id: step for step in steps if step.status is not None},
            frames={key: _frame_from_json(value) for key, value in data["frames"].items()},
            broken=tuple(data["broken"]),
            broken_exit_code=data["broken_exit_code"],
            attempt=data["attempt"],
            preserve=data["preserve"],
            run_dir=data["run_dir"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SwampDriverError) as error:
        raise StoreError(
            f"'{path}' cannot be used: {error} (where another version wrote it, go on with that "
            "one, or cancel the run: 'swamp-driver workspace remove --force')"
        ) from error


def forget_history(directory: Path) -> None:
    """Remove what was kept: the run has ended."""
    (directory / _NAME).unlink(missing_ok=True)


def _frame_to_json(frame: KeptFrame) -> dict[str, Json]:
    return {
        "plan": plan_to_json(frame.plan),
        "iterations": {
            key: [
                {"index": one.index, "name": one.name, "self": dict(one.self_values)}
                for one in iterations
            ]
            for key, iterations in frame.iterations.items()
        },
    }


def _frame_from_json(data: Any) -> KeptFrame:
    return KeptFrame(
        plan=plan_from_json(data["plan"]),
        iterations={
            key: tuple(
                Iteration(index=one["index"], name=one["name"], self_values=one["self"])
                for one in iterations
            )
            for key, iterations in data["iterations"].items()
        },
    )
