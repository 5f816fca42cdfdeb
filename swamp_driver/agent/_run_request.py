"""A step request to the bytes that the agent wants."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from swamp_driver.agent._binary import blob, listed, text, u32, u64
from swamp_driver.agent._protocol import BODY_MAX, NO_TIMEOUT
from swamp_driver.errors import StepStartError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from swamp_driver.spec import StepRequest

_FILE_MODE = 0o600


def encode_run(step: StepRequest, *, credit: int) -> bytes:
    """Return the body of a RUN request; `credit` is how many bytes of output may come at first.

    Raises StepStartError (`refused`) for what no process can be given: a NUL, an empty argv, a
    variable without a name, files of more than 64 MiB.
    """
    body = b"".join(
        (
            u32(credit),
            u64(NO_TIMEOUT if step.timeout_s is None else _microseconds(step.timeout_s)),
            u64(_microseconds(step.grace_s)),
            _text(step, "the working directory", step.cwd),
            _argv(step),
            _env(step),
            _text(step, "the exchange directory", step.exchange),
            listed(
                _name(step, name) + u32(_FILE_MODE) + blob(data)
                for name, data in step.files.items()
            ),
            _names(step, step.directories),
            _names(step, step.collect),
            u64(step.collect_limit_bytes),
        )
    )
    if len(body) > BODY_MAX:
        raise _refused(step, f"{len(body)} bytes of arguments and files are too many")
    return body


def _microseconds(seconds: float) -> int:
    return min(max(0, round(seconds * 1_000_000)), NO_TIMEOUT - 1)


def _refused(step: StepRequest, what: str) -> StepStartError:
    program = step.argv[0] if step.argv else ""
    return StepStartError(
        f"step '{step.name}' cannot start '{program}': {what}", reason="refused", path=program
    )


def _text(step: StepRequest, what: str, value: str) -> bytes:
    try:
        return text(os.fsencode(value))
    except UnicodeEncodeError:
        raise _refused(step, f"{what} cannot be encoded") from None
    except ValueError:
        raise _refused(step, f"{what} holds a NUL") from None


def _argv(step: StepRequest) -> bytes:
    if not step.argv:
        raise _refused(step, "there is no program to run")
    return listed(_text(step, f"argument {n}", value) for n, value in enumerate(step.argv))


def _env(step: StepRequest) -> bytes:
    for name in step.env:
        if not name or "=" in name:
            raise _refused(step, f"'{name}' cannot be the name of a variable")
    return listed(
        _text(step, f"variable '{name}'", f"{name}={value}") for name, value in step.env.items()
    )


def _name(step: StepRequest, name: str) -> bytes:
    if "/" in name or name in {"", ".", ".."}:
        raise _refused(step, f"'{name}' cannot be the name of a file")
    return _text(step, f"file name '{name}'", name)


def _names(step: StepRequest, names: Iterable[str]) -> bytes:
    return listed(_name(step, name) for name in names)
