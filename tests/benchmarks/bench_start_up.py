"""`swamp-driver run` of a one-step file, as a command, against `python -c pass`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.measure import Figure, compare, interleave

ONE_STEP = "name: one\njobs:\n  - name: one\n    steps:\n      - name: one\n        run: ':'\n"
SWAMP_DRIVER = str(Path(sys.executable).with_name("swamp-driver"))


def measure(scratch: Path, *, rounds: int) -> list[Figure]:
    """Return what a run of one step costs beyond the interpreter."""
    file = scratch / "one.yaml"
    file.write_text(ONE_STEP, encoding="utf-8")
    timings = interleave(
        {
            "run": lambda: call(SWAMP_DRIVER, "run", str(file)),
            "python": lambda: call(sys.executable, "-c", "pass"),
        },
        rounds=2 * rounds,
    )
    beyond = (timings["run"].median_s - timings["python"].median_s) * 1e3
    return [
        compare("`swamp-driver run` of one step", timings, "run", "python"),
        Figure(
            name="the same, beyond `python -c pass`",
            subject=beyond,
            baseline=None,
            unit="ms",
            goal="<= 150 ms",
        ),
    ]


def call(*argv: str) -> None:
    """Run a command to its successful end; drop what it prints."""
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, capture_output=True)
