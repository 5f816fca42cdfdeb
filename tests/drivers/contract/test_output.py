"""Output is complete, exact, in order and in time (SWD-LOG)."""

from __future__ import annotations

import resource
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from swamp_driver.spec import StepEnd, Stream
from tests.drivers.harness import OpenRun, new_token, wait_until

NUMBERED = "i=0; while [ $i -lt 100000 ]; do echo $i; echo e$i >&2; i=$((i+1)); done"


def test_both_streams_are_complete_apart_and_in_order(shared_run: OpenRun) -> None:
    """A hundred thousand lines on each."""
    step = shared_run.sh(NUMBERED)
    assert step.output("stdout") == b"".join(b"%d\n" % n for n in range(100_000))
    assert step.output("stderr") == b"".join(b"e%d\n" % n for n in range(100_000))


def test_a_last_line_without_its_end_is_delivered(shared_run: OpenRun) -> None:
    """Prompts and progress have none."""
    step = shared_run.sh("printf out; printf err >&2")
    assert (step.output("stdout"), step.output("stderr")) == (b"out", b"err")


def test_bytes_of_any_value_are_left_as_they_are(shared_run: OpenRun) -> None:
    """What is no text is the business of whoever shows it."""
    data = bytes(range(256)) * 50 + b"\xe2\x82" + b"\r\n\r\x1b[31m\0"
    step = shared_run.sh('cat "$SWAMP_EXCHANGE/data"', files={"data": data})
    assert step.output() == data


def test_output_comes_while_the_step_runs(shared_run: OpenRun) -> None:
    """A person watches it; a character may come in two pieces."""
    token = new_token()
    step = shared_run.start_sh(
        f"printf 'first\\n\\342'; while test ! -e ../home/{token}; do sleep 0.02; done\n"
        f"printf '\\202\\254 last'; rm ../home/{token}"
    )
    began = time.monotonic()
    step.wait_for_output(b"first\n\xe2")
    assert time.monotonic() - began < 20
    assert not step.is_over
    (shared_run.run_dir / "home" / token).touch()
    assert step.output().decode() == "first\n€ last"


def test_a_step_that_ends_at_once_loses_nothing(shared_run: OpenRun) -> None:
    """The end must not overtake the output; many times, for it is a race."""
    with ThreadPoolExecutor(4) as pool:
        count = 300 if shared_run.case.is_quick else 12
        steps = list(pool.map(lambda n: shared_run.execute("/bin/echo", str(n)).text, range(count)))
    assert steps == [str(number) for number in range(count)]


def test_a_large_output_neither_stalls_nor_fills_the_memory(shared_run: OpenRun) -> None:
    """A gigabyte passes through; nothing of it is kept here."""
    size = 0

    def count(_: Stream, data: bytes) -> None:
        nonlocal size
        size += len(data)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    step = shared_run.execute("head", "-c", "1073741824", "/dev/zero", sink=count)
    assert step.result.end is StepEnd.SUCCEEDED
    assert size == 1 << 30
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown <= 64 * 1024


def test_a_sink_that_fails_does_not_fail_the_step(shared_run: OpenRun) -> None:
    """A full disk of the log is not the step's fault."""

    def fail(_: Stream, __: bytes) -> None:
        raise OSError("no space left")

    step = shared_run.sh("echo one; head -c 3000000 /dev/zero; exit 4", sink=fail)
    assert (step.result.end, step.result.exit_code) == (StepEnd.FAILED, 4)


def test_a_slow_sink_slows_its_own_step_and_no_other(shared_run: OpenRun) -> None:
    """It gets everything in the end; the steps beside it go on (SWD-LOG)."""
    gate = threading.Event()
    size = 0

    def wait(_: Stream, data: bytes) -> None:
        nonlocal size
        gate.wait()
        size += len(data)

    slow = shared_run.start_sh("head -c 20000000 /dev/zero", sink=wait)
    try:
        quick = shared_run.sh("head -c 20000000 /dev/zero | wc -c; head -c 20000000 /dev/zero")
        assert len(quick.output()) > 20_000_000
        assert not slow.is_over
    finally:
        gate.set()
    assert slow.result.end is StepEnd.SUCCEEDED
    assert size == 20_000_000


def test_what_was_written_before_a_time_out_is_delivered(shared_run: OpenRun) -> None:
    """It is what tells why."""
    step = shared_run.sh("echo before; echo err >&2; sleep 600", timeout_s=0.5, grace_s=1)
    assert step.result.end is StepEnd.TIMED_OUT
    assert (step.output("stdout"), step.output("stderr")) == (b"before\n", b"err\n")


def test_parallel_writers_do_not_mix(shared_run: OpenRun) -> None:
    """Each step has its own output."""
    script = 'i=0; while [ $i -lt 3000 ]; do echo "$KEY $i"; i=$((i+1)); done'
    steps = [shared_run.start_sh(script, env={"KEY": f"k{n}"}) for n in range(8)]
    for number, step in enumerate(steps):
        assert step.text.split("\n") == [f"k{number} {i}" for i in range(3000)]


def test_what_a_program_flushes_at_its_end_is_delivered(shared_run: OpenRun) -> None:
    """Block-buffered output comes after all else, right before the exit."""
    step = shared_run.sh(
        "i=0; while [ $i -lt 2000 ]; do echo line; i=$((i+1)); done | sort | uniq -c"
    )
    assert step.text.split() == ["2000", "line"]


def test_a_step_that_closes_its_output_is_waited_for(shared_run: OpenRun) -> None:
    """The end of the output is not the end of the program (SWD-LIFE)."""
    step = shared_run.sh("exec >&- 2>&-; sleep 0.5; exit 5")
    assert step.result.exit_code == 5
    assert step.result.duration_s >= 0.5


def test_a_write_that_is_under_way_when_a_step_is_cancelled_is_kept(shared_run: OpenRun) -> None:
    """What was read stays read."""
    step = shared_run.start_sh("echo ready; while :; do echo more; done")
    step.wait_for_output(b"ready")
    step.cancel.cancel()
    assert step.result.end is StepEnd.CANCELLED
    assert step.output().startswith(b"ready\nmore\n")
    wait_until(lambda: step.is_over, "the step ends")
