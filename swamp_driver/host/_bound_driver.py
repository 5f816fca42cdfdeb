"""A driver made with its options, behind the one seam where hooks are called."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable
from typing import Any

import attrs
import pluggy

from swamp_driver._value import Value
from swamp_driver.errors import DriverContractError, DriverError, DriverLoadError
from swamp_driver.host._check_result import (
    availability_problems,
    leftovers_problems,
    removal_problems,
    report_problems,
    result_problems,
    workspace_problems,
)
from swamp_driver.host._discovery import InstalledDriver
from swamp_driver.spec import (
    PROJECT_NAME,
    REQUIRED_HOOKS,
    Availability,
    DriverHooks,
    DriverInfo,
    Leftover,
    RunContext,
    RunOutcome,
    StepIO,
    StepRequest,
    StepResult,
    TeardownReport,
    Workspace,
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LoadedDriver(Value):
    """A driver class that was imported and keeps the contract as far as a class can tell."""

    name: str
    """As it was asked for; `distribution:name` is possible."""
    cls: type
    info: DriverInfo
    installed: InstalledDriver


@attrs.frozen(eq=False, repr=False)
class BoundDriver:
    """One driver instance with its options, alone in a manager of its own.

    Its methods are the hooks of `DriverHooks`, with the same arguments and rules; all may be called
    from any thread. What a driver hands back is checked. Every method raises what the contract
    allows, and `DriverContractError` where the driver breaks it: another exception than a
    `DriverError` (which is then its cause), or a value that cannot be.
    """

    loaded: LoadedDriver
    config: object
    _hooks: Any

    def prepare_workspace(self, run: RunContext) -> Workspace:
        """See `DriverHooks.prepare_workspace`."""
        workspace = self._call("prepare_workspace", run=run)
        self._check(
            "prepare_workspace", workspace_problems(workspace, run=run, info=self.loaded.info)
        )
        return workspace  # type: ignore[no-any-return]

    def run_step(
        self, run: RunContext, workspace: Workspace, step: StepRequest, io: StepIO
    ) -> StepResult:
        """See `DriverHooks.run_step`."""
        result = self._call("run_step", run=run, workspace=workspace, step=step, io=io)
        self._check("run_step", result_problems(result, step=step, io=io))
        return result  # type: ignore[no-any-return]

    def teardown(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        """See `DriverHooks.teardown`."""
        report = self._call("teardown", run=run, workspace=workspace, outcome=outcome)
        self._check("teardown", report_problems(report))
        return report  # type: ignore[no-any-return]

    def probe_environment(self) -> Availability | None:
        """See `DriverHooks.probe_environment`; None where the driver does not implement it."""
        if (found := self._call("probe_environment", config=self.config)) is None:
            return None
        self._check("probe_environment", availability_problems(found))
        return found  # type: ignore[no-any-return]

    def list_leftovers(self) -> tuple[Leftover, ...] | None:
        """See `DriverHooks.list_leftovers`; None where the driver does not implement it."""
        if (found := self._call("list_leftovers", config=self.config)) is None:
            return None
        self._check("list_leftovers", leftovers_problems(found))
        return tuple(found)

    def remove_leftover(self, leftover: Leftover) -> bool | None:
        """See `DriverHooks.remove_leftover`; None where the driver does not implement it."""
        gone = self._call("remove_leftover", config=self.config, leftover=leftover)
        if gone is None:
            return None
        self._check("remove_leftover", removal_problems(gone))
        return bool(gone)

    def export_workspace(self, workspace: Workspace, directory: str) -> bool | None:
        """See `DriverHooks.export_workspace`; None where the driver does not implement it."""
        done = self._call(
            "export_workspace", config=self.config, workspace=workspace, directory=directory
        )
        if done is None:
            return None
        self._check("export_workspace", removal_problems(done))
        return bool(done)

    def _call(self, hook: str, **arguments: object) -> Any:
        caller: Callable[..., object] = getattr(self._hooks, hook)
        try:
            return caller(**arguments)
        except DriverError:
            raise
        except Exception as error:
            what = f"raised {type(error).__name__}: {error}"
            raise self._broken(f"the hook '{hook}' {what}") from error

    def _check(self, hook: str, problems: Iterable[str]) -> None:
        if found := "; ".join(problems):
            raise self._broken(f"the hook '{hook}' returned what it must not: {found}")

    def _broken(self, what: str) -> DriverContractError:
        return contract_error(self.loaded.installed, [what])


def contract_error(installed: InstalledDriver, problems: Iterable[str]) -> DriverContractError:
    """Return the error for a driver that breaks the contract in these ways."""
    what = f"breaks the driver contract: {'; '.join(problems)}"
    return installed.error(DriverContractError, what)


class _OneDriverManager(pluggy.PluginManager):
    """A manager that looks at the functions of the driver's class, and at nothing else.

    pluggy before 1.7 reads every attribute of an instance, so it runs the code of its properties.
    """

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        static = inspect.getattr_static(type(plugin), name, None)
        if isinstance(static, types.FunctionType | staticmethod | classmethod):
            return super().parse_hookimpl_opts(plugin, name)
        return None


def open_driver(loaded: LoadedDriver, config: object) -> BoundDriver:
    """Make an instance of a driver with its options and return it, ready for hook calls.

    `config` is what `structure_config(loaded.info.config, ...)` returned. Each call makes an
    instance and a plug-in manager of its own: one for every (run, distinct options).

    Raises:
        DriverLoadError: Its class cannot be constructed.
        DriverContractError: Its instance does not implement the hooks.
        TypeError: `config` is of another class than the driver's options.
    """
    if not isinstance(config, loaded.info.config):
        raise TypeError(
            f"driver '{loaded.name}' takes '{loaded.info.config.__name__}', not {type(config)!r}"
        )
    manager = _OneDriverManager(PROJECT_NAME)
    manager.add_hookspecs(DriverHooks)
    try:
        manager.register(_construct(loaded, config), name=loaded.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise contract_error(loaded.installed, [str(error)]) from error
    for hook in REQUIRED_HOOKS:
        if (count := len(getattr(manager.hook, hook).get_hookimpls())) != 1:
            problem = f"the hook '{hook}' has {count} implementations in the instance, not one"
            raise contract_error(loaded.installed, [problem])
    return BoundDriver(loaded, config, manager.hook)


def _construct(loaded: LoadedDriver, config: object) -> object:
    try:
        return loaded.cls(config)
    except DriverError:
        raise
    except Exception as error:
        what = (
            "cannot be constructed with its options as the only argument: "
            f"{type(error).__name__}: {error}"
        )
        raise loaded.installed.error(DriverLoadError, what) from error
