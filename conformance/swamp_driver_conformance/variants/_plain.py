"""Small differences that the contract allows."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import attrs

from swamp_driver.spec import (
    Capability,
    ConfigSample,
    DriverInfo,
    Progress,
    RunContext,
    RunOutcome,
    StepIO,
    StepRequest,
    StepResult,
    TeardownReport,
    Usage,
    Workspace,
    hookimpl,
    option,
)
from swamp_driver_conformance.reference import (
    OutputPump,
    ReferenceConfig,
    ReferenceDriver,
    RunFiles,
    StepRun,
    TreeRemoval,
)
from swamp_driver_conformance.variants._contained import ContainedDriver, ContainedStep


class BareDriver(ReferenceDriver):
    """No optional capability but that the host sees the workspace, and no optional hook."""

    info: ClassVar[DriverInfo] = attrs.evolve(
        ReferenceDriver.info, capabilities=frozenset({Capability.HOST_VISIBLE})
    )

    @hookimpl
    def probe_environment(self) -> None:
        """Say nothing."""

    def workspace(self, run: RunContext) -> Workspace:
        """Give no handle: nothing could be done with it."""
        return attrs.evolve(super().workspace(run), handle={})


class SlowDriver(ReferenceDriver):
    """Everything takes its time."""

    class step_class(StepRun):  # noqa: N801 - it stands for the attribute of that name
        """A step with a slow place around it."""

        def make_exchange(self) -> None:
            """Take a while before the start."""
            time.sleep(0.1)
            super().make_exchange()

        def remove_exchange(self) -> None:
            """Take a while after the end."""
            super().remove_exchange()
            time.sleep(0.05)

    @hookimpl
    def prepare_workspace(self, run: RunContext) -> Workspace:
        """Tell how slow it is."""
        for done in (0, 50, 100):
            run.report(
                Progress(
                    phase="start",
                    resource="place",
                    done=done,
                    total=100,
                    finished=done == 100,  # noqa: PLR2004
                )
            )
            time.sleep(0.05)
        return super().prepare_workspace(run)


class OddHandleDriver(ReferenceDriver):
    """A handle of another shape, and a way in."""

    def workspace(self, run: RunContext) -> Workspace:
        """Return a handle with lists, numbers and nothing in it."""
        return attrs.evolve(
            super().workspace(run),
            handle={"version": "2024-b", "places": [{"n": 1.5, "x": None}], "größe": [[], {}]},
            enter=("sh", "-c", f"cd '{run.workspace.path}' && exec sh"),
        )


class SmallPiecesDriver(ReferenceDriver):
    """Output in pieces of a few bytes, from another thread each time."""

    class step_class(StepRun):  # noqa: N801 - it stands for the attribute of that name
        """A step that passes its output on in pieces."""

        class pump_class(OutputPump):  # noqa: N801 - it stands for the attribute of that name
            """A pump that cuts."""

            def take(self, data: bytes) -> None:
                """Pass on the beginning in pieces of seven bytes, the rest as it is."""
                for start in range(0, min(len(data), 140), 7):
                    super().take(data[start : min(start + 7, 140)])
                super().take(data[140:])


class OwnThreadsDriver(ReferenceDriver):
    """Steps run in threads of the driver's own, made when they are needed."""

    @hookimpl
    def run_step(self, run: RunContext, step: StepRequest, io: StepIO) -> StepResult:
        """Hand the step to another thread."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            return pool.submit(super().run_step, run, step, io).result()


class AsideDriver(ReferenceDriver):
    """A run directory is renamed before it is removed, so that nobody takes up half of it."""

    class files_class(RunFiles):  # noqa: N801 - it stands for the attribute of that name
        """A directory that steps aside."""

        def remove(self, *, deadline_s: float) -> list[str]:
            """Rename, then remove under the other name."""
            if not self.is_ours():
                return super().remove(deadline_s=deadline_s)
            aside = self.path.with_name(f".gone-{self.path.name}")
            if self.path.exists():
                self.path.rename(aside)
            errors = TreeRemoval(deadline_s=deadline_s).remove(str(aside))
            if not errors:
                self.records.drop(str(self.path))
            return errors


class TersePlaceDriver(ReferenceDriver):
    """Does not know what a step used, and says more about how it ended."""

    class step_class(StepRun):  # noqa: N801 - it stands for the attribute of that name
        """A step without usage."""

        def result(self, *facts: Any) -> StepResult:
            """Say it in words."""
            result = super().result(*facts)
            return attrs.evolve(result, usage=Usage(), detail=f"it {result.end}: see the output")

    def settle(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        """Name more than one thing."""
        report = super().settle(run, workspace, outcome)
        extra = tuple(f"{line} (with its home)" for line in (*report.removed, *report.kept))
        if report.removed:
            return attrs.evolve(report, removed=(*report.removed, *extra))
        return attrs.evolve(report, kept=(*report.kept, *extra)) if report.kept else report


@attrs.frozen(kw_only=True)
class UserConfig(ReferenceConfig):
    """The options of a driver that can change the user."""

    user_id: int | None = option(default=None, help="The uid and gid of steps.", example=1000)


class OtherUserStep(ContainedStep):
    """A step of another user: the supervisor changes to it."""

    def argv(self) -> tuple[str, ...]:
        """Have the program started as that user."""
        config = self.run.config
        if isinstance(config, UserConfig) and config.user_id is not None:
            user = str(config.user_id)
            return (
                "setpriv",
                f"--reuid={user}",
                f"--regid={user}",
                "--clear-groups",
                *super().argv(),
            )
        return super().argv()

    def make_exchange(self) -> None:
        """Give everything to that user first."""
        super().make_exchange()
        config = self.run.config
        if isinstance(config, UserConfig) and config.user_id is not None:
            for path in self._given():
                shutil.chown(path, config.user_id, config.user_id)

    def _given(self) -> list[Path]:
        run_dir = Path(self.run.workspace.run_dir)
        return [run_dir / "workspace", run_dir / "home", *self._exchange_paths()]

    def _exchange_paths(self) -> list[Path]:
        path = Path(self.step.exchange)
        return [path, *path.iterdir()]


class FullDriver(ContainedDriver):
    """Every capability that a process of this host can have; the user needs root and setpriv."""

    info: ClassVar[DriverInfo] = attrs.evolve(
        ContainedDriver.info,
        capabilities=ContainedDriver.info.capabilities | {Capability.USER, "x-everything"},
        config=UserConfig,
        good_configs=(
            ConfigSample(title="as it comes", data={}),
            ConfigSample(title="user", data={"userId": 23456}),
        ),
        bad_configs=(ConfigSample(title="a name", data={"userId": "nobody"}),),
    )
    step_class: ClassVar[type[StepRun]] = OtherUserStep
