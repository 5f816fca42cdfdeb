"""Plain lines: what a pipe, a file and a person without a live view get."""

from __future__ import annotations

import io
from collections.abc import Iterable

import attrs
import pytest

from swamp_driver.cli._sinks._plain import PlainSink
from swamp_driver.cli._sinks._sink import Verbosity
from swamp_driver.cli._streams import Writer
from swamp_driver.cli._style import Style
from swamp_driver.spec import (
    DriverProgress,
    Notice,
    Progress,
    RunEvent,
    StepEnd,
    Usage,
    WorkspaceReady,
)
from tests.unit.cli.builders import Story


def show(
    events: Iterable[RunEvent],
    verbosity: Verbosity = Verbosity.NORMAL,
    *,
    colour: bool = False,
) -> tuple[list[str], list[str]]:
    """Return the lines on stdout and on stderr."""
    out, err = io.StringIO(), io.StringIO()
    style = Style(colour=colour, unicode=False)
    sink = PlainSink(Writer(out), Writer(err), style=style, verbosity=verbosity)
    for event in events:
        sink.on_event(event)
    sink.close()
    return out.getvalue().splitlines(), err.getvalue().splitlines()


def failing_run(story: Story) -> list[RunEvent]:
    """Return the events of a run whose second step fails."""
    return [
        story.run_started(build=["compile", "test"]),
        story.job_started("build"),
        story.started("s1"),
        story.output("s1", b"ok\n"),
        story.ended("s1"),
        story.started("s2"),
        story.output("s2", b"1 of 2\n"),
        story.output("s2", b"assertion fail", "stderr"),
        story.ended("s2", "failed", exit_code=4),
        story.run_ended("failed"),
    ]


def test_a_failing_run_from_first_to_last_line(story: Story) -> None:
    """What ran, what it printed, how each step ended, and at the end what to look at."""
    assert show(failing_run(story)) == (
        [
            "run kx3a: ci (ci.yaml), 1 job, 2 steps",
            "build/compile | ok",
            "+ build/compile: succeeded, 1.0s",
            "build/test | 1 of 2",
            "build/test | assertion fail",
            "x build/test: failed: exit code 4, 1.0s",
            "",
            "x build/test failed: exit code 4 after 1.0s",
            "    1 of 2",
            "    assertion fail",
            "    all of its output: swamp-driver logs kx3a build/test",
            "x run kx3a failed in 12s: 1 succeeded, 1 failed",
        ],
        [],
    )


def test_quiet_shows_failures_and_the_last_line(story: Story) -> None:
    """`-q` in a script: nothing to read unless there is something to do."""
    out, _ = show(failing_run(story), Verbosity.QUIET)
    assert out == [
        "x build/test failed: exit code 4 after 1.0s",
        "    1 of 2",
        "    assertion fail",
        "    all of its output: swamp-driver logs kx3a build/test",
        "x run kx3a failed in 12s: 1 succeeded, 1 failed",
    ]


def test_verbose_adds_commands_places_and_resources(story: Story) -> None:
    """`-v` answers: what was run, where, what did it use."""
    pull = Progress(phase="pull", resource="node:20")
    done = Progress(phase="pull", resource="node:20", done=3 << 20, finished=True)
    out, _ = show(
        [
            story.run_started(build=["compile"]),
            story.make(DriverProgress, driver="docker", progress=pull),
            story.make(DriverProgress, driver="docker", progress=done),
            story.make(WorkspaceReady, driver="docker", path="/w", host_visible=True),
            story.started("s1", driver="docker", command="make all"),
            story.ended("s1", usage=Usage(cpu_s=0.5, max_rss_bytes=5 << 20)),
        ],
        Verbosity.VERBOSE,
    )
    assert out[1:] == [
        "docker: pull node:20",
        "docker: pull node:20 3.0 MiB, done",
        "workspace: /w (driver docker)",
        "build/compile: docker: make all",
        "+ build/compile: succeeded, 1.0s (cpu 0.5s, memory 5.0 MiB)",
    ]


def test_notices_are_diagnostics(story: Story) -> None:
    """Stdout can be kept as the log of the steps; what we say ourselves goes to stderr."""
    events = [story.make(Notice, text="the cache is\nempty")]
    assert show(events) == ([], ["note: the cache is\\nempty"])
    assert show(events, Verbosity.QUIET) == ([], [])


def test_lines_of_parallel_steps_do_not_mix(story: Story) -> None:
    """Half a line of one step never stands before a line of another."""
    out, _ = show(
        [
            story.run_started(a=["x", "y"]),
            story.started("s1"),
            story.started("s2"),
            story.output("s1", b"one "),
            story.output("s2", b"two\n"),
            story.output("s1", b"line\n"),
        ]
    )
    assert out[1:] == ["a/y | two", "a/x | one line"]


def test_streams_of_a_step_do_not_mix(story: Story) -> None:
    """A warning in the middle of a line of stdout must not split that line."""
    out, _ = show(
        [
            story.run_started(a=["x"]),
            story.started("s1"),
            story.output("s1", b"50"),
            story.output("s1", b"careful\n", "stderr"),
            story.output("s1", b"%\n"),
        ]
    )
    assert out[1:] == ["a/x | careful", "a/x | 50%"]


def test_colours_mark_steps_and_stderr(story: Story) -> None:
    """On a terminal the step has its colour and stderr another bar."""
    out, _ = show(
        [
            story.run_started(a=["x"]),
            story.started("s1"),
            story.output("s1", b"\x1b[31mred\nstill red\x1b[0m\n", "stderr"),
        ],
        colour=True,
    )
    bar = "\x1b[33m|\x1b[0m"
    assert [line.partition(" ")[2] for line in out[1:]] == [
        f"{bar} \x1b[31mred\x1b[0m",
        f"{bar} \x1b[31mstill red\x1b[0m\x1b[0m",
    ]


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        ({"end": StepEnd.TIMED_OUT, "exit_code": 143}, "timed out"),
        ({"end": StepEnd.SIGNALLED, "signal": 11}, "killed by signal 11"),
        ({"end": StepEnd.OUT_OF_MEMORY, "detail": "limit 64 MiB"}, "out of memory: limit 64 MiB"),
        ({"end": StepEnd.LOST, "detail": "the engine went away"}, "lost: the engine went away"),
        ({"exit_code": 2, "detail": "no output"}, "failed: exit code 2 (no output)"),
        ({"end": None, "detail": "'foo' is not there"}, "failed: 'foo' is not there"),
        ({"exit_code": 3, "allowed_failure": True}, "failed: exit code 3 (allowed)"),
    ],
)
def test_every_end_has_its_words(story: Story, ended: dict[str, object], words: str) -> None:
    """The same words in every view: they are what people search for."""
    fields = {"duration_s": 0.0, **ended}
    events = [
        story.run_started(a=["x"]),
        story.started("s1"),
        story.ended("s1", "failed", **fields),
    ]
    out, _ = show(events)
    assert out[1].partition(": ")[2].removesuffix(", 0ms") == words


def test_an_allowed_failure_is_no_failure_at_the_end(story: Story) -> None:
    """The summary lists what a person must look at."""
    out, _ = show(
        [
            story.run_started(a=["x"]),
            story.started("s1"),
            story.ended("s1", "failed", allowed_failure=True),
            story.run_ended("succeeded"),
        ]
    )
    assert out[2:] == ["", "+ run kx3a succeeded in 12s: 1 failed (1 allowed)"]


def test_a_kept_workspace_is_said_with_what_to_do(story: Story) -> None:
    """Whoever keeps a workspace wants to enter it, and later to be rid of it."""
    out, _ = show([story.run_started(a=[]), story.run_ended(workspace_kept="/w s/workspace")])
    assert out[2:5] == [
        "workspace kept: /w s/workspace",
        "    enter it:  cd '/w s/workspace'",
        "    delete it: swamp-driver workspace remove kx3a",
    ]


def test_what_broke_is_said_at_the_end(story: Story) -> None:
    """A broken driver is not a failed step, and the last lines say which it was."""
    out, _ = show([story.run_started(a=[]), story.run_ended("broken", errors=("no engine",))])
    assert out[2:] == ["error: no engine", "x run kx3a broken in 12s"]


def test_hostile_names_stay_on_their_line(story: Story) -> None:
    """Names of iterations come from inputs."""
    events = [story.run_started(**{"a\x1b[2J": ["x\ny"]}), story.started("s1")]
    out, _ = show([*events, story.output("s1", b"hi\n"), story.ended("s1")])
    assert out[1:] == ["a^[[2J/x\\ny | hi", "+ a^[[2J/x\\ny: succeeded, 1.0s"]


class GoneReader(io.StringIO):
    """A pipe whose reader went away after the first line."""

    def write(self, text: str) -> int:
        """Take one text, and fail from then on."""
        if self.getvalue():
            raise BrokenPipeError
        return super().write(text)


def test_a_reader_that_goes_away_does_not_stop_the_run(story: Story) -> None:
    """`swamp-driver run f | head -1`: the steps go on, and nobody sees a traceback."""
    out = GoneReader()
    sink = PlainSink(Writer(out), Writer(io.StringIO()), style=Style())
    for event in failing_run(story):
        sink.on_event(event)
    assert out.getvalue() == "run kx3a: ci (ci.yaml), 1 job, 2 steps\n"


def test_long_lines_are_cut_in_the_summary(story: Story) -> None:
    """The last lines are for reading; a megabyte on one line is in the log."""
    out, _ = show(
        [
            story.run_started(a=["x"]),
            story.started("s1"),
            story.output("s1", b"\x1b[31m" + b"y" * 10_000 + b"\n"),
            story.ended("s1", "failed"),
            story.run_ended("failed"),
        ],
        Verbosity.QUIET,
    )
    assert out[1] == "    " + "y" * 500 + " ..."


def test_many_failures_do_not_fill_the_screen(story: Story) -> None:
    """Ten show what is wrong; the rest is one command away."""
    names = [f"x{number}" for number in range(25)]
    events: list[RunEvent] = [story.run_started(a=names)]
    for number in range(25):
        events += [story.started(f"s{number + 1}"), story.ended(f"s{number + 1}", "failed")]
    out, _ = show([*events, story.run_ended("failed")], Verbosity.QUIET)
    assert sum(line.startswith("x a/x") for line in out) == 10
    assert out[-2] == "and 15 more: swamp-driver show kx3a"


def test_a_run_that_waits_says_for_what_and_how_to_answer(story: Story) -> None:
    """The commands come next; that the workspace can be deleted would be wrong advice here."""
    events = [
        story.run_started(deploy=["ask", "check", "ship"]),
        story.job_started("deploy"),
        story.asked("s1", "ship\nit?"),
        story.asked("s2", "sure?"),
        story.run_ended("suspended", exit_code=4, workspace_kept="/w"),
    ]
    assert show(events) == (
        [
            "run kx3a: ci (ci.yaml), 1 job, 3 steps",
            "deploy/ask: waits for an approval: ship it?",
            "deploy/check: waits for an approval: sure?",
            "",
            "? deploy/ask waits for an approval: ship it?",
            "    approve it: swamp-driver approve kx3a deploy/ask",
            "    reject it:  swamp-driver reject kx3a deploy/ask",
            "? deploy/check waits for an approval: sure?",
            "    approve it: swamp-driver approve kx3a deploy/check",
            "    reject it:  swamp-driver reject kx3a deploy/check",
            "workspace kept: /w",
            "    enter it:  cd /w",
            "? run kx3a suspended in 12s: 2 to be approved, 1 waiting",
        ],
        [],
    )


def test_a_run_that_goes_on_does_not_repeat_what_was_said(story: Story) -> None:
    """Steps that ended before count, and have had their lines."""
    events = [
        attrs.evolve(story.run_started(deploy=["build", "ask"]), attempt=2),
        story.ended("s1", previous=True),
        story.ended("s2", end=None, exit_code=None, detail="approved by ada"),
        story.run_ended(),
    ]
    assert show(events)[0] == [
        "run kx3a goes on: ci (ci.yaml), 1 job, 2 steps",
        "+ deploy/ask: succeeded: approved by ada",
        "",
        "+ run kx3a succeeded in 12s: 2 succeeded",
    ]
