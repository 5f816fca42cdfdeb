"""Steps that have to succeed."""

from __future__ import annotations

from swamp_driver.spec import StepEnd
from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Run


def output_of(run: Run, script: str, *args: str, **changes: object) -> str:
    """Run a script that has to succeed; return what it wrote to standard output."""
    done = run.sh(script, *args, **changes)
    expect.that(
        done.result.end is StepEnd.SUCCEEDED,
        f"the end of: {script}",
        seen=f"{done.result.end}, exit code {done.result.exit_code}, stderr {done.stderr!r}",
        expected=str(StepEnd.SUCCEEDED),
    )
    return done.text
