"""What a host must keep to when it calls a driver: pure checks, each yields what is wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from swamp_driver.spec import (
    RunContext,
    RunOutcome,
    RunStatus,
    StepIO,
    StepRequest,
    WorkspaceRequest,
)

_RUN_ID = re.compile(r"[a-z][a-z0-9]{11}")
_STEP_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_SHORT_SECRET = 6


def run_violations(run: RunContext, *, config: object) -> Iterator[str]:
    """Yield what is wrong with a run context for an instance with these options."""
    if not _RUN_ID.fullmatch(run.run_id):
        yield f"run id {run.run_id!r} does not match {_RUN_ID.pattern}"
    if run.config != config:
        yield "the run has other options than the driver was made with"
    if run.concurrency < 1 or run.expected_steps < 0:
        yield "concurrency is less than 1, or expected_steps less than 0"
    yield from _request_violations(run.workspace)


def _request_violations(request: WorkspaceRequest) -> Iterator[str]:
    run_dir = request.run_dir
    if not _is_plain_path(run_dir):
        yield f"run_dir {run_dir!r} is not absolute and normalised"
    elif os.path.realpath(run_dir) != run_dir:
        yield f"run_dir {run_dir!r} leads through a symlink"
    elif not os.path.isdir(os.path.dirname(run_dir)):  # noqa: PTH112, PTH120 - text, as it came
        yield f"the parent of run_dir {run_dir!r} does not exist"


def _is_plain_path(path: str) -> bool:
    return os.path.isabs(path) and os.path.normpath(path) == path and "\0" not in path  # noqa: PTH117


def step_violations(step: StepRequest, *, run: RunContext, io: object) -> Iterator[str]:
    """Yield what is wrong with a step that a host wants to run."""
    if not _STEP_ID.fullmatch(step.step_id):
        yield f"step id {step.step_id!r} does not match {_STEP_ID.pattern}"
    if step.exchange != run.workspace.exchange(step.step_id):
        yield f"exchange {step.exchange!r} is not that of step '{step.step_id}'"
    if not _is_plain_path(step.cwd):
        yield f"cwd {step.cwd!r} is not absolute and normalised"
    if not (step.timeout_s is None or step.timeout_s > 0) or step.grace_s < 0:
        yield "timeout_s or grace_s is no length of time"
    if not isinstance(io, StepIO):
        yield "io is no StepIO"
    yield from _argv_violations(step)
    yield from _env_violations(step)
    yield from _file_violations(step)


def _argv_violations(step: StepRequest) -> Iterator[str]:
    argv: object = step.argv
    if not isinstance(argv, tuple) or not argv or not all(isinstance(part, str) for part in argv):
        yield f"argv is not a tuple of one or more texts: {argv!r}"
        return
    if any("\0" in part for part in step.argv):
        yield "argv has a NUL in it"
    for name in sorted(step.secret_names):
        secret = step.env.get(name, "")
        if any(_shows(part, secret) for part in step.argv):
            yield f"argv shows the secret '{name}'"


def _shows(text: str, secret: str) -> bool:
    """Return whether a text gives a secret away; a short one may be in it by chance."""
    return bool(secret) and (secret == text or (len(secret) >= _SHORT_SECRET and secret in text))


def _env_violations(step: StepRequest) -> Iterator[str]:
    pairs: list[tuple[object, object]] = list(step.env.items())
    for name, value in pairs:
        if not isinstance(name, str) or not name or "=" in name or "\0" in name:
            yield f"env has the name {name!r}"
        elif not isinstance(value, str) or "\0" in value:
            yield f"env has no text without NUL under '{name}'"
    for name in ("HOME", "TMPDIR"):
        if name not in step.env:
            yield f"env has no {name}"
    if missing := sorted(step.secret_names - set(step.env)):
        yield f"secret_names has names that are not in env: {', '.join(missing)}"


def _file_violations(step: StepRequest) -> Iterator[str]:
    for name in (*step.files, *step.directories, *step.collect):
        if not name or name in {".", ".."} or "/" in name or "\0" in name:
            yield f"{name!r} is no name of a file in the exchange directory"
    contents: Mapping[str, object] = dict(step.files)
    for name, content in contents.items():
        if not isinstance(content, bytes):
            yield f"files has no bytes under {name!r}"
    if both := sorted(set(step.files) & set(step.directories)):
        yield f"files and directories both have: {', '.join(both)}"


def outcome_violations(outcome: RunOutcome) -> Iterator[str]:
    """Yield what is wrong with how a host says that the run ended."""
    if outcome.status is RunStatus.RUNNING:
        yield "the status at the teardown is still running"
    if outcome.deadline_s <= 0:
        yield "deadline_s is no length of time"
