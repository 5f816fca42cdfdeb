"""1 GB of output from a session against `docker exec`."""

from __future__ import annotations

from pathlib import Path

from swamp_driver_docker_ws import DockerSessionDriver
from tests.benchmarks.bench_output import COMMAND, Counter, through_pipe, throughput
from tests.benchmarks.containers import IMAGE, running_container
from tests.benchmarks.drive import open_driver
from tests.benchmarks.measure import Figure


def measure(scratch: Path, *, rounds: int) -> list[Figure]:
    """Return throughput and the growth of memory."""
    with (
        open_driver(DockerSessionDriver, scratch, options={"image": IMAGE}) as session,
        running_container() as name,
    ):

        def through_session() -> None:
            seen = Counter()
            session.step(*COMMAND, sink=seen)
            seen.check()

        return throughput(
            {"session": through_session},
            ("docker exec", lambda: through_pipe("docker", "exec", name, *COMMAND)),
            rounds=min(rounds, 3),
            goals={"session": ">= 1"},
        )
