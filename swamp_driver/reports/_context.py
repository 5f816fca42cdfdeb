"""What a report is told: the run, its steps, and the data that they wrote."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


@dataclasses.dataclass(frozen=True)
class RunFacts:
    """The run that is reported on. Times are seconds since the epoch."""

    id: str
    status: str
    """`running` while steps may still follow, then `succeeded`, `failed` or `broken`."""
    workflow: str
    started_at: float
    inputs: Mapping[str, Any]
    tags: Mapping[str, str]
    source: str
    """The workflow file, as the caller named it."""


@dataclasses.dataclass(frozen=True)
class StepFacts:
    """A step as it ended; one iteration of a step with `forEach` is a step."""

    id: str
    job: str
    name: str
    status: str
    """`succeeded`, `failed`, `skipped` or `cancelled`."""
    driver: str
    allowed_failure: bool = False
    """It failed, and `allowFailure` let the run go on."""
    exit_code: int | None = None
    started_at: float | None = None
    """Seconds since the epoch; None where it was never started."""
    duration_s: float = 0.0
    detail: str = ""
    outputs: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What it wrote to `$SWAMP_OUTPUT`."""
    model: str | None = None
    """The model whose method it called; None where it ran a script."""
    model_type: str | None = None
    method: str | None = None

    @property
    def ended_at(self) -> float | None:
        """Return when it ended."""
        return None if self.started_at is None else self.started_at + self.duration_s


@dataclasses.dataclass(frozen=True)
class Artifact:
    """A version of a piece of data: a resource with attributes, or a file."""

    model: str
    name: str
    """With the values that `vary` appends: `result-sonnet`."""
    version: int
    spec: str
    kind: str
    """`resource` or `file`."""
    attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Of a resource."""
    content_type: str = ""
    size_bytes: int = 0
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)
    created_at: float = 0.0
    step_id: str | None = None
    """The step that wrote it."""
    path: Path | None = None
    """Where its content is, to be read and not changed; None for a resource."""

    def read_bytes(self) -> bytes:
        """Return the content of a file. Raises `OSError` where it cannot be read."""
        if self.path is None:
            raise FileNotFoundError(f"'{self.name}' of '{self.model}' is no file")
        return self.path.read_bytes()

    def read_text(self) -> str:
        """Return the content of a file as text; what is not UTF-8 is replaced."""
        return self.read_bytes().decode("utf-8", "replace")


class Data:
    """The data that a report may read: all that the steps of this run have written so far."""

    def __init__(self, artifacts: Sequence[Artifact]) -> None:
        self._artifacts = tuple(artifacts)

    def __iter__(self) -> Any:
        return iter(self._artifacts)

    def __len__(self) -> int:
        return len(self._artifacts)

    def latest(self, model: str, name: str, vary: Sequence[object] = ()) -> Artifact | None:
        """Return the newest version of a piece of data, or None where this run wrote none.

        `vary` are the values that `dataOutputOverrides` appends to the name, in their order.
        """
        full = "-".join([name, *map(str, vary)])
        found = [one for one in self._artifacts if (one.model, one.name) == (model, full)]
        return max(found, key=lambda one: one.version, default=None)

    def find(
        self,
        *,
        model: str | None = None,
        spec: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> tuple[Artifact, ...]:
        """Return the newest versions of all data of a model, of a spec, with these tags."""
        newest = {}
        for one in sorted(self._artifacts, key=lambda one: one.version):
            newest[one.model, one.name] = one
        wanted = dict(tags or {}).items()
        return tuple(
            one
            for one in newest.values()
            if model in (None, one.model)
            and spec in (None, one.spec)
            and wanted <= dict(one.tags).items()
        )


@dataclasses.dataclass(frozen=True)
class ReportContext:
    """Everything that a report may know."""

    run: RunFacts
    steps: Sequence[StepFacts]
    """The steps that have ended, in the order in which they started."""
    data: Data
    step: StepFacts | None = None
    """The step that is reported on; None with the scope `workflow`."""
    workspace: Path | None = None
    """The run's workspace with the scope `workflow`. None with the scope `method` (other steps may
    be writing there), without a workspace, and where this host does not see it."""
    repository: Path = Path()
    """The directory that the report was found for: that of `extensions/`."""
    logger: logging.Logger = dataclasses.field(
        default_factory=lambda: logging.getLogger("swamp_driver.reports")
    )
    """What goes here is shown where the report fails, as what it prints."""
