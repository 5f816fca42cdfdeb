"""Asks a driver in a process of its own, with a time limit for each thing that is asked."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

import attrs

from swamp_driver.host._exit_words import exit_words
from swamp_driver.spec import CancelToken, Json

# The child must find the same drivers: it gets this process's import path, not its own directory.
_BOOTSTRAP = (
    "import json, sys; request = json.load(sys.stdin); sys.path[:] = request['path']; "
    "from swamp_driver.host.doctor._child import main; main(request)"
)
_GRACE_S = 5.0
_SAID_BYTES = 2000


@attrs.frozen(kw_only=True)
class Limits:
    """How long each stage may take, in seconds."""

    load: float = 15.0
    probe: float = 40.0
    try_: float = 150.0

    def of(self, stage: str) -> float:
        """Return the limit of a stage."""
        return {"load": self.load, "probe": self.probe}.get(stage, self.try_)


@attrs.frozen(kw_only=True)
class DriverAnswers:
    """What a driver said. What it did not get to is None."""

    name: str
    loaded: Mapping[str, Any] | None = None
    probed: Mapping[str, Any] | None = None
    """None as well where it does not offer to be asked."""
    was_probed: bool = False
    tried: tuple[Mapping[str, Any], ...] = ()
    untried: Sequence[str] | None = None
    """No step was run: for want of these options, or because it cannot work."""
    error: str | None = None
    fix: str | None = None
    broke_off: bool = False
    """It did not say so itself: it took too long, or its process ended."""


def ask_driver(
    name: str,
    *,
    config: Mapping[str, Json],
    roots: Sequence[str],
    shared: Sequence[str] = (),
    limits: Limits | None = None,
    cancel: CancelToken | None = None,
) -> DriverAnswers:
    """Import a driver in a child process, ask it, and let it run a step below each root.

    Returns within the limits, whatever the driver does; no process of it is left. Where the options
    are not enough to run a step (an image is missing) none is run. `shared` are more directories,
    which only a driver is asked about whose steps do not see this host anyway. `cancel` ends it
    early, cleanly. From any thread.
    """
    limits, cancel = limits or Limits(), cancel or CancelToken()
    request = {
        "driver": name,
        "config": dict(config),
        "roots": [*roots],
        "shared": [*shared],
        "path": sys.path,
    }
    answers = DriverAnswers(name=name)
    with tempfile.TemporaryFile() as said, _child(request, said) as process:
        for line in _lines(process, limits, cancel):
            answers = _take(answers, line)
        if cancel.cancelled:
            return attrs.evolve(answers, error="stopped", broke_off=True)
        if answers.error is None and not _is_complete(answers):
            process.wait()
            what = f"its process ended with {exit_words(process.returncode)}{_last_words(said)}"
            return attrs.evolve(answers, error=what, broke_off=True)
    return answers


def _is_complete(answers: DriverAnswers) -> bool:
    return answers.was_probed and (answers.untried is not None or bool(answers.tried))


def _take(answers: DriverAnswers, line: Mapping[str, Any]) -> DriverAnswers:
    """Return the answers with what one line adds."""
    fields: dict[str, Any] = {}
    match line:
        case {"late": seconds}:
            fields = {"error": f"no answer within {seconds:g} s", "broke_off": True}
        case {"probed": probed}:
            fields = {"probed": probed, "was_probed": True}
        case {"tried": tried}:
            fields = {"tried": (*answers.tried, tried)}
        case {"error": _} | {"loaded": _} | {"untried": _}:
            fields = dict(line)
    return attrs.evolve(answers, **fields)


@contextlib.contextmanager
def _child(request: object, said: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Start the child and hand it the request; end it and all that it started."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", _BOOTSTRAP],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(json.dumps(request).encode())
        yield process
    finally:
        _end_all(process)
        process.stdout.close()


def _end_all(process: subprocess.Popen[bytes]) -> None:
    """End the child: it gets time to clean up what a trial made, and no more."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _lines(
    process: subprocess.Popen[bytes], limits: Limits, cancel: CancelToken
) -> Iterator[Mapping[str, Any]]:
    """Yield what the child writes; `late` as the last line where it takes too long."""
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    assert process.stdout is not None
    out = process.stdout

    def read() -> None:
        for line in out:
            lines.put(line)
        lines.put(b"")

    cancel.on_change(lambda _: lines.put(b""))
    threading.Thread(target=read, daemon=True, name="doctor").start()
    limit_s = limits.of("load")
    while True:
        try:
            line = lines.get(timeout=limit_s)
        except queue.Empty:
            yield {"late": limit_s}
            return
        if not line:
            return
        answer: dict[str, Any] = json.loads(line)
        limit_s = limits.of(answer["begins"]) if "begins" in answer else limit_s
        yield answer


def _last_words(said: IO[bytes]) -> str:
    """Return the last line that the child wrote to stderr."""
    size = said.seek(0, os.SEEK_END)
    said.seek(max(size - _SAID_BYTES, 0))
    lines = said.read().decode(errors="replace").strip().splitlines()
    return f": {lines[-1]}" if lines else ""
