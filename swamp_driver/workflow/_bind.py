"""PlannedStep + RunScope -> what a driver is given."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Literal

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import WorkflowError
from swamp_driver.spec import Json, StepRequest, WorkspaceRequest
from swamp_driver.spec._suggest import quoted
from swamp_driver.workflow._bind_data import BoundData, bind_shell_data
from swamp_driver.workflow._bind_errors import bind_error, unusable
from swamp_driver.workflow._bind_method import Methods, Program, bind_method
from swamp_driver.workflow._bind_outputs import WORK, base_directory, bind_outputs
from swamp_driver.workflow._bind_service import BoundService, bind_service
from swamp_driver.workflow._commands import ConfigTree, MethodCommand, ShellCommand
from swamp_driver.workflow._evaluate import (
    TemplateError,
    evaluate,
    evaluate_part,
    evaluate_text,
    evaluate_tree,
    to_text,
)
from swamp_driver.workflow._for_each import Iteration
from swamp_driver.workflow._planned import PlannedBinding, PlannedStep
from swamp_driver.workflow._scan import has_expression
from swamp_driver.workflow._scope import RunScope
from swamp_driver.workflow._shell import write_script
from swamp_driver.workflow._static import DURATION_HINT, to_milliseconds
from swamp_driver.workflow._step_ids import id_of_path, step_path
from swamp_driver.workflow._template import Template
from swamp_driver.workflow._whole import spread

SCRIPT = "script"
OUTPUT = "output"
TEMPORARY = "tmp"
_SHOWN_COMMAND = 120


@attrs.frozen(kw_only=True, eq=False, repr=False)
class BoundStep(Value):
    """A step, or one iteration of it, with every expression evaluated."""

    request: StepRequest
    ignore_exit_code: bool = False
    """Whatever the exit code, the step has succeeded."""
    command_line: str = ""
    """What is run, in one line, for people: as it is written, so without any value."""
    once_key: str | None = None
    """Run once for the workspace and this key."""
    sharing: Literal["shared", "exclusive"] = "shared"
    data: BoundData | None = None
    """What it may write as data, and how that is kept; None: it writes none."""
    service: BoundService | None = None
    """It is a background step."""
    outputs: tuple[str, ...] = ()
    """The paths of the step's outputs, relative to the workspace or to `directory`."""
    directory: str | None = None
    """The working directory of a step that hands on or takes files where steps share none: to be
    made before the step, with what it takes in it."""
    secret_values: frozenset[str] = frozenset()
    """Values that must not be shown."""


def bind_config(binding: PlannedBinding, scope: RunScope) -> dict[str, Json]:
    """Return the options of a driver with every expression evaluated.

    `scope` is that of the step, with `self_values` of its iteration. Pure; from any thread. Options
    cannot hold secrets: they are kept with the run, and engines show them.

    Raises:
        WorkflowError: An expression has no value.
    """
    try:
        return {key: evaluate_tree(tree, scope) for key, tree in binding.config.items()}
    except TemplateError as error:
        raise bind_error(error, scope, None, binding.path or "driverConfig") from error


def bind_step(
    step: PlannedStep,
    iteration: Iteration,
    *,
    scope: RunScope,
    request: WorkspaceRequest,
    passed_env: Mapping[str, str],
    methods: Methods | None = None,
) -> BoundStep:
    """Return what a driver is given for one iteration of a step.

    Pure; may be called from any thread. The environment is the same under every driver: the
    documented base, over it `passed_env` (what the driver's options forward), over it the declared
    one, and over all the variables that begin with `SWAMP_`.

    Args:
        step: The step as planned; everything it waits for has ended.
        iteration: One of `expand_for_each`.
        scope: What expressions know; its `self_values` are replaced by those of the iteration.
        request: The workspace of the run.
        passed_env: Variables of the caller that the driver's options forward.
        methods: Gives the programs of models; needed where the step calls a method.

    Raises:
        WorkflowError: An expression has no value, or a value cannot be used: a directory outside
            of the workspace, a time-out that is none, a NUL character in a variable, inputs that
            are not as the method declares them.
    """
    command = step.command
    assert isinstance(command, ShellCommand | MethodCommand)  # the others are no requests
    scope = attrs.evolve(scope, self_values=iteration.self_values)
    step_id = id_of_path(step_path(scope.frame, step.id, iteration.index))
    binder = _Binder(step, scope, request, step_id)
    program = _program(command, binder, methods)
    return BoundStep(
        request=binder.request(iteration.name, passed_env, program),
        ignore_exit_code=isinstance(command, ShellCommand) and command.ignore_exit_code,
        command_line=program.shown,
        once_key=binder.text(step.once, "once") if step.once is not None else None,
        sharing=step.sharing,
        service=bind_service(step.background, binder) if step.background else None,
        outputs=bind_outputs(step, scope, base=binder.base),
        directory=binder.base if binder.has_directory else None,
        data=program.data,
    )


def _program(
    command: ShellCommand | MethodCommand, binder: _Binder, methods: Methods | None
) -> Program:
    timeout_ms = binder.milliseconds(command.timeout_ms, "timeout")
    if isinstance(command, MethodCommand):
        assert methods is not None
        program = bind_method(command, binder, methods)
    else:
        script, values = binder.script(command.script, "run")
        program = Program(
            argv=("/bin/sh", "-e", posixpath.join(binder.exchange, SCRIPT)),
            files={SCRIPT: script.encode()},
            env=values,
            shown=_command_line(command.script.text),
            data=bind_shell_data(command, binder),
        )
    return attrs.evolve(program, timeout_ms=timeout_ms)


class _Binder:
    def __init__(
        self,
        step: PlannedStep,
        scope: RunScope,
        workspace: WorkspaceRequest,
        step_id: str,
    ) -> None:
        self._step = step
        self._scope = scope
        self._to_the_step = attrs.evolve(scope, may_ask_secrets=True)
        self._workspace = workspace
        self._step_id = step_id
        self.exchange = workspace.exchange(step_id)
        shared = scope.workspace_path is not None
        self.has_directory = not shared and bool(step.outputs or step.takes)
        self.base = base_directory(workspace, step_id, shared=shared, own=self.has_directory)

    @property
    def scope(self) -> RunScope:
        """Return what expressions of the step know."""
        return self._scope

    @property
    def step(self) -> PlannedStep:
        """Return the step."""
        return self._step

    def tree(self, tree: Mapping[str, ConfigTree], key: str) -> dict[str, Json]:
        """Return a mapping with everything in it evaluated."""
        try:
            values = {name: evaluate_tree(value, self._to_the_step) for name, value in tree.items()}
        except TemplateError as error:
            raise bind_error(error, self._scope, self._step, key) from error
        found = spread(values)
        if found is None:
            raise self.unusable("the expression gives no mapping", key=key)
        return found

    def request(self, name: str, passed_env: Mapping[str, str], program: Program) -> StepRequest:
        shared = self._scope.workspace_path is not None
        return StepRequest(
            step_id=self._step_id,
            name=name,
            argv=program.argv,
            env=self._env(name, passed_env, program.env),
            cwd=self._cwd(),
            exchange=self.exchange,
            files={**program.files, OUTPUT: b""},
            directories=(TEMPORARY,) if shared or self.has_directory else (TEMPORARY, WORK),
            collect=(OUTPUT, *program.collect),
            collect_limit_bytes=program.collect_limit_bytes,
            timeout_s=None if program.timeout_ms is None else program.timeout_ms / 1000,
        )

    def text(self, template: Template, key: str) -> str:
        try:
            return evaluate_text(template, self._scope)
        except TemplateError as error:
            raise bind_error(error, self._scope, self._step, key) from error

    def script(self, template: Template, key: str) -> tuple[str, dict[str, str]]:
        """Return a script and the values that it refers to."""
        try:
            script = write_script(template)
            values = {
                name: to_text(evaluate_part(template, part, self._to_the_step))
                for name, part in script.expressions
            }
        except TemplateError as error:
            raise bind_error(error, self._scope, self._step, key) from error
        return script.text, values

    def milliseconds(self, duration: Template | int | None, key: str) -> int | None:
        """Return a duration in milliseconds."""
        if not isinstance(duration, Template):
            return duration
        found = self.value(duration, key)
        milliseconds = to_milliseconds(found)
        if milliseconds is None:
            what = f"{quoted(to_text(found))} is no time-out"
            raise self.unusable(what, DURATION_HINT, key=key)
        return milliseconds

    def value(self, template: Template, key: str) -> Json:
        """Return the value of a template."""
        try:
            return evaluate(template, self._scope)
        except TemplateError as error:
            raise bind_error(error, self._scope, self._step, key) from error

    def unusable(self, what: str, hint: str | None = None, *, key: str) -> WorkflowError:
        """Return the error of a value that cannot be used."""
        return unusable(self._scope, self._step, what, hint, key=key)

    def _cwd(self) -> str:
        base = self.base
        if self._step.working_dir is None:
            return base
        wanted = self.text(self._step.working_dir, "workingDir")
        if "\0" in wanted:  # Python 3.11 cuts a path there when it is normalised
            raise self._nul("workingDir")
        path = posixpath.normpath(posixpath.join(base, wanted))
        if not wanted.startswith("/") and path != base and not path.startswith(f"{base}/"):
            what = f"the directory {quoted(wanted)} is outside of the workspace"
            raise unusable(
                self._scope, self._step, what, "write an absolute path", key="workingDir"
            )
        return path

    def _env(
        self, name: str, passed_env: Mapping[str, str], values: Mapping[str, str]
    ) -> dict[str, str]:
        env = {
            "HOME": self._workspace.home,
            "TMPDIR": posixpath.join(self.exchange, TEMPORARY),
            "LANG": "C.UTF-8",
            **passed_env,
            **dict(self._declared()),
            "SWAMP_RUN_ID": self._scope.run_id,
            "SWAMP_STEP_ID": self._step_id,
            "SWAMP_STEP_NAME": name,
            "SWAMP_JOB": self._scope.job,
            "SWAMP_EXCHANGE": self.exchange,
            "SWAMP_OUTPUT": posixpath.join(self.exchange, OUTPUT),
            **values,
        }
        if self._scope.workspace_path is not None:
            env["SWAMP_WORKSPACE"] = self._workspace.path
        for key, value in env.items():
            if "\0" in value:
                raise self._nul(key)
        return env

    def _declared(self) -> Iterator[tuple[str, str]]:
        for key, template in self._step.env.items():
            try:
                yield key, evaluate_text(template, self._to_the_step)
            except TemplateError as error:
                raise bind_error(error, self._scope, self._step, f"env.{key}") from error

    def _nul(self, key: str) -> WorkflowError:
        return unusable(self._scope, self._step, "the value has a NUL character in it", key=key)


def _command_line(script: str) -> str:
    """Return the first line of a script that says something."""
    lines = [line.strip() for line in script.splitlines()]
    told = [line for line in lines if line and not line.startswith(("#", "set "))]
    first = (told or [line for line in lines if line] or [""])[0]
    more = len(told) > 1 and not has_expression_open(first)
    shown = first[:_SHOWN_COMMAND]
    return f"{shown} ..." if more or len(first) > _SHOWN_COMMAND else shown


def has_expression_open(line: str) -> bool:
    """Return whether a line ends within an expression."""
    return has_expression(line) and "}}" not in line
