"""What is alive when a step has ended by itself (LIFE)."""

from __future__ import annotations

from swamp_driver.spec import StepEnd
from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench, Run
from swamp_driver_conformance.marks import clause
from swamp_driver_conformance.suite._alive import expect_dead
from swamp_driver_conformance.suite._shell import BEAT, QUIET, UNTIL

_SOON_S = 5.0


def _has(run: Run, utility: str) -> None:
    if run.sh(f"command -v {utility}").result.end is not StepEnd.SUCCEEDED:
        expect.not_run(utility, f"there is no '{utility}' where steps run")


def _leaves(run: Run, bench: Bench, left: str, what: str, *, code: int = 0) -> None:
    """Run a step that leaves something running, and see that it does not."""
    done = run.sh(f"{BEAT} {UNTIL} {left}\nuntil_there beat; exit {code}")
    expect.equal(done.result.exit_code, code, "the exit code of the leader")
    expect_dead(bench, run, beat="beat", what=what)


@clause("SWD-LIFE-001")
def test_background_processes_end_with_the_step(run: Run, bench: Bench) -> None:
    """They change files under the next step, and hold ports."""
    _leaves(run, bench, f"beat beat {QUIET} &", "a background process, after its step")


@clause("SWD-LIFE-001")
def test_background_processes_end_with_a_failed_step(run: Run, bench: Bench) -> None:
    """A step that fails leaves more behind than others."""
    _leaves(run, bench, f"beat beat {QUIET} &", "a background process, after its step", code=7)


@clause("SWD-LIFE-002")
def test_twice_forked_processes_end_with_the_step(run: Run, bench: Bench) -> None:
    """That is how daemons start."""
    _leaves(run, bench, f"( ( beat beat {QUIET} & ) & )", "a process that was forked twice")


@clause("SWD-LIFE-003")
def test_deaf_processes_end_with_the_step(run: Run, bench: Bench) -> None:
    """`nohup` and half of all servers ignore TERM and HUP."""
    deaf = f"( trap '' TERM HUP INT; beat beat ) {QUIET} &"
    _leaves(run, bench, deaf, "a process that ignores TERM and HUP")


_APART = "n=0; while [ $n -lt 160 ]; do echo x >> beat; n=$((n+1)); sleep 0.05; done"


@clause("SWD-LIFE-004")
def test_processes_of_other_sessions_end_with_the_step(run: Run, bench: Bench) -> None:
    """Killing a process group does not reach them."""
    _has(run, "setsid")
    _leaves(run, bench, f"setsid sh -c '{_APART}' {QUIET} &", "a process of another session")


@clause("SWD-LIFE-005")
def test_hidden_processes_end_with_the_step(run: Run, bench: Bench) -> None:
    """A tag in the environment does not find them."""
    _has(run, "setsid")
    _has(run, "env")
    hidden = f"( ( env -i PATH=\"$PATH\" setsid sh -c '{_APART}' {bench.mark} {QUIET} & ) & )"
    _leaves(run, bench, hidden, "a process of another session without environment")


@clause("SWD-LIFE-006")
def test_holding_the_output_open_delays_nothing(run: Run) -> None:
    """`sleep 600 & echo done` would take ten minutes."""
    done = run.sh("sleep 30 & echo done", timeout_s=20.0)
    expect.equal((done.result.end, done.text), (StepEnd.SUCCEEDED, "done\n"), "such a step")
    limit = f"less than {_SOON_S} s"
    is_soon = done.elapsed_s < _SOON_S
    expect.that(is_soon, "run_step", seen=f"{done.elapsed_s:.1f} s", expected=limit)
