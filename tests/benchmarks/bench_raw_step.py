"""A `true` step on raw against bare `subprocess.Popen` in the same process."""

from __future__ import annotations

import subprocess
from pathlib import Path

from swamp_driver_raw import RawDriver
from tests.benchmarks.drive import open_driver
from tests.benchmarks.measure import Figure, compare, interleave, repeat

CALLS = 50


def measure(scratch: Path, *, rounds: int) -> list[Figure]:
    """Return the cost of one step."""
    with open_driver(RawDriver, scratch) as raw:
        timings = interleave(
            {
                "raw": repeat(CALLS, lambda: raw.step("true")),
                "Popen": repeat(CALLS, lambda: run_by_hand("true")),
            },
            rounds=rounds,
            calls=CALLS,
        )
    return [compare("a `true` step", timings, "raw", "Popen", goal="<= 2")]


def run_by_hand(*argv: str) -> None:
    """Run a program as a careful caller would: no input, both streams read to their end."""
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.communicate()
    if process.returncode:
        raise RuntimeError(f"{argv} ended with {process.returncode}")
