"""The paths of outputs: in the workspace, whatever is written."""

from __future__ import annotations

from collections.abc import Iterator

from swamp_driver.spec._suggest import quoted
from swamp_driver.workflow._model_step import Step
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._static import Static

RELATIVE_HINT = "write it relative to the workspace, as in 'dist' or 'build/report'"


class OutputPathError(ValueError):
    """A text is no path in the workspace; the message says why."""


def output_path(text: str) -> str:
    """Return a path relative to the workspace in its shortest form; `.` is the workspace.

    Raises:
        OutputPathError: It is absolute, leads upwards, or cannot be a path.
    """
    if not text or "\0" in text or not _is_utf8(text):
        raise OutputPathError(f"{quoted(text)} cannot be a path")
    if text.startswith("/"):
        raise OutputPathError(f"the path {quoted(text)} is absolute")
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise OutputPathError(f"the path {quoted(text)} has '..' in it")
    return "/".join(parts) or "."


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_output_paths(step: Step, static: Static, problems: Problems) -> None:
    """Note paths of outputs that are known now and are wrong, or that stand twice."""
    seen: set[str] = set()
    for number, text in _known_paths(step, static):
        place = step.outputs[number].where.value("path")
        try:
            path = output_path(text)
        except OutputPathError as error:
            problems.add(str(error), place, hint=RELATIVE_HINT)
            continue
        if path in seen:
            hint = "name all steps in one 'makeAvailableTo'"
            problems.add(f"the output {quoted(path)} stands twice", place, hint=hint)
        seen.add(path)


def _known_paths(step: Step, static: Static) -> Iterator[tuple[int, str]]:
    for number, output in enumerate(step.outputs):
        if output.path.text and static.knows(output.path):
            text = static.text(output.path)
            if text:
                yield number, text
