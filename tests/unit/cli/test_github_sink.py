"""Groups and annotations of GitHub Actions, safe against what steps print."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable

from swamp_driver.cli._sinks._github import GithubSink
from swamp_driver.cli._sinks._sink import Verbosity
from swamp_driver.cli._streams import Writer
from swamp_driver.cli._style import Style
from swamp_driver.spec import Notice, RunEvent
from tests.unit.cli.builders import Story


def show(events: Iterable[RunEvent], verbosity: Verbosity = Verbosity.NORMAL) -> list[str]:
    """Return the lines of the log, every token replaced by TOKEN."""
    out = io.StringIO()
    sink = GithubSink(
        Writer(out),
        Writer(out),
        style=Style(unicode=False),
        verbosity=verbosity,
        step_lines={"s1": 12, "s2": 30},
    )
    for event in events:
        sink.on_event(event)
    sink.close()
    return re.sub("[0-9a-f]{32}", "TOKEN", out.getvalue()).splitlines()


def test_a_step_is_a_group_and_a_failure_an_annotation(story: Story) -> None:
    """The page of the job folds steps and shows failures at the line of the file."""
    lines = show(
        [
            story.run_started(build=["test"]),
            story.started("s1"),
            story.output("s1", b"one\n"),
            story.ended("s1", "failed", exit_code=4),
        ]
    )
    assert lines == [
        "::group::build/test",
        "one",
        "::endgroup::",
        "x build/test: failed: exit code 4",
        "::error file=ci.yaml,line=12,title=build/test::failed: exit code 4",
    ]


def test_an_iteration_is_annotated_at_its_step(story: Story) -> None:
    """Iterations have no line of their own."""
    events: list[RunEvent] = [story.run_started(a=["x", "y-${{ self.m }}"])]
    step = story.iteration("s2-7", "a", "y-opus")
    events += [story.started(step), story.ended(step, "failed")]
    assert show(events)[-1] == "::error file=ci.yaml,line=30,title=a/y-opus::failed: exit code 1"


def test_an_allowed_failure_is_not_annotated(story: Story) -> None:
    """Annotations are what must be looked at."""
    events = [story.run_started(a=["x"]), story.started("s1")]
    lines = show([*events, story.ended("s1", "failed", allowed_failure=True)])
    assert lines[-1] == "! a/x: failed: exit code 1 (allowed)"


def test_parallel_steps_follow_each_other(story: Story) -> None:
    """Groups cannot nest or mix: the first has the log, the others wait, the oldest is next."""
    lines = show(
        [
            story.run_started(a=["x", "y", "z"]),
            story.started("s1"),
            story.started("s2"),
            story.started("s3"),
            story.output("s1", b"x1\n"),
            story.output("s2", b"y1\n"),
            story.output("s3", b"z1\n"),
            story.ended("s3"),
            story.output("s1", b"x2\n"),
            story.ended("s1"),
            story.output("s2", b"y2\n"),
            story.ended("s2"),
        ]
    )
    groups = [line for line in lines if not line.startswith(("::endgroup", "+"))]
    assert groups == [
        "::group::a/x", "x1", "x2", "::group::a/z", "z1", "::group::a/y", "y1", "y2",
    ]  # fmt: skip


def test_the_first_step_is_shown_while_it_runs(story: Story) -> None:
    """Whoever watches a long step must see its output before it ends."""
    events = [story.run_started(a=["x"]), story.started("s1"), story.output("s1", b"now\n")]
    assert show(events) == ["::group::a/x", "now"]


def test_a_step_cannot_give_commands(story: Story) -> None:
    """`::set-env`, `::add-mask::`, `##[...]`: the runner obeys whatever looks like one."""
    hostile = b"::error::fake\n  ::add-mask::a\nx ##[error]fake\n::endgroup::\n"
    lines = show(
        [
            story.run_started(a=["x"]),
            story.started("s1"),
            story.output("s1", b"fine\n" + hostile),
            story.ended("s1"),
        ]
    )
    assert lines == [
        "::group::a/x",
        "fine",
        "::stop-commands::TOKEN",
        "::error::fake",
        "  ::add-mask::a",
        "x ##[error]fake",
        "::endgroup::",
        "::TOKEN::",
        "::endgroup::",
        "+ a/x: succeeded",
    ]


def test_the_last_lines_of_a_failure_cannot_give_commands(story: Story) -> None:
    """They are printed again at the end, outside of any group."""
    lines = show(
        [
            story.run_started(a=["x"]),
            story.started("s1"),
            story.output("s1", b"::error::fake\n"),
            story.ended("s1", "failed"),
            story.run_ended("failed"),
        ]
    )
    end = lines[lines.index("x a/x failed: exit code 1 after 1.0s") :]
    assert end[1:3] == ["::stop-commands::TOKEN", "    ::error::fake"]
    assert end[-1] == "::TOKEN::"


def test_names_cannot_give_commands(story: Story) -> None:
    """Names of iterations come from inputs."""
    events = [story.run_started(a=["##[x]\n::error::y,z:%"]), story.started("s1")]
    lines = show([*events, story.ended("s1", "failed")])
    assert lines == [
        "::group::a/##[x]\\n::error::y,z:%25",
        "::endgroup::",
        "x a/## [x]\\n::error::y,z:%: failed: exit code 1",
        (
            "::error file=ci.yaml,line=12,title=a/##[x]\\n%3A%3Aerror%3A%3Ay%2Cz%3A%25"
            "::failed: exit code 1"
        ),
    ]


def test_a_skipped_step_has_no_group(story: Story) -> None:
    """There is nothing to fold."""
    events = [story.run_started(a=["x"]), story.ended("s1", "skipped", end=None, exit_code=None)]
    assert show(events) == ["o a/x: skipped"]


def test_quiet_leaves_output_out(story: Story) -> None:
    """`-q` keeps the groups' results, not their content."""
    events = [story.run_started(a=["x"]), story.started("s1"), story.output("s1", b"chatter\n")]
    assert "chatter" not in show([*events, story.ended("s1")], Verbosity.QUIET)


def test_notices_are_shown_at_once(story: Story) -> None:
    """They go to stderr, which the runner shows in the same log."""
    assert show([story.make(Notice, text="##[error]x")]) == ["note: ## [error]x"]


def test_much_output_of_a_waiting_step_is_complete(story: Story) -> None:
    """What does not fit into memory waits on disk."""
    block = b"".join(b"%07d\n" % number for number in range(50_000))
    events: list[RunEvent] = [story.run_started(a=["x", "y"])]
    events += [story.started("s1"), story.started("s2")]
    events += [story.output("s2", block) for _ in range(4)]
    events += [story.ended("s1"), story.ended("s2")]
    lines = show(events)
    assert len([line for line in lines if line.isdigit()]) == 200_000


def test_what_broke_is_annotated(story: Story) -> None:
    """An engine that went away belongs on the page of the job."""
    events = [story.run_started(a=[]), story.run_ended("broken", errors=("no engine: 100%",))]
    assert show(events)[-1] == "::error file=ci.yaml::no engine: 100%25"
