"""Results and errors (RESULT)."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from swamp_driver.errors import DriverError, LifecycleError, StepStartError
from swamp_driver.spec import CancelStage, Capability, StepEnd, StepResult
from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench, Run
from swamp_driver_conformance.loading import Subject
from swamp_driver_conformance.marks import clause
from swamp_driver_conformance.suite._shell import LONG, NAP
from swamp_driver_conformance.suite._steps import output_of

_ENDINGS = {
    "success": (":", StepEnd.SUCCEEDED, 0),
    "failure": ("exit 3", StepEnd.FAILED, 3),
    "signal": ("kill -KILL $$", StepEnd.SIGNALLED, 137),
    "time-out": (LONG, StepEnd.TIMED_OUT, None),
    "cancel": (f"echo ready; {LONG}", StepEnd.CANCELLED, None),
}


@clause("SWD-RESULT-001")
@pytest.mark.parametrize("way", _ENDINGS)
def test_fields_of_results_agree(run: Run, way: str) -> None:
    """Conditions of workflows are made of them."""
    script, end, code = _ENDINGS[way]
    going = run.start_sh(script, timeout_s=0.3 if way == "time-out" else 20.0)
    if way == "cancel":
        going.saw("ready")
        going.io.cancel.cancel(CancelStage.NOW)
    result = going.wait().result
    expect.equal(result.end, end, f"the end by {way}")
    if code is not None:
        expect.equal(result.exit_code, code, f"the exit code after the end by {way}")
    problems = _disagreements(result)
    expect.equal(problems, [], f"fields that do not agree after the end by {way}")


def _disagreements(result: StepResult) -> list[str]:
    problems = []
    code, number = result.exit_code, result.signal
    end: object = result.end
    if not isinstance(end, StepEnd):
        problems.append(f"end is {result.end!r}")
    if number is not None and code != 128 + number:
        problems.append(f"signal {number} with exit code {code}")
    if code is not None and not 0 <= code <= 255:  # noqa: PLR2004 - what an exit code can be
        problems.append(f"exit code {code}")
    if "\n" in result.detail:
        problems.append("detail has several lines")
    if result.collected or result.collect_problems:
        problems.append("something was collected that was not asked for")
    return problems


@clause("SWD-RESULT-002")
def test_times_are_right(run: Run, bench: Bench) -> None:
    """Reports and bills go by them."""
    before = time.time()
    done = run.sh(f"{NAP} n=0; while [ $n -lt 10 ]; do n=$((n+1)); nap; done")
    after = time.time()
    result = done.result
    is_within = before - 0.1 <= result.started_at <= after + 0.1
    expect.that(is_within, "started_at", seen=result.started_at, expected=f"{before} to {after}")
    # Ten naps of 50 ms; of a second each where `sleep` takes no fractions.
    least_s, most_s = 0.45, done.elapsed_s + 0.1
    is_right = least_s <= result.duration_s <= most_s
    expected = f"{least_s} to {most_s:.2f} s"
    expect.that(is_right, "duration_s", seen=f"{result.duration_s} s", expected=expected)
    del bench


@clause("SWD-RESULT-003")
def test_usage_is_that_of_the_step(run: Run, bench: Bench) -> None:
    """A number that is wrong is worse than none."""
    turns = 80_000 if bench.is_quick else 300_000
    burn = f"n=0; while [ $n -lt {turns} ]; do n=$((n+1)); done"
    busy, idle = run.sh(burn), run.sh(NAP + "nap; nap; nap; nap")
    used = (busy.result.usage.cpu_s, idle.result.usage.cpu_s)
    if used[0] is None or used[1] is None:
        expect.equal(used, (None, None), "usage.cpu_s of two steps")
        return
    fits = used[1] < used[0] <= busy.elapsed_s * 1.5 + 0.1
    expect.that(fits, "usage.cpu_s", seen=used, expected="a busy step used more than an idle one")


def _prepare_in_the_way(bench: Bench) -> object:
    run = bench.run()
    bench.ledger.decoy(run.context.run_id)
    return run.prepare()


def _step_of_missing_program(bench: Bench) -> object:
    run = bench.prepared()
    return run.start(run.request(("/does/not/exist",))).wait()


def _step_in_missing_directory(bench: Bench) -> object:
    run = bench.prepared()
    return run.sh(":", cwd=f"{run.path}/missing")


def _step_with_too_much(bench: Bench) -> object:
    run = bench.prepared()
    return run.sh(":", *(["x" * 100_000] * 100))


def _step_after_teardown(bench: Bench) -> object:
    run = bench.prepared()
    run.teardown()
    return run.sh(":")


_WRONG: tuple[Callable[[Bench], object], ...] = (
    _prepare_in_the_way,
    _step_of_missing_program,
    _step_in_missing_directory,
    _step_with_too_much,
    _step_after_teardown,
)


@clause("SWD-RESULT-004")
@pytest.mark.parametrize("wrong", _WRONG, ids=lambda one: one.__name__.strip("_"))
def test_only_driver_errors_are_raised(bench: Bench, wrong: Callable[[Bench], object]) -> None:
    """The host tells a broken driver from a failed step by it."""
    if wrong is _prepare_in_the_way and not bench.subject.declares(Capability.HOST_VISIBLE):
        return  # what is in the way here is not in the way there
    with expect.raises(DriverError, wrong.__name__.strip("_").replace("_", " ")):
        wrong(bench)


@clause("SWD-RESULT-005")
def test_errors_name_what_they_are_about(run: Run) -> None:
    """A person has to find it in a run with fifty steps."""
    step = run.request(("/does/not/exist",), name="the-step-in-question")
    with expect.raises(StepStartError, "a program that does not exist") as caught:
        run.start(step).wait()
    text = str(caught[0])
    names = "the-step-in-question" in text or "/does/not/exist" in text
    expect.that(names, "the text of the error", seen=text, expected="it names step or program")
    expect.that("\n" not in text, "the text of the error", seen=text, expected="one line")


@clause("SWD-RESULT-006")
def test_step_before_prepare_is_refused(bench: Bench) -> None:
    """The host has a defect then, and must learn of it."""
    made = bench.prepared()
    early = bench.run(
        run_id=made.context.run_id, request={"run_dir": made.context.workspace.run_dir}
    )
    early.workspace = made.workspace
    with expect.raises(LifecycleError, "run_step before prepare_workspace"):
        early.sh(": > started")
    expect.equal(made.sh("ls").text, "", "what the refused step wrote")


@clause("SWD-RESULT-007")
def test_step_after_teardown_is_refused(bench: Bench) -> None:
    """A step in a directory that is being removed brings it back to life."""
    run = bench.prepared()
    run.teardown(remove=False)
    with expect.raises(LifecycleError, "run_step after teardown"):
        run.sh(": > started")
    expect.that(
        not (run.run_dir / "workspace/started").exists(),
        "the refused step",
        seen="it ran",
        expected="it is not started",
    )


@clause("SWD-RESULT-008")
def test_second_prepare_is_refused(run: Run) -> None:
    """The first one's resources would be forgotten."""
    with expect.raises(LifecycleError, "a second prepare_workspace on one instance"):
        run.prepare()
    expect.equal(output_of(run, "echo fine"), "fine\n", "a step after the refusal")


_GROW = "x=0123456789abcdef; n=0; while [ $n -lt 24 ]; do x=$x$x; n=$((n+1)); done; echo ${#x}"
"""Takes 256 MiB and more, and no more than that."""


@clause("SWD-RESULT-009")
def test_memory_limit_is_told(bench: Bench, subject: Subject) -> None:
    """It looks like any other 137; the cure is another one."""
    sample = subject.sample("memory-limit")
    if sample is None:
        expect.deviates(
            "info.good_configs",
            seen=[one.title for one in subject.info.good_configs],
            expected="a sample titled 'memory-limit' that allows a step 128 MiB at most",
        )
    run = bench.prepared(config=subject.config_with(sample.data))
    done = run.sh(_GROW)
    expect.equal(done.result.end, StepEnd.OUT_OF_MEMORY, "the end of a step that takes 256 MiB")
    result = run.sh("kill -KILL $$").result
    expect.equal(result.end, StepEnd.SIGNALLED, "the end of the next step, which kills itself")
