"""Saying why a program could not be started, in the words that all drivers use.

The error of `Popen` names a number and is unsure of the file: "no such file" may be the program,
its interpreter, or the working directory. So the number is read together with what is found there.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from swamp_driver.errors import DriverError, StartFailure, StepStartError, UnavailableError
from swamp_driver.spec import StepRequest

_SHORTAGES = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)


def explain_start_error(step: StepRequest, env: Mapping[str, str], error: Exception) -> DriverError:
    """Return the error to raise where starting a step with the environment `env` raised `error`.

    `UnavailableError` where this machine is short of processes, files or memory: that is not the
    step's fault. `StepStartError` in all other cases.
    """
    program = step.argv[0] if step.argv else ""
    if isinstance(error, ValueError):
        # A NUL, or a name that no environment can have.
        return _refused(step, "refused", program, str(error))
    if not isinstance(error, OSError) or error.errno in _SHORTAGES:
        return UnavailableError(
            f"step '{step.name}' cannot be started: {str(error).lower()}",
            fix="run fewer steps at once, or raise the limits of the user (ulimit -a)",
            retryable=True,
        )
    if error.errno == errno.E2BIG:
        text = "its arguments and environment are larger than the system takes"
        return _refused(step, "arguments-too-long", program, text)
    return _about_cwd(step) or _about_program(step, env, error)


def _about_cwd(step: StepRequest) -> StepStartError | None:
    try:
        mode = Path(step.cwd).stat().st_mode
    except FileNotFoundError:
        text = "its working directory does not exist"
        return _refused(step, "cwd-missing", step.cwd, text)
    except NotADirectoryError:
        mode = 0
    except OSError as error:
        text = f"its working directory: {str(error.strerror).lower()}"
        return _refused(step, "refused", step.cwd, text)
    if not stat.S_ISDIR(mode):
        text = "its working directory is not a directory"
        return _refused(step, "cwd-not-a-directory", step.cwd, text)
    if not os.access(step.cwd, os.X_OK):
        return _refused(step, "refused", step.cwd, "its working directory: permission denied")
    return None


def _about_program(step: StepRequest, env: Mapping[str, str], error: OSError) -> StepStartError:
    program = step.argv[0]
    found = _find(step, env)
    if found is None:
        where = "" if "/" in program else f" in PATH ({env.get('PATH', os.defpath)})"
        return _refused(step, "not-found", program, f"there is no such program{where}")
    reason, text = _about_file(found, error)
    return _refused(step, reason, found, text)


def _about_file(found: str, error: OSError) -> tuple[StartFailure, str]:
    mode = Path(found).stat().st_mode
    if stat.S_ISDIR(mode):
        return "is-a-directory", "it is a directory"
    if error.errno == errno.ENOENT:
        return "bad-interpreter", "the interpreter that it names does not exist"
    if error.errno in (errno.ENOEXEC, errno.EINVAL) or not stat.S_ISREG(mode):
        return "not-executable", "it is not a program of this machine"
    if error.errno != errno.EACCES:
        return "refused", str(error.strerror).lower()
    if not os.access(found, os.X_OK):
        return "not-executable", "it is not executable"
    return "bad-interpreter", "the interpreter that it names cannot be run"


def _find(step: StepRequest, env: Mapping[str, str]) -> str | None:
    """Return the file that the name of the program leads to; None where there is none."""
    program = step.argv[0]
    if "/" in program:
        candidate = Path(step.cwd) / program
        return str(candidate) if candidate.exists() else None
    for folder in os.get_exec_path(env) if program else ():
        candidate = Path(step.cwd) / folder / program
        # A directory of that name in PATH is no program: every shell goes on.
        if candidate.exists() and not candidate.is_dir():
            return str(candidate)
    return None


def _refused(step: StepRequest, reason: StartFailure, path: str, text: str) -> StepStartError:
    message = f"step '{step.name}' cannot be started: '{path}': {text}"
    return StepStartError(message, reason=reason, path=path)
