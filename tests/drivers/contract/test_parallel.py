"""Steps side by side (SWD-PAR)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from swamp_driver.spec import StepEnd
from tests.drivers.harness import OpenRun

COUNT = 8


def test_steps_truly_overlap(open_run: Callable[..., OpenRun]) -> None:
    """Each waits for all the others: one after another they would wait for ever."""
    run = open_run(run={"concurrency": COUNT, "expected_steps": COUNT})
    script = f'touch at-$KEY; while test "$(ls -d at-* | wc -l)" -lt {COUNT}; do sleep 0.02; done'
    steps = [run.start_sh(script, env={"KEY": str(n)}, timeout_s=60) for n in range(COUNT)]
    assert [step.result.end for step in steps] == [StepEnd.SUCCEEDED] * COUNT


def test_many_short_steps_at_once_all_come_back(shared_run: OpenRun) -> None:
    """With their own outputs, files and codes."""
    count = 100 if shared_run.case.is_quick else 8

    def run(number: int) -> tuple[str, int | None, bytes]:
        step = shared_run.sh(
            'cp "$SWAMP_EXCHANGE/in" "$SWAMP_EXCHANGE/output"; echo $KEY; exit $CODE',
            env={"KEY": f"k{number}", "CODE": str(number % 5)},
            files={"in": f"i{number}".encode()},
        )
        return step.text, step.result.exit_code, step.result.collected["output"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(run, range(count))) == [
            (f"k{n}", n % 5, f"i{n}".encode()) for n in range(count)
        ]


def test_runs_side_by_side_do_not_meet(open_run: Callable[..., OpenRun]) -> None:
    """Several runs in one process, each with its own workspace."""
    runs = [open_run() for _ in range(3)]
    steps = [run.start_sh("echo mine > file; sleep 0.1; ls") for run in runs]
    assert [step.text for step in steps] == ["file"] * 3
    assert len({run.path for run in runs}) == 3
