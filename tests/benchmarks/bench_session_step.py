"""A `true` step in a session against `docker exec`, and against raw."""

from __future__ import annotations

from pathlib import Path

from swamp_driver_docker_ws import DockerSessionDriver
from swamp_driver_raw import RawDriver
from tests.benchmarks.containers import IMAGE, docker, running_container
from tests.benchmarks.drive import open_driver
from tests.benchmarks.measure import Figure, compare, interleave, repeat

CALLS = 20


def measure(scratch: Path, *, rounds: int) -> list[Figure]:
    """Return the cost of one step."""
    with (
        open_driver(DockerSessionDriver, scratch, options={"image": IMAGE}) as session,
        open_driver(RawDriver, scratch) as raw,
        running_container() as name,
    ):
        timings = interleave(
            {
                "session": repeat(CALLS, lambda: session.step("true")),
                "raw": repeat(CALLS, lambda: raw.step("true")),
                "docker exec": repeat(CALLS, lambda: docker("exec", name, "true")),
            },
            rounds=rounds,
            calls=CALLS,
        )
    what = "a `true` step in a session"
    return [
        compare(what, timings, "session", "docker exec", goal="<= 0.05"),
        compare(what, timings, "session", "raw", goal="<= 1.5"),
    ]
