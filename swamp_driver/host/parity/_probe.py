"""A plan whose steps say where they find themselves, in place of what they would do."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from swamp_driver.host.parity._values import Surroundings
from swamp_driver.workflow import (
    Plan,
    PlannedJob,
    PlannedStep,
    PlannedWorkspace,
    ShellCommand,
    Template,
)

# What the driver started, not what the shell adds to it: a shell sets PWD and more by itself.
_SCRIPT = """\
pwd -P
printf '%s\\n' "${SWAMP_WORKSPACE-}"
if [ -r /proc/$$/environ ]; then
  tr '\\n\\000' ' \\n' < /proc/$$/environ | sed -n 's/=.*//p'
else
  export -p | sed -n 's/^export \\([A-Za-z_][A-Za-z0-9_]*\\).*/\\1/p'
fi
"""
_HEAD_LINES = 2
PROBE_JOB = "probe"


def probe_plan(plan: Plan) -> tuple[Plan | None, Mapping[str, str]]:
    """Return a plan that asks, and which of its step names stands for which `job/step`.

    One step for each set of driver options and declared variables, whatever number of steps has
    them. A driver whose options are only known while the run goes on is not asked. None where there
    is nothing to ask.
    """
    static = {binding.id for binding in plan.bindings if binding.is_static}
    asked: dict[tuple[str, frozenset[str]], str] = {}
    for job in plan.jobs:
        for step in job.steps:
            if step.binding in static:
                asked.setdefault(
                    (step.binding, frozenset(step.env)), f"{job.name}/{step.name.text}"
                )
    steps = tuple(
        PlannedStep(
            id=f"s{number}",
            name=Template(str(number)),
            command=ShellCommand(script=Template(_SCRIPT), timeout_ms=60_000),
            env={name: Template("") for name in sorted(names)},
            allow_failure=True,
            binding=binding,
        )
        for number, (binding, names) in enumerate(asked, 1)
    )
    if not steps:
        return None, {}
    used = {step.binding for step in steps}
    probe = attrs.evolve(
        plan,
        workspace=PlannedWorkspace(enabled=plan.workspace.enabled),
        bindings=tuple(one for one in plan.bindings if one.id in used),
        jobs=(PlannedJob(name=PROBE_JOB, steps=steps, concurrency=1),),
    )
    return probe, {str(number): name for number, name in enumerate(asked.values(), 1)}


def read_probe(status: str, printed: bytes, complained: bytes) -> Surroundings:
    """Return what a probing step said; `printed` has the run directory replaced already."""
    lines = printed.decode(errors="surrogateescape").splitlines()
    if status != "succeeded" or len(lines) < _HEAD_LINES:
        said = complained.decode(errors="replace").strip() or f"the step has {status}"
        return Surroundings(problem=said)
    cwd, workspace, *names = lines
    return Surroundings(env=frozenset(names), cwd=cwd, workspace=workspace)
