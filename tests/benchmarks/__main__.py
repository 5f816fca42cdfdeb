"""`python -m tests.benchmarks list | run [NAME...] [--json FILE]`."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.measure import Figure
from tests.benchmarks.report import HEAD, render_row, to_json

BENCHMARKS = {
    "raw-step": "a `true` step on raw against subprocess.Popen in this process",
    "graph": "a graph of 2,000 steps that do nothing against a plain thread pool",
    "start-up": "`swamp-driver run` of a one-step file against `python -c pass`",
    "planning": "reading, checking and planning a file of 2,000 lines",
    "output": "1 GB of output through raw, and through a whole run, against a pipe",
    "session-step": "a `true` step in a session against docker exec and against raw",
    "session-parallel": "16 parallel steps in a session against 16 docker exec",
    "per-step": "what a container per step adds to a step, against docker run --rm",
    "session-open": "opening and closing a session against docker run --rm",
    "session-output": "1 GB of output from a session against docker exec",
    "whole-run": "a workflow of ten steps as one command against the same by hand",
}


def main() -> int:
    """List the benchmarks, or run those named (all where none is) and print their figures."""
    arguments = _parse_arguments()
    if arguments.command == "list":
        for name, what in BENCHMARKS.items():
            print(f"{name:18}{what}")
        return 0
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="swamp-bench-") as scratch:
        os.environ["SWAMP_DRIVER_ROOT"] = f"{scratch}/root"
        os.environ["SWAMP_DRIVER_STATE"] = f"{scratch}/state"
        print(HEAD, flush=True)
        for name in arguments.names or BENCHMARKS:
            measured = _measure(name, Path(scratch), arguments.rounds)
            print(*map(render_row, measured), sep="\n", flush=True)
            figures += measured
    if arguments.json:
        arguments.json.write_text(json.dumps(to_json(figures), indent=2) + "\n", encoding="utf-8")
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("command", choices=("list", "run"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="see list; all without one")
    parser.add_argument(
        "--rounds", type=int, default=10, help="how often each subject has its turn"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    arguments = parser.parse_intermixed_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return arguments


def _measure(name: str, scratch: Path, rounds: int) -> list[Figure]:
    module = importlib.import_module(f"tests.benchmarks.bench_{name.replace('-', '_')}")
    figures: list[Figure] = module.measure(scratch, rounds=rounds)
    return figures


if __name__ == "__main__":
    sys.exit(main())
