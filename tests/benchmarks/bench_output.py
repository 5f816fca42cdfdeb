"""1 GB of output through raw, and through a whole run with its log, against a bare pipe."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from swamp_driver.host import HostSettings, load_workflow_text, plan, run
from swamp_driver.spec import Stream
from swamp_driver_raw import RawDriver
from tests.benchmarks.drive import open_driver
from tests.benchmarks.measure import Figure, PeakMemory, interleave

SIZE = 1 << 30
COMMAND = ("head", "-c", str(SIZE), "/dev/zero")
RUN = (
    f"name: flood\njobs:\n  - name: j\n    steps:\n      - {{name: s, run: {' '.join(COMMAND)}}}\n"
)


def measure(scratch: Path, *, rounds: int) -> list[Figure]:
    """Return throughput and the growth of memory."""
    settings = HostSettings(root=scratch.resolve() / "root", state_dir=scratch / "state")
    planned = plan(load_workflow_text(RUN))

    def through_host() -> None:
        record = run(planned, settings=settings)
        if record.exit_code != 0:
            raise RuntimeError(f"the run ended as {record.status}")
        for log in settings.state_dir.rglob("*.log"):
            log.unlink()

    with open_driver(RawDriver, scratch) as raw:

        def through_raw() -> None:
            seen = Counter()
            raw.step(*COMMAND, sink=seen)
            seen.check()

        return throughput(
            {"raw": through_raw, "a whole run": through_host},
            ("a pipe", lambda: through_pipe(*COMMAND)),
            rounds=min(rounds, 3),
            goals={"raw": ">= 0.5", "a whole run": ">= 0.5"},
        )


def throughput(
    subjects: dict[str, Callable[[], None]],
    baseline: tuple[str, Callable[[], None]],
    *,
    rounds: int,
    goals: dict[str, str],
) -> list[Figure]:
    """Return MB/s of each subject against the baseline, and the growth of this process's memory."""
    base, run_base = baseline
    timings = interleave({**subjects, base: run_base}, rounds=rounds)
    figures = []
    for name, subject in subjects.items():
        with PeakMemory() as peak:
            subject()
        figures += [
            Figure(
                name=f"1 GB of output, {name}",
                subject=SIZE / 1e6 / timings[name].median_s,
                baseline=SIZE / 1e6 / timings[base].median_s,
                unit="MB/s",
                goal=goals[name],
                cpu_ms=timings[name].cpu_s * 1e3,
                baseline_cpu_ms=timings[base].cpu_s * 1e3,
                note=f"{name} against {base}",
            ),
            Figure(
                name=f"growth of memory meanwhile, {name}",
                subject=peak.growth_bytes / 2**20,
                baseline=None,
                unit="MiB",
                goal="<= 64 MiB",
            ),
        ]
    return figures


class Counter:
    """A sink that counts bytes."""

    def __init__(self) -> None:
        self.bytes = 0

    def __call__(self, _: Stream, data: bytes) -> None:
        """Take a piece of output."""
        self.bytes += len(data)

    def check(self) -> None:
        """Fail where something is missing."""
        if self.bytes != SIZE:
            raise RuntimeError(f"{self.bytes} bytes came, not {SIZE}")


def through_pipe(*argv: str) -> None:
    """Read a program's output from a pipe and drop it."""
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.stdout is not None
    seen = Counter()
    with process.stdout as pipe:
        while data := os.read(pipe.fileno(), 1 << 16):
            seen("stdout", data)
    process.wait()
    seen.check()
