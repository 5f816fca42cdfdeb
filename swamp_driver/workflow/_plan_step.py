"""Step -> PlannedStep."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import attrs

from swamp_driver.workflow._commands import (
    ApprovalCommand,
    ConfigTree,
    MethodCommand,
    ShellCommand,
    WorkflowCommand,
)
from swamp_driver.workflow._model import Workflow
from swamp_driver.workflow._model_step import ForEach, Step
from swamp_driver.workflow._model_task import ManualApprovalTask, ModelMethodTask, ShellInputs, Task
from swamp_driver.workflow._node import Node, ScalarNode, config_tree
from swamp_driver.workflow._output_paths import check_output_paths
from swamp_driver.workflow._plan_data import plan_data
from swamp_driver.workflow._plan_method import MethodPlanner, Target
from swamp_driver.workflow._plan_service import plan_background
from swamp_driver.workflow._planned import (
    PlannedDependency,
    PlannedForEach,
    PlannedOutput,
    PlannedStep,
    PlannedWorkspace,
)
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._scan import is_whole_expression
from swamp_driver.workflow._shell_task import shell_inputs
from swamp_driver.workflow._static import Static
from swamp_driver.workflow._template import Template


class StepPlanner:
    """Plans the steps of one workflow, and numbers them."""

    def __init__(
        self,
        static: Static,
        problems: Problems,
        workflow: Workflow,
        workspace: PlannedWorkspace,
        methods: MethodPlanner,
    ) -> None:
        self._static = static
        self._problems = problems
        self._sharing = workflow.workspace.sharing
        self._workspace = workspace
        self._methods = methods
        self._numbers = itertools.count(1)

    def plan(
        self,
        step: Step,
        *,
        weight: int,
        concurrency: int | None,
        binding: str,
        target: Target | None,
        nested: WorkflowCommand | None = None,
    ) -> PlannedStep | None:
        """Return the plan of a step; None, with a problem noted, where it cannot be run.

        `target` is what it calls, see `MethodPlanner.target`.
        """
        shell = self._shell(step, target)
        self._static.check(attrs.evolve(step, task=None))
        if shell is not None:
            self._static.check(shell)
        self._check_workspace(step)
        background = plan_background(step, self._static, self._problems)
        command = nested or self._command(step, shell, target)
        if command is None:
            return None
        return PlannedStep(
            id=f"s{next(self._numbers)}",
            name=step.name,
            description=self._static.text_or_written(step.description),
            command=command,
            env=_merged(step.env, shell.env if shell else None),
            working_dir=(shell and shell.working_dir) or step.working_dir,
            for_each=self._for_each(step.for_each) if step.for_each else None,
            depends_on=tuple(
                PlannedDependency(on=d.step.text, condition=d.condition) for d in step.depends_on
            ),
            weight=weight,
            concurrency=concurrency,
            allow_failure=self._static.flag(step.allow_failure, step.where.value("allowFailure")),
            sharing=step.sharing or ("shared" if background else self._sharing),
            once=step.once,
            outputs=tuple(
                PlannedOutput(
                    path=output.path,
                    make_available_to=tuple(name.text for name in output.make_available_to),
                )
                for output in step.outputs
            ),
            background=background,
            data=plan_data(step, target, self._problems),
            binding=binding,
            line=step.where.place.line,
        )

    def _shell(self, step: Step, target: Target | None) -> ShellInputs | None:
        """Return the inputs of a step that calls `command/shell`."""
        if target is None or target.model is not None:
            return None
        assert isinstance(step.task, ModelMethodTask)
        definition = target.definition
        defaults = {} if definition is None else definition.methods.get(target.method, {})
        return shell_inputs(step.task, self._problems, defaults)

    def _command(
        self, step: Step, shell: ShellInputs | None, target: Target | None
    ) -> ShellCommand | MethodCommand | ApprovalCommand | None:
        if target is not None and target.model is not None:
            return self._methods.command(step, target)
        if isinstance(step.task, ManualApprovalTask):
            return self._approval(step.task)
        script = shell.run if shell else step.run
        if script is None:
            return None
        timeout: int | Template | None = step.timeout
        place = step.where.value("timeout")
        ignored = False
        if shell is not None:
            ignored = self._static.flag(shell.ignore_exit_code, shell.where.value("ignoreExitCode"))
            if shell.timeout is not None:
                timeout, place = shell.timeout, shell.where.value("timeout")
        if isinstance(timeout, Template) and not timeout.text:
            timeout = None
        return ShellCommand(
            script=script,
            model_name=_model_name(step.task, target),
            ignore_exit_code=ignored,
            timeout_ms=self._static.timeout(timeout, place),
        )

    def _approval(self, task: ManualApprovalTask) -> ApprovalCommand:
        self._static.check(task)
        timeout = task.timeout
        if isinstance(timeout, Template) and self._static.knows(timeout):
            timeout = self._static.whole(timeout, task.where.value("timeout"))
        return ApprovalCommand(prompt=task.prompt, timeout_s=timeout)

    def _check_workspace(self, step: Step) -> None:
        check_output_paths(step, self._static, self._problems)
        if not self._workspace.enabled and step.where.has("once"):
            place, hint = step.where.key("once"), "write 'workspace: {enabled: true}'"
            self._problems.add("'once' needs a workspace", place, hint=hint)

    def _for_each(self, written: ForEach) -> PlannedForEach:
        return PlannedForEach(item=written.item.text, values=self._values(written))

    def _values(self, written: ForEach) -> Template | list[ConfigTree] | dict[str, ConfigTree]:
        node: Node = written.in_
        place = written.where.value("in")
        if not isinstance(node, ScalarNode):
            tree = config_tree(node)
            assert isinstance(tree, list | dict)
            return tree
        template = node.template
        if not is_whole_expression(template.text):
            self._problems.add(
                "expected a list, a mapping, or an expression that gives one, found text", place
            )
        elif self._static.knows(template):
            value = self._static.value(template)
            if not isinstance(value, list | dict | None):
                self._problems.add("the expression gives neither a list nor a mapping", place)
        return template


def _model_name(task: Task | None, target: Target | None) -> Template | None:
    if target is not None and target.definition is not None:
        return Template(target.definition.name)
    return task.model_name if isinstance(task, ModelMethodTask) else None


def _merged(*environments: Mapping[str, Template] | None) -> dict[str, Template]:
    """Return environments merged, later ones over earlier ones."""
    return {key: value for part in environments for key, value in (part or {}).items()}
