"""The portable way: what it finds, and that it says what it cannot."""

from __future__ import annotations

import errno
import os
import resource
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from swamp_driver.errors import DriverError, StepStartError, UnavailableError
from swamp_driver.spec import StepEnd, Stream
from swamp_driver_raw._exit_watch import open_exit_watch, open_threaded_watch
from swamp_driver_raw._portable import DRAIN_S
from swamp_driver_raw._start_errors import explain_start_error
from tests.drivers.cases import CASES
from tests.drivers.harness import OpenRun, new_token, opened_run, processes_with

PORTABLE = next(case for case in CASES if case.name == "raw-portable")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[OpenRun]:
    """Give a prepared run in the portable way."""
    with opened_run(PORTABLE, tmp_path) as run:
        yield run


@pytest.fixture
def children_are_reaped_at_once() -> Iterator[None]:
    """Let the process ignore SIGCHLD, as some hosts do: then exit statuses are lost."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGCHLD, before)


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    """Let this process open no more files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name.name) for name in Path("/proc/self/fd").iterdir())
    fillers = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
    try:
        while True:
            fillers.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    for fd in fillers:
        os.close(fd)


@pytest.mark.parametrize("watch", [open_exit_watch, open_threaded_watch])
def test_an_exit_is_noticed_and_not_reaped(watch: object) -> None:
    """While it is not reaped, nobody else gets its number (SWD-LIFE)."""
    assert callable(watch)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with process:
        fd = watch(process.pid)
        assert select.select([fd], [], [], 0.05)[0] == []
        assert process.stdin is not None
        process.stdin.close()
        assert select.select([fd], [], [], 60)[0] == [fd]
        os.close(fd)
        assert os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT) is not None


def test_a_process_that_cannot_be_found_is_told_of_and_does_not_hold_up(run: OpenRun) -> None:
    """It gave up session, group and tag; the output that it holds is given up in turn."""
    token = new_token()
    step = run.sh(
        f"( env -i setsid /bin/sh -c 'echo $$ > pid; sleep 600' {token} & )\n"
        "while test ! -s pid; do sleep 0.01; done; echo done"
    )
    try:
        assert step.text == "done"
        assert step.result.detail == "a process that it started may still run"
        assert DRAIN_S <= step.elapsed_s < DRAIN_S + 20
    finally:
        for pid in processes_with(token):
            os.kill(pid, signal.SIGKILL)
        os.killpg(int((run.path / "pid").read_text()), signal.SIGKILL)


def test_a_process_that_cannot_be_found_but_writes_does_not_hold_up(run: OpenRun) -> None:
    """What is in the pipe is delivered, what comes after is not waited for."""
    token = new_token()
    step = run.sh(
        f"( env -i setsid /bin/sh -c 'echo $$ > pid; while :; do echo more; done' {token} & )\n"
        "while test ! -s pid; do sleep 0.01; done"
    )
    try:
        assert step.result.end is StepEnd.SUCCEEDED
        assert step.elapsed_s < DRAIN_S + 30
    finally:
        for pid in processes_with(token):
            os.kill(pid, signal.SIGKILL)


def test_a_slow_sink_is_not_taken_for_a_process_that_is_left(run: OpenRun) -> None:
    """It gets all that was written, however long after the end (SWD-LOG)."""
    gate = threading.Event()
    size = 0

    def wait(_: Stream, data: bytes) -> None:
        nonlocal size
        gate.wait(60)
        size += len(data)

    step = run.start("head", "-c", "1000000", "/dev/zero", sink=wait)
    threading.Timer(DRAIN_S + 0.5, gate.set).start()
    assert (step.result.end, step.result.detail) == (StepEnd.SUCCEEDED, "")
    assert size == 1_000_000


def test_descendants_of_a_living_leader_are_found_without_the_tag(run: OpenRun) -> None:
    """At a time-out the family can still be seen."""
    token = new_token()
    step = run.sh(
        f"env -i setsid -w /bin/sh -c 'touch up; sleep 600; :' {token} & sleep 600",
        timeout_s=1,
        grace_s=0.2,
    )
    assert step.result.end is StepEnd.TIMED_OUT
    assert (run.path / "up").exists()
    assert processes_with(token) == []


def test_an_exit_status_that_someone_else_took_is_lost_and_no_success(
    run: OpenRun, children_are_reaped_at_once: None
) -> None:
    """A lost status must not turn into code 0 (SWD-RESULT)."""
    step = run.sh("echo out; exit 3")
    assert (step.result.end, step.result.exit_code) == (StepEnd.LOST, None)
    assert "exit status was lost" in step.result.detail
    assert step.text == "out"


def test_a_lack_of_descriptors_is_not_the_fault_of_the_step(
    run: OpenRun, few_descriptors: None
) -> None:
    """It may work in a moment (SWD-RESULT)."""
    request = run.request("/bin/true", directories=())
    with pytest.raises(DriverError, match="too many open files") as caught:
        assert run.call(request).result is None
    assert not isinstance(caught.value, StepStartError)


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE])
def test_a_shortage_is_told_apart_from_a_wrong_step(run: OpenRun, number: int) -> None:
    """The same call may succeed later."""
    error = explain_start_error(run.request("/bin/true"), {}, OSError(number, os.strerror(number)))
    assert isinstance(error, UnavailableError)
    assert error.retryable
    assert os.strerror(number).lower() in str(error)


def test_the_tag_is_the_only_thing_that_is_added(run: OpenRun) -> None:
    """It is documented; a step can tell from it which way runs it."""
    names = {line.partition("=")[0] for line in run.execute("/usr/bin/env", env={}).text.split()}
    assert "SWAMP_STEP_TAG" in names
