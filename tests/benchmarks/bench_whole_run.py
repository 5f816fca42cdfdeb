"""A workflow of ten steps that share a directory, as one command, against the same by hand."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from tests.benchmarks.bench_start_up import SWAMP_DRIVER, call
from tests.benchmarks.containers import IMAGE
from tests.benchmarks.measure import Figure, compare, interleave

STEPS = 10
SCRIPT = "echo line >> log; wc -l < log"

BY_EXEC = f"""
id=$(docker run --detach --init -v "$PWD:$PWD" -w "$PWD" {IMAGE} sleep 86400)
for i in $(seq {STEPS}); do docker exec -w "$PWD" "$id" sh -ec '{SCRIPT}'; done
docker rm --force "$id"
"""
BY_RUN = f"""
for i in $(seq {STEPS}); do
  docker run --rm -v "$PWD:$PWD" -w "$PWD" {IMAGE} sh -ec '{SCRIPT}'
done
"""


def workflow_text() -> str:
    """Return ten steps, each after the one before."""
    lines = ["name: ten", "jobs:", "  - name: all", "    steps:"]
    for number in range(STEPS):
        lines += [f"      - name: step-{number}", f"        run: {SCRIPT}"]
        if number:
            on = f"{{step: step-{number - 1}, condition: {{type: succeeded}}}}"
            lines.append(f"        dependsOn: [{on}]")
    return "\n".join(lines) + "\n"


def measure(scratch: Path, *, rounds: int) -> list[Figure]:
    """Return the time from the command to the prompt."""
    file = scratch / "ten.yaml"
    file.write_text(workflow_text(), encoding="utf-8")

    def by_driver(driver: str) -> None:
        config = ("--driver", driver, "--driver-config", f"image={IMAGE}")
        call(SWAMP_DRIVER, "run", str(file), *config)

    timings = interleave(
        {
            "docker-session": lambda: by_driver("docker-session"),
            "docker exec": lambda: _by_hand(BY_EXEC),
            "docker": lambda: by_driver("docker"),
            "docker run --rm": lambda: _by_hand(BY_RUN),
        },
        rounds=min(rounds, 5),
    )
    what = "ten steps, from command to prompt"
    return [
        compare(what, timings, "docker-session", "docker exec", goal="<= 0.6"),
        compare(what, timings, "docker", "docker run --rm", goal="<= 0.6"),
    ]


def _by_hand(script: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(
            ["/bin/sh", "-ec", script],
            cwd=directory,
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
