"""Random file operations, spread over steps, against a model (WS)."""

from __future__ import annotations

from swamp_driver_conformance.harness import Bench
from swamp_driver_conformance.marks import clause


@clause("SWD-WS-022")
def test_random_steps_agree_with_the_model(bench: Bench) -> None:
    """It finds the combinations that nobody wrote a clause for."""
    from swamp_driver_conformance.suite._machine import (  # noqa: PLC0415 - slow to import
        run_machine,
    )

    run_machine(bench)
