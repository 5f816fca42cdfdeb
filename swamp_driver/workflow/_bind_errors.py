"""Errors of values that turn out wrong only while a run goes on."""

from __future__ import annotations

from swamp_driver.errors import Problem, WorkflowError
from swamp_driver.workflow._evaluate import TemplateError, error_place
from swamp_driver.workflow._planned import PlannedStep
from swamp_driver.workflow._scope import RunScope


def bind_error(
    error: TemplateError, scope: RunScope, step: PlannedStep | None, key: str
) -> WorkflowError:
    """Return the error of a template that has no value; `key` is where it stands in the step."""
    place = error_place(error, key if step is None else _path(scope, step, key))
    return WorkflowError(
        [
            Problem(
                what=str(error),
                path=place.path,
                hint=error.hint,
                file=scope.source,
                line=place.line,
                column=place.column,
            )
        ]
    )


def unusable(
    scope: RunScope, step: PlannedStep, what: str, hint: str | None = None, *, key: str = ""
) -> WorkflowError:
    """Return the error of a step whose values cannot be used."""
    path = _path(scope, step, key)
    problem = Problem(what=what, path=path, line=step.line, hint=hint, file=scope.source)
    return WorkflowError([problem])


def _path(scope: RunScope, step: PlannedStep, key: str) -> str:
    return ".".join(part for part in (f"{scope.job}/{step.name.text}", key) if part)
