"""For tests of hosts and drivers: a driver that runs nothing and keeps the contract, and builders.

`fake_driver` makes a driver class that needs no entry point: hand it to the host by name. It makes
and removes real run directories, runs scripted behaviours in place of programs, writes down every
call, and tells when a host breaks its side of the contract::

    fake = fake_driver({"test": exits(3, stdout=b"1 failed")})
    record = run(plan(loaded, driver="fake", drivers={"fake": fake}), drivers={"fake": fake})
    fake.journal.check()
"""

from swamp_driver.testing._behaviours import Behaviour, ends, exits, hangs, raises, succeeds
from swamp_driver.testing._builders import (
    a_plan,
    a_planned_job,
    a_planned_step,
    a_run_context,
    a_run_outcome,
    a_step_request,
    a_step_result,
    a_workspace_request,
)
from swamp_driver.testing._fake_driver import FakeConfig, FakeDriver, fake_driver
from swamp_driver.testing._journal import Call, Journal, PolicingError
from swamp_driver.testing._sinks import RecordingObserver, RecordingSink

__all__ = [
    "Behaviour",
    "Call",
    "FakeConfig",
    "FakeDriver",
    "Journal",
    "PolicingError",
    "RecordingObserver",
    "RecordingSink",
    "a_plan",
    "a_planned_job",
    "a_planned_step",
    "a_run_context",
    "a_run_outcome",
    "a_step_request",
    "a_step_result",
    "a_workspace_request",
    "ends",
    "exits",
    "fake_driver",
    "hangs",
    "raises",
    "succeeds",
]
