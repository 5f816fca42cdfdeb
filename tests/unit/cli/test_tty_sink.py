"""The live view, as a person sees it on the screen."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable

import pytest

from swamp_driver.cli._sinks._sink import Verbosity
from swamp_driver.cli._sinks._tty import TtySink
from swamp_driver.cli._style import Style
from swamp_driver.spec import Notice, StepStatus
from tests.unit.cli.builders import Story, Terminal


@pytest.fixture
def sink(terminal: Terminal) -> TtySink:
    """Return a live view on a terminal of 80 columns; its clock stands still."""
    return make_sink(terminal)


def make_sink(terminal: Terminal, *, err: io.StringIO | None = None) -> TtySink:
    """Return a live view; `err` is another terminal, file or pipe."""
    return TtySink(
        terminal,
        terminal if err is None else err,
        style=Style(colour=False),
        verbosity=Verbosity.NORMAL,
        clock=lambda: 1010.0,
    )


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until the view has drawn itself anew; it does so ten times a second."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the view never showed it"
        time.sleep(0.01)


def test_the_tree_stands_below_the_output(sink: TtySink, terminal: Terminal, story: Story) -> None:
    """Output scrolls; the tree stays where it is."""
    sink.on_event(story.run_started(build=["compile", "test"]))
    sink.on_event(story.job_started("build"))
    sink.on_event(story.started("s1"))
    sink.on_event(story.output("s1", b"one\ntwo\nthr"))
    wait_for(lambda: "build/compile | two" in terminal.screen)
    screen = terminal.screen
    sink.close()
    assert screen == [
        "run kx3a: ci (ci.yaml), 1 job, 2 steps",
        "build/compile | one",
        "build/compile | two",
        "ci  0/2 steps  9s",
        "⠋ build         8s  0/2 steps",
        "  ⠋ compile     7s  thr",
        "  · test",
    ]


def test_at_the_end_only_the_log_and_the_summary_stay(
    sink: TtySink, terminal: Terminal, story: Story
) -> None:
    """The tree is for the time of the run; what stays is what can be read later."""
    for event in (
        story.run_started(build=["compile"]),
        story.job_started("build"),
        story.started("s1"),
        story.output("s1", b"oops", "stderr"),
        story.ended("s1", "failed"),
        story.job_ended("build", StepStatus.FAILED),
        story.run_ended("failed"),
    ):
        sink.on_event(event)
    sink.close()
    assert terminal.screen == [
        "run kx3a: ci (ci.yaml), 1 job, 1 step",
        "build/compile | oops",
        "✗ build/compile: failed: exit code 1, 1.0s",
        "",
        "✗ build/compile failed: exit code 1 after 1.0s",
        "    oops",
        "    all of its output: swamp-driver logs kx3a build/compile",
        "✗ run kx3a failed in 12s: 1 failed",
        "",
    ]


def test_the_cursor_comes_back(sink: TtySink, terminal: Terminal, story: Story) -> None:
    """A shell without a cursor is what people remember of a tool."""
    sink.on_event(story.run_started(build=["compile"]))
    sink.close()
    sink.close()
    assert terminal.getvalue().rindex("\x1b[?25h") > terminal.getvalue().rindex("\x1b[?25l")


def test_diagnostics_stand_above_the_tree(sink: TtySink, terminal: Terminal, story: Story) -> None:
    """Stderr is the same screen; writing to it directly would tear the tree apart."""
    sink.on_event(story.run_started(build=["compile"]))
    sink.on_event(story.make(Notice, text="the cache is empty"))
    sink.say("stopping")
    wait_for(lambda: "stopping" in terminal.screen)
    assert terminal.screen[1:4] == ["note: the cache is empty", "stopping", "ci  0/1 steps  9s"]
    sink.close()


def test_diagnostics_go_to_a_stderr_that_is_elsewhere(terminal: Terminal, story: Story) -> None:
    """`2> errors.log` must hold them."""
    err = io.StringIO()
    sink = make_sink(terminal, err=err)
    sink.on_event(story.run_started(build=["compile"]))
    sink.on_event(story.make(Notice, text="the cache is empty"))
    sink.close()
    assert err.getvalue() == "note: the cache is empty\n"
    assert "cache" not in terminal.getvalue()


def test_markup_in_output_has_no_meaning(sink: TtySink, terminal: Terminal, story: Story) -> None:
    """Steps print `[bold]` and `:smile:` and mean just that."""
    text = "[bold]x[/bold] :smile: [link=http://x]y[/]"
    sink.on_event(story.run_started(build=["compile"]))
    sink.on_event(story.started("s1"))
    sink.on_event(story.output("s1", text.encode() + b"\n"))
    sink.close()
    assert f"build/compile | {text}" in terminal.screen


def test_output_that_comes_fast_is_complete(
    sink: TtySink, terminal: Terminal, story: Story
) -> None:
    """Lines are gathered, and none is lost or out of order."""
    sink.on_event(story.run_started(build=["compile"]))
    sink.on_event(story.started("s1"))
    for number in range(3000):
        sink.on_event(story.output("s1", b"%d %s\n" % (number, b"x" * 100)))
    sink.on_event(story.ended("s1"))
    sink.close()
    numbers = re.findall(r"build/compile \| (\d+) x{100}\n", terminal.getvalue())
    assert [int(number) for number in numbers] == list(range(3000))


@pytest.mark.parametrize("rows", [10, 24])
def test_the_tree_leaves_room_for_output(
    terminal: Terminal, story: Story, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """Five hundred steps on a small screen: the output must still be seen."""
    monkeypatch.setenv("LINES", str(rows))
    sink = make_sink(terminal)
    sink.on_event(story.run_started(build=[f"step {number}" for number in range(500)]))
    sink.on_event(story.job_started("build"))
    for number in range(40):
        sink.on_event(story.started(f"s{number + 1}"))
    wait_for(lambda: any("more lines" in line for line in terminal.screen))
    tree = terminal.screen[1:]
    sink.close()
    assert len(tree) <= rows - 3
    assert tree[0].startswith("ci  0/500 steps")
