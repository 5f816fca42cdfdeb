"""A host in a directory of its own, for tests of whole runs."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import attrs

from swamp_driver.host import (
    HostSettings,
    RunOptions,
    RunRecord,
    Store,
    load_workflow_text,
    open_store,
    plan,
    run,
)
from swamp_driver.spec import CancelToken, Json, RunEvent, StepOutput
from swamp_driver.testing import RecordingObserver


@attrs.frozen
class HostForTests:
    """Runs workflows given as text, and keeps what was told of the last one."""

    settings: HostSettings
    observer: RecordingObserver = attrs.field(factory=RecordingObserver)

    def run(
        self,
        text: str,
        *,
        drivers: Mapping[str, type] | None = None,
        inputs: Mapping[str, Json] | None = None,
        cancel: CancelToken | None = None,
        options: RunOptions | None = None,
    ) -> RunRecord:
        """Load, plan and run; where there is one driver in `drivers`, it runs every step."""
        text = f"name: w\n{textwrap.dedent(text)}"
        driver = next(iter(drivers)) if drivers and len(drivers) == 1 else None
        planned = plan(
            load_workflow_text(text, source="w.yaml"),
            inputs=inputs,
            driver=driver,
            drivers=drivers,
        )
        return run(
            planned,
            observers=[self.observer],
            settings=self.settings,
            drivers=drivers,
            cancel=cancel,
            options=options,
        )

    def store(self) -> Store:
        """Open the records."""
        return open_store(self.settings)

    def output(self, step: str) -> str:
        """Return what a step printed on stdout."""
        pieces = (event for event in self.observer.of(StepOutput) if event.step == step)
        return b"".join(piece.data for piece in pieces if piece.stream == "stdout").decode()

    @property
    def left(self) -> list[str]:
        """Return every file below the root, and every directory but those that always stay."""
        root = self.settings.root
        return sorted(
            str(path.relative_to(root))
            for path in root.rglob("*")
            if path not in (self.settings.runs_dir, self.settings.persistent_dir)
        )


def statuses(record: RunRecord) -> dict[str, str]:
    """Return how each step ended."""
    return {step.step: str(step.status) for step in record.steps}


def kinds(events: tuple[RunEvent, ...]) -> list[str]:
    """Return the kinds of events in their order."""
    return [event.kind for event in events]


def a_host(tmp_path: Path) -> HostForTests:
    """Return a host that keeps all below `tmp_path`."""
    return HostForTests(HostSettings(root=tmp_path / "root", state_dir=tmp_path / "state"))
