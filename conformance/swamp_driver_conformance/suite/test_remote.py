"""Places that the host does not see (REMOTE)."""

from __future__ import annotations

from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench
from swamp_driver_conformance.marks import clause
from swamp_driver_conformance.probes import snapshot
from swamp_driver_conformance.suite._steps import output_of


@clause("SWD-REMOTE-001")
def test_nothing_is_made_on_this_host(bench: Bench) -> None:
    """The path is the far side's; here it may be anybody's."""
    run = bench.prepared()
    output_of(run, "mkdir d; echo x > d/file")
    expect.equal(snapshot(bench.root), {}, "files of this host while a run lives")
    run.teardown()
    decoy = bench.ledger.decoy(run.context.run_id)
    run.teardown()
    decoy.check("a directory of this host at the path of the run directory")
