"""The log of a step: found by name, as text, as JSON."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from swamp_driver.cli._output_lines import OutputLines, prefix_of
from swamp_driver.cli._style import Style
from swamp_driver.errors import NotFoundError
from swamp_driver.host import LoggedOutput, RunRecord, StepRecord
from swamp_driver.spec import Stream
from swamp_driver.spec._suggest import did_you_mean


def select_steps(record: RunRecord, name: str | None) -> tuple[StepRecord, ...]:
    """Return the one step of that name (`job/step`, the step alone, or its id), or all if None.

    Raises:
        NotFoundError: no step has that name, or several do.
    """
    if name is None:
        return record.steps
    found = tuple(
        step
        for step in record.steps
        if name in (f"{step.job}/{step.step}", step.step, step.step_id)
    )
    if len(found) == 1:
        return found
    labels = [f"{step.job}/{step.step}" for step in found or record.steps]
    if found:
        raise NotFoundError(f"'{name}' is not one step: {', '.join(labels)}")
    guess = did_you_mean(name, labels)
    there = guess or f"it has: {', '.join(labels) or 'none'}"
    raise NotFoundError(f"run {record.run_id} has no step '{name}' ({there})")


def log_to_lines(
    step: StepRecord, pieces: Iterable[LoggedOutput], *, style: Style, prefix: bool
) -> Iterator[str]:
    """Yield the output of a step as text that is safe on a terminal, whole lines at a time."""
    lines = OutputLines(colour=style.colour)
    label = f"{step.job}/{step.step}"

    def shown(stream: Stream, texts: list[str]) -> str:
        before = prefix_of(label, stream, style=style) if prefix else ""
        return "".join(f"{before}{text}\n" for text in texts)

    for piece in pieces:
        yield shown(piece.stream, lines.feed(step.step_id, piece.stream, piece.data))
    for stream, rest in lines.finish(step.step_id):
        yield shown(stream, rest)


def log_to_json(step: StepRecord, piece: LoggedOutput) -> dict[str, object]:
    """Return a piece of output: under `text` where it is UTF-8, else under `base64`."""
    try:
        content = {"text": piece.data.decode()}
    except UnicodeDecodeError:
        content = {"base64": base64.b64encode(piece.data).decode("ascii")}
    return {
        "job": step.job,
        "step": step.step,
        "step_id": step.step_id,
        "seq": piece.seq,
        "time_s": piece.time_s,
        "stream": piece.stream,
        **content,
    }
