"""Makes one report in a process of its own, with a time limit, whatever the report does."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import attrs

from swamp_driver._value import Value
from swamp_driver.host._exit_words import exit_words
from swamp_driver.spec import CancelToken, Json

# The child must find the same modules: it gets this process's import path, not its own directory.
_BOOTSTRAP = (
    "import json, sys; request = json.load(sys.stdin); sys.path[:] = request['path']; "
    "from swamp_driver.reports._child import main; main(request)"
)
MOST_BYTES = 8 * 1024 * 1024
"""How large the answer of a report, its Markdown and JSON together, may be."""
_KEPT_WORDS = 8000
_PASSED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
"""What a report sees of the caller's environment: nothing that may be a secret."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ReportAnswer(Value):
    """What came back: a report, nothing to say (`made` is false, no error), or an error."""

    made: bool = False
    markdown: str = ""
    json: Json = None
    error: str | None = None
    words: str = ""
    """The end of what it printed."""
    duration_s: float = 0.0


def make_report(
    request: Mapping[str, Any],
    *,
    limit_s: float,
    cancel: CancelToken,
    environ: Mapping[str, str],
) -> ReportAnswer:
    """Make the report that `request` names, and return what it said.

    Returns within the limit, or soon after `cancel` was set. No process of its group is left, and
    no file. May be called from many threads at once.
    """
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="swamp-report-") as scratch:
        answer = Path(scratch) / "answer.json"
        whole = {
            **request,
            "path": sys.path,
            "answer": str(answer),
            "limitBytes": MOST_BYTES,
        }
        env = {name: environ[name] for name in _PASSED if name in environ}
        with (Path(scratch) / "words").open("w+b") as words:
            why = _run(whole, words, env=env, limit_s=limit_s, cancel=cancel)
            said = _end_of(words)
        found = ReportAnswer(error=why) if why else _read(answer)
    return attrs.evolve(found, words=said, duration_s=time.monotonic() - begun)


def _run(
    request: Mapping[str, Any],
    words: IO[bytes],
    *,
    env: Mapping[str, str],
    limit_s: float,
    cancel: CancelToken,
) -> str | None:
    """Run the child to its end; return why it has no answer, or None."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-u", "-c", _BOOTSTRAP],
        stdin=subprocess.PIPE,
        stdout=words,
        stderr=words,
        cwd=request["repository"],
        env=dict(env),
        start_new_session=True,
    )
    with _ended(process), _killed_on(cancel, process):
        try:
            process.communicate(json.dumps(request).encode(), timeout=limit_s)
        except subprocess.TimeoutExpired:
            return f"it took longer than {limit_s:g} s"
    if cancel.cancelled:
        return "the run was cancelled"
    code = process.returncode
    return None if code == 0 else f"its process ended with {exit_words(code)}"


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End the child and all of its group at the end of the block."""
    try:
        yield
    finally:
        _kill(process)
        process.wait()


@contextlib.contextmanager
def _killed_on(cancel: CancelToken, process: subprocess.Popen[bytes]) -> Iterator[None]:
    unsubscribe = cancel.on_change(lambda _: _kill(process))
    try:
        yield
    finally:
        unsubscribe()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _read(answer: Path) -> ReportAnswer:
    try:
        with answer.open("rb") as file:
            data = json.loads(file.read(MOST_BYTES))
    except FileNotFoundError:
        return ReportAnswer(error="its process ended before it answered")
    except ValueError:
        return ReportAnswer(error="its process ended while it answered")
    match data:
        case {"error": str(error)}:
            return ReportAnswer(error=error)
        case {"report": None}:
            return ReportAnswer()
        case {"report": {"markdown": str(markdown), "json": value}}:
            return ReportAnswer(made=True, markdown=markdown, json=value)
        case _:
            return ReportAnswer(error="its process gave no answer that can be understood")


def _end_of(words: IO[bytes]) -> str:
    size = words.seek(0, os.SEEK_END)
    words.seek(max(size - _KEPT_WORDS, 0))
    return words.read().decode(errors="replace")
