"""Where a step works, and which of its files it hands on, once that can be evaluated."""

from __future__ import annotations

import posixpath

from swamp_driver.spec import WorkspaceRequest
from swamp_driver.workflow._bind_errors import bind_error, unusable
from swamp_driver.workflow._evaluate import TemplateError, evaluate_text
from swamp_driver.workflow._output_paths import RELATIVE_HINT, OutputPathError, output_path
from swamp_driver.workflow._planned import PlannedStep
from swamp_driver.workflow._scope import RunScope

WORK = "work"


def base_directory(workspace: WorkspaceRequest, step_id: str, *, shared: bool, own: bool) -> str:
    """Return the directory that relative paths of a step are relative to.

    It is the workspace where that is shared. Otherwise it is `own`, a directory that the host
    fills and empties around the step, or one in its exchange directory, which goes with the step.
    """
    if shared:
        return workspace.path
    if own:
        return posixpath.join(workspace.path, step_id)
    return posixpath.join(workspace.exchange(step_id), WORK)


def bind_outputs(step: PlannedStep, scope: RunScope, *, base: str) -> tuple[str, ...]:
    """Return the paths of a step's outputs, relative to `base`.

    A path that an expression gives may be absolute if it is in `base`: `workspace.path` is.

    Raises:
        WorkflowError: An expression has no value, a path is elsewhere, or one stands twice.
    """
    paths: list[str] = []
    for number, output in enumerate(step.outputs):
        key = f"outputs[{number}].path"
        try:
            text = evaluate_text(output.path, scope)
        except TemplateError as error:
            raise bind_error(error, scope, step, key) from error
        try:
            path = output_path(_relative(text, base))
        except OutputPathError as error:
            raise unusable(scope, step, str(error), RELATIVE_HINT, key=key) from error
        if path in paths:
            raise unusable(scope, step, f"the output '{path}' stands twice", key=key)
        paths.append(path)
    return tuple(paths)


def _relative(text: str, base: str) -> str:
    """Return an absolute path in `base` relative to it; others as they are."""
    if text.rstrip("/") == base:
        return "."
    return text.removeprefix(f"{base}/")
