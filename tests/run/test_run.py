"""Whole runs: order, status, expressions, outputs, broken drivers, cancel."""

import threading
from pathlib import Path

import pytest

from swamp_driver.errors import LostError, StepStartError, UnavailableError, WorkspaceError
from swamp_driver.host import load_workflow_text, plan, run
from swamp_driver.spec import (
    CancelToken,
    JobEnded,
    Notice,
    RunContext,
    RunEvent,
    RunStatus,
    StepEnd,
    StepEnded,
    StepIO,
    StepRequest,
    StepResult,
    StepStarted,
    StepStatus,
    Workspace,
    hookimpl,
)
from swamp_driver.testing import ends, exits, fake_driver, hangs, raises
from tests.run.host import HostForTests, statuses


def test_a_run_succeeds_and_leaves_nothing(host: HostForTests) -> None:
    """The first promise a stranger checks."""
    record = host.run(
        """
        jobs:
          - name: build
            steps:
              - name: compile
                run: echo made > out.txt
              - name: test
                run: cat out.txt
                dependsOn: [{step: compile, condition: {type: succeeded}}]
        """
    )
    assert (record.status, record.exit_code, record.errors) == (RunStatus.SUCCEEDED, 0, ())
    assert statuses(record) == {"compile": "succeeded", "test": "succeeded"}
    assert host.output("test") == "made\n"
    assert host.left == []
    host.observer.check()


def test_a_failed_step_fails_its_job_and_the_run(host: HostForTests) -> None:
    """Exit code 1 is for steps that failed, and for nothing else."""
    fake = fake_driver({"bad": exits(3, stderr=b"oh no\n")})
    record = host.run(
        """
        jobs:
          - name: a
            steps:
              - name: bad
                run: x
              - name: later
                run: x
                dependsOn: [{step: bad, condition: {type: succeeded}}]
              - name: clean
                run: x
                dependsOn: [{step: bad, condition: {type: always}}]
          - name: b
            dependsOn: [{job: a, condition: {type: succeeded}}]
            steps: [{name: never, run: x}]
        """,
        drivers={"fake": fake},
    )
    assert (record.status, record.exit_code) == (RunStatus.FAILED, 1)
    assert statuses(record) == {
        "bad": "failed",
        "later": "skipped",
        "clean": "succeeded",
        "never": "skipped",
    }
    bad = next(step for step in record.steps if step.step == "bad")
    assert (bad.end, bad.exit_code) == (StepEnd.FAILED, 3)
    fake.journal.check()


def test_outputs_of_a_step_reach_expressions_of_later_ones(host: HostForTests) -> None:
    """`$SWAMP_OUTPUT` is how steps hand on small values."""
    record = host.run(
        """
        jobs:
          - name: j
            steps:
              - name: make
                run: |
                  echo version=1.2 >> "$SWAMP_OUTPUT"
                  printf 'notes<<END\\nfirst\\nsecond\\nEND\\n' >> "$SWAMP_OUTPUT"
              - name: use
                dependsOn: [{step: make, condition: {type: succeeded}}]
                run: echo ${{ steps.make.outputs.version }} ${{ steps.make.outputs.notes }}
        """
    )
    assert record.steps[0].outputs == {"version": "1.2", "notes": "first\nsecond"}
    assert host.output("use") == "1.2 first\nsecond\n"


def test_output_that_cannot_be_read_fails_the_step_that_wrote_it(host: HostForTests) -> None:
    """Going on without a value would fail later, and elsewhere."""
    record = host.run(
        """
        jobs: [{name: j, steps: [{name: s, run: 'echo nonsense > "$SWAMP_OUTPUT"'}]}]
        """
    )
    assert record.status is RunStatus.FAILED
    assert "SWAMP_OUTPUT" in record.steps[0].detail


def test_for_each_runs_a_step_for_every_entry_with_one_status_for_all(
    host: HostForTests,
) -> None:
    """What depends on the step sees it as one."""
    fake = fake_driver({"check-b": exits(1)})
    record = host.run(
        """
        inputs: {names: {type: array, default: [a, b, c], items: {type: string}}}
        jobs:
          - name: j
            steps:
              - name: check-${{ self.n }}
                forEach: {item: n, in: "${{ inputs.names }}"}
                allowFailure: true
                run: x
              - name: after
                dependsOn: [{step: "check-${{ self.n }}", condition: {type: failed}}]
                run: x
        """,
        drivers={"fake": fake},
    )
    assert record.status is RunStatus.SUCCEEDED
    assert statuses(record) == {
        "check-a": "succeeded",
        "check-b": "failed",
        "check-c": "succeeded",
        "after": "succeeded",
    }
    assert len({step.step_id for step in record.steps}) == 4


def test_an_expression_that_fails_at_its_time_fails_its_step(host: HostForTests) -> None:
    """It says where in the file, and the run ends in good order."""
    record = host.run(
        """
        jobs:
          - name: j
            steps:
              - name: a
                run: "true"
              - name: b
                dependsOn: [{step: a, condition: {type: succeeded}}]
                run: echo ${{ steps.a.outputs.nope }}
        """
    )
    assert statuses(record) == {"a": "succeeded", "b": "failed"}
    assert "w.yaml:10" in record.steps[1].detail
    assert host.left == []


def test_a_program_that_cannot_be_started_is_a_failed_step(host: HostForTests) -> None:
    """The driver is well: exit code 1, not 3."""
    error = StepStartError("'/bin/zsh' does not exist", reason="not-found", path="/bin/zsh")
    record = host.run(
        "jobs: [{name: j, steps: [{name: s, run: x}]}]",
        drivers={"fake": fake_driver({"s": raises(error)})},
    )
    assert (record.status, record.exit_code) == (RunStatus.FAILED, 1)
    assert record.steps[0].detail == "'/bin/zsh' does not exist"


@pytest.mark.parametrize(
    "behaviour",
    [
        raises(LostError("the engine went away")),
        raises(UnavailableError("the engine went away")),
        lambda _request, _io: ends(StepEnd.LOST, detail="the engine went away"),
    ],
    ids=["lost before", "unavailable", "lost while running"],
)
def test_a_broken_driver_is_never_a_failed_step(host: HostForTests, behaviour: object) -> None:
    """Who wrote the step must not look for a mistake that is not theirs: exit code 3."""
    record = host.run(
        "jobs: [{name: j, steps: [{name: s, run: x}]}]",
        drivers={"fake": fake_driver({"s": behaviour})},  # type: ignore[dict-item]
    )
    assert (record.status, record.exit_code) == (RunStatus.BROKEN, 3)
    assert record.errors == ("step 's': driver 'fake': the engine went away",)
    assert host.left == []


def test_a_workspace_that_cannot_be_prepared_breaks_the_run(host: HostForTests) -> None:
    """No step is started; what there is to clean is cleaned."""

    class Unprepared(fake_driver()):  # type: ignore[misc]
        @hookimpl
        def prepare_workspace(self, run: RunContext) -> Workspace:
            raise WorkspaceError("both sides see different directories")

    record = host.run("jobs: [{name: j, steps: [{name: s, run: x}]}]", drivers={"fake": Unprepared})
    assert (record.status, record.exit_code) == (RunStatus.BROKEN, 3)
    assert record.errors == ("both sides see different directories",)
    assert record.steps == ()
    assert [call.hook for call in Unprepared.journal.calls] == ["teardown"]


def test_a_cancelled_run_ends_its_steps_and_starts_no_more(host: HostForTests) -> None:
    """A cancel is no failure: exit code 130, and the teardown is done."""
    cancel = CancelToken()
    fake = fake_driver({"long": hangs(started=lambda _: cancel.cancel())})
    record = host.run(
        """
        jobs:
          - name: j
            steps:
              - name: long
                run: x
              - name: clean
                dependsOn: [{step: long, condition: {type: always}}]
                run: x
        """,
        drivers={"fake": fake},
        cancel=cancel,
    )
    assert (record.status, record.exit_code) == (RunStatus.CANCELLED, 130)
    assert statuses(record) == {"long": "cancelled", "clean": "cancelled"}
    assert host.left == []
    fake.journal.check()


def test_a_run_that_was_cancelled_before_it_began_runs_nothing(host: HostForTests) -> None:
    """The signal may come while the file is still being read."""
    cancel = CancelToken()
    cancel.cancel()
    record = host.run("jobs: [{name: j, steps: [{name: s, run: exit 1}]}]", cancel=cancel)
    assert (record.status, record.exit_code) == (RunStatus.CANCELLED, 130)
    assert host.left == []


def test_steps_without_dependencies_overlap(host: HostForTests) -> None:
    """Four parallel steps meet at a barrier, which none of them passes alone."""
    barrier = threading.Barrier(4)

    def meet(_: StepRequest, __: StepIO) -> StepResult:
        barrier.wait(timeout=30)
        return ends(StepEnd.SUCCEEDED)

    names = ["a", "b", "c", "d"]
    record = host.run(
        f"jobs: [{{name: j, steps: [{', '.join(f'{{name: {n}, run: x}}' for n in names)}]}}]",
        drivers={"fake": fake_driver(dict.fromkeys(names, meet))},
    )
    assert record.status is RunStatus.SUCCEEDED


def test_an_observer_that_fails_changes_nothing(host: HostForTests) -> None:
    """A view is told; the run does not depend on it."""

    class Broken:
        calls = 0

        def on_event(self, event: RunEvent) -> None:
            self.calls += 1
            raise RuntimeError("no more paper")

    broken = Broken()
    planned = plan(
        load_workflow_text("{name: w, jobs: [{name: j, steps: [{name: s, run: 'true'}]}]}")
    )
    record = run(planned, observers=[broken, host.observer], settings=host.settings)
    assert record.status is RunStatus.SUCCEEDED
    assert broken.calls == 1
    assert [e.text for e in host.observer.of(Notice)] == [
        "observer Broken failed and was switched off: RuntimeError: no more paper"
    ]


def test_events_tell_the_run_in_its_order(host: HostForTests) -> None:
    """Views need no other source."""
    host.run("jobs: [{name: j, steps: [{name: s, run: echo hi}]}]")
    assert [event.kind for event in host.observer.events] == [
        "run-started",
        "workspace-ready",
        "job-started",
        "step-started",
        "step-output",
        "step-ended",
        "job-ended",
        "run-ended",
    ]
    assert host.observer.of(StepStarted)[0].command == "echo hi"
    assert host.observer.of(StepEnded)[0].status is StepStatus.SUCCEEDED
    assert host.observer.of(JobEnded)[0].status is StepStatus.SUCCEEDED


def test_what_a_run_told_can_be_read_from_its_records(host: HostForTests) -> None:
    """`logs` and `show` work from the records alone, in another process."""
    record = host.run("jobs: [{name: j, steps: [{name: s, run: 'echo out; echo err >&2'}]}]")
    with host.store() as store:
        kinds = [event.kind for event in store.events(record.run_id)]
        output = {(p.stream, p.data) for p in store.step_output(record.run_id, "s1")}
    assert kinds[0] == "run-started"
    assert kinds[-1] == "run-ended"
    assert output == {("stdout", b"out\n"), ("stderr", b"err\n")}


def test_secrets_that_are_passed_on_are_masked_everywhere(
    host: HostForTests, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A token of the caller is in no log, no record and no event."""
    monkeypatch.setenv("MY_TOKEN", "hunter2hunter2")
    monkeypatch.setenv("OTHER_TOKEN", "must not pass")
    record = host.run(
        """
        driver: raw
        driverConfig: {passEnv: [MY_*]}
        jobs:
          - name: j
            steps:
              - name: s
                run: |
                  echo "token $MY_TOKEN, other ${OTHER_TOKEN-none}"
                  echo "t=$MY_TOKEN" >> "$SWAMP_OUTPUT"
              - name: use
                dependsOn: [{step: s, condition: {type: succeeded}}]
                run: test ${{ steps.s.outputs.t }} = "$MY_TOKEN"
        """
    )
    assert record.status is RunStatus.SUCCEEDED
    assert host.output("s") == "token ***, other none\n"
    assert record.steps[0].outputs == {"t": "***"}
    state = host.settings.state_dir
    kept = b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file())
    assert b"hunter2" not in kept


def test_the_environment_of_a_step_is_what_is_documented(
    host: HostForTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the caller leaks in (SWD-ENV)."""
    monkeypatch.setenv("CANARY", "leaked")
    host.run(
        "jobs: [{name: j, steps: [{name: s, env: {MINE: '1'}, run: env | cut -d= -f1 | sort}]}]"
    )
    names = host.output("s").split()
    assert set(names) - {"PWD", "SHLVL", "_", "OLDPWD"} == {
        "HOME",
        "LANG",
        "MINE",
        "PATH",
        "SWAMP_EXCHANGE",
        "SWAMP_JOB",
        "SWAMP_OUTPUT",
        "SWAMP_RUN_ID",
        "SWAMP_STEP_ID",
        "SWAMP_STEP_NAME",
        "SWAMP_WORKSPACE",
        "TMPDIR",
    }
