"""Opening and closing a session against `docker run --rm true`."""

from __future__ import annotations

from pathlib import Path

from swamp_driver_docker_ws import DockerSessionDriver
from tests.benchmarks.containers import IMAGE, docker
from tests.benchmarks.drive import open_driver
from tests.benchmarks.measure import Figure, compare, interleave


def measure(scratch: Path, *, rounds: int) -> list[Figure]:
    """Return the time of a session with one step in it."""

    def by_session() -> None:
        with open_driver(DockerSessionDriver, scratch, options={"image": IMAGE}) as session:
            session.step("true")

    timings = interleave(
        {"session": by_session, "docker run --rm": lambda: docker("run", "--rm", IMAGE, "true")},
        rounds=rounds,
    )
    return [
        compare(
            "opening and closing a session", timings, "session", "docker run --rm", goal="<= 1.2"
        )
    ]
