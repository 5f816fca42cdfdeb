"""What the host knows of background steps: their output, their readiness, their end."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from swamp_driver.host._log_match import LogMatch
from swamp_driver.host._probe import Found, probe_request
from swamp_driver.host._service import Service
from swamp_driver.host._tail import Tail
from swamp_driver.spec import CancelToken, StepEnd, StepRequest, StepStatus
from swamp_driver.testing import a_step_result
from swamp_driver.workflow import BoundReadiness, BoundService, BoundStep


def a_request(**fields: Any) -> StepRequest:
    """Return the request of a service."""
    defaults: dict[str, Any] = {
        "step_id": "s1",
        "name": "server",
        "argv": ("serve",),
        "cwd": "/r/workspace",
        "exchange": "/r/exchange/s1",
        "env": {"HOME": "/r/home", "TMPDIR": "/r/exchange/s1/tmp", "LEVEL": "x"},
        "secret_names": frozenset({"LEVEL"}),
        "timeout_s": 900.0,
        "collect": ("output",),
    }
    return StepRequest(**(defaults | fields))


@pytest.mark.parametrize(
    ("pattern", "pieces", "found"),
    [
        ("ready", [b"not yet\n", b"rea", b"dy\n"], True),
        ("^ready$", [b"all ready\nready", b" soon\n"], False),
        ("^ready$", [b"wait\r\nready\r\n"], True),
        ("ready", [b"ready without an end of line"], True),
        ("a.b", [b"a\nb\n"], False),
        ("end$", [b"x" * 100_000, b" end\n"], True),
        ("(?i)READY", [b"ready\n"], True),
        ("\u00fc", [b"\xc3", b"\xbc\n"], True),
    ],
)
def test_a_line_of_output_is_found_however_it_is_cut(
    pattern: str, pieces: list[bytes], *, found: bool
) -> None:
    """Reads end anywhere, and memory is bounded."""
    match = LogMatch(pattern)
    for piece in pieces:
        match.feed("stdout", piece)
    assert match.found.is_set() == found


def test_streams_are_not_mixed_up() -> None:
    """The beginning of a line on one is not continued by the other."""
    match = LogMatch("ready")
    match.feed("stdout", b"rea")
    match.feed("stderr", b"dy")
    assert not match.found.is_set()


def test_the_last_lines_are_kept_and_no_part_of_a_line() -> None:
    """What is cut off at the front may be the end of a secret."""
    tail = Tail()
    tail.feed(b"secret" * 1000)
    assert tail.text() == ""
    tail.feed(b"\none\n\n two \nthree\nfour")
    assert tail.text() == "two / three / four"


def test_a_probe_is_a_step_of_its_own() -> None:
    """It must not touch the exchange directory of the service, nor outlive the wait for it."""
    ready = BoundReadiness(script="check", values={"SWAMP_EXPR_1": "v"}, timeout_s=5.0)
    probe = probe_request(a_request(), ready, number=2)
    assert (probe.step_id, probe.exchange, probe.cwd) == (
        "s1-p2",
        "/r/exchange/s1-p2",
        "/r/workspace",
    )
    assert probe.env["LEVEL"] == "x"
    assert probe.env["SWAMP_EXPR_1"] == "v"
    assert probe.env["TMPDIR"] == "/r/exchange/s1-p2/tmp"
    assert probe.files["ready"] == b"check"
    assert (probe.timeout_s, probe.grace_s, probe.collect) == (5.0, 0.0, ())
    assert probe.secret_names == {"LEVEL"}


def test_a_look_for_a_port_needs_no_directory_of_the_service() -> None:
    """It begins before the service does, which may have a directory in its exchange directory."""
    probe = probe_request(a_request(cwd="/r/exchange/s1/work"), BoundReadiness(port=80), number=1)
    assert (probe.cwd, probe.directories) == ("/r/exchange/s1-p1/tmp", ("tmp",))


def test_the_id_of_a_probe_is_never_too_long() -> None:
    """Ids have 40 characters at most, and a nested workflow makes long ones."""
    long = a_request(step_id="s" * 40, exchange=f"/r/exchange/{'s' * 40}")
    assert len(probe_request(long, BoundReadiness(port=80), number=1).step_id) == 40


@pytest.mark.parametrize(
    ("table", "code", "said"),
    [
        ("0: 0100007F:1F90 00000000:0000 0A 0", Found.TAKEN, ""),
        ("0: 00000000000000000000000000000000:1F90 0:0 0A 0", Found.TAKEN, ""),
        ("0: 0100007F:1F90 0100007F:9999 01 0", Found.NOT_YET, "free\n"),
        ("0: 0100007F:1F91 00000000:0000 0A 0", Found.NOT_YET, "free\n"),
        (None, Found.NO_TABLE, ""),
    ],
)
def test_a_port_is_looked_up_in_the_table_of_sockets(
    tmp_path: Any, table: str | None, code: Found, said: str
) -> None:
    """With nothing but the shell: `sleep` is taken away, so it looks once."""
    probe = probe_request(a_request(), BoundReadiness(port=8080), number=1)
    script = probe.files["look"].decode().replace("/proc/net/", f"{tmp_path}/")
    if table is not None:
        (tmp_path / "tcp").write_text(f"  sl  local_address rem_address   st\n   {table}\n")
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        check=False,
        env={"PATH": "/nowhere"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (code, said)


def a_service(**ready: Any) -> Service:
    """Return a service that is under way."""
    bound = BoundStep(
        request=a_request(),
        service=BoundService(ready_when=BoundReadiness(**ready) if ready else None),
    )
    return Service(bound, CancelToken(), on_ready=lambda: None)


@pytest.mark.parametrize(
    ("signal", "detail"),
    [
        (15, "stopped at the end of the job"),
        (9, "stopped at the end of the job; it was killed, since it did not end in 10 s"),
    ],
)
def test_what_we_stopped_has_succeeded(signal: int, detail: str) -> None:
    """Servers exit as they like when they are told to end."""
    service = a_service()
    service.stop()
    result = a_step_result(StepEnd.CANCELLED, signal=signal)
    judged = service.judge(result, StepStatus.CANCELLED, "")
    assert judged == (StepStatus.SUCCEEDED, detail)


def test_contact_that_is_lost_is_no_success_even_then() -> None:
    """Nobody knows what became of it."""
    service = a_service()
    service.stop()
    result = a_step_result(StepEnd.LOST)
    assert service.judge(result, StepStatus.FAILED, "gone") == (StepStatus.FAILED, "gone")
