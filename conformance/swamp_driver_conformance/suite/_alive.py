"""Whether anything of a step is still alive."""

from __future__ import annotations

import time
from pathlib import Path

from swamp_driver.spec import Capability
from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench, Run
from swamp_driver_conformance.probes import command_lines, processes_with, stays_the_same

_WATCHED_S = 0.25


def expect_dead(bench: Bench, run: Run, *, beat: str, what: str) -> None:
    """Fail where a process of a step lives, or `beat` in the workspace grows.

    Two ways to look: the processes of this host (of containers on this machine too), and a file
    that a living process would write to, which shows it wherever it runs.
    """
    left = processes_with(bench.mark)
    seen = f"processes that are alive, {command_lines(left)}" if left else ""
    expect.that(not left, what, seen=seen, expected="none of it is alive")
    if bench.subject.declares(Capability.HOST_VISIBLE):
        path = Path(run.path) / beat
        size = path.stat().st_size if path.exists() else 0
        expect.that(size > 0, f"'{beat}' was written", seen=f"{size} bytes", expected="some")
        still = stays_the_same(lambda: path.stat().st_size, seconds=_WATCHED_S)
    else:
        before = run.sh(f"cat {beat}").stdout
        time.sleep(2 * _WATCHED_S)
        still = run.sh(f"cat {beat}").stdout == before
    expect.that(still, what, seen=f"'{beat}' is still written to", expected="it stays as it is")
