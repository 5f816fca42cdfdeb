"""Running the suite in a process of its own, untouched by the configuration of where it is run."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_SUITE = "swamp_driver_conformance.suite"
_PLUGIN = "swamp_driver_conformance.plugin"
_LOOK_S = 0.25
_CLEAN_UP_S = 10.0


def suite_command(options: Sequence[str], *, plugins: Sequence[str] = ()) -> list[str]:
    """Return the command that runs the suite with these options of pytest.

    No configuration file, no cache, no plug-in but the suite's own and those named: what a verdict
    says must not depend on the directory that it was reached in.
    """
    loaded = [word for plugin in (_PLUGIN, *plugins) for word in ("-p", plugin)]
    return [
        *(sys.executable, "-m", "pytest", "--pyargs", _SUITE),
        *("-c", os.devnull, "--rootdir", tempfile.gettempdir(), "-p", "no:cacheprovider"),
        *loaded,
        *options,
    ]


def suite_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for it: this one, but for what would change how pytest runs."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    path = os.pathsep.join(filter(None, sys.path))
    return {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": path, **(extra or {})}


def run_suite(options: Sequence[str], *, plugins: Sequence[str] = ()) -> int:
    """Run the suite, with its output on this process's; return pytest's exit code."""
    command = suite_command(options, plugins=plugins)
    done = subprocess.run(command, env=suite_environment(), check=False)
    return done.returncode


def _wait(process: subprocess.Popen[bytes], timeout_s: float, stop: threading.Event) -> int:
    give_up = time.monotonic() + timeout_s
    while not stop.is_set() and time.monotonic() < give_up:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(_LOOK_S)
    if stop.is_set():
        process.send_signal(signal.SIGINT)
    return process.wait(_CLEAN_UP_S)


def run_suite_quietly(
    options: Sequence[str],
    *,
    extra: Mapping[str, str],
    log: Path,
    timeout_s: float,
    stop: threading.Event | None = None,
) -> int:
    """Run the suite with its output in a file; return pytest's exit code, -1 where it hangs.

    `stop`, once it is set, ends it as Ctrl-C does, so that it cleans up.
    """
    with log.open("wb") as file:
        process = subprocess.Popen(
            suite_command(options),
            env=suite_environment(extra),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return _wait(process, timeout_s, stop or threading.Event())
        except subprocess.TimeoutExpired:
            return -1
        finally:
            process.kill()
            process.wait()
