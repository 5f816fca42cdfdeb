"""What stands at the end of a run: failures first, then where things are, then one last line."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from swamp_driver.cli._durations import format_duration
from swamp_driver.cli._question_lines import question_lines
from swamp_driver.cli._run_view import RunView, StepState
from swamp_driver.cli._style import Style
from swamp_driver.cli._untrusted import escape_controls
from swamp_driver.cli._words import count_steps, describe_end
from swamp_driver.spec import RunEnded, RunStatus

_MOST_FAILURES = 10


def render_summary(view: RunView, *, style: Style) -> Iterator[str]:
    """Yield the lines that end a run. `view` has taken its `RunEnded`."""
    assert view.ended is not None
    failed = [step for step in view.steps if step.status == "failed" and not step.forgiven]
    for step in failed[:_MOST_FAILURES]:
        yield from _failure(step, run_id=view.run_id, style=style)
    if len(failed) > _MOST_FAILURES:
        yield f"and {len(failed) - _MOST_FAILURES} more: swamp-driver show {view.run_id}"
    for error in view.ended.errors:
        yield f"{style.paint('error:', 'bad')} {escape_controls(error)}"
    asking = [(step.label, step.prompt) for step in view.steps if step.status == "asking"]
    yield from question_lines(view.run_id, asking, style=style)
    if view.ended.workspace_kept is not None:
        yield from _workspace(view, view.ended.workspace_kept)
    yield final_line(view, view.ended, style=style)


def _failure(step: StepState, *, run_id: str, style: Style) -> Iterator[str]:
    assert step.ended is not None
    label = style.paint(escape_controls(step.label), "strong")
    how = escape_controls(describe_end(step.ended))
    yield f"{style.mark('failed')} {label} {how} after {format_duration(step.ended.duration_s)}"
    for line in step.tail:
        yield f"    {line}"
    if step.prompt:
        return  # a person answered: nothing was printed
    command = f"swamp-driver logs {run_id} {shlex.quote(step.label)}"
    yield f"    {style.paint(f'all of its output: {escape_controls(command)}', 'quiet')}"


def _workspace(view: RunView, path: str) -> Iterator[str]:
    yield f"workspace kept: {escape_controls(path)}"
    if view.host_visible:
        yield f"    enter it:  cd {escape_controls(shlex.quote(path))}"
    if view.ended is not None and view.ended.status is not RunStatus.SUSPENDED:
        yield f"    delete it: swamp-driver workspace remove {view.run_id}"


def final_line(view: RunView, ended: RunEnded, *, style: Style) -> str:
    """Return the line that says how the run ended."""
    status = ended.status.value
    steps = count_steps(view)
    counts = f": {steps}" if steps else ""
    mark = style.mark(status)
    return f"{mark} run {view.run_id} {status} in {format_duration(ended.duration_s)}{counts}"
