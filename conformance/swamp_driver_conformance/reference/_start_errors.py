"""Why a program could not be started, in the words of the contract."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from swamp_driver.errors import StartFailure, StepStartError
from swamp_driver.spec import StepRequest


def explain(step: StepRequest, env: Mapping[str, str], error: Exception) -> StepStartError:
    """Return the error to raise where starting a step raised `error`."""
    reason, path = _reason(step, env, error)
    text = f"step '{step.name}' cannot be started: '{path}': {reason}"
    return StepStartError(text, reason=reason, path=path)


def _reason(
    step: StepRequest, env: Mapping[str, str], error: Exception
) -> tuple[StartFailure, str]:
    if isinstance(error, OSError) and error.errno == errno.E2BIG:
        return "arguments-too-long", step.argv[0]
    if not Path(step.cwd).exists():
        return "cwd-missing", step.cwd
    if not Path(step.cwd).is_dir():
        return "cwd-not-a-directory", step.cwd
    program = _find(step, env)
    if program is None:
        return "not-found", step.argv[0]
    return _about_file(program, error), str(program)


def _about_file(program: Path, error: Exception) -> StartFailure:
    if program.is_dir():
        return "is-a-directory"
    if not os.access(program, os.X_OK):
        return "not-executable"
    return "bad-interpreter" if isinstance(error, FileNotFoundError) else "refused"


def _find(step: StepRequest, env: Mapping[str, str]) -> Path | None:
    name = step.argv[0]
    folders = [""] if "/" in name else os.get_exec_path(env)
    for folder in folders:
        candidate = Path(step.cwd, folder, name)
        if candidate.exists():
            return candidate
    return None
