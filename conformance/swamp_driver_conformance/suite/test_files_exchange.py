"""The exchange directory: what goes in and what comes back (FILES)."""

from __future__ import annotations

from pathlib import Path

import pytest

from swamp_driver.errors import StepStartError
from swamp_driver.spec import Capability, StepEnd
from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench, Run
from swamp_driver_conformance.marks import clause
from swamp_driver_conformance.suite._shell import LONG
from swamp_driver_conformance.suite._steps import output_of

_BINARY = bytes(range(256)) * 3 + b"\r\n\n"


@clause("SWD-FILES-001")
@pytest.mark.parametrize("content", [b"", b"text\n", _BINARY], ids=["empty", "text", "binary"])
def test_files_arrive_unchanged(run: Run, content: bytes) -> None:
    """Scripts travel this way."""
    step_id = "arrive"
    exchange = run.context.workspace.exchange(step_id)
    done = run.sh('cat "$1/file"', exchange, step_id=step_id, files={"file": content})
    expect.equal(done.stdout, content, "the content of a file as the step reads it")


@clause("SWD-FILES-001")
def test_large_script_runs(run: Run) -> None:
    """An argument ends at 128 kB; scripts do not."""
    script = b"echo begin\n" + b": line that does nothing but take room\n" * 75_000 + b"echo end\n"
    exchange = run.context.workspace.exchange("large")
    argv = ("/bin/sh", "-e", f"{exchange}/script")
    done = run.start(run.request(argv, step_id="large", files={"script": script})).wait()
    expect.equal(done.text, "begin\nend\n", f"the output of a script of {len(script)} bytes")


@clause("SWD-FILES-002")
def test_directories_are_there_and_writable(run: Run) -> None:
    """TMPDIR is one of them."""
    seen = output_of(
        run,
        'ls -A "$1/work" "$TMPDIR"; : > "$1/work/new"; : > "$1/new"; : > "$TMPDIR/new"; echo ok',
        run.context.workspace.exchange("made"),
        step_id="made",
        directories=("tmp", "work"),
    )
    expect.that(seen.endswith("ok\n"), "writing to them", seen=seen, expected="no error")
    expect.that("new" not in seen, "new directories", seen=seen, expected="they are empty")


@clause("SWD-FILES-003")
@pytest.mark.parametrize("script", [":", "exit 3"], ids=["succeeds", "fails"])
def test_exchange_is_gone_after_the_step(run: Run, script: str) -> None:
    """It holds scripts and outputs that are nobody's business afterwards."""
    exchange = run.context.workspace.exchange("first")
    run.sh(script, step_id="first", files={"script": b"secret"})
    done = run.sh('[ -e "$1" ] || echo gone', exchange)
    expect.equal(done.text, "gone\n", "the exchange directory of the step before")


@clause("SWD-FILES-003")
def test_exchange_is_gone_after_a_refused_step(run: Run) -> None:
    """A step that could not be started leaves nothing either."""
    step = run.request(("/does/not/exist",), step_id="first", files={"script": b"secret"})
    with expect.raises(StepStartError, "a program that does not exist"):
        run.start(step).wait()
    done = run.sh('[ -e "$1" ] || echo gone', step.exchange)
    expect.equal(done.text, "gone\n", "the exchange directory of the step before")


@clause("SWD-FILES-004")
def test_exchange_is_new(run: Run) -> None:
    """A stale output would be taken for that of this step."""
    exchange = run.context.workspace.exchange("second")
    output_of(run, 'mkdir "$1" && echo stale > "$1/output"', exchange)
    done = run.sh('ls -A "$1"', exchange, step_id="second", collect=("output",))
    expect.equal(done.text, "tmp\n", "what is in the exchange directory of the second step")
    expect.equal(dict(done.result.collected), {}, "what was collected from the second step")


@clause("SWD-FILES-005")
def test_collected_files_come_back_unchanged(run: Run) -> None:
    """They are the outputs of the step."""
    result = run.sh(
        'cd "$1" && cat in > out && : > empty && printf "x\\n\\n" > lines',
        run.context.workspace.exchange("back"),
        step_id="back",
        files={"in": _BINARY, "untouched": b"as it was"},
        collect=("out", "empty", "lines", "untouched", "missing"),
    ).result
    expected = {"out": _BINARY, "empty": b"", "lines": b"x\n\n", "untouched": b"as it was"}
    expect.equal(dict(result.collected), expected, "StepResult.collected")
    expect.equal(dict(result.collect_problems), {}, "StepResult.collect_problems")


@clause("SWD-FILES-006")
@pytest.mark.parametrize("way", ["fails", "times-out", "cancelled"])
def test_files_are_collected_however_the_step_ends(run: Run, way: str) -> None:
    """A report of failed tests is written by a step that fails."""
    rest = "exit 3" if way == "fails" else f"echo ready; {LONG}"
    going = run.start_sh(
        f'echo report > "$1/report"; {rest}',
        run.context.workspace.exchange("ends"),
        step_id="ends",
        collect=("report",),
        timeout_s=0.3 if way == "times-out" else None,
    )
    if way == "cancelled":
        going.saw("ready")
        going.io.cancel.cancel()
    result = going.wait().result
    expect.equal(dict(result.collected), {"report": b"report\n"}, f"collected when it {way}")


@clause("SWD-FILES-007")
def test_symlinks_are_not_collected(run: Run, bench: Bench) -> None:
    """A step could have any file of the controller read out to it."""
    decoy = bench.ledger.decoy("outside")
    result = run.sh(
        'ln -s "$2/keep" "$1/link"; echo inside > "$1/file"; ln -s file "$1/near"',
        run.context.workspace.exchange("link"),
        str(decoy.path),
        step_id="link",
        collect=("link", "near"),
    ).result
    expect.equal(dict(result.collected), {}, "StepResult.collected")
    expect.equal(sorted(result.collect_problems), ["link", "near"], "collect_problems")


@clause("SWD-FILES-008")
def test_directories_and_fifos_are_not_collected(run: Run) -> None:
    """Opening a FIFO blocks for ever."""
    has_fifos = run.sh("mkfifo probe && rm probe").result.end is StepEnd.SUCCEEDED
    script = 'mkdir "$1/folder"' + ('; mkfifo "$1/fifo"' if has_fifos else "")
    names = ("folder", "fifo") if has_fifos else ("folder",)
    step = run.request(
        ("/bin/sh", "-c", script, "sh", run.context.workspace.exchange("odd")),
        step_id="odd",
        collect=names,
    )
    result = run.start(step).wait(15).result
    expect.equal(dict(result.collected), {}, "StepResult.collected")
    expect.equal(sorted(result.collect_problems), sorted(names), "collect_problems")
    if not has_fifos:
        expect.not_run("mkfifo", "there is no mkfifo where steps run; directories are fine")


@clause("SWD-FILES-009")
def test_collect_limit_is_exact(run: Run) -> None:
    """A limit that is off by one is a limit that nobody tested."""
    result = run.sh(
        ":",
        files={"fits": b"x" * 1000, "over": b"x" * 1001, "much": b"x" * 100_000},
        collect=("fits", "over", "much"),
        collect_limit_bytes=1000,
    ).result
    expect.equal(dict(result.collected), {"fits": b"x" * 1000}, "StepResult.collected")
    expect.equal(sorted(result.collect_problems), ["much", "over"], "collect_problems")


_HOSTILE = {
    "removed": 'rm -rf "$1"',
    "a-symlink": 'rm -rf "$1" && ln -s "$2" "$1"',
    "a-file": 'rm -rf "$1" && : > "$1"',
    "without-rights": 'chmod 0 "$1/tmp" && chmod 0 "$1"',
}


@clause("SWD-FILES-010")
@pytest.mark.parametrize("what", _HOSTILE)
def test_hostile_exchange_breaks_nothing(run: Run, bench: Bench, what: str) -> None:
    """Steps run foreign code."""
    decoy = bench.ledger.decoy("outside")
    exchange = run.context.workspace.exchange("hostile")
    result = run.sh(
        _HOSTILE[what], exchange, str(decoy.path), step_id="hostile", collect=("keep",)
    ).result
    expect.equal(result.end, StepEnd.SUCCEEDED, f"the end of a step whose exchange is {what}")
    expect.equal(dict(result.collected), {}, "what was collected")
    decoy.check("a directory that the step put a link to in its place")
    done = run.sh('[ -e "$1" ] || [ -L "$1" ] || echo gone', exchange)
    expect.equal(done.text, "gone\n", "the exchange directory of the step before")


@clause("SWD-FILES-002")
def test_exchange_is_where_the_request_says(run: Run, bench: Bench) -> None:
    """Expressions name paths in it before the step starts."""
    going = run.start_sh('cd "$1" && pwd -P', run.context.workspace.exchange("s1"), step_id="s1")
    expect.equal(going.wait().text, f"{run.context.workspace.exchange('s1')}\n", "its path")
    if bench.subject.declares(Capability.HOST_VISIBLE):
        left = list(Path(run.context.workspace.exchange("s1")).parent.iterdir())
        expect.equal(left, [], "what is left of all exchange directories")
