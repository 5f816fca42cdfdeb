"""Output (LOG)."""

from __future__ import annotations

import resource
import sys
import threading
import time

import pytest

from swamp_driver.spec import CancelStage, StepEnd, StepIO, Stream
from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench, Run
from swamp_driver_conformance.marks import clause
from swamp_driver_conformance.suite._shell import LONG, NAP, UNTIL

_MEBIBYTE = 1024 * 1024
_ALL_BYTES = bytes(range(256))
_PRINT_ALL = "printf '" + "".join(f"\\{byte:03o}" for byte in _ALL_BYTES) + "'"
_DOUBLE = "b=0123456789abcde; n=0; while [ $n -lt {times} ]; do b=$b$b; n=$((n+1)); done; "
"""Sets `b` to 15 * 2^times letters."""


@clause("SWD-LOG-001")
def test_streams_are_apart(run: Run) -> None:
    """Programs are told from their complaints by it."""
    done = run.sh("echo one; echo two >&2; echo three; echo four >&2")
    seen = (done.stdout, done.stderr)
    expect.equal(seen, (b"one\nthree\n", b"two\nfour\n"), "standard output and standard error")


@clause("SWD-LOG-001")
def test_standard_error_alone(run: Run) -> None:
    """A step that only complains has no output."""
    done = run.sh("echo complaint >&2")
    expect.equal((done.stdout, done.stderr), (b"", b"complaint\n"), "the two streams")


@clause("SWD-LOG-002")
def test_long_output_is_complete_and_in_order(run: Run, bench: Bench) -> None:
    """A lost line is the one that said why."""
    lines = 4_000 if bench.is_quick else 50_000
    done = run.sh(
        'n=0; while [ $n -lt "$1" ]; do echo "out $n"; echo "err $n" >&2; n=$((n+1)); done',
        str(lines),
    )
    for stream, word in ((done.stdout, "out"), (done.stderr, "err")):
        expected = "".join(f"{word} {number}\n" for number in range(lines)).encode()
        expect.that(
            stream == expected,
            f"{lines} lines on a stream",
            seen=f"{len(stream)} bytes, or another order",
            expected=f"{len(expected)} bytes in order",
        )


@clause("SWD-LOG-003")
def test_last_line_without_newline_arrives(run: Run) -> None:
    """Line-based readers drop it."""
    done = run.sh("printf 'first\\nlast'; printf 'complaint' >&2")
    seen = (done.stdout, done.stderr)
    expect.equal(seen, (b"first\nlast", b"complaint"), "output without a newline at its end")


@clause("SWD-LOG-004")
def test_all_bytes_arrive(run: Run) -> None:
    """Output is not always text."""
    done = run.sh(f"{_PRINT_ALL}; {_PRINT_ALL} >&2; printf '\\r\\n\\342\\202'")
    seen = (done.stdout, done.stderr)
    expect.equal(seen, (_ALL_BYTES + b"\r\n\xe2\x82", _ALL_BYTES), "the bytes on the two streams")


@clause("SWD-LOG-005")
@pytest.mark.parametrize("text", ["line\\n", "part of a line"], ids=["line", "part"])
def test_output_arrives_while_the_program_runs(run: Run, text: str) -> None:
    """Somebody watches."""
    going = run.start_sh(f"printf '{text}'; {LONG}")
    going.saw(text.removesuffix("\\n"), deadline_s=5)
    is_running = not going.is_done
    going.io.cancel.cancel(CancelStage.NOW)
    going.wait()
    expect.that(is_running, "the step", seen="it has ended", expected="it still runs")


@clause("SWD-LOG-006")
def test_quick_steps_never_lose_output(run: Run, bench: Bench) -> None:
    """Attaching after the start loses it now and then."""
    times = bench.count(most=300, least=30, budget_s=20)
    seen = [run.sh('echo "hi $1"', str(number)).text for number in range(times)]
    wrong = [number for number, text in enumerate(seen) if text != f"hi {number}\n"]
    expect.equal(wrong, [], f"steps of {times} whose output was lost")


@clause("SWD-LOG-007")
def test_broken_sink_changes_nothing(run: Run) -> None:
    """A full disk of the log must not fail a deployment half way."""

    def broken(_stream: Stream, _data: bytes) -> None:
        raise OSError(28, "no space left on device")

    step = run.request(("/bin/sh", "-c", f"{NAP} echo one; nap; echo two; nap; : > made; exit 7"))
    result = run.start(step, StepIO(broken)).wait().result
    expect.equal((result.end, result.exit_code), (StepEnd.FAILED, 7), "a step with a broken sink")
    expect.equal(run.sh("ls").text, "made\n", "what the step did after the sink broke")


@clause("SWD-LOG-008")
def test_slow_sink_loses_nothing(run: Run) -> None:
    """Buffers that drop are found out with the longest logs."""
    parts: list[bytes] = []

    def slow(_stream: Stream, data: bytes) -> None:
        if len(parts) < 10:  # noqa: PLR2004 - slow at the beginning is slow enough
            time.sleep(0.05)
        parts.append(bytes(data))

    script = _DOUBLE.format(times=16) + "printf %s%s%s%s $b $b $b $b"
    step = run.request(("/bin/sh", "-c", script))
    run.start(step, StepIO(slow)).wait()
    expect.equal(sum(map(len, parts)), 4 * 15 * 2**16, "bytes that a slow sink got")


@clause("SWD-LOG-009")
@pytest.mark.parametrize("way", ["time-out", "cancel", "now"])
def test_output_before_a_forced_end_arrives(run: Run, way: str) -> None:
    """It is all there is to find out why."""
    handler = "trap 'echo bye; exit 3' TERM; "
    script = f"{handler} echo complaint >&2; echo before; {LONG}"
    going = run.start_sh(script, timeout_s=0.4 if way == "time-out" else None, grace_s=5.0)
    going.saw("before\n")
    if way != "time-out":
        going.io.cancel.cancel(CancelStage.NOW if way == "now" else CancelStage.GRACEFUL)
    done = going.wait()
    expected = b"before\n" if way == "now" else b"before\nbye\n"
    seen = (done.stdout, done.stderr)
    expect.equal(seen, (expected, b"complaint\n"), f"output of a step that ends by {way}")


@clause("SWD-LOG-010")
def test_output_of_background_processes_arrives(run: Run) -> None:
    """`server & test; exit` is a common script."""
    done = run.sh(f"{UNTIL} {{ echo served; : > said; {LONG} }} & until_there said; echo tested")
    expect.equal(sorted(done.text.split()), ["served", "tested"], "lines of both")


@clause("SWD-LOG-011")
def test_parallel_steps_have_their_own_output(run: Run) -> None:
    """A secret of one is in the log of the other."""
    script = UNTIL + (
        ': > "here-$1"; for other in 0 1 2 3; do until_there "here-$other"; done;'
        ' n=0; while [ $n -lt 50 ]; do echo "$1"; echo "$1" >&2; n=$((n+1)); done'
    )
    going = [run.start_sh(script, str(number)) for number in range(4)]
    for number, one in enumerate(going):
        done = one.wait()
        expected = f"{number}\n".encode() * 50
        expect.equal((done.stdout, done.stderr), (expected, expected), f"output of step {number}")


@clause("SWD-LOG-012")
@pytest.mark.parametrize("first", ["stderr", "stdout"])
def test_one_full_stream_blocks_nothing(run: Run, first: str) -> None:
    """Reading one stream to its end and then the other deadlocks at 64 kB."""
    filled, other = (">&2", "") if first == "stderr" else ("", ">&2")
    script = _DOUBLE.format(times=16) + f"printf %s $b {filled}; echo other {other}"
    done = run.sh(script, timeout_s=8.0)
    sizes = {len(done.stdout), len(done.stderr)}
    expect.equal(done.result.end, StepEnd.SUCCEEDED, f"a step that fills {first} first")
    expect.equal(sizes, {15 * 2**16, 6}, "bytes on the two streams")


@clause("SWD-LOG-013")
def test_volumes_pass_without_being_kept(run: Run, bench: Bench) -> None:
    """Logs of a gigabyte exist, and the controller runs many steps."""
    pieces = 12 if bench.is_quick else 60
    size = 15 * 2**16
    count = [0]

    def counting(_stream: Stream, data: bytes) -> None:
        count[0] += len(data)

    script = (
        _DOUBLE.format(times=16) + 'n=0; while [ $n -lt "$1" ]; do printf %s $b; n=$((n+1)); done'
    )
    step = run.request(("/bin/sh", "-c", script, "sh", str(pieces)))
    before = _peak_bytes()
    run.start(step, StepIO(counting)).wait(60)
    grown = _peak_bytes() - before
    expect.equal(count[0], pieces * size, "bytes that arrived")
    limit = 80 * _MEBIBYTE
    expect.that(
        grown < limit, f"memory for {count[0]} bytes", seen=grown, expected=f"less than {limit}"
    )


def _peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


@clause("SWD-LOG-014")
def test_nothing_arrives_after_the_end(run: Run) -> None:
    """The host has closed the log."""
    going = [run.start_sh(f"{NAP} (nap; nap; echo late) & echo {number}") for number in range(3)]
    for one in going:
        one.wait()
    threading.Event().wait(0.3)
    late = [data for one in going for data in one.late_output]
    expect.equal(late, [], "output that came after run_step had returned")
