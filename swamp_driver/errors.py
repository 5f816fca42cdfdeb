"""Every error that this project raises on purpose.

::

    SwampDriverError
    ├─ WorkflowError                 the file or its inputs are wrong; nothing ran      exit 2
    ├─ PluginError                   a driver cannot be chosen or used
    │  ├─ UnknownDriverError         no installed driver has that name                  exit 2
    │  ├─ DuplicateDriverError       two distributions offer the name                   exit 2
    │  ├─ DriverLoadError            importing or constructing it failed                exit 3
    │  ├─ DriverApiError             it speaks another version of the contract          exit 3
    │  └─ DriverContractError        it breaks the contract (hooks, info, results)      exit 3
    ├─ DriverError                   a driver could not do what it was asked
    │  ├─ ConfigError                its options are wrong                              exit 2
    │  ├─ UnsupportedCapabilityError it was asked for what it does not declare          exit 2
    │  ├─ UnavailableError           what it needs is not there (engine, host, image)   exit 3
    │  ├─ WorkspaceError             the workspace cannot be made, shared or removed    exit 3
    │  ├─ StepStartError             the step's program could not be started            exit 1
    │  ├─ LifecycleError             hooks were called in a wrong order                 exit 3
    │  ├─ LostError                  contact was lost; the step's end is not known      exit 3
    │  ├─ TeardownError              something of the run could not be removed          exit 3
    │  └─ ProtocolError              the far side broke the agent protocol              exit 3
    └─ HostError                     the host cannot do what the user asked
       ├─ NotFoundError              no such run, step or workspace                     exit 2
       ├─ WorkspaceBusyError         a persistent workspace is held by another run      exit 2
       ├─ ApprovalError              a run waits for no answer, or not for this one     exit 2
       ├─ VaultError                 a vault cannot be used, or has no such secret      exit 2
       └─ StoreError                 the records cannot be read or written              exit 3

A step that fails is a value (`swamp_driver.spec.StepResult`); only a driver that fails is an
exception. Every error carries the exit code that the command line ends with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import attrs

from swamp_driver._value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence


ProblemKind = Literal["wrong", "absent", "input"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Problem(Value):
    """One thing that is wrong, and where.

    `path` is dotted (`jobs[0].steps[1].run`); `line` and `column` count from 1 and are 0 where the
    problem has no place in a file (a command-line option, a value computed at run time).

    `kind` says what it is about: `wrong`, what is written; `absent`, something that is named and is
    not here, such as a model or a driver that is not installed: the file itself may be right;
    `input`, an input that has no value.
    """

    what: str
    path: str = ""
    hint: str | None = None
    file: str = ""
    line: int = 0
    column: int = 0
    source_line: str | None = None
    kind: ProblemKind = "wrong"

    def __str__(self) -> str:
        """Render `file:line:column: path: what (hint)` on one line."""
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        head = ": ".join(part for part in (where, self.path, self.what) if part)
        return f"{head} ({self.hint})" if self.hint else head


class SwampDriverError(Exception):
    """The root: catch this to catch everything that this project raises on purpose."""

    exit_code: ClassVar[int] = 3


class _ProblemsError(SwampDriverError):
    """An error made of located problems, all reported at once."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class WorkflowError(_ProblemsError):
    """A workflow file or its inputs are wrong; nothing ran. `problems` holds all of them."""


class PluginError(SwampDriverError):
    """A driver cannot be chosen or used.

    `driver` is the name asked for; `distribution`, `version` and `entry_point` say which
    installed package the error speaks of, where one is known.
    """

    def __init__(
        self,
        message: str,
        *,
        driver: str,
        distribution: str | None = None,
        version: str | None = None,
        entry_point: str | None = None,
    ) -> None:
        super().__init__(message)
        self.driver = driver
        self.distribution = distribution
        self.version = version
        self.entry_point = entry_point


class UnknownDriverError(PluginError):
    """No installed distribution offers a driver of that name."""

    exit_code = 2


class DuplicateDriverError(PluginError):
    """Several distributions offer the name; `distribution:name` selects one."""

    exit_code = 2


class DriverLoadError(PluginError):
    """The driver's module cannot be imported, or its class cannot be constructed."""


class DriverApiError(PluginError):
    """The driver was written for a version of the contract that this host does not speak."""


class DriverContractError(PluginError):
    """It breaks the contract: a hook missing or misspelt, a wrong `info`, a wrong result."""


class DriverError(SwampDriverError):
    """A driver could not do what it was asked. Drivers raise its subclasses and nothing else."""


class ConfigError(DriverError, _ProblemsError):
    """The options of a driver are wrong.

    Problem paths are relative to the options (`passEnv[1]`); the host puts the place in the file
    before them.
    """

    exit_code = 2


class UnsupportedCapabilityError(DriverError):
    """The driver was asked for something that it does not declare; nothing has been done."""

    exit_code = 2

    def __init__(self, message: str, *, capability: str) -> None:
        super().__init__(message)
        self.capability = capability


class UnavailableError(DriverError):
    """Something the driver needs is not there: an engine, a host, an image, a tool.

    `reason` says what is missing, `fix` what a person can do; `retryable` is true where the same
    call may succeed later without a change by anyone (an engine that restarts, a rate limit).
    """

    def __init__(self, reason: str, *, fix: str | None = None, retryable: bool = False) -> None:
        super().__init__(f"{reason} ({fix})" if fix else reason)
        self.reason = reason
        self.fix = fix
        self.retryable = retryable


class WorkspaceError(DriverError):
    """A workspace cannot be created, proven to be shared, repaired or removed.

    `errno_name` says why where a file operation of a step agent was refused: `ENOENT`, `EEXIST`.
    """

    def __init__(self, message: str, *, errno_name: str | None = None) -> None:
        super().__init__(message)
        self.errno_name = errno_name


StartFailure = Literal[
    "not-found",
    "not-executable",
    "is-a-directory",
    "bad-interpreter",
    "cwd-missing",
    "cwd-not-a-directory",
    "arguments-too-long",
    "refused",
]
"""Why a program could not be started: the same words under every driver (SWD-EXEC)."""


class StepStartError(DriverError):
    """A step's program could not be started; nothing of it ran.

    `reason` is from a closed list so that every driver says the same; `path` is the program or
    directory that it is about. The host records the step as failed: the workflow asked for
    something that is not there, and the driver is well.
    """

    exit_code = 1

    def __init__(self, message: str, *, reason: StartFailure, path: str) -> None:
        super().__init__(message)
        self.reason: StartFailure = reason
        self.path = path


class LifecycleError(DriverError):
    """A hook was called in an order that the contract forbids; nothing has been done."""


class LostError(DriverError):
    """Contact with what runs the steps was lost; `last_words` is what it said before."""

    def __init__(self, message: str, *, last_words: str | None = None) -> None:
        super().__init__(message)
        self.last_words = last_words


class TeardownError(DriverError):
    """Things of a run could not be removed; `left` names each with the reason."""

    def __init__(self, message: str, *, left: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.left = tuple(left)


class ProtocolError(DriverError):
    """The far side of an agent connection sent something that the protocol does not allow."""


class HostError(SwampDriverError):
    """The host cannot do what the user asked."""


class NotFoundError(HostError):
    """There is no run, step or workspace of that name."""

    exit_code = 2


class WorkspaceBusyError(HostError):
    """A persistent workspace is held by another run, and waiting was not wanted."""

    exit_code = 2


class ApprovalError(HostError):
    """A run cannot be answered or continued: it waits for nothing, or was answered before."""

    exit_code = 2


class VaultError(HostError):
    """A vault cannot be used, or has no secret of that name. The message never holds a secret."""

    exit_code = 2


class StoreError(HostError):
    """The records of runs cannot be read or written."""
