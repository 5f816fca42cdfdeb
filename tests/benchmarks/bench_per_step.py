"""What a container per step adds to the time of its steps, against `docker run --rm`."""

from __future__ import annotations

from pathlib import Path

import attrs

from swamp_driver_docker_ws import DockerDriver
from tests.benchmarks.containers import IMAGE, docker
from tests.benchmarks.drive import open_driver
from tests.benchmarks.measure import Figure, Timing, compare, interleave, repeat

STEPS = 10


def measure(scratch: Path, *, rounds: int) -> list[Figure]:
    """Return the visible overhead of steps one after the other, of 0.2 s and of nothing."""
    return [
        _overhead(scratch, ("sleep", "0.2"), 0.2, rounds=min(rounds, 5), goal="<= 0.25"),
        _overhead(scratch, ("true",), 0.0, rounds=min(rounds, 5), goal="<= 0.6"),
    ]


def _overhead(
    scratch: Path, argv: tuple[str, ...], work_s: float, *, rounds: int, goal: str
) -> Figure:
    expected = STEPS * (rounds + 1)
    with open_driver(
        DockerDriver, scratch, options={"image": IMAGE}, expected_steps=expected
    ) as per_step:
        timings = interleave(
            {
                "docker": repeat(STEPS, lambda: per_step.step(*argv)),
                "docker run --rm": repeat(STEPS, lambda: docker("run", "--rm", IMAGE, *argv)),
            },
            rounds=rounds,
            calls=STEPS,
        )
    beyond = {name: _without(timing, work_s) for name, timing in timings.items()}
    name = f"what a container adds to `{' '.join(argv)}`"
    return compare(name, beyond, "docker", "docker run --rm", goal=goal)


def _without(timing: Timing, work_s: float) -> Timing:
    return attrs.evolve(timing, median_s=timing.median_s - work_s)
