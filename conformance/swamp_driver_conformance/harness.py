"""What a test works with: one `Bench` per test, which removes all that the test made."""

from __future__ import annotations

import os
import secrets
import stat
import statistics
import string
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from swamp_driver.spec import Progress, RunContext, StepEnd, WorkspaceRequest
from swamp_driver_conformance._journal import Journal
from swamp_driver_conformance._ledger import Ledger
from swamp_driver_conformance._run import Run
from swamp_driver_conformance._steps import Done, Going, Sink
from swamp_driver_conformance.loading import Subject, open_hooks
from swamp_driver_conformance.probes import token

__all__ = [
    "Bench",
    "Done",
    "Going",
    "Run",
    "Sink",
    "make_root",
    "measure_step_cost",
    "new_run_id",
]

_LETTERS = string.ascii_lowercase
_ALPHABET = string.ascii_lowercase + string.digits


def new_run_id() -> str:
    """Return a run id that no other run has."""
    return secrets.choice(_LETTERS) + "".join(secrets.choice(_ALPHABET) for _ in range(11))


class Bench:
    """What one test works with: its directory, its runs, its journal, its ledger."""

    def __init__(
        self,
        subject: Subject,
        *,
        root: Path,
        effort: str,
        step_cost_s: float,
        mask: Callable[[str], str] = str,
    ) -> None:
        self.subject = subject
        self.root = root
        self.journal = Journal(mask)
        self.ledger = Ledger(root)
        self._effort = effort
        self._step_cost_s = step_cost_s
        self._runs: list[Run] = []
        self.mark = token()
        """A word in the environment of every step of this test."""

    def run(
        self,
        *,
        root: Path | None = None,
        run_id: str | None = None,
        config: object = None,
        request: Mapping[str, Any] | None = None,
        **context: Any,
    ) -> Run:
        """Return a run that is not prepared yet, with an instance of its own.

        `request` changes the workspace request, `context` the run context.
        """
        run_id = run_id or new_run_id()
        config = self.subject.config if config is None else config
        workspace = WorkspaceRequest(
            **{
                "run_dir": str((root or self.root) / run_id),
                "uid": os.getuid(),
                "gid": os.getgid(),
                **(request or {}),
            }
        )
        hooks = open_hooks(self.subject.cls, config)
        progress: list[Progress] = []
        made = RunContext(
            **{
                "run_id": run_id,
                "workflow": "conformance",
                "workspace": workspace,
                "config": config,
                "report": progress.append,
                **context,
            }
        )
        run = Run(made, hooks, self.journal, mark=self.mark)
        run.progress = progress
        self._runs.append(run)
        return run

    def prepared(self, **changes: Any) -> Run:
        """Return a run whose workspace is prepared."""
        run = self.run(**changes)
        run.prepare()
        return run

    def attached(self, to: Run) -> Run:
        """Return a run that is to attach to the workspace of another one; not prepared yet."""
        request = attrs.evolve(to.context.workspace, mode="attach")
        return self.run(
            run_id=to.context.run_id, request=attrs.asdict(request), owner=to.context.owner
        )

    @property
    def overhead_s(self) -> float:
        """Return how long the driver takes for a step that does nothing, in seconds."""
        return min(self._step_cost_s, 5.0)

    def count(self, *, most: int, least: int, budget_s: float) -> int:
        """Return how often to repeat a step: as often as fits `budget_s`, within the bounds."""
        if self._effort == "quick":
            most, budget_s = max(least, most // 10), budget_s / 4
        return max(least, min(most, int(budget_s / max(self._step_cost_s, 1e-4))))

    @property
    def is_quick(self) -> bool:
        """Return whether large sizes are to be made smaller: the self-test runs many drivers."""
        return self._effort == "quick"

    def close(self) -> None:
        """End all runs and remove what the test made."""
        for run in reversed(self._runs):
            run.close()
        self.ledger.clear()


def make_root(parent: str | None = None) -> Path:
    """Make a directory for runs: short, without symlinks, open for steps of other users."""
    root = Path(tempfile.mkdtemp(prefix="swamp-conf-", dir=parent or open_parent())).resolve()
    root.chmod(0o755)
    return root


def open_parent() -> str:
    """Return the directory for temporary files, or another one where that is closed to others."""
    for candidate in (tempfile.gettempdir(), "/var/tmp"):  # noqa: S108 - only its name
        path = Path(candidate).resolve()
        if path.is_dir() and all(
            one.stat().st_mode & stat.S_IXOTH for one in (path, *path.parents)
        ):
            return candidate
    return tempfile.gettempdir()


def measure_step_cost(subject: Subject, root: Path) -> float:
    """Return how long a step that does nothing takes, in seconds; 1.0 where none can be run."""
    bench = Bench(subject, root=root, effort="normal", step_cost_s=1.0)
    try:
        run = bench.prepared()
        costs = [run.sh(":") for _ in range(3)]
        if any(done.result.end is not StepEnd.SUCCEEDED for done in costs):
            return 1.0
        # Not the least: the first step may find a place that was made beforehand.
        return statistics.median(done.elapsed_s for done in costs)
    except Exception:  # noqa: BLE001 - the tests will say what is wrong
        return 1.0
    finally:
        bench.close()
