"""Asks models what they are, in a child process: importing them runs their authors' code.

What they print is dropped, they get no secrets of the caller's environment, and no more than a
time. A file that ends the process is named, and the others are asked again without it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import attrs

from swamp_driver._value import Value
from swamp_driver.spec import Json

TIME_LIMIT_S = 30.0
"""For all models of a repository together."""
_MOST_ANSWER_BYTES = 64 * 1024 * 1024
_PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Answer(Value):
    """What was found in a file of sources, or at an entry point."""

    item: str
    """The file, or `module:Class`."""
    models: tuple[dict[str, Json], ...] = ()
    """Each with `origin`, `description`, and `sources` where it is installed."""
    errors: tuple[str, ...] = ()


def survey(
    folder: Path, files: Sequence[str], modules: Sequence[str], *, limit_s: float = TIME_LIMIT_S
) -> list[Answer]:
    """Return an answer for each file of `folder` and for each module, in order.

    Never raises for what models do: that is in `Answer.errors`.
    """
    answers: list[Answer] = []
    files, modules = list(files), list(modules)
    deadline = time.monotonic() + limit_s
    while files or modules:
        found, end = _ask(folder, files, modules, deadline)
        answers += found
        done = len(found)
        files, modules = files[done:], modules[max(0, done - len(files)) :]
        if files or modules:  # the process ended before it was through: the next one did it
            culprit = (files or modules)[0]
            answers.append(Answer(item=culprit, errors=(end,)))
            files, modules = files[1:], modules if files else modules[1:]
    return answers


def _ask(
    folder: Path, files: Sequence[str], modules: Sequence[str], deadline: float
) -> tuple[list[Answer], str]:
    """Return the answers of one process, and how it ended, in words."""
    request = {"folder": str(folder), "files": list(files), "modules": list(modules)}
    with tempfile.TemporaryDirectory(prefix="swamp-models-") as directory:
        result = Path(directory, "result")
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "swamp_driver.models", str(result)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=directory,
            env={name: os.environ[name] for name in _PASSED if name in os.environ},
            start_new_session=True,
        )
        try:
            left = max(0.0, deadline - time.monotonic())
            process.communicate(json.dumps(request).encode(), timeout=left)
            end = f"importing it ended the process (exit code {process.returncode})"
        except subprocess.TimeoutExpired:
            end = "importing it takes too long"
        finally:
            _kill(process)
        return _answers(result), end


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it left behind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def _answers(result: Path) -> list[Answer]:
    try:
        with result.open("rb") as file:
            data = file.read(_MOST_ANSWER_BYTES)
    except FileNotFoundError:
        return []
    lines = data.split(b"\n")[:-1]  # what follows the last end of a line was cut off
    return [_answer(json.loads(line)) for line in lines]


def _answer(line: dict[str, Json]) -> Answer:
    models, errors = line["models"], line["errors"]
    assert isinstance(models, list)
    assert isinstance(errors, list)
    return Answer(
        item=str(line.get("file") or line.get("module")),
        models=tuple(models),  # type: ignore[arg-type]
        errors=tuple(str(error) for error in errors),
    )
