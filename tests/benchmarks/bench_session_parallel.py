"""16 parallel steps in a session against 16 parallel `docker exec`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from swamp_driver_docker_ws import DockerSessionDriver
from tests.benchmarks.containers import IMAGE, docker, running_container
from tests.benchmarks.drive import open_driver
from tests.benchmarks.measure import Figure, compare, interleave

AT_ONCE = 16


def measure(scratch: Path, *, rounds: int) -> list[Figure]:
    """Return the time until all of them have ended."""
    with (
        open_driver(
            DockerSessionDriver, scratch, options={"image": IMAGE}, concurrency=AT_ONCE
        ) as session,
        running_container() as name,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        timings = interleave(
            {
                "session": lambda: list(pool.map(lambda _: session.step("true"), range(AT_ONCE))),
                "docker exec": lambda: list(
                    pool.map(lambda _: docker("exec", name, "true"), range(AT_ONCE))
                ),
            },
            rounds=rounds,
        )
    return [compare(f"{AT_ONCE} steps at once", timings, "session", "docker exec", goal="<= 0.05")]
