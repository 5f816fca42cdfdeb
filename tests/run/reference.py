"""The reference workflow, run as it is: a place for its runs, and what they came to."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import attrs

from swamp_driver.host import (
    HostSettings,
    ReportRecord,
    RunRecord,
    StepRecord,
    open_store,
    plan_file,
    run,
)
from swamp_driver.host.data import open_data_store
from swamp_driver.spec import Json
from tests.run.command import EXAMPLES, REPOSITORY

EXAMPLE = EXAMPLES / "multi-model-eval"


def node_programs() -> str:
    """Return a directory with a current node, npm and npx; fetched once and kept."""
    return subprocess.run(
        [REPOSITORY / "tests/tools/engine", "node"], check=True, capture_output=True, text=True
    ).stdout.strip()


def registry_answers(programs: str) -> bool:
    """Return whether the npm registry can be asked from here, with the npm in `programs`."""
    asked = subprocess.run(
        [f"{programs}/npm", "view", "promptfoo", "version", "--fetch-retries=0"],
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
        check=False,
        capture_output=True,
    )
    return asked.returncode == 0


@attrs.frozen
class Place:
    """Where all runs of this file take place: one workspace persists from the first on."""

    directory: Path
    settings: HostSettings

    @property
    def prompts(self) -> Path:
        """Return the repository that is cloned."""
        return self.directory / "prompts"

    def run(self, driver: str, config: Mapping[str, Json] | None = None) -> RunRecord:
        """Run the workflow as it is."""
        npm: list[Json] = ["NODE_EXTRA_CA_CERTS", "NPM_CONFIG_REGISTRY"]
        planned = plan_file(
            EXAMPLE / "workflow.yaml",
            inputs={"repo": str(self.prompts), "prompts": "."},
            driver=driver,
            driver_config={"passEnv": npm, **(config or {})},
        )
        return run(planned, settings=self.settings)

    def reports(self, record: RunRecord) -> dict[str, ReportRecord]:
        """Return the reports on a run, those on steps by the names of these."""
        with open_store(self.settings) as store:
            return {one.step or one.name: one for one in store.reports(record.run_id)}

    def results(self, record: RunRecord) -> dict[str, dict[str, Json]]:
        """Return the results that a run wrote, without what clocks say."""
        with open_data_store(self.settings, EXAMPLE) as store:
            written = store.of_run(record.run_id)
        clocks = {"started_at", "duration_ms"}
        return {
            one.name: {key: value for key, value in one.attributes.items() if key not in clocks}
            for one in written
            if one.spec == "result" and one.model == "evaluation"
        }

    def printed(self, record: RunRecord, step: str) -> str:
        """Return what a step printed."""
        (found,) = [one for one in record.steps if one.step == step]
        with open_store(self.settings) as store:
            pieces = [piece.data for piece in store.step_output(record.run_id, found.step_id)]
        return b"".join(pieces).decode(errors="replace")

    def left(self) -> list[str]:
        """Return what is below the root but the one workspace that persists, and what marks it."""
        persistent = self.settings.root / "persistent"
        names = ("multi-model-eval", "multi-model-eval.lock", ".multi-model-eval.swamp-run.json")
        stays = {persistent / name for name in names}
        found = {*self.settings.root.glob("runs/*"), *persistent.iterdir()}
        return sorted(map(str, found - stays))


def commit_prompts(directory: Path) -> None:
    """Make the repository that is cloned: the prompts of the example, and nothing else."""
    shutil.copytree(EXAMPLE / "prompts", directory)
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "Prompts"]):
        subprocess.run(["git", "-C", directory, *command], check=True)


def evaluations(record: RunRecord) -> list[StepRecord]:
    """Return the steps that evaluate."""
    return [step for step in record.steps if step.step.startswith("eval-")]


def statuses(record: RunRecord) -> dict[str, str]:
    """Return how each step ended."""
    return {step.step: str(step.status) for step in record.steps}


def texts(reports: dict[str, ReportRecord]) -> dict[str, str]:
    """Return what reports say."""
    return {name: report.markdown for name, report in reports.items()}


def start(step: StepRecord) -> float:
    """Return when a step began."""
    assert step.started_at is not None
    return step.started_at


def end(step: StepRecord) -> float:
    """Return when a step ended."""
    return start(step) + step.duration_s
