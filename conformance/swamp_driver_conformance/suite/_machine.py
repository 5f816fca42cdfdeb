"""The state machine of random file operations; a module of its own: hypothesis takes its time."""

from __future__ import annotations

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench, Run
from swamp_driver_conformance.model import ALL, Op, Tree, apply, script_of, shown

_NAME = st.sampled_from(ALL)
_CONTENT = st.sampled_from(["", "x", "line\n", "größe", " $HOME '\" "])
_TARGET = st.sampled_from(["a", "nowhere", "d", "../d"])
_OPS = st.one_of(
    st.builds(Op, st.sampled_from(["write", "append"]), _NAME, _CONTENT),
    st.builds(Op, st.sampled_from(["remove", "mkdir", "mark", "unmark"]), _NAME),
    st.builds(Op, st.just("symlink"), _NAME, _TARGET),
    st.builds(Op, st.just("rename"), _NAME, _NAME),
)
_BEGINNING = (Op("mkdir", "d"), Op("mkdir", "d/e"), Op("write", "-dash", "kept"))


def run_machine(bench: Bench) -> None:
    """Run the machine as often as the driver is quick, always with the same operations."""
    steps = 6
    examples = bench.count(most=12 * steps, least=3 * steps, budget_s=10) // steps
    phases = [hypothesis.Phase.generate] if bench.is_quick else list(hypothesis.Phase)[:4]
    settings = hypothesis.settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=True,
        phases=phases,
        suppress_health_check=list(hypothesis.HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(_machine(bench), settings=settings)


def _machine(bench: Bench) -> type[RuleBasedStateMachine]:
    """Return a machine whose rules are steps of one run of the driver."""

    class Workspace(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.run: Run = bench.prepared()
            self.tree: Tree = {}
            self._step(list(_BEGINNING))

        @rule(ops=st.lists(_OPS, max_size=12))
        def step(self, ops: list[Op]) -> None:
            """Run a step of a few operations."""
            self._step(ops)

        def _step(self, ops: list[Op]) -> None:
            for op in ops:
                self.tree = apply(self.tree, op)
            seen = self.run.sh(script_of(ops)).stdout.decode(errors="replace").split("\0")[:-1]
            found = dict(zip(ALL, seen, strict=False))
            expected = dict(zip(ALL, shown(self.tree), strict=True))
            expect.equal(found, expected, f"the workspace after {ops}")

        def teardown(self) -> None:
            self.run.teardown()

    return Workspace
