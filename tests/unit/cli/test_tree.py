"""The tree fits on the screen and keeps what matters most."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swamp_driver.cli._run_view import RunView
from swamp_driver.cli._style import Style
from swamp_driver.cli._tree import Row, lay_out
from swamp_driver.cli._tree_lines import Canvas, draw_header, draw_progress, draw_rows
from swamp_driver.cli._untrusted import cell_width
from swamp_driver.spec import DriverProgress, Progress, RunEvent, StepStatus
from tests.unit.cli.builders import Story


def view_of(*events: RunEvent) -> RunView:
    """Return how a run stands after these events."""
    view = RunView()
    for event in events:
        view.apply(event)
    return view


def outline(rows: list[Row]) -> list[str]:
    """Return rows as indented text with their status."""
    return [f"{'  ' * row.depth}{row.status}: {row.name}" for row in rows]


def busy(story: Story, *, ended: int = 3, running: int = 2, waiting: int = 4) -> RunView:
    """Return a run with one job over, one running, two waiting."""
    steps = [f"e{number}" for number in range(ended + running + waiting)]
    view = view_of(
        story.run_started(checkout=["clone"], evaluate=steps, publish=["push"], report=["mail"]),
        story.job_started("checkout"),
        story.started("s1"),
        story.ended("s1"),
        story.job_ended("checkout"),
        story.job_started("evaluate"),
    )
    for number in range(ended + running):
        view.apply(story.started(f"s{number + 2}"))
    for number in range(ended):
        view.apply(story.ended(f"s{number + 2}", "failed" if number == 0 else "succeeded"))
    return view


def test_all_is_shown_where_there_is_room(story: Story) -> None:
    """Jobs that ended need no steps; the rest is there step by step."""
    assert outline(lay_out(busy(story), height=30)) == [
        "succeeded: checkout",
        "running: evaluate",
        "  failed: e0",
        "  succeeded: e1",
        "  succeeded: e2",
        "  running: e3",
        "  running: e4",
        "  waiting: e5",
        "  waiting: e6",
        "  waiting: e7",
        "  waiting: e8",
        "waiting: publish",
        "waiting: report",
    ]


def test_what_is_over_is_summed_up_first(story: Story) -> None:
    """A person watches what runs; failures stay in sight for as long as they can."""
    assert outline(lay_out(busy(story), height=12))[2:5] == [
        "  succeeded: 2 steps done",
        "  failed: e0",
        "  running: e3",
    ]


def test_what_waits_is_summed_up_next(story: Story) -> None:
    """The order of what waits is in the file."""
    assert outline(lay_out(busy(story), height=8)) == [
        "succeeded: checkout",
        "running: evaluate",
        "  succeeded: 2 steps done",
        "  failed: e0",
        "  running: e3",
        "  running: e4",
        "  waiting: 4 steps waiting",
        "waiting: 2 jobs waiting",
    ]


def test_at_the_end_even_running_steps_are_cut(story: Story) -> None:
    """A screen of ten rows and forty parallel steps: the last line says that there is more."""
    rows = lay_out(busy(story, running=40), height=5)
    assert len(rows) == 5
    assert rows[-1].status == "more"


@given(st.integers(1, 40), st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_it_always_fits(height: int, ended: int, running: int, waiting: int) -> None:
    """One line too many and the screen scrolls at every refresh."""
    view = busy(Story(), ended=ended, running=running, waiting=waiting)
    assert 1 <= len(lay_out(view, height=height)) <= height


def test_five_hundred_steps_fit(story: Story) -> None:
    """The largest workflows are where an overview matters most."""
    rows = lay_out(busy(story, ended=250, running=4, waiting=246), height=12)
    assert "  succeeded: 249 steps done" in outline(rows)
    assert sum(row.status == "running" for row in rows) == 5


def test_an_iteration_takes_the_place_of_its_template(story: Story) -> None:
    """`eval-${{ self.model }}` waits under its template's name until its iterations start."""
    view = view_of(
        story.run_started(evaluate=["eval-${{ self.m }}"]), story.job_started("evaluate")
    )
    view.apply(story.started(story.iteration("s1-1", "evaluate", "eval-a")))
    view.apply(story.started(story.iteration("s1-2", "evaluate", "eval-b")))
    assert outline(lay_out(view, height=9))[1:] == ["  running: eval-a", "  running: eval-b"]


def test_a_template_without_iterations_does_not_wait_for_ever(story: Story) -> None:
    """`forEach` over an empty list starts nothing."""
    view = view_of(
        story.run_started(evaluate=["eval-${{ self.m }}"]),
        story.job_started("evaluate"),
        story.job_ended("evaluate"),
    )
    assert outline(lay_out(view, height=9)) == ["succeeded: evaluate"]


def test_an_allowed_failure_does_not_count_as_failed(story: Story) -> None:
    """The author said that it may fail; the run goes on and ends well."""
    view = view_of(
        story.run_started(a=["x"]),
        story.job_started("a"),
        story.started("s1"),
        story.ended("s1", "failed", allowed_failure=True),
    )
    job, step = lay_out(view, height=5)
    assert (job.note, step.status) == ("1/1 steps", "allowed")


def canvas(width: int = 60, *, now: float = 1010.0, unicode: bool = True) -> Canvas:
    """Return what a tree is drawn on."""
    return Canvas(width=width, now=now, style=Style(unicode=unicode))


def drawn(view: RunView, on: Canvas) -> list[str]:
    """Return the lines of a whole tree as plain text."""
    lines = [draw_header(view, canvas=on), *draw_rows(lay_out(view, height=20), canvas=on)]
    return ["".join(text for text, _ in line).rstrip() for line in lines]


def test_the_tree_has_columns(story: Story) -> None:
    """State, name, time and the last line stand below each other."""
    view = view_of(
        story.run_started(build=["compile", "a longer name"]),
        story.job_started("build"),
        story.started("s1"),
        story.ended("s1", duration_s=2.25),
        story.started("s2"),
    )
    view.jobs["build"].steps["s2"].last_line = "linking\t100 of 200"
    assert drawn(view, canvas(unicode=False)) == [
        "ci  1/2 steps  9s",
        "| build               8s  1/2 steps",
        "  + compile         2.2s",
        "  | a longer name     5s  linking 100 of 200",
    ]


@pytest.mark.parametrize("width", [8, 12, 20, 40, 100])
def test_no_line_is_wider_than_the_screen(story: Story, width: int) -> None:
    """A line that wraps is two lines, and only one of them is erased."""
    view = busy(story)
    view.workflow = "a workflow with a name that is much too long, 日本語日本語日本語"
    for step in view.steps:
        step.last_line = "日本語 and more than fits " * 10
    for line in drawn(view, canvas(width)):
        assert cell_width(line) <= width, line


def test_a_hostile_name_is_harmless_in_the_tree(story: Story) -> None:
    """Names of iterations come from inputs."""
    view = view_of(story.run_started(a=["x\x1b[2J\ny"]), story.job_started("a"))
    assert drawn(view, canvas())[2] == "  · x^[[2J\\ny"


def test_slow_work_of_a_driver_has_a_bar() -> None:
    """Pulling an image takes minutes; a person must see that it goes on."""
    progress = Progress(phase="pull", resource="node:20", done=30 << 20, total=120 << 20)
    text = "".join(part for part, _ in draw_progress(progress, canvas=canvas(unicode=False)))
    assert text == "###------------  pull node:20  30.0 MiB of 120.0 MiB"


def test_finished_progress_leaves_the_tree(story: Story) -> None:
    """What is done is no news."""
    view = view_of(story.run_started(a=["x"]))
    for finished in (False, True):
        one = Progress(phase="pull", resource="node", finished=finished)
        view.apply(story.make(DriverProgress, driver="docker", progress=one))
        assert bool(view.progress) is not finished


def test_a_skipped_job_is_over(story: Story) -> None:
    """It never started, so it has no time."""
    view = view_of(
        story.run_started(a=["x"]),
        story.ended("s1", "skipped", end=None, exit_code=None, duration_s=0),
        story.job_ended("a", StepStatus.SKIPPED),
    )
    assert drawn(view, canvas()) == ["ci  1/1 steps  9s", "○ a         1 step"]


def test_jobs_of_a_nested_workflow_stand_below_the_job_that_runs_it(story: Story) -> None:
    """They appear when it begins, in the place where a reader looks for them."""
    view = view_of(
        story.run_started(build=["call", "ask"], publish=["push"]),
        story.job_started("build"),
        story.started("s1"),
        story.nested("s1", "build/call/inner", {"s1-s1": "compile"}),
        story.job_started("build/call/inner"),
        story.started("s1-s1"),
        story.asked("s2", "go on?"),
    )
    rows = lay_out(view, height=20)
    assert outline(rows) == [
        "running: build",
        "  running: call",
        "  asking: ask",
        "running: build/call/inner",
        "  running: compile",
        "waiting: publish",
    ]
    assert rows[2].note == "go on?"
