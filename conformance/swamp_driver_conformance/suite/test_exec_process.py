"""What a step gets of the process that starts it, and the other way round (EXEC)."""

from __future__ import annotations

import os
import pty
import re
import signal
from typing import Any

import pytest

from swamp_driver.spec import StepEnd, StepIO, Stream
from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench
from swamp_driver_conformance.loading import Subject
from swamp_driver_conformance.marks import clause
from swamp_driver_conformance.probes import ProcessWatch
from swamp_driver_conformance.remote import other_process, step_action
from swamp_driver_conformance.suite._shell import NAP

_TTY = (
    "for n in 0 1 2; do if [ -t $n ]; then echo terminal $n; fi; done;"
    " if (: < /dev/tty) 2>/dev/null; then echo has /dev/tty; fi; echo checked"
)


@clause("SWD-EXEC-014")
def test_there_is_no_terminal(bench: Bench, subject: Subject) -> None:
    """A run from a terminal must not differ from one in CI."""
    run = bench.run()
    master, slave = pty.openpty()
    try:
        actions = [
            {"do": "prepare"},
            step_action(run.request(("/bin/sh", "-c", _TTY))),
            {"do": "teardown", "remove": True},
        ]
        with other_process(subject, run, actions, tty=os.ttyname(slave)) as other:
            other.wait_for("prepared", deadline_s=60)
            expect.equal(other.output(), "checked\n", "terminals in a step of such a caller")
            other.wait_for("torn-down")
    finally:
        os.close(master)
        os.close(slave)


@clause("SWD-EXEC-015")
def test_descriptors_of_the_caller_do_not_pass(bench: Bench, subject: Subject) -> None:
    """They are a way around every other border."""
    run = bench.run()
    look = 'for fd in 7 8 9; do if (eval ": <&$fd") 2>/dev/null; then echo $fd; fi; done'
    actions: list[dict[str, Any]] = [
        {"do": "prepare"},
        {"do": "open", "numbers": [7, 8, 9]},
        step_action(run.request(("/bin/sh", "-c", look))),
        {"do": "teardown", "remove": True},
    ]
    with other_process(subject, run, actions) as other:
        other.wait_for("prepared", deadline_s=60)
        expect.equal(other.output(), "", "descriptors of the caller that a step has")
        other.wait_for("torn-down")


@clause("SWD-EXEC-022")
def test_signals_that_the_caller_ignores_have_their_effect(bench: Bench, subject: Subject) -> None:
    """A step that cannot be interrupted there can be elsewhere."""
    run = bench.run()
    numbers = [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT]
    # Not by a shell that sends them to itself, where there is a way to ask: some ignore QUIT.
    loop = 'for s in HUP INT QUIT; do /bin/sh -c "kill -$s \\$\\$; exit 0"; echo $s $?; done'
    script = f"cat /proc/self/status 2>/dev/null || {{ {loop}; }}"
    actions: list[dict[str, Any]] = [
        {"do": "ignore", "signals": numbers},
        {"do": "prepare"},
        step_action(run.request(("/bin/sh", "-c", script))),
        {"do": "teardown", "remove": True},
    ]
    with other_process(subject, run, actions) as other:
        other.wait_for("prepared", deadline_s=60)
        seen = other.output()
        other.wait_for("torn-down")
    if found := re.search(r"^SigIgn:\s*([0-9a-f]+)$", seen, re.MULTILINE):
        ignored = [one.name for one in numbers if int(found[1], 16) >> (one - 1) & 1]
        expect.equal(ignored, [], "signals that are ignored in a step")
    else:
        expect.equal(seen, "HUP 129\nINT 130\nQUIT 131\n", "exit codes of shells that send them")


@clause("SWD-EXEC-018")
def test_process_state_is_never_changed(bench: Bench) -> None:
    """Other threads run at the same time."""
    watch = ProcessWatch()

    def look(_stream: Stream, _data: bytes) -> None:
        watch.look()

    with watch:
        run = bench.prepared()
        for script in ("echo one", f"{NAP} echo two; nap; nap; echo three", "exit 3"):
            step = run.request(("/bin/sh", "-c", script), env={"OWN": "value"})
            run.start(step, StepIO(look)).wait()
        run.sh("sleep 5", timeout_s=0.2)
        run.teardown()
    expect.equal(sorted(watch.changes), [], "what the driver changed of its process")


@clause("SWD-EXEC-019")
def test_driver_prints_nothing(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    """The host's output may be JSON for a program."""
    capfd.readouterr()
    run = bench.prepared()
    run.sh("echo out; echo err >&2; exit 3")
    run.sh("sleep 5", timeout_s=0.2)
    run.teardown()
    printed = capfd.readouterr()
    expect.equal((printed.out, printed.err), ("", ""), "what the driver's process printed")


@clause("SWD-EXEC-021")
def test_signals_to_its_own_group_stay_with_the_step(bench: Bench, subject: Subject) -> None:
    """`kill 0` in a trap is common."""
    run = bench.run()
    actions = [
        {"do": "prepare"},
        step_action(run.request(("/bin/sh", "-c", "kill -TERM 0; sleep 5"))),
        step_action(run.request(("/bin/sh", "-c", "echo next"))),
        {"do": "teardown", "remove": True},
    ]
    with other_process(subject, run, actions) as other:
        other.wait_for("prepared", deadline_s=60)
        ended = other.wait_for("ended")
        expect.equal(ended["end"], str(StepEnd.SIGNALLED), "how `kill -TERM 0` ends")
        expect.equal(other.output(), "next\n", "the output of the next step")
        other.wait_for("torn-down")
