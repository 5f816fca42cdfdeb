"""Calling a driver: what it hands back is checked, what it raises is told apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from swamp_driver.errors import (
    DriverContractError,
    DriverLoadError,
    UnavailableError,
    WorkflowError,
    WorkspaceError,
)
from swamp_driver.host._bound_driver import BoundDriver, open_driver
from swamp_driver.host._discovery import InstalledDriver
from swamp_driver.host._registry import check_driver
from swamp_driver.spec import (
    Availability,
    CancelToken,
    Capability,
    Leftover,
    StepEnd,
    StepResult,
    TeardownReport,
    Workspace,
    hookimpl,
)
from swamp_driver.testing import (
    FakeConfig,
    FakeDriver,
    RecordingSink,
    a_run_context,
    a_run_outcome,
    a_step_request,
    a_step_result,
    fake_driver,
)

INSTALLED = InstalledDriver(
    name="acme", entry_point="acme:Driver", distribution="acme-swamp", version="2.1"
)
HEAD = "driver 'acme' (acme-swamp 2.1, acme:Driver) "


def opened(cls: type) -> BoundDriver:
    """Return a driver of that class, opened with default options."""
    return open_driver(check_driver("acme", cls, INSTALLED), FakeConfig())


def answering(**answers: Any) -> type:
    """Return a driver class whose hooks return these values, or raise them."""

    def answer_of(hook: str, value: object) -> Callable[[object], object]:
        def answer(_self: object) -> object:
            if isinstance(value, BaseException):
                raise value
            return value

        answer.__name__ = hook
        return hookimpl(answer)

    capabilities = FakeDriver.info.capabilities - {Capability.RECOVERABLE}
    members: dict[str, Any] = {
        "info": attrs.evolve(FakeDriver.info, capabilities=capabilities),
        "__init__": lambda _self, _config: None,
    }
    for hook in ("prepare_workspace", "run_step", "teardown", *answers):
        members[hook] = answer_of(hook, answers.get(hook))
    return type("Answering", (), members)


def prepare(cls: type, tmp_path: Path) -> Workspace:
    """Call `prepare_workspace` of a driver of that class."""
    return opened(cls).prepare_workspace(a_run_context(tmp_path))


def run_step(cls: type, tmp_path: Path, *, is_cancelled: bool = False, **fields: Any) -> StepResult:
    """Call `run_step` of a driver of that class."""
    run = a_run_context(tmp_path)
    cancel = CancelToken()
    if is_cancelled:
        cancel.cancel()
    workspace = Workspace(path=run.workspace.path, host_visible=True)
    step = a_step_request(run, **fields)
    return opened(cls).run_step(run, workspace, step, RecordingSink().io(cancel=cancel))


def teardown(cls: type, tmp_path: Path) -> TeardownReport:
    """Call `teardown` of a driver of that class."""
    return opened(cls).teardown(a_run_context(tmp_path), None, a_run_outcome())


def test_a_whole_run_goes_through(tmp_path: Path) -> None:
    """What keeps the contract comes back as it is."""
    driver = opened(fake_driver())
    run = a_run_context(tmp_path)
    workspace = driver.prepare_workspace(run)
    result = driver.run_step(run, workspace, a_step_request(run), RecordingSink().io())
    report = driver.teardown(run, workspace, a_run_outcome())
    assert workspace.path == run.workspace.path
    assert (result.end, result.collected) == (StepEnd.SUCCEEDED, {"output": b""})
    assert report == TeardownReport(removed=(run.workspace.run_dir,))


def test_every_opened_driver_is_an_instance_of_its_own() -> None:
    """Two bindings with the same options would share what they know of a run."""
    made: list[object] = []

    class Counting(fake_driver()):  # type: ignore[misc]
        def __init__(self, config: FakeConfig) -> None:
            super().__init__(config)
            made.append(self)

    opened(Counting)
    opened(Counting)
    assert len(set(map(id, made))) == 2


def test_a_driver_that_compares_equal_or_has_no_hash_is_opened() -> None:
    """That is what `attrs.define` makes of a class if nothing else is said."""

    @attrs.define
    class Equal(FakeDriver):
        config: FakeConfig

        def __attrs_post_init__(self) -> None:
            FakeDriver.__init__(self, self.config)

    opened(Equal)


def test_a_driver_with_a_property_that_raises_is_opened() -> None:
    """Registering an instance must not depend on its properties."""

    class Lazy(fake_driver()):  # type: ignore[misc]
        @property
        def client(self) -> object:
            raise AttributeError("not connected")

    opened(Lazy)


def test_a_driver_that_cannot_be_constructed_is_reported() -> None:
    """Its constructor takes the options and nothing else."""

    class Greedy(fake_driver()):  # type: ignore[misc]
        def __init__(self, config: FakeConfig, client: object) -> None:
            super().__init__(config)

    with pytest.raises(DriverLoadError) as caught:
        opened(Greedy)
    assert str(caught.value).startswith(
        f"{HEAD}cannot be constructed with its options as the only argument: TypeError: "
    )
    assert isinstance(caught.value.__cause__, TypeError)


def test_options_of_another_driver_are_a_mistake_of_the_host() -> None:
    """No driver error: the host mixed up two bindings."""
    with pytest.raises(TypeError, match="takes 'FakeConfig'"):
        open_driver(check_driver("acme", FakeDriver, INSTALLED), object())


def test_an_error_of_the_contract_passes(tmp_path: Path) -> None:
    """The host decides by its class what has broken."""
    error = UnavailableError("no engine")
    with pytest.raises(UnavailableError) as caught:
        prepare(answering(prepare_workspace=error), tmp_path)
    assert caught.value is error


@pytest.mark.parametrize("error", [KeyError("x"), WorkflowError([]), AssertionError("x")])
def test_any_other_exception_breaks_the_contract(tmp_path: Path, error: Exception) -> None:
    """A bug in a driver must never look like a failed step or a wrong file."""
    with pytest.raises(DriverContractError) as caught:
        run_step(answering(run_step=error), tmp_path)
    assert str(caught.value).startswith(
        f"{HEAD}breaks the driver contract: the hook 'run_step' raised {type(error).__name__}: "
    )
    assert caught.value.__cause__ is error
    assert (caught.value.driver, caught.value.distribution) == ("acme", "acme-swamp")


def test_an_interrupt_passes(tmp_path: Path) -> None:
    """It is nobody's fault."""
    with pytest.raises(KeyboardInterrupt):
        prepare(answering(prepare_workspace=KeyboardInterrupt()), tmp_path)


PATH_MARK = "<path>"


@pytest.mark.parametrize(
    ("workspace", "fault"),
    [
        (None, "it is no Workspace but None"),
        ("/tmp", "it is no Workspace but 'str'"),
        (Workspace(path="/elsewhere", host_visible=True), "'path' is '/elsewhere', not the path"),
        (Workspace(path=PATH_MARK, host_visible=1), "'host_visible' is neither true nor false"),  # type: ignore[arg-type]
        (
            Workspace(path=PATH_MARK, host_visible=True, handle={"a": b"b"}),  # type: ignore[dict-item]
            "'handle' is not a mapping that JSON can hold",
        ),
        (
            Workspace(path=PATH_MARK, host_visible=True, handle={"a": (1,)}),  # type: ignore[dict-item]
            "'handle' is not a mapping that JSON can hold",
        ),
        (
            Workspace(path=PATH_MARK, host_visible=True, handle={"a": float("nan")}),
            "'handle' is not a mapping that JSON can hold",
        ),
        (
            Workspace(path=PATH_MARK, host_visible=True, handle=[]),  # type: ignore[arg-type]
            "'handle' is not a mapping that JSON can hold",
        ),
    ],
)
def test_a_workspace_that_cannot_be_is_refused(
    tmp_path: Path, workspace: object, fault: str
) -> None:
    """Steps would run somewhere else than `workspace.path` says, or nobody could tear it down."""
    if isinstance(workspace, Workspace) and workspace.path == PATH_MARK:
        workspace = attrs.evolve(workspace, path=a_run_context(tmp_path).workspace.path)
    with pytest.raises(DriverContractError) as caught:
        prepare(answering(prepare_workspace=workspace), tmp_path)
    text = f"the hook 'prepare_workspace' returned what it must not: {fault}"
    assert text in str(caught.value)


def test_a_recoverable_driver_gives_a_handle_with_a_version(tmp_path: Path) -> None:
    """A later release must be able to tell what it reads."""
    path = a_run_context(tmp_path).workspace.path
    cls = answering(prepare_workspace=Workspace(path=path, host_visible=True))
    assert prepare(cls, tmp_path).handle == {}
    recoverable = frozenset({Capability.RECOVERABLE})
    cls.info = attrs.evolve(cls.info, capabilities=recoverable)  # type: ignore[attr-defined]
    with pytest.raises(DriverContractError, match="'handle' has no 'version'"):
        prepare(cls, tmp_path)


@pytest.mark.parametrize(
    "result",
    [
        a_step_result(),
        a_step_result(StepEnd.FAILED, exit_code=255),
        a_step_result(StepEnd.SIGNALLED, signal=11),
        a_step_result(StepEnd.OUT_OF_MEMORY),
        a_step_result(StepEnd.LOST, detail="gone"),
        a_step_result(collected={"output": b"a=b"}),
        a_step_result(collect_problems={"output": "a symlink"}),
    ],
)
def test_results_that_can_be(tmp_path: Path, result: StepResult) -> None:
    """The checks must not refuse what the contract allows."""
    assert run_step(answering(run_step=result), tmp_path) is result


@pytest.mark.parametrize("exit_code", [None, 0, 143])
def test_the_driver_decides_for_time_out_and_cancel(tmp_path: Path, exit_code: int | None) -> None:
    """A leader that is told to stop may exit with anything, also with 0."""
    signal = 15 if exit_code == 143 else None
    for end in (StepEnd.TIMED_OUT, StepEnd.CANCELLED):
        result = a_step_result(end, exit_code=exit_code, signal=signal)
        cls = answering(run_step=result)
        assert run_step(cls, tmp_path, is_cancelled=True, timeout_s=1.0) is result


@pytest.mark.parametrize(
    ("result", "fault"),
    [
        (None, "it is no StepResult but None"),
        (0, "it is no StepResult but 'int'"),
        (a_step_result(exit_code=1), "'end' is succeeded, which does not go with exit code 1"),
        (a_step_result(exit_code=None), "'end' is succeeded, which does not go with exit code N"),
        (a_step_result(StepEnd.FAILED, exit_code=0), "'end' is failed, which does not go with"),
        (a_step_result(StepEnd.FAILED, exit_code=-9), "'end' is failed, which does not go with"),
        (a_step_result(StepEnd.FAILED, exit_code=256), "'end' is failed, which does not go with"),
        (a_step_result(StepEnd.SIGNALLED, signal=None), "'end' is signalled, which does not go"),
        (
            a_step_result(StepEnd.SIGNALLED, signal=9, exit_code=9),
            "'signal' is 9: 'exit_code' must then be 137, not 9",
        ),
        (a_step_result(StepEnd.LOST, exit_code=137), "'end' is lost, which does not go with"),
        (a_step_result(exit_code=False), "'exit_code' and 'signal' must be integers or None"),
        (a_step_result("succeeded"), "'end' is not a StepEnd: 'succeeded'"),  # type: ignore[arg-type]
        (a_step_result(StepEnd.TIMED_OUT), "'end' is timed-out, and the step has no time-out"),
        (a_step_result(StepEnd.CANCELLED), "'end' is cancelled, and the step was not cancelled"),
        (a_step_result(duration_s=-1.0), "'started_at' and 'duration_s' must be seconds"),
        (a_step_result(started_at=None), "'started_at' and 'duration_s' must be seconds"),
        (a_step_result(collected={"x": b""}), "'collected' has names that were not asked for: x"),
        (a_step_result(collected={"output": "x"}), "'collected' has no bytes for 'output'"),
        (a_step_result(collected=None), "'collected' is not a mapping"),
        (
            a_step_result(collected={"output": b"12345678901234567"}),
            "'collected' has 17 bytes for 'output', over the limit",
        ),
        (
            a_step_result(collected={"output": b""}, collect_problems={"output": "x"}),
            "'collected' and 'collect_problems' both have: output",
        ),
    ],
)
def test_a_result_that_cannot_be_is_refused(tmp_path: Path, result: object, fault: str) -> None:
    """What a step did must be the same words under every driver."""
    with pytest.raises(DriverContractError) as caught:
        run_step(answering(run_step=result), tmp_path, collect_limit_bytes=16)
    assert f"the hook 'run_step' returned what it must not: {fault}" in str(caught.value)


@pytest.mark.parametrize(
    ("report", "fault"),
    [
        (None, "it is no TeardownReport but None"),
        (TeardownReport(errors=["a"]), "'errors' is not a tuple of text"),  # type: ignore[arg-type]
        (TeardownReport(kept=(1,)), "'kept' is not a tuple of text"),  # type: ignore[arg-type]
    ],
)
def test_a_report_that_cannot_be_is_refused(tmp_path: Path, report: object, fault: str) -> None:
    """A driver that says nothing has perhaps removed nothing."""
    with pytest.raises(DriverContractError) as caught:
        teardown(answering(teardown=report), tmp_path)
    assert fault in str(caught.value)


A_LEFTOVER = Leftover(kind="container", name="c1", run_id="r1", owner=None, created_at=None)


def test_optional_hooks_that_are_not_there_answer_none() -> None:
    """The host then knows no more than before."""
    driver = opened(fake_driver())
    assert driver.probe_environment() is None
    assert driver.list_leftovers() is None
    assert driver.remove_leftover(A_LEFTOVER) is None


def test_optional_hooks_answer() -> None:
    """They take the options of the instance."""
    found = Availability(available=True, detail="here")
    cls = answering(probe_environment=found, list_leftovers=[A_LEFTOVER], remove_leftover=True)
    driver = opened(cls)
    assert driver.probe_environment() is found
    assert driver.list_leftovers() == (A_LEFTOVER,)
    assert driver.remove_leftover(A_LEFTOVER) is True


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ({"probe_environment": True}, "it is no Availability but 'bool'"),
        ({"list_leftovers": "c1"}, "it is no sequence of Leftover but 'str'"),
        ({"list_leftovers": ["c1"]}, "not everything in it is a Leftover"),
        ({"list_leftovers": [A_LEFTOVER, A_LEFTOVER]}, "named more than once: container c1"),
        ({"remove_leftover": "gone"}, "it is no bool but 'str'"),
    ],
)
def test_optional_answers_that_cannot_be_are_refused(answers: dict[str, Any], fault: str) -> None:
    """A clean-up that misunderstands a driver removes the wrong thing."""
    driver = opened(answering(**answers))
    (hook,) = answers
    arguments = (A_LEFTOVER,) if hook == "remove_leftover" else ()
    with pytest.raises(DriverContractError) as caught:
        getattr(driver, hook)(*arguments)
    assert fault in str(caught.value)


def test_a_driver_error_of_the_constructor_passes() -> None:
    """Options can be right one by one and still not work together here."""

    class Refusing(fake_driver()):  # type: ignore[misc]
        def __init__(self, config: FakeConfig) -> None:
            raise WorkspaceError("no")

    with pytest.raises(WorkspaceError):
        opened(Refusing)
