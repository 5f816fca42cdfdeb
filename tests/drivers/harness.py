"""A driver opened by hand: what a host does with one, without a host."""

from __future__ import annotations

import itertools
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pluggy

from swamp_driver.spec import (
    PROJECT_NAME,
    CancelToken,
    DriverHooks,
    RunContext,
    RunOutcome,
    RunStatus,
    StepIO,
    StepRequest,
    StepResult,
    Stream,
    TeardownReport,
    Workspace,
    WorkspaceRequest,
    structure_config,
)
from tests.drivers.cases import DriverCase

LIMIT_S = 60.0
"""How long any one thing may take on a busy machine."""


def wait_until(condition: Callable[[], object], what: str, *, limit_s: float = LIMIT_S) -> None:
    """Wait until something is so; fail with `what` where that takes too long."""
    give_up = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < give_up, f"it took more than {limit_s} s: {what}"
        time.sleep(0.01)


@attrs.define(eq=False)
class StepRun:
    """A step that was started; `result` waits for its end."""

    _work: Callable[[StepIO], StepResult]
    sink: Callable[[Stream, bytes], None] | None = None
    cancel: CancelToken = attrs.field(factory=CancelToken)
    written: list[tuple[Stream, bytes]] = attrs.field(factory=list)
    """What came, in the order in which it came."""
    elapsed_s: float = 0.0
    _result: StepResult | None = None
    _error: BaseException | None = None
    _thread: threading.Thread | None = None

    def start(self) -> StepRun:
        """Call `run_step` in a thread."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def _run(self) -> None:
        io = StepIO(self.sink or self._note, cancel=self.cancel)
        began = time.monotonic()
        try:
            self._result = self._work(io)
        except BaseException as error:  # noqa: BLE001 - raised again in `result`
            self._error = error
        self.elapsed_s = time.monotonic() - began

    def _note(self, stream: Stream, data: bytes) -> None:
        self.written.append((stream, data))

    @property
    def is_over(self) -> bool:
        """Whether `run_step` has come back."""
        return self._result is not None or self._error is not None

    @property
    def result(self) -> StepResult:
        """Wait for the end; return the result or raise what `run_step` raised."""
        assert self._thread is not None
        self._thread.join(LIMIT_S)
        assert self.is_over, "run_step does not come back"
        if self._error is not None:
            raise self._error
        assert self._result is not None
        return self._result

    def output(self, stream: Stream = "stdout") -> bytes:
        """Wait for the end; return all that came on one stream."""
        self.join()
        return b"".join(data for name, data in self.written if name == stream)

    @property
    def text(self) -> str:
        """Standard output as text, without the last newline."""
        return self.output().decode().removesuffix("\n")

    def join(self) -> StepRun:
        """Wait for the end, whatever it is."""
        assert self._thread is not None
        self._thread.join(LIMIT_S)
        assert self.is_over, "run_step does not come back"
        return self

    def wait_for_output(self, data: bytes) -> None:
        """Wait until `data` has come on standard output."""
        wait_until(
            lambda: data in b"".join(d for s, d in list(self.written) if s == "stdout"),
            f"no {data!r} in {self.written!r}",
        )


@attrs.define(eq=False, kw_only=True)
class OpenRun:
    """A driver and a run, as a host has them."""

    case: DriverCase
    driver: Any
    hook: pluggy.HookRelay
    run: RunContext
    workspace: Workspace | None = None
    _numbers: Iterator[int] = attrs.field(factory=lambda: itertools.count(1))

    def prepare(self) -> Workspace:
        """Call `prepare_workspace`."""
        workspace: Workspace = self.hook.prepare_workspace(run=self.run)
        self.workspace = workspace
        return workspace

    @property
    def path(self) -> Path:
        """The workspace."""
        return Path(self.run.workspace.path)

    @property
    def run_dir(self) -> Path:
        """The run directory."""
        return Path(self.run.workspace.run_dir)

    def request(self, *argv: str, **changes: Any) -> StepRequest:
        """Return a step as a host puts it together."""
        step_id = changes.pop("step_id", f"step-{next(self._numbers)}")
        exchange = self.run.workspace.exchange(step_id)
        env = {
            "HOME": self.run.workspace.home,
            "TMPDIR": f"{exchange}/tmp",
            "LANG": "C.UTF-8",
            "SWAMP_WORKSPACE": self.run.workspace.path,
            "SWAMP_EXCHANGE": exchange,
            **changes.pop("env", {}),
        }
        fields: dict[str, Any] = {
            "step_id": step_id,
            "name": step_id,
            "argv": argv,
            "env": env,
            "cwd": self.run.workspace.path,
            "exchange": exchange,
            "directories": ("tmp",),
            **changes,
        }
        return StepRequest(**fields)

    def call(self, step: StepRequest, **io: Any) -> StepRun:
        """Start a step in a thread."""

        def work(step_io: StepIO) -> StepResult:
            result: StepResult = self.hook.run_step(
                run=self.run, workspace=self.workspace, step=step, io=step_io
            )
            return result

        return StepRun(work, **io).start()

    def start(self, *argv: str, **changes: Any) -> StepRun:
        """Start a program; `sink` and `cancel` go to its `StepIO`."""
        io = {name: changes.pop(name) for name in ("sink", "cancel") if name in changes}
        return self.call(self.request(*argv, **changes), **io)

    def start_sh(self, script: str, **changes: Any) -> StepRun:
        """Start a script, as a `run:` step is started."""
        step_id = changes.pop("step_id", f"step-{next(self._numbers)}")
        files = {"script": script.encode(), "output": b"", **changes.pop("files", {})}
        path = f"{self.run.workspace.exchange(step_id)}/script"
        argv = ("/bin/sh", "-e", path)
        changes = {"collect": ("output",), **changes}
        return self.start(*argv, step_id=step_id, files=files, **changes)

    def sh(self, script: str, **changes: Any) -> StepRun:
        """Run a script to its end."""
        return self.start_sh(script, **changes).join()

    def execute(self, *argv: str, **changes: Any) -> StepRun:
        """Run a program to its end."""
        return self.start(*argv, **changes).join()

    def teardown(
        self,
        *,
        remove: bool = True,
        deadline_s: float = LIMIT_S,
        status: RunStatus = RunStatus.SUCCEEDED,
    ) -> TeardownReport:
        """Call `teardown`."""
        outcome = RunOutcome(status=status, remove_workspace=remove, deadline_s=deadline_s)
        report: TeardownReport = self.hook.teardown(
            run=self.run, workspace=self.workspace, outcome=outcome
        )
        return report

    def again(self) -> OpenRun:
        """Return the same run with a new driver instance, as another process has it."""
        fresh = open_hook(self.case)
        return attrs.evolve(self, driver=fresh[0], hook=fresh[1])


def open_hook(case: DriverCase) -> tuple[Any, pluggy.HookRelay, object]:
    """Return a driver instance, its hooks and its config, as the registry of a host makes them."""
    cls = case.load()
    config = structure_config(cls.info.config, case.options())
    driver = cls(config)
    manager = pluggy.PluginManager(PROJECT_NAME)
    manager.add_hookspecs(DriverHooks)
    manager.register(driver)
    manager.check_pending()
    return driver, manager.hook, config


def new_run(
    case: DriverCase,
    base: Path,
    *,
    name: str | None = None,
    run: Mapping[str, Any] | None = None,
    **workspace: Any,
) -> OpenRun:
    """Return a run with a new driver; its directory is `name` below `base`."""
    run_id = "t" + secrets.token_hex(6)[:11]
    request = WorkspaceRequest(
        **{
            "run_dir": os.path.realpath(base) + "/" + (name or run_id),
            "uid": os.getuid(),
            "gid": os.getgid(),
            **workspace,
        }
    )
    driver, hook, config = open_hook(case)
    fields: dict[str, Any] = {
        "run_id": run_id,
        "workflow": "contract",
        "workspace": request,
        "config": config,
        **(run or {}),
    }
    return OpenRun(case=case, driver=driver, hook=hook, run=RunContext(**fields))


@contextmanager
def opened_run(case: DriverCase, base: Path, **changes: Any) -> Iterator[OpenRun]:
    """Prepare a run, and tear it down at the end."""
    run = new_run(case, base, **changes)
    try:
        run.prepare()
        yield run
    finally:
        run.teardown()


def processes_with(token: str) -> list[int]:
    """Return the processes of this machine, containers included, that have `token` in argv.

    Read from /proc and not asked of the driver: it is the driver that is judged.
    """
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                arguments = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if token.encode() in arguments:
                found.append(int(entry.name))
    return found


def new_token() -> str:
    """Return a word that no other process has in its arguments."""
    return "tok" + secrets.token_hex(8)
