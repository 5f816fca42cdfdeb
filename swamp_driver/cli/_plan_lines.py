"""What would happen, for a person: drivers first, then jobs and steps in their order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import attrs

from swamp_driver.cli._conditions import describe_dependencies
from swamp_driver.cli._durations import format_duration
from swamp_driver.cli._fields import Fields
from swamp_driver.cli._style import Role
from swamp_driver.cli._untrusted import escape_controls
from swamp_driver.cli._words import plural
from swamp_driver.host.outline import BindingOutline, OptionOutline, PlanOutline, StepOutline
from swamp_driver.workflow import (
    ApprovalCommand,
    Command,
    MethodCommand,
    PlannedBackground,
    PlannedJob,
    PlannedReadiness,
    PlannedReport,
    PlannedStep,
    PlannedWorkspace,
    ShellCommand,
    Template,
    WorkflowCommand,
)

_SHOWN_LINES = 3
_NAMED_ENTRIES = 12
_UNSET = ("null", "[]", "{}")
_ROLES: dict[str, Role] = {"at run time": "warn", "missing": "bad", "unknown": "bad"}


def render_plan(outline: PlanOutline, *, fields: Fields) -> Iterator[str]:
    """Yield all lines."""
    return _PlanLines(fields=fields).all(outline)


@attrs.frozen(kw_only=True)
class _PlanLines:
    fields: Fields

    def all(self, outline: PlanOutline) -> Iterator[str]:
        yield from self._head(outline)
        for binding in outline.bindings:
            yield ""
            yield from self._binding(binding)
        for job in outline.plan.jobs:
            yield ""
            yield from self._job(job, outline)
        yield ""
        yield from self.fields.paragraph(_summary(outline), role="quiet")

    def _head(self, outline: PlanOutline) -> Iterator[str]:
        plan = outline.plan
        yield self._title("workflow", plan.workflow, f"({plan.source})")
        if plan.description:
            yield from self.fields.render("", " ".join(plan.description.split()))
        for name, value in plan.inputs.items():
            yield from self.fields.render(
                "input", f"{name} = {json.dumps(value, ensure_ascii=False)}"
            )
        for name in plan.defaults:
            yield from self.fields.render("input", f"{name}: its default is known at run time")
        yield from self.fields.render("workspace", _workspace_words(plan.workspace))
        if outline.workspace_path is not None:
            yield from self.fields.render("at", outline.workspace_path)
        if plan.concurrency is not None:
            yield from self.fields.render("at once", plural(plan.concurrency, "job"))
        for report in plan.reports.reports:
            yield from self.fields.render("report", _report_words(report))
        for what in plan.reports.unreadable:
            yield from self.fields.render("no report", what, role="warn")

    def _binding(self, binding: BindingOutline) -> Iterator[str]:
        yield self._title("driver", f"{binding.driver} [{binding.id}]", "")
        yield from self.fields.render("", binding.summary, role="quiet")
        for option in binding.options:
            if option.known != "default":
                yield from self.fields.render(
                    option.key, _option_words(option), role=_ROLES.get(option.known)
                )
        for label, text in _defaults(binding):
            yield from self.fields.render(label, text, role="quiet")
        if binding.passed:
            yield from self.fields.render(
                "passed on",
                ", ".join(f"{one.name}{' (secret)' * one.secret}" for one in binding.passed),
            )

    def _job(self, job: PlannedJob, outline: PlanOutline) -> Iterator[str]:
        yield self._title("job", job.name, "")
        if job.depends_on:
            yield from self.fields.render("waits until", describe_dependencies(job.depends_on))
        if job.concurrency is not None:
            yield from self.fields.render("at once", plural(job.concurrency, "step"))
        for step in job.steps:
            yield from self._step(outline.step(step.id), outline.binding(step.binding))

    def _step(self, step: StepOutline, binding: BindingOutline | None) -> Iterator[str]:
        planned = step.planned
        name = self.fields.style.paint(escape_controls(planned.name.text), "strong")
        yield f"  {self.fields.style.symbol('waiting')} {name}"
        for label, text in _step_facts(step, binding):
            if text:
                yield from self.fields.render(label, text, indent=4)
        for key, text in step.open:
            yield from self.fields.render("at run time", f"{key}: {text}", indent=4, role="warn")

    def _title(self, kind: str, name: str, more: str) -> str:
        shown = self.fields.style.paint(escape_controls(name), "strong")
        return f"{kind} {shown} {self.fields.style.paint(escape_controls(more), 'quiet')}".rstrip()


def _report_words(report: PlannedReport) -> str:
    if report.scope == "workflow":
        on = "on the run"
    elif report.methods:
        on = f"after {', '.join(report.methods)}"
    elif report.model_types:
        on = f"after methods of {', '.join(report.model_types)}"
    else:
        on = "after each method"
    return f"{report.name} {on}{', required' * report.required}"


def _workspace_words(workspace: PlannedWorkspace) -> str:
    if not workspace.enabled:
        return "none: each step has an empty directory of its own"
    if workspace.persistent:
        return f"persistent, under the key '{workspace.key}': kept, and used by one run at a time"
    words = {
        "never": "removed at the end",
        "on-failure": "kept where the run fails, else removed at the end",
        "always": "kept at the end",
    }
    return f"a new one for the run, {words[workspace.preserve]}"


def _defaults(binding: BindingOutline) -> Iterator[tuple[str, str]]:
    defaults = [option for option in binding.options if option.known == "default"]
    unset = [option.key for option in defaults if option.text in _UNSET]
    if len(unset) < len(defaults):
        there = (f"{one.key}={one.text}" for one in defaults if one.text not in _UNSET)
        yield "defaults", " ".join(there)
    if unset:
        yield "not set", " ".join(unset)


def _option_words(option: OptionOutline) -> str:
    match option.known:
        case "given":
            return option.text
        case "at run time":
            return f"{option.text} (at run time)"
        case "secret":
            return "(not shown)"
        case "missing":
            return "missing, and required"
        case _:
            return "unknown: the driver has no such option"


def _step_facts(step: StepOutline, binding: BindingOutline | None) -> Iterator[tuple[str, str]]:
    planned = step.planned
    if planned.depends_on:
        yield "waits until", describe_dependencies(planned.depends_on)
    yield "for each", _entries(step)
    yield from _command_facts(planned.command)
    yield "inside", "known at run time" if step.inside is None else ", ".join(step.inside)
    yield "with", f"{binding.driver} [{binding.id}]" if binding else ""
    if planned.working_dir is not None:
        yield "in", planned.working_dir.text
    yield "env", ", ".join(f"{name}{' (secret)' * (name in step.secrets)}" for name in step.env)
    yield "time-out", _timeout(planned.command)
    yield "service", _service(planned.background) if planned.background else ""
    yield "note", ", ".join(_traits(planned))
    for output in planned.outputs:
        yield "hands on", f"{output.path.text} to {', '.join(output.make_available_to)}"


def _command_facts(command: Command) -> Iterator[tuple[str, str]]:
    match command:
        case ShellCommand():
            yield "runs", _script(command.script.text)
            yield "data of", command.model_name.text if command.model_name else ""
        case MethodCommand():
            yield "runs", f"{command.method} of {command.model_type}"
            yield "data of", command.model_name.text
        case WorkflowCommand():
            yield "runs", f"the workflow {command.source}"
            yield "inputs", ", ".join(name or "those of an expression" for name in command.inputs)
        case ApprovalCommand():
            yield "asks", command.prompt.text


def _entries(step: StepOutline) -> str:
    loop = step.planned.for_each
    if loop is None:
        return ""
    if step.entries is None:
        return "known at run time"
    shown = ", ".join(step.entries[:_NAMED_ENTRIES])
    more = len(step.entries) - _NAMED_ENTRIES
    return f"{len(step.entries)}: {shown}{f', and {more} more' if more > 0 else ''}"


def _script(script: str) -> str:
    lines = [line.strip() for line in script.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(("#", "set -"))] or lines
    more = len(lines) - _SHOWN_LINES
    tail = f" ... ({plural(more, 'line')} more)" if more > 0 else ""
    return " ; ".join(lines[:_SHOWN_LINES]) + tail


def _timeout(command: Command) -> str:
    match command:
        case WorkflowCommand():
            return ""
        case ApprovalCommand():
            return _duration(command.timeout_s, of_a_second=1)
        case ShellCommand() | MethodCommand():
            return _duration(command.timeout_ms, of_a_second=1000)


def _duration(written: Template | int | None, *, of_a_second: int) -> str:
    match written:
        case None:
            return ""
        case Template(text=text):
            return text
        case number:
            return format_duration(number / of_a_second)


def _service(background: PlannedBackground) -> str:
    until = f"until the end of the {background.until}"
    return f"{until}, ready {_readiness(background.ready_when)}"


def _readiness(ready: PlannedReadiness | None) -> str:
    match ready:
        case None:
            return "at once"
        case PlannedReadiness(port=Template(text=port)) | PlannedReadiness(port=int(port)):
            return f"when port {port} listens"
        case PlannedReadiness(log=Template(text=log)):
            return f"when it prints '{log}'"
        case PlannedReadiness(command=Template(text=command)):
            return f"when this succeeds: {_script(command)}"
        case _:
            return ""


def _traits(step: PlannedStep) -> Iterator[str]:
    if step.allow_failure:
        yield "may fail"
    if isinstance(step.command, ShellCommand) and step.command.ignore_exit_code:
        yield "any exit code is success"
    if step.sharing == "exclusive":
        yield "alone in the workspace"
    if step.once is not None:
        yield f"once per workspace (key '{step.once.text}')"
    if step.concurrency is not None:
        yield f"{step.concurrency} at once"
    if step.weight:
        yield f"weight {step.weight}"


def _summary(outline: PlanOutline) -> str:
    steps: Sequence[StepOutline] = outline.steps
    jobs = plural(len(outline.plan.jobs), "job")
    late = sum(1 for step in steps if step.open or step.entries is None)
    words = f"{jobs}, {plural(len(steps), 'step')}; nothing was run"
    return f"{words}; {plural(late, 'step')} with values that only the run knows" if late else words
