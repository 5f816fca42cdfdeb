"""How long the reference workflow takes, for the page that tells of it.

`python -m tests.benchmarks.reference_workflow` runs it under each driver, the first time with the
installation, and prints the table. It needs a Docker engine, the image of the tests and npm.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from swamp_driver.host import HostSettings, RunRecord
from tests.run.reference import Place, commit_prompts, end, evaluations, node_programs, start

IMAGE = "swamp-test/debian"
RUNS = (
    ("`raw`, the first run", "raw"),
    ("`raw`", "raw"),
    ("`docker-session`", "docker-session"),
    ("`docker`", "docker"),
)


def main() -> None:
    """Run and print."""
    os.environ["PATH"] = f"{node_programs()}:{os.environ['PATH']}"
    print("| | whole run | installation | the four evaluations, one after the other | at once |")
    print("|---|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as directory:
        base = Path(directory)
        place = Place(base, HostSettings(root=base / "root", state_dir=base / "state"))
        commit_prompts(place.prompts)
        for title, driver in RUNS:
            volumes = [f"{place.prompts}:{place.prompts}:ro"]
            config = {} if driver == "raw" else {"image": IMAGE, "volumes": volumes}
            print(_row(title, place.run(driver, config)))  # type: ignore[arg-type]


def _row(title: str, record: RunRecord) -> str:
    (install,) = [step for step in record.steps if step.step == "install"]
    four = evaluations(record)
    assert record.ended_at is not None
    assert record.status == "succeeded", record.errors
    whole = record.ended_at - record.started_at
    span = max(map(end, four)) - min(map(start, four))
    told = f"{install.duration_s:.1f} s" if install.started_at else "skipped"
    summed = sum(step.duration_s for step in four)
    return f"| {title} | {whole:.1f} s | {told} | {summed:.1f} s | {span:.1f} s |"


if __name__ == "__main__":
    main()
